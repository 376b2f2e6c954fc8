"""Running periods of a case."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from enforcement.models.cases import Case
from enforcement.models.config import DeadlineRule


class Clock(models.Model):
    """A period that runs in a case; the rule's length and unit are kept as they were.

    ``last_day`` is the last lawful day as computed at the last change; None while the
    clock stands still or needs a holiday table that is not loaded. ``fixed`` clocks
    have a day set by a person or from above (改正期限, 交办时限).
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="clocks")
    rule = models.ForeignKey(DeadlineRule, models.PROTECT, verbose_name="规则")
    started_on = models.DateField("起算日", help_text="当日不计入期间")
    length = models.PositiveSmallIntegerField("期限")
    unit = models.CharField("单位", max_length=8)
    extra = models.PositiveSmallIntegerField("延长", default=0)
    fixed_day = models.DateField("指定期限", null=True, blank=True)
    last_day = models.DateField("末日", null=True, blank=True)
    stopped_on = models.DateField("完成日", null=True, blank=True)
    cancelled = models.BooleanField("已取消", default=False)
    warned_at = models.DateTimeField("临期提醒时间", null=True, blank=True)
    overdue_at = models.DateTimeField("超期提醒时间", null=True, blank=True)
    rung = models.PositiveSmallIntegerField("超期督办层级", default=0)
    cleared_at = models.DateTimeField("提醒解除时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "期限"
        ordering = ("started_on", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "rule"],
                name="enforcement_clock_running",
                condition=Q(stopped_on__isnull=True, cancelled=False),
            )
        ]
        indexes = [
            # The sweep, the calendar feed and the list's "due next".
            models.Index(
                fields=["last_day"],
                name="enforcement_clock_due",
                condition=Q(stopped_on__isnull=True, cancelled=False),
            ),
            # On-time rate over a period, from the index alone.
            models.Index(
                fields=["stopped_on"],
                name="enforcement_clock_stopped",
                include=["last_day", "rule", "case"],
                condition=Q(stopped_on__isnull=False, cancelled=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.rule_id} → {self.last_day}"


class ClockPause(models.Model):
    """Days that do not count, with the reason and the person who said so."""

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="pauses")
    start = models.DateField("中止日")
    end = models.DateField("恢复日", null=True, blank=True)
    reason = models.CharField("理由", max_length=240)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "期限中止"
        ordering = ("start", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["clock"],
                name="enforcement_pause_open",
                condition=Q(end__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.start}–{self.end}"


class ClockExtension(models.Model):
    """More time: asked for by one person, granted by another."""

    class State(models.TextChoices):
        ASKED = "asked", "待批准"
        GRANTED = "granted", "已批准"
        REFUSED = "refused", "未批准"

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="extensions")
    days = models.PositiveSmallIntegerField("延长", help_text="按规则的单位")
    reason = models.CharField("理由", max_length=240)
    state = models.CharField("状态", max_length=8, choices=State.choices)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField("批准时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "期限延长"
        ordering = ("asked_at", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | ~Q(decided_by=models.F("asked_by")),
                name="enforcement_extension_two_people",
            )
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} +{self.days}"
