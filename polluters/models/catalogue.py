"""What is measured, at which point, under which limit."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from bozhou_eco.accounts.models import ScopedQuerySet
from polluters.models.devices import Analyser, Logger
from polluters.models.sources import Outlet


class Pollutant(models.Model):
    """A factor code of HJ 212-2017 App. B, with its 2005 code."""

    code = models.CharField("编码", max_length=10, unique=True)
    old_code = models.CharField("2005 编码", max_length=4, blank=True)
    name = models.CharField("名称", max_length=40)
    name_en = models.CharField("英文名", max_length=80, blank=True)
    short = models.CharField("简写", max_length=16, blank=True)
    unit = models.CharField("单位", max_length=12)
    medium = models.CharField("介质", max_length=8)
    datatype = models.CharField("数据格式", max_length=8, blank=True)
    source = models.CharField("来源", max_length=80)

    class Meta:
        verbose_name = verbose_name_plural = "污染因子"
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.short or self.name} {self.code}"


class PointQuerySet(ScopedQuerySet):
    """Points, scoped through their outlet's enterprise."""

    district_path = "outlet__enterprise__district"
    organisation_path = "outlet__enterprise__organisation"


class Point(models.Model):
    """One factor of one outlet as one logger sends it."""

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="points", verbose_name="排放口"
    )
    logger = models.ForeignKey(
        Logger, models.PROTECT, related_name="points", verbose_name="数采仪"
    )
    pollutant = models.ForeignKey(Pollutant, models.PROTECT, verbose_name="因子")
    wire_code = models.CharField(
        "报文编码", max_length=20, help_text="数采仪实际发送的编码，通常等于因子编码"
    )
    analyser = models.ForeignKey(
        Analyser, models.SET_NULL, null=True, blank=True, verbose_name="分析仪"
    )
    unit = models.CharField("单位", max_length=12)
    unit_factor = models.FloatField(
        "单位系数", default=1.0, help_text="报文值 × 系数 = 平台单位的值"
    )
    range_low = models.FloatField("量程下限", null=True, blank=True)
    range_high = models.FloatField("量程上限", null=True, blank=True)
    batch_minutes = models.PositiveSmallIntegerField(
        "批次周期（min）", null=True, blank=True, help_text="批次式分析仪的测量周期"
    )
    converted = models.BooleanField("按基准氧折算判定", default=False)
    position = models.PositiveSmallIntegerField("顺序", default=0)
    active = models.BooleanField("在用", default=True)

    objects = PointQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "监测点位"
        ordering = ("outlet", "position", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["logger", "wire_code"],
                name="polluters_point_wire_code",
                violation_error_message="该数采仪已有此报文编码",
            )
        ]

    def __str__(self) -> str:
        return f"{self.outlet} {self.pollutant}"


class Limit(models.Model):
    """A limit of a point, with its kind, source and validity."""

    class Kind(models.TextChoices):
        STANDARD = "standard", "排放标准"
        PERMIT = "permit", "许可限值"
        ULTRA_LOW = "ultra_low", "超低"
        WARNING = "warning", "预警"

    class Averaging(models.TextChoices):
        HOUR = "hour", "小时均值"
        DAY = "day", "日均值"
        H24 = "24h", "24 小时均值"
        MIN5 = "5min", "五分钟均值"

    ENFORCEABLE = (Kind.STANDARD, Kind.PERMIT)

    point = models.ForeignKey(
        Point, models.CASCADE, related_name="limits", verbose_name="点位"
    )
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    averaging = models.CharField("判定时段", max_length=5, choices=Averaging.choices)
    low = models.FloatField("下限", null=True, blank=True)
    high = models.FloatField("上限", null=True, blank=True)
    condition = models.JSONField(
        "条件",
        default=dict,
        blank=True,
        help_text='如 {"code": "w01010", "op": "<=", "value": 12, "high": 8}',
    )
    standard = models.CharField("标准", max_length=120)
    article = models.CharField("法律依据键", max_length=60, blank=True)
    source = models.CharField("来源与确认状态", max_length=160)
    valid_from = models.DateField("生效日")
    valid_to = models.DateField("失效日", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "限值"
        ordering = ("point", "kind", "-valid_from")
        constraints = [
            models.CheckConstraint(
                condition=Q(low__isnull=False) | Q(high__isnull=False),
                name="polluters_limit_some",
                violation_error_message="上限与下限至少填一个",
            ),
            models.CheckConstraint(
                condition=Q(low__isnull=True)
                | Q(high__isnull=True)
                | Q(low__lt=F("high")),
                name="polluters_limit_order",
                violation_error_message="下限必须小于上限",
            ),
        ]

    def __str__(self) -> str:
        bounds = [f"≥{self.low:g}"] if self.low is not None else []
        bounds += [f"≤{self.high:g}"] if self.high is not None else []
        return f"{self.get_kind_display()} {' 且 '.join(bounds)}"

    @property
    def enforceable(self) -> bool:
        """Whether going over it is a 超标 in law."""
        return self.kind in self.ENFORCEABLE

    def clean(self) -> None:
        """Refuse a limit that overlaps another of the same kind in time."""
        if not self.point_id or not isinstance(self.valid_from, date):
            return
        others = Limit.objects.filter(
            point=self.point_id, kind=self.kind, averaging=self.averaging
        ).exclude(pk=self.pk)
        if self.valid_to is not None:
            others = others.filter(valid_from__lte=self.valid_to)
        others = others.filter(Q(valid_to=None) | Q(valid_to__gte=self.valid_from))
        if others.exists():
            raise ValidationError("同一点位、类别、时段的限值有效期重叠")
