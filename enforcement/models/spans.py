"""How long a case spent in each stage."""

from django.db import models

from bozhou_eco.accounts.models import District
from enforcement.domain.kinds import CaseKind
from enforcement.domain.workflow import Stage
from enforcement.models.cases import Case


class StageSpan(models.Model):
    """One stay of a case in a stage, written when the case moves on."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="spans")
    stage = models.CharField("阶段", max_length=10, choices=Stage.choices())
    kind = models.CharField("类别", max_length=12, choices=CaseKind.choices())
    district = models.ForeignKey(District, models.PROTECT, null=True, blank=True)
    entered_at = models.DateTimeField("进入时间")
    left_at = models.DateTimeField("离开时间", null=True, blank=True)

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
                include=["entered_at", "district"],
                condition=models.Q(left_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.stage}"
