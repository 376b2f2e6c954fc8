"""Ambient air: city stations, their days by origin, and the versions of the AQI table."""

from django.core.validators import MinValueValidator
from django.db import models

from bozhou_eco.accounts.models import District, ScopedQuerySet
from polluters.models.devices import Logger


class AirStationQuerySet(ScopedQuerySet):
    """Stations by district; they belong to no enterprise."""

    organisation_path = ""


class AirStation(models.Model):
    """A station of ambient air; ``logger`` where it sends HJ 212 frames (ST=22)."""

    name = models.CharField("名称", max_length=60, unique=True)
    code = models.CharField("编号", max_length=20, unique=True)
    logger = models.OneToOneField(
        Logger,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="air_station",
        verbose_name="数采仪",
        help_text="以 HJ 212（ST=22）上传的站点；日均值由小时均值得出",
    )
    district = models.ForeignKey(District, models.PROTECT, verbose_name="行政区")
    assessed = models.BooleanField(
        "参与考核", default=True, help_text="国控点位计入城市日均值与优良天数"
    )
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    active = models.BooleanField("在用", default=True)

    objects = AirStationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "空气站"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class AqiBreakpoint(models.Model):
    """A corner of the index table of a version, in force from a day on."""

    class Item(models.TextChoices):
        SO2 = "SO2", "SO₂"
        NO2 = "NO2", "NO₂"
        PM10 = "PM10", "PM₁₀"
        PM25 = "PM2.5", "PM₂.₅"
        CO = "CO", "CO"
        O3 = "O3", "O₃ 8h"

    version = models.CharField("版本", max_length=40)
    valid_from = models.DateField("生效日")
    item = models.CharField("项目", max_length=6, choices=Item.choices)
    iaqi = models.PositiveSmallIntegerField("分指数")
    concentration = models.FloatField("浓度限值", validators=[MinValueValidator(0)])
    source = models.CharField("来源与确认状态", max_length=200)
    confirmed = models.BooleanField("已与标准原文核对", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "空气质量分指数表"
        ordering = ("valid_from", "item", "iaqi")
        constraints = [
            models.UniqueConstraint(
                fields=["valid_from", "item", "iaqi"],
                name="polluters_aqi_corner",
                violation_error_message="该版本此项目已有此分指数",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.get_item_display()} {self.iaqi}"


class AirDayQuerySet(ScopedQuerySet):
    """Days, scoped through their station."""

    district_path = "station__district"
    organisation_path = ""


class AirDay(models.Model):
    """The daily means of a station as one origin gives them; O3 is the highest 8 h.

    The reviewed figure leads over the first one, an official AQI over any computed.
    """

    class Origin(models.TextChoices):
        FIRST = "first", "初值"
        REVIEWED = "reviewed", "审核值"

    station = models.ForeignKey(
        AirStation, models.PROTECT, related_name="days", verbose_name="空气站"
    )
    day = models.DateField("日期")
    origin = models.CharField("数据状态", max_length=8, choices=Origin.choices)
    so2 = models.FloatField("SO₂（μg/m³）", null=True)
    no2 = models.FloatField("NO₂（μg/m³）", null=True)
    pm10 = models.FloatField("PM₁₀（μg/m³）", null=True)
    pm25 = models.FloatField("PM₂.₅（μg/m³）", null=True)
    co = models.FloatField("CO（mg/m³）", null=True)
    o3 = models.FloatField("O₃ 8h（μg/m³）", null=True)
    official_aqi = models.PositiveSmallIntegerField("官方 AQI", null=True)
    dust = models.BooleanField("沙尘影响日", default=False)
    came_by = models.CharField("来源", max_length=80)
    stored_at = models.DateTimeField("入库时间")

    objects = AirDayQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "空气日数据"
        ordering = ("-day", "station")
        constraints = [
            models.UniqueConstraint(
                fields=["station", "day", "origin"], name="polluters_air_day"
            )
        ]
        indexes = [models.Index(fields=["day"], name="polluters_air_day_day")]

    def __str__(self) -> str:
        return f"{self.station} {self.day} {self.get_origin_display()}"
