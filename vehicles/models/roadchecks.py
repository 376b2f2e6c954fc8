"""Joint road checks (路检路查): campaigns, checked vehicles, transfers to police."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from bozhou_eco.accounts.models import District, ScopedQuerySet
from bozhou_eco.evidence.models import SealedFile
from enforcement.models import Case
from vehicles.models.files import Vehicle


class CampaignQuerySet(ScopedQuerySet):
    """Campaigns by district; only the bureau sees them."""

    organisation_path = ""


class RoadCampaign(models.Model):
    """A joint check: place, time and the people of three departments."""

    name = models.CharField("名称", max_length=80)
    place = models.CharField("地点", max_length=120)
    district = models.ForeignKey(District, models.PROTECT, verbose_name="行政区")
    begins_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束", null=True, blank=True)
    ecology = ArrayField(
        models.CharField(max_length=40), verbose_name="生态环境部门人员", default=list
    )
    police = ArrayField(
        models.CharField(max_length=40), verbose_name="公安交管部门人员", default=list
    )
    transport = ArrayField(
        models.CharField(max_length=40), verbose_name="交通运输部门人员", default=list
    )

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "路检路查"
        ordering = ("-begins_at",)

    def __str__(self) -> str:
        return self.name


class RoadCheckQuerySet(ScopedQuerySet):
    """Checked vehicles through their campaign."""

    district_path = "campaign__district"
    organisation_path = ""


class RoadCheck(models.Model):
    """One vehicle checked at the roadside. The phone chooses ``id``, so that a form
    sent twice after a lost connection is one check."""

    class Verdict(models.TextChoices):
        PASS = "pass", "合格"  # noqa: S105
        FAIL = "fail", "不合格"

    class Means(models.TextChoices):
        SMOKE_METER = "smoke_meter", "便携式烟度计"
        OBD = "obd", "OBD 诊断"
        RINGELMANN = "ringelmann", "林格曼目测"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    campaign = models.ForeignKey(
        RoadCampaign, models.PROTECT, related_name="checks", verbose_name="路检"
    )
    vehicle = models.ForeignKey(
        Vehicle, models.PROTECT, related_name="road_checks", verbose_name="车辆"
    )
    at = models.DateTimeField("检查时间")
    received_at = models.DateTimeField("接收时间")
    digest = models.CharField("内容摘要", max_length=64, blank=True)
    clock_ahead_s = models.FloatField("手机时钟偏差（s）", null=True, blank=True)
    plate_read = models.CharField("照片识别号牌", max_length=20, blank=True)
    means = models.CharField(
        "检查方式", max_length=12, choices=Means.choices, default=Means.SMOKE_METER
    )
    ringelmann = models.PositiveSmallIntegerField("林格曼级", null=True, blank=True)
    smoke_k = models.FloatField("光吸收系数 k（m⁻¹）", null=True, blank=True)
    limit_k = models.FloatField("限值（m⁻¹）", null=True, blank=True)
    obd_fault = models.CharField("OBD 读数", max_length=120, blank=True)
    verdict = models.CharField("结论", max_length=4, choices=Verdict.choices)
    note = models.CharField("说明", max_length=200, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    accuracy_m = models.FloatField("定位精度（m）", null=True, blank=True)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="检查人",
    )

    objects = RoadCheckQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "路检车辆"
        ordering = ("-at",)
        indexes = [
            models.Index(fields=["campaign", "-at"], name="vehicles_road_campaign"),
            models.Index(fields=["vehicle", "-at"], name="vehicles_road_vehicle"),
        ]

    def __str__(self) -> str:
        return f"{self.vehicle.plate} {self.get_verdict_display()}"


class RoadCheckPhoto(models.Model):
    """A sealed photo of a checked vehicle."""

    road_check = models.ForeignKey(
        RoadCheck, models.PROTECT, related_name="photos", verbose_name="路检车辆"
    )
    place = models.PositiveSmallIntegerField("序号")
    sealed = models.ForeignKey(SealedFile, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "路检照片"
        ordering = ("road_check", "place")
        constraints = [
            models.UniqueConstraint(
                fields=["road_check", "place"], name="vehicles_road_photo"
            )
        ]

    def __str__(self) -> str:
        return f"{self.road_check_id} {self.place}"


class PoliceTransfer(models.Model):
    """A violation handed to traffic police (违法代码 6063) with receipt and reply."""

    road_check = models.OneToOneField(
        RoadCheck, models.PROTECT, related_name="transfer", verbose_name="路检车辆"
    )
    code = models.CharField("违法代码", max_length=8, default="6063")
    case = models.ForeignKey(
        Case,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="线索",
    )
    unit = models.CharField("接收单位", max_length=120, blank=True)
    sent_at = models.DateTimeField("移送时间")
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="移送人",
    )
    receipt = models.CharField("回执编号", max_length=60, blank=True)
    receipt_at = models.DateTimeField("回执时间", null=True, blank=True)
    reply = models.CharField("处理结果", max_length=200, blank=True)
    replied_at = models.DateTimeField("反馈时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "移送公安交管"
        ordering = ("-sent_at",)

    def __str__(self) -> str:
        return f"{self.code} {self.sent_at:%Y-%m-%d}"
