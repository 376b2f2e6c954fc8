"""How long a case spent in each stage, and each time it ended."""

from django.db import models
from django.db.models import F, Func

from bozhou_eco.accounts.models import District
from enforcement.domain.kinds import CaseKind, Outcome
from enforcement.domain.workflow import Stage
from enforcement.models.cases import Case


class Tenths(Func):
    """The length of an interval in tenths of an hour."""

    template = "round(extract(epoch from %(expressions)s) / 360)::int"
    output_field = models.IntegerField()


class StageSpan(models.Model):
    """One stay of a case in a stage, written when the case moves on."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="spans")
    stage = models.CharField("阶段", max_length=10, choices=Stage.choices())
    kind = models.CharField("类别", max_length=12, choices=CaseKind.choices())
    district = models.ForeignKey(District, models.PROTECT, null=True, blank=True)
    entered_at = models.DateTimeField("进入时间")
    left_at = models.DateTimeField("离开时间", null=True, blank=True)
    tenths = models.GeneratedField(
        expression=Tenths(F("left_at") - F("entered_at")),
        output_field=models.IntegerField(null=True),
        db_persist=True,
        verbose_name="用时（0.1 小时）",
    )

    class Meta:
        verbose_name = verbose_name_plural = "阶段用时"
        ordering = ("case", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                name="enforcement_span_open",
                condition=models.Q(left_at__isnull=True),
            )
        ]
        indexes = [
            # Median hours per stage over a period.
            models.Index(
                fields=["left_at", "stage"],
                name="enforcement_span_left",
                include=["tenths", "district"],
                condition=models.Q(left_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.stage}"


class Ending(models.Model):
    """One end of a clue or case; reopening marks it, so that figures of a past day stay."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="endings")
    ended_at = models.DateTimeField("办结时间")
    outcome = models.CharField("结果", max_length=12, choices=Outcome.choices())
    filed = models.BooleanField("案件", help_text="办结时已立案")
    district = models.ForeignKey(District, models.PROTECT, null=True, blank=True)
    reopened_at = models.DateTimeField("重新启动时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "办结"
        ordering = ("case", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                name="enforcement_ending_one",
                condition=models.Q(reopened_at__isnull=True),
            )
        ]
        indexes = [
            # Outcomes and hit rate over a period, as they stood on its last day.
            models.Index(
                fields=["ended_at"],
                name="enforcement_ending_on",
                include=["outcome", "filed", "district", "reopened_at"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.outcome}"
