"""Exchange with other vehicle platforms: sources, channels, parcels, daily 对账."""

from django.db import models

from bozhou_eco.common.outbound import check_fields


class DataSource(models.Model):
    """Where data of vehicles comes from or goes to, and whose word counts."""

    class Access(models.TextChoices):
        REST_PUSH = "rest_push", "对方推送（REST）"
        REST_PULL = "rest_pull", "平台拉取（REST）"
        FILE = "file", "文件加清单"
        IMPORT = "import", "表格导入"
        DEVICE = "device", "设备直连"
        MANUAL = "manual", "人工录入"

    code = models.CharField("代码", max_length=30, unique=True)
    name = models.CharField("数据", max_length=80)
    access = models.CharField("接入方式", max_length=10, choices=Access.choices)
    system_of_record = models.CharField("权威来源系统", max_length=120)
    owner = models.CharField("责任单位", max_length=80, blank=True)
    rhythm = models.CharField("更新频次", max_length=40, blank=True)
    outgoing = models.BooleanField("由本平台报出", default=False)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "数据来源"
        ordering = ("outgoing", "code")

    def __str__(self) -> str:
        return self.name


class ExchangeChannel(models.Model):
    """Another platform and how parcels reach it.

    The shared secret is not kept here: ``secret_name`` names the environment variable.
    """

    class Mode(models.TextChoices):
        FOLDER = "folder", "文件加清单（共享目录）"
        REST = "rest", "REST"

    code = models.CharField("代码", max_length=30, unique=True)
    name = models.CharField("平台", max_length=80)
    mode = models.CharField("方式", max_length=6, choices=Mode.choices)
    outbox = models.CharField("报出目录", max_length=300, blank=True)
    inbox = models.CharField("接收目录", max_length=300, blank=True)
    url = models.URLField("报送地址", blank=True)
    check_url = models.URLField("对账地址", blank=True)
    secret_name = models.CharField("签名密钥的环境变量", max_length=60, blank=True)
    sender = models.CharField("本平台代码", max_length=40, default="bozhou")
    receiver = models.CharField("对方代码", max_length=40)
    enabled = models.BooleanField("启用", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "交换通道"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an address that leads to a forbidden place."""
        check_fields(url=self.url, check_url=self.check_url)


class ExchangeParcel(models.Model):
    """One parcel of a day's records; sent until a receipt for it comes back."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已发送，待回执"
        ACCEPTED = "accepted", "已签收"
        REFUSED = "refused", "被退回"
        FAILED = "failed", "发送失败"

    channel = models.ForeignKey(
        ExchangeChannel, models.PROTECT, related_name="parcels", verbose_name="通道"
    )
    number = models.CharField("批次号", max_length=80, unique=True)
    kind = models.CharField("类别", max_length=20)
    day = models.DateField("数据日期")
    revision = models.PositiveSmallIntegerField("版次", default=1)
    reports = models.JSONField("补报范围", default=list, blank=True)
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default=State.WAITING
    )
    rows = models.PositiveIntegerField("记录数", default=0)
    digest = models.CharField("摘要", max_length=64, blank=True)
    made_at = models.DateTimeField("生成时间")
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_at = models.DateTimeField("下次尝试", null=True, blank=True)
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)
    answered_at = models.DateTimeField("回执时间", null=True, blank=True)
    taken = models.PositiveIntegerField("对方接收", default=0)
    refused = models.PositiveIntegerField("对方拒收", default=0)
    problems = models.JSONField("问题", default=list, blank=True)
    error = models.CharField("错误", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "交换批次"
        ordering = ("-day", "kind", "-revision")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "kind", "day", "revision"],
                name="vehicles_parcel_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                name="vehicles_parcel_due",
                condition=models.Q(state__in=["waiting", "failed", "sent"]),
            )
        ]

    def __str__(self) -> str:
        return self.number


class ExchangeCheck(models.Model):
    """The daily comparison of both sides' records (对账) of one kind and day."""

    channel = models.ForeignKey(
        ExchangeChannel, models.PROTECT, related_name="checks", verbose_name="通道"
    )
    kind = models.CharField("类别", max_length=20)
    day = models.DateField("数据日期")
    at = models.DateTimeField("对账时间")
    ours = models.PositiveIntegerField("本平台记录")
    theirs = models.PositiveIntegerField("对方记录")
    same = models.PositiveIntegerField("一致")
    differing = models.JSONField("不一致", default=list)
    only_ours = models.JSONField("仅本平台有", default=list)
    only_theirs = models.JSONField("仅对方有", default=list)
    even = models.BooleanField("对平", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "日对账"
        ordering = ("-day", "kind")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "kind", "day"], name="vehicles_exchange_check"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"
