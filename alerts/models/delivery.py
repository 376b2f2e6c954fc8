"""Channels, addresses, the outbox of messages and the receipts that prove notice."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from alerts.domain.backoff import Failure
from alerts.domain.labels import Labelled
from alerts.domain.routing import Why
from alerts.domain.severity import Severity
from alerts.models.alerts import Alert, AlertEvent
from bozhou_eco.accounts.models import District, User


class Channel(models.Model):
    """A way to reach people outside the page they look at, or on it.

    ``settings`` are plain (region, sign name, template code, URL with ``{address}``),
    ``secret`` holds keys and is never shown again. ``scope`` group sends one message
    to a robot in a group chat instead of one to each person.
    """

    class Kind(models.TextChoices):
        BROWSER = "browser", "浏览器"
        APPRISE = "apprise", "Apprise（企业微信、钉钉、飞书、ntfy、Bark、邮件）"
        SMS_ALIYUN = "sms_aliyun", "短信（阿里云）"
        SMS_TENCENT = "sms_tencent", "短信（腾讯云）"
        WEBPUSH = "webpush", "Web Push"
        PHONE = "phone", "测试手机（平台内查看）"

    class Scope(models.TextChoices):
        PERSON = "person", "个人"
        GROUP = "group", "群机器人"

    class Zone(models.TextChoices):
        PRIVATE = "private", "业务专网"
        GOVERNMENT = "government", "政务外网"
        INTERNET = "internet", "互联网"

    code = models.SlugField("代码", max_length=30, unique=True)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("方式", max_length=16, choices=Kind.choices)
    scope = models.CharField(
        "范围", max_length=8, choices=Scope.choices, default=Scope.PERSON
    )
    zone = models.CharField(
        "所在网络", max_length=12, choices=Zone.choices, default=Zone.INTERNET
    )
    enabled = models.BooleanField("启用", default=False)
    position = models.PositiveSmallIntegerField("次序", default=50)
    settings = models.JSONField("参数", default=dict, blank=True)
    secret = models.TextField("密钥（JSON）", blank=True)
    template = models.TextField("消息模板", blank=True, help_text="留空用默认模板")
    min_severity = models.CharField(
        "最低级别",
        max_length=8,
        choices=Severity.choices(),
        default=Severity.INFO,
    )
    district = models.ForeignKey(
        District,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="行政区",
        help_text="群机器人只发此行政区，留空为全州",
    )
    failures = models.PositiveIntegerField("连续失败", default=0, editable=False)
    broken_until = models.DateTimeField("暂停至", null=True, editable=False)
    last_error = models.CharField(
        "最近错误", max_length=300, blank=True, editable=False
    )
    last_ok_at = models.DateTimeField("最近成功", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "通知渠道"
        ordering = ("position", "code")

    def __str__(self) -> str:
        return self.name

    @property
    def inside(self) -> bool:
        """Whether the message stays on the platform and may carry details."""
        return self.kind == self.Kind.BROWSER


class ContactAddress(models.Model):
    """Where one person is reached by one channel; SMS falls back to the phone number."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="contact_addresses", verbose_name="人员"
    )
    channel = models.ForeignKey(
        Channel, models.CASCADE, related_name="addresses", verbose_name="渠道"
    )
    address = models.CharField("地址", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "联系地址"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "channel"],
                name="alerts_one_address",
                violation_error_message="此人员在该渠道已有地址",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.channel}"


class PushSubscription(models.Model):
    """A browser that takes Web Push (RFC 8030, 8291, 8292); pruned when gone."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="push_subscriptions", verbose_name="人员"
    )
    endpoint = models.URLField("端点", max_length=600, unique=True)
    p256dh = models.CharField("公钥", max_length=120)
    auth = models.CharField("密钥", max_length=40)
    browser = models.CharField("浏览器", max_length=200, blank=True)
    created_at = models.DateTimeField("登记时间")
    gone_at = models.DateTimeField("失效时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "浏览器推送登记"

    def __str__(self) -> str:
        return f"{self.user} {self.browser}"


class DeliveryState(Labelled):
    """Where a message stands."""

    WAITING = "waiting", "待发送"
    MERGED = "merged", "并入汇总"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发出"
    DELIVERED = "delivered", "已送达"
    FAILED = "failed", "未送达"
    CANCELLED = "cancelled", "已取消"


class Delivery(models.Model):
    """One message to one person (or group) by one channel; waiting rows are the outbox.

    ``rest`` are the channels still to try. A ``summary`` stands for the rows whose
    ``parent`` it is. ``confirm_by`` is when a browser must have said that it showed the
    message. ``token_digest`` is the SHA-256 of the single-use token in the link.
    """

    alert = models.ForeignKey(
        Alert, models.PROTECT, null=True, related_name="deliveries"
    )
    event = models.ForeignKey(AlertEvent, models.PROTECT, null=True, related_name="+")
    user = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="deliveries", verbose_name="人员"
    )
    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="deliveries", verbose_name="渠道"
    )
    address = models.CharField("地址", max_length=200, blank=True)
    why = models.CharField("缘由", max_length=16, choices=Why.choices())
    step = models.PositiveSmallIntegerField("升级步", default=0)
    severity = models.CharField("级别", max_length=8, choices=Severity.choices())
    state = models.CharField(
        "状态",
        max_length=10,
        choices=DeliveryState.choices(),
        default=DeliveryState.WAITING,
    )
    reason = models.CharField("说明", max_length=200, blank=True)
    summary = models.BooleanField("汇总", default=False)
    digest = models.BooleanField("每日汇总", default=False)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="children"
    )
    before = models.ForeignKey("self", models.PROTECT, null=True, related_name="after")
    rest = ArrayField(models.CharField(max_length=30), default=list)
    due_at = models.DateTimeField("应发时间")
    first_due_at = models.DateTimeField("最初应发时间")
    claimed_until = models.DateTimeField("占用至", null=True)
    confirm_by = models.DateTimeField("确认期限", null=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    failure = models.CharField(
        "失败类别", max_length=10, choices=Failure.choices(), blank=True
    )
    error = models.CharField("错误", max_length=300, blank=True)
    title = models.CharField("标题", max_length=200, blank=True)
    body = models.TextField("正文", blank=True)
    token_digest = models.BinaryField("令牌摘要", max_length=32, null=True, unique=True)
    link_used_at = models.DateTimeField("链接使用时间", null=True)
    sent_at = models.DateTimeField("发出时间", null=True)
    delivered_at = models.DateTimeField("送达时间", null=True)
    created_at = models.DateTimeField("建立时间")

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        indexes = [
            # The sender, every second.
            models.Index(
                fields=["due_at"],
                name="alerts_delivery_due",
                condition=Q(state="waiting"),
            ),
            # Claims of a sender that died, and browsers that said nothing.
            models.Index(
                fields=["claimed_until"],
                name="alerts_delivery_claimed",
                condition=Q(state="sending"),
            ),
            models.Index(
                fields=["confirm_by"],
                name="alerts_delivery_confirm",
                condition=Q(state="sent", confirm_by__isnull=False),
            ),
            # The flood cap: what this person got lately by this channel.
            models.Index(
                fields=["user", "channel", "due_at"],
                name="alerts_delivery_recent",
                condition=~Q(state="merged"),
            ),
            models.Index(fields=["alert", "id"], name="alerts_delivery_alert"),
            models.Index(
                fields=["parent"],
                name="alerts_delivery_parent",
                condition=Q(parent__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.channel} {self.title}"


class Receipt(models.Model):
    """Proof that a message was sent, delivered, opened or acknowledged; append-only."""

    class Kind(models.TextChoices):
        SENT = "sent", "已发出"
        DELIVERED = "delivered", "已送达"
        OPENED = "opened", "已打开"
        ACKNOWLEDGED = "acknowledged", "已确认收到"

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="receipts")
    kind = models.CharField("类别", max_length=14, choices=Kind.choices)
    at = models.DateTimeField("时间")
    detail = models.JSONField("内容", default=dict)
    digest = models.BinaryField("摘要", max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "通知回执"
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "kind"], name="alerts_one_receipt_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M:%S}"
