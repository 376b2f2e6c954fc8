"""What the checks found in the readings of a logger."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import ScopedQuerySet
from polluters.domain.matters import KNOWN
from polluters.models.catalogue import Point
from polluters.models.devices import Logger


class FindingQuerySet(ScopedQuerySet):
    """Findings, scoped through the enterprise of their logger's outlet."""

    district_path = "logger__outlet__enterprise__district"
    organisation_path = "logger__outlet__enterprise__organisation"


class Finding(models.Model):
    """An anomaly of a factor, or of a whole logger (``factor`` empty).

    A later look at the same data changes the row that it overlaps; a row that no longer
    holds is withdrawn, never removed. A person's decision is not changed by a machine.
    """

    class State(models.TextChoices):
        OPEN = "open", "待核实"
        OVERRULED = "overruled", "已排除"
        WITHDRAWN = "withdrawn", "重算后不成立"

    class Severity(models.TextChoices):
        CRITICAL = "critical", "严重"
        MAJOR = "major", "较重"
        MINOR = "minor", "一般"
        INFO = "info", "提示"

    logger = models.ForeignKey(
        Logger, models.PROTECT, related_name="findings", verbose_name="数采仪"
    )
    point = models.ForeignKey(
        Point, models.PROTECT, null=True, related_name="findings", verbose_name="点位"
    )
    factor = models.CharField("因子编码", max_length=20, blank=True)
    check_code = models.CharField("检查项", max_length=32)
    begin = models.DateTimeField("起")
    end = models.DateTimeField("止")
    severity = models.CharField("级别", max_length=8, choices=Severity.choices)
    why = models.TextField("说明")
    topic = models.CharField("法律依据主题", max_length=40, blank=True)
    score = models.FloatField("强度")
    data = models.JSONField("数据", default=dict)
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default="open"
    )
    live = models.BooleanField("实时发现", default=True)
    found_at = models.DateTimeField("发现时间")
    looked_at = models.DateTimeField("最近复核")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField("处理时间", null=True)
    reason = models.CharField("处理理由", max_length=300, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "数据异常"
        constraints = [
            models.UniqueConstraint(
                fields=["logger", "check_code", "factor", "begin"],
                name="polluters_finding_key",
            ),
            models.CheckConstraint(
                condition=~Q(state="overruled") | ~Q(reason=""),
                name="polluters_finding_reason",
                violation_error_message="排除异常须写明理由",
            ),
        ]
        indexes = [
            # The list of a month, newest first.
            models.Index(fields=["-begin"], name="polluters_finding_time"),
        ]

    def __str__(self) -> str:
        return f"{self.logger_id} {self.check_code} {self.begin:%Y-%m-%d %H:%M}"

    @property
    def check_name(self) -> str:
        """The Chinese name of the check."""
        return KNOWN[self.check_code].name
