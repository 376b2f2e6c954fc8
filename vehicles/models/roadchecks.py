"""Joint road checks (路检路查): campaigns, checked vehicles, transfers to police."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from bozhou_eco.accounts.models import District, ScopedQuerySet
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

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    campaign = models.ForeignKey(
        RoadCampaign, models.PROTECT, related_name="checks", verbose_name="路检"
    )
    vehicle = models.ForeignKey(
        Vehicle, models.PROTECT, related_name="road_checks", verbose_name="车辆"
    )
    at = models.DateTimeField("检查时间")
    received_at = models.DateTimeField("接收时间")
    smoke_k = models.FloatField("光吸收系数 k（m⁻¹）", null=True, blank=True)
    limit_k = models.FloatField("限值（m⁻¹）", null=True, blank=True)
    obd_fault = models.CharField("OBD 读数", max_length=120, blank=True)
    verdict = models.CharField("结论", max_length=4, choices=Verdict.choices)
    note = models.CharField("说明", max_length=200, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
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

    def __str__(self) -> str:
        return f"{self.vehicle.plate} {self.get_verdict_display()}"


class PoliceTransfer(models.Model):
    """A violation handed to traffic police (违法代码 6063) with receipt and reply."""

    road_check = models.OneToOneField(
        RoadCheck, models.PROTECT, related_name="transfer", verbose_name="路检车辆"
    )
    code = models.CharField("违法代码", max_length=8, default="6063")
    sent_at = models.DateTimeField("移送时间")
    receipt = models.CharField("回执编号", max_length=60, blank=True)
    receipt_at = models.DateTimeField("回执时间", null=True, blank=True)
    reply = models.CharField("处理结果", max_length=200, blank=True)
    replied_at = models.DateTimeField("反馈时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "移送公安交管"
        ordering = ("-sent_at",)

    def __str__(self) -> str:
        return f"{self.code} {self.sent_at:%Y-%m-%d}"
