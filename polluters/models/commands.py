"""Commands to loggers (反控): who asked, who agreed, what the device answered."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from bozhou_eco.accounts.models import ScopedQuerySet
from polluters.models.devices import Logger


class DeviceCommandQuerySet(ScopedQuerySet):
    """Commands, scoped through their logger's enterprise."""

    district_path = "logger__outlet__enterprise__district"
    organisation_path = ""


class DeviceCommand(models.Model):
    """One request to a logger; sent only after another person has agreed.

    Commands of the first-connection sequence (§6.7) and answers to a clock request
    (1013) are the platform's own: they have no persons. ``params`` is the CP as text by
    name, ``answer`` what came back with it.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", "待复核"
        APPROVED = "approved", "待下发"
        SENT = "sent", "已下发"
        ACCEPTED = "accepted", "设备执行中"
        DONE = "done", "执行成功"
        FAILED = "failed", "执行失败"
        TIMED_OUT = "timed_out", "设备无应答"
        REFUSED = "refused", "复核不同意"
        CANCELLED = "cancelled", "已撤回"

    class Origin(models.TextChoices):
        PERSON = "person", "人工"
        SETUP = "setup", "首次连接"
        CLOCK = "clock", "校时请求"

    OPEN = (State.REQUESTED, State.APPROVED, State.SENT, State.ACCEPTED)

    logger = models.ForeignKey(
        Logger, models.PROTECT, related_name="commands", verbose_name="数采仪"
    )
    origin = models.CharField("来源", max_length=8, choices=Origin.choices)
    cn = models.CharField("命令", max_length=4)
    params = models.JSONField("参数", default=dict)
    reason = models.CharField("事由", max_length=200, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="申请人",
    )
    requested_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="复核人",
    )
    decided_at = models.DateTimeField("复核时间", null=True)
    decision_note = models.CharField("复核意见", max_length=200, blank=True)
    qn = models.CharField("QN", max_length=17, null=True)
    tries = models.PositiveSmallIntegerField("下发次数", default=0)
    next_at = models.DateTimeField("下次处理", null=True)
    sent_at = models.DateTimeField("首次下发", null=True)
    request_return = models.CharField("QnRtn", max_length=4, blank=True)
    execution_return = models.CharField("ExeRtn", max_length=4, blank=True)
    answer = models.JSONField("返回数据", default=list)
    finished_at = models.DateTimeField("结束时间", null=True)

    objects = DeviceCommandQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "反控命令"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["logger", "qn"], name="polluters_command_qn"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="polluters_command_two_persons",
                violation_error_message="申请人与复核人不能是同一人",
            ),
            models.CheckConstraint(
                condition=~Q(origin="person")
                | Q(state__in=["requested", "cancelled"])
                | Q(decided_by__isnull=False),
                name="polluters_command_decided",
                violation_error_message="人工命令须经复核",
            ),
        ]
        indexes = [
            # The sender looks for what is due.
            models.Index(
                fields=["next_at"],
                name="polluters_command_due",
                condition=Q(state__in=["approved", "sent", "accepted"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.logger} {self.cn} {self.get_state_display()}"
