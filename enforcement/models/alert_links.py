"""Which alerts a clue rests on."""

from django.db import models

from enforcement.models.cases import Case


class CaseAlert(models.Model):
    """An alert that a clue rests on."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="alert_links")
    alert = models.ForeignKey(
        "alerts.Alert", models.PROTECT, related_name="case_links", verbose_name="预警"
    )
    added_at = models.DateTimeField("加入时间")

    class Meta:
        verbose_name = verbose_name_plural = "案件预警"
        constraints = [
            models.UniqueConstraint(
                fields=["case", "alert"], name="enforcement_case_alert"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case} ← {self.alert}"
