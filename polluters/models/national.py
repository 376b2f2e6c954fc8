"""What came from the national platform: parcels, its means and its rates."""

from django.conf import settings
from django.db import models

from polluters.models.catalogue import Point
from polluters.models.readings import Period


class NationalParcel(models.Model):
    """A parcel received, with its receipt; refused ones stay with their reasons."""

    class Way(models.TextChoices):
        FOLDER = "folder", "交换目录"
        REST = "rest", "接口"
        UPLOAD = "upload", "人工上传"

    class State(models.TextChoices):
        TAKEN = "taken", "已入库"
        REFUSED = "refused", "已拒收"

    number = models.CharField("批次号", max_length=80)
    kind = models.CharField("内容", max_length=16, blank=True)
    sender = models.CharField("发送方", max_length=60, blank=True)
    day = models.DateField("数据日期", null=True)
    digest = models.CharField("摘要", max_length=64, blank=True)
    way = models.CharField("途径", max_length=8, choices=Way.choices)
    state = models.CharField("状态", max_length=8, choices=State.choices)
    taken = models.PositiveIntegerField("入库行数", default=0)
    refused = models.PositiveIntegerField("未入库行数", default=0)
    problems = models.JSONField("问题", default=list)
    received_at = models.DateTimeField("接收时间")
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "国家平台数据批次"
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                condition=models.Q(state="taken"),
                name="polluters_parcel_once",
            )
        ]
        indexes = [models.Index(fields=["-received_at"], name="polluters_parcel_time")]

    def __str__(self) -> str:
        return f"{self.number} {self.get_state_display()}"


class NationalMean(models.Model):
    """An hour or day mean as the national platform has it."""

    point = models.ForeignKey(Point, models.PROTECT, related_name="+")
    period = models.SmallIntegerField("时段", choices=Period.choices)
    time = models.DateTimeField("时段起点")
    value = models.FloatField("均值", null=True)
    converted = models.FloatField("折算均值", null=True)
    flag = models.CharField("标记", max_length=8, blank=True)
    valid = models.BooleanField("有效", null=True)
    parcel = models.ForeignKey(NationalParcel, models.PROTECT, verbose_name="批次")

    class Meta:
        verbose_name = verbose_name_plural = "国家平台均值"
        constraints = [
            models.UniqueConstraint(
                fields=["point", "period", "time"], name="polluters_national_mean"
            )
        ]
        indexes = [
            models.Index(fields=["period", "time"], name="polluters_national_time")
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.time:%Y-%m-%d %H:%M} {self.value}"


class NationalRate(models.Model):
    """A transmission rate as the national platform publishes it; shares of 1."""

    point = models.ForeignKey(Point, models.PROTECT, related_name="+")
    period = models.SmallIntegerField("时段", choices=Period.choices)
    time = models.DateTimeField("时段起点")
    backfilled = models.BooleanField("补传后", default=True)
    transmission = models.FloatField("传输率", null=True)
    effective = models.FloatField("有效传输率", null=True)
    parcel = models.ForeignKey(NationalParcel, models.PROTECT, verbose_name="批次")

    class Meta:
        verbose_name = verbose_name_plural = "国家平台传输率"
        constraints = [
            models.UniqueConstraint(
                fields=["point", "period", "time", "backfilled"],
                name="polluters_national_rate",
            )
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.time:%Y-%m-%d} {self.effective}"


class Shortfall(models.Model):
    """An hour that lacked a valid mean when it was closed, as it stood then.

    With it the rate before backfill is known after the hour has been mended.
    """

    point = models.ForeignKey(Point, models.CASCADE, related_name="+")
    hour = models.DateTimeField("小时起点")
    due = models.PositiveIntegerField("应收")
    got = models.PositiveIntegerField("实收")
    valid_count = models.PositiveIntegerField("有效数")
    closed_at = models.DateTimeField("结算时间")

    class Meta:
        verbose_name = verbose_name_plural = "结算时缺数小时"
        constraints = [
            models.UniqueConstraint(
                fields=["point", "hour"], name="polluters_shortfall_once"
            )
        ]
        indexes = [models.Index(fields=["hour"], name="polluters_shortfall_hour")]

    def __str__(self) -> str:
        return f"{self.point_id} {self.hour:%Y-%m-%d %H:%M} {self.got}/{self.due}"
