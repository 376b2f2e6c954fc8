"""Test, repair, retest (检验—维修—复检), and monthly sums of the fleet's tests."""

from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import District, ScopedQuerySet
from vehicles.models.files import Vehicle
from vehicles.models.stations import METHODS, Station


class RepairLoopQuerySet(ScopedQuerySet):
    """Loops by district; a station sees those its own tests began."""

    organisation_path = "station__organisation"


class RepairLoop(models.Model):
    """A failed vehicle on its way through repair to a passed retest.

    A failed test, roadside check or confirmed capture begins it; the next passed test
    of the vehicle ends it. One is open per vehicle, the earliest failure counts.
    """

    class Origin(models.TextChoices):
        TEST = "test", "定期检验"
        ROAD_CHECK = "road_check", "路检路查"
        CAPTURE = "capture", "黑烟抓拍"

    vehicle = models.ForeignKey(
        Vehicle, models.PROTECT, related_name="repair_loops", verbose_name="车辆"
    )
    origin = models.CharField("起因", max_length=10, choices=Origin.choices)
    source = models.CharField("来源记录", max_length=80)
    station = models.ForeignKey(
        Station,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="检验机构",
    )
    district = models.ForeignKey(
        District, models.PROTECT, null=True, blank=True, verbose_name="行政区"
    )
    failed_at = models.DateTimeField("不合格时间")
    reason = models.CharField("不合格项目", max_length=200, blank=True)
    due_on = models.DateField("复检期限")
    repaired_on = models.DateField("维修日期", null=True, blank=True)
    repairer = models.CharField("维修单位（M 站）", max_length=120, blank=True)
    repair_note = models.CharField("维修内容", max_length=200, blank=True)
    retests = models.PositiveSmallIntegerField("复检次数", default=0)
    last_retest_at = models.DateTimeField("最近复检", null=True, blank=True)
    closed_at = models.DateTimeField("复检合格时间", null=True, blank=True)
    closed_by = models.CharField("合格报告", max_length=80, blank=True)

    objects = RepairLoopQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检验维修复检"
        ordering = ("-failed_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["vehicle"],
                condition=Q(closed_at__isnull=True),
                name="vehicles_loop_open",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_on"],
                name="vehicles_loop_due",
                condition=Q(closed_at__isnull=True),
            ),
            models.Index(fields=["-failed_at"], name="vehicles_loop_failed"),
            models.Index(
                fields=["closed_at"],
                name="vehicles_loop_closed",
                condition=Q(closed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vehicle_id} {self.failed_at:%Y-%m-%d}"


class FleetMonth(models.Model):
    """Sums over the finished tests of a month, district, fuel, stage, age and method.

    Rebuilt from the tests whenever one of the month changes (``services.fleet``).
    ``sums`` holds ``{result: [count, sum]}``.
    """

    month = models.DateField("月份")
    district = models.ForeignKey(District, models.CASCADE, verbose_name="行政区")
    fuel = models.CharField("燃料种类", max_length=2, blank=True)
    stage = models.SmallIntegerField("排放阶段", default=-1)
    age = models.CharField("车龄", max_length=6, blank=True)
    method = models.CharField("检测方法", max_length=20, choices=METHODS)
    tests = models.PositiveIntegerField("检验次数")
    passed = models.PositiveIntegerField("合格")
    failed = models.PositiveIntegerField("不合格")
    first = models.PositiveIntegerField("初检次数")
    first_passed = models.PositiveIntegerField("初检合格")
    sums = models.JSONField("结果之和", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "检验月度汇总"
        ordering = ("month",)
        constraints = [
            models.UniqueConstraint(
                fields=["month", "district", "fuel", "stage", "age", "method"],
                name="vehicles_fleet_month",
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.district_id} {self.tests}"


class FleetRun(models.Model):
    """How far the monthly sums have been brought, one row."""

    upto = models.DateTimeField("截至")
    at = models.DateTimeField("汇总时间")

    class Meta:
        verbose_name = verbose_name_plural = "汇总进度"

    def __str__(self) -> str:
        return f"{self.upto:%Y-%m-%d %H:%M}"
