"""Outgoing webhooks, heartbeats of processes and devices, and the hourly canary."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from alerts.domain.severity import Severity
from bozhou_eco.accounts.models import District, Organisation
from bozhou_eco.common.outbound import check_fields


class Source(models.Model):
    """Another system that may raise alerts over REST, with a token of its own.

    Only the token's SHA-256 is kept. ``kinds`` empty means any; keys of its alerts are
    prefixed with its code, so one source cannot touch another's.
    """

    code = models.SlugField("代码", max_length=30, unique=True)
    name = models.CharField("名称", max_length=60)
    token_digest = models.CharField(
        "令牌摘要", max_length=64, unique=True, editable=False
    )
    kinds = ArrayField(
        models.CharField(max_length=60),
        verbose_name="类型",
        default=list,
        blank=True,
        help_text="留空为全部",
    )
    enabled = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField("登记时间", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "外部告警来源"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class Webhook(models.Model):
    """An address of another system that is told of every move of an alert."""

    name = models.CharField("名称", max_length=60)
    url = models.URLField("地址", max_length=400)
    secret = models.CharField("签名密钥", max_length=120)
    enabled = models.BooleanField("启用", default=False)
    kinds = ArrayField(
        models.CharField(max_length=60),
        verbose_name="类型",
        default=list,
        blank=True,
        help_text="留空为全部",
    )
    min_severity = models.CharField(
        "最低级别",
        max_length=8,
        choices=Severity.choices(),
        default=Severity.INFO,
    )
    last_event = models.BigIntegerField("已处理至", default=0, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "外发接口"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an address that leads to a forbidden place."""
        check_fields(url=self.url)


class WebhookCall(models.Model):
    """One call of a webhook with what was sent and answered; kept as the log."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENDING = "sending", "发送中"
        DONE = "done", "成功"
        FAILED = "failed", "失败"

    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="calls")
    event = models.ForeignKey("alerts.AlertEvent", models.PROTECT, related_name="+")
    payload = models.JSONField("内容")
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default=State.WAITING
    )
    due_at = models.DateTimeField("应发时间")
    claimed_until = models.DateTimeField("占用至", null=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    status = models.PositiveSmallIntegerField("HTTP 状态", default=0)
    answer = models.CharField("应答", max_length=500, blank=True)
    done_at = models.DateTimeField("完成时间", null=True)
    replay_of = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="replays"
    )
    created_at = models.DateTimeField("建立时间")

    class Meta:
        verbose_name = verbose_name_plural = "外发记录"
        indexes = [
            models.Index(
                fields=["due_at"],
                name="alerts_call_due",
                condition=Q(state__in=("waiting", "sending")),
            ),
            models.Index(fields=["webhook", "-id"], name="alerts_call_log"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "event"],
                condition=Q(replay_of__isnull=True),
                name="alerts_one_call_an_event",
            )
        ]

    def __str__(self) -> str:
        return f"{self.webhook} {self.get_state_display()}"


class Heartbeat(models.Model):
    """Something that must show signs of life: a process, logger, camera or station."""

    key = models.CharField("键", max_length=120, unique=True)
    kind = models.CharField("类型", max_length=30, default="process")
    name = models.CharField("名称", max_length=120)
    timeout_s = models.PositiveIntegerField("时限（s）", default=120)
    severity = models.CharField(
        "级别",
        max_length=8,
        choices=Severity.choices(),
        default=Severity.MAJOR,
    )
    district = models.ForeignKey(
        District, models.PROTECT, null=True, blank=True, related_name="+"
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    last_at = models.DateTimeField("最近心跳")
    lost_at = models.DateTimeField("失联时间", null=True, blank=True)
    active = models.BooleanField("监视", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "心跳"
        ordering = ("kind", "name")

    def __str__(self) -> str:
        return self.name


class CanaryRun(models.Model):
    """One synthetic signal sent through the whole chain to a test phone.

    ``stages`` are moments by name (sent, stored, raised, routed, delivered) in ISO 8601.
    """

    kind = models.CharField("链路", max_length=20)
    code = models.CharField("标识", max_length=40, unique=True)
    started_at = models.DateTimeField("开始")
    finished_at = models.DateTimeField("完成", null=True)
    stages = models.JSONField("阶段", default=dict)
    failed = models.BooleanField("失败", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "链路自检"
        ordering = ("-started_at",)
        indexes = [
            models.Index(fields=["kind", "-started_at"], name="alerts_canary_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.started_at:%m-%d %H:%M}"

    @property
    def seconds(self) -> float | None:
        """End-to-end time; None while under way."""
        if self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()
