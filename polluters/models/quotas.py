"""Emission masses by day, substituted hours beside the raw ones, permit quotas."""

from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import ScopedQuerySet
from polluters.models.catalogue import Point, Pollutant
from polluters.models.sources import Enterprise, Outlet


class PermitQuotaQuerySet(ScopedQuerySet):
    """Quotas, scoped through their enterprise."""

    district_path = "enterprise__district"
    organisation_path = "enterprise__organisation"


class PermitQuota(models.Model):
    """许可排放量: what a permit allows of a factor in a year, in t."""

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, related_name="quotas", verbose_name="排污单位"
    )
    outlet = models.ForeignKey(
        Outlet,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="quotas",
        verbose_name="排放口",
        help_text="留空表示全厂",
    )
    pollutant = models.ForeignKey(Pollutant, models.PROTECT, verbose_name="因子")
    year = models.PositiveSmallIntegerField("年度")
    tonnes = models.FloatField("许可排放量（t）")
    source = models.CharField("来源与确认状态", max_length=200)

    objects = PermitQuotaQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "许可排放量"
        ordering = ("enterprise", "pollutant", "-year")
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "outlet", "pollutant", "year"],
                name="polluters_quota_once",
                nulls_distinct=False,
                violation_error_message="该单位、排放口、因子、年度已有许可量",
            ),
            models.CheckConstraint(
                condition=Q(tonnes__gt=0),
                name="polluters_quota_positive",
                violation_error_message="许可排放量必须大于 0",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.pollutant} {self.year} {self.tonnes:g} t"


class DailyMass(models.Model):
    """The mass of a factor in a Beijing day, in kg: measured, and substituted beside."""

    point = models.ForeignKey(
        Point, models.PROTECT, related_name="masses", verbose_name="点位"
    )
    day = models.DateField("日期")
    measured = models.FloatField("实测量（kg）")
    substituted = models.FloatField("替代量（kg）", default=0)
    hours = models.PositiveSmallIntegerField("计入小时")
    missing = models.PositiveSmallIntegerField("缺失小时")
    stopped = models.PositiveSmallIntegerField("停运小时")
    computed_at = models.DateTimeField("计算时间")

    class Meta:
        verbose_name = verbose_name_plural = "日排放量"
        constraints = [
            models.UniqueConstraint(fields=["point", "day"], name="polluters_mass_once")
        ]
        indexes = [models.Index(fields=["day"], name="polluters_mass_day")]

    def __str__(self) -> str:
        return f"{self.point_id} {self.day} {self.measured:g} kg"


class Substitute(models.Model):
    """A value that stands for an hour without a valid mean; raw values stay as they are."""

    point = models.ForeignKey(
        Point, models.PROTECT, related_name="substitutes", verbose_name="点位"
    )
    hour = models.DateTimeField("小时起点")
    value = models.FloatField("替代值")
    method = models.CharField("方法", max_length=200)
    basis = models.JSONField("依据", default=dict)
    made_at = models.DateTimeField("计算时间")

    class Meta:
        verbose_name = verbose_name_plural = "替代值"
        constraints = [
            models.UniqueConstraint(
                fields=["point", "hour"], name="polluters_substitute_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.hour:%Y-%m-%d %H:%M} {self.value:g}"
