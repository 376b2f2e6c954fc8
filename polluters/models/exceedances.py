"""Means beyond an enforceable limit, and which periods have been closed."""

from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import ScopedQuerySet
from polluters.models.catalogue import Limit, Point
from polluters.models.readings import Period


class ExceedanceQuerySet(ScopedQuerySet):
    """Exceedances, scoped through their outlet's enterprise."""

    district_path = "point__outlet__enterprise__district"
    organisation_path = "point__outlet__enterprise__organisation"


class Exceedance(models.Model):
    """A closed hour or day whose valid mean lies beyond an enforceable limit.

    ``state`` is the word that may be used: 超标预警 until the marks of the period are
    settled, 超标 afterwards; exempted or withdrawn rows stay with their reason.
    """

    class State(models.TextChoices):
        WARNING = "warning", "超标预警"
        EXCEEDED = "exceeded", "超标"
        EXEMPT = "exempt", "标记时段不判定"
        WITHDRAWN = "withdrawn", "重算后未超"

    STANDING = (State.WARNING, State.EXCEEDED)

    point = models.ForeignKey(
        Point, models.PROTECT, related_name="exceedances", verbose_name="点位"
    )
    limit = models.ForeignKey(
        Limit, models.SET_NULL, null=True, related_name="+", verbose_name="限值"
    )
    averaging = models.CharField("判定时段", max_length=5)
    time = models.DateTimeField("时段起点")
    value = models.FloatField("判定值")
    bound = models.FloatField("限值", null=True)
    multiple = models.FloatField("超标倍数", null=True)
    state = models.CharField("状态", max_length=10, choices=State.choices)
    live = models.BooleanField("实时发现", default=True)
    explanation = models.JSONField("研判依据", default=dict)
    found_at = models.DateTimeField("发现时间")
    settled_at = models.DateTimeField("确认时间", null=True)

    objects = ExceedanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "超标记录"
        constraints = [
            models.UniqueConstraint(
                fields=["point", "averaging", "time"], name="polluters_exceedance_key"
            )
        ]
        indexes = [
            # The list of a month, newest first.
            models.Index(fields=["-time"], name="polluters_exceedance_time"),
            # What still waits for its marks.
            models.Index(
                fields=["time"],
                name="polluters_exceedance_open",
                condition=Q(state="warning"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.time:%Y-%m-%d %H:%M} {self.get_state_display()}"


class ClosedPeriod(models.Model):
    """An hour or day whose means have been computed for all points."""

    period = models.SmallIntegerField("时段", choices=Period.choices)
    time = models.DateTimeField("起点")
    points = models.PositiveIntegerField("点位数")
    closed_at = models.DateTimeField("结算时间")

    class Meta:
        verbose_name = verbose_name_plural = "已结时段"
        constraints = [
            models.UniqueConstraint(
                fields=["period", "time"], name="polluters_closed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_period_display()} {self.time:%Y-%m-%d %H:%M}"
