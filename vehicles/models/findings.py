"""Fraud rules with their versions, findings, verdicts, and supervision of stations."""

from django.conf import settings
from django.db import models

from bozhou_eco.accounts.models import ScopedQuerySet
from vehicles.models.stations import Station
from vehicles.models.tests import Inspection


class FraudRule(models.Model):
    """Parameters of a rule; every change is a new version, the newest one holds."""

    code = models.CharField("规则", max_length=40)
    version = models.PositiveIntegerField("版本")
    values = models.JSONField("参数", default=dict, blank=True)
    source = models.CharField("依据", max_length=200)
    enabled = models.BooleanField("启用", default=True)
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="修改人",
    )

    class Meta:
        verbose_name = verbose_name_plural = "研判规则"
        ordering = ("code", "-version")
        constraints = [
            models.UniqueConstraint(
                fields=["code", "version"], name="vehicles_fraud_rule"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class FindingQuerySet(ScopedQuerySet):
    """Findings through their station; stations see none before a case."""

    district_path = "station__district"
    organisation_path = ""


class Finding(models.Model):
    """One suspicion about a test, station, line or inspector."""

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", "属实"
        REJECTED = "rejected", "不属实"
        UNCLEAR = "unclear", "无法确定"

    station = models.ForeignKey(
        Station, models.PROTECT, related_name="findings", verbose_name="检验机构"
    )
    inspection = models.ForeignKey(
        Inspection,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="findings",
        verbose_name="检验",
    )
    rule = models.CharField("规则", max_length=40)
    rule_version = models.PositiveIntegerField("规则版本", default=1)
    subject = models.CharField("对象", max_length=60, blank=True)
    score = models.FloatField("把握")
    why = models.CharField("理由", max_length=600)
    second = models.FloatField("曲线秒", null=True, blank=True)
    related = models.JSONField("相关报告", default=list)
    numbers = models.JSONField("数值", default=dict)
    occurred_at = models.DateTimeField("检验时间")
    at = models.DateTimeField("发现时间")
    verdict = models.CharField(
        "核查结论", max_length=10, choices=Verdict.choices, blank=True
    )
    verdict_note = models.CharField("核查说明", max_length=300, blank=True)
    verdict_at = models.DateTimeField("核查时间", null=True, blank=True)
    verdict_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="核查人",
    )
    alert_key = models.CharField("预警", max_length=160, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "研判线索"
        ordering = ("-score", "-at")
        constraints = [
            models.UniqueConstraint(
                fields=["inspection", "rule", "subject"], name="vehicles_finding_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["station", "-occurred_at"], name="vehicles_find_station"
            ),
            models.Index(
                fields=["-score"],
                name="vehicles_find_waiting",
                condition=models.Q(verdict=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.why[:40]}"
