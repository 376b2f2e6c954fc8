"""The watch list of key vehicles (重点车辆监管名单库)."""

from django.conf import settings
from django.db import models

from bozhou_eco.accounts.models import ScopedQuerySet
from vehicles.models.files import Vehicle


class WatchRule(models.Model):
    """Why a vehicle enters the list, and when it may leave."""

    class Trigger(models.TextChoices):
        CAPTURED = "captured", "黑烟抓拍属实"
        NOT_RETESTED = "not_retested", "检验不合格未复检"
        OVERDUE = "overdue", "逾期未检验"
        ROAD_CHECK = "road_check", "路检不合格"
        OBD_TAMPER = "obd_tamper", "OBD 或后处理装置异常"
        REPEATED = "repeated", "6 个月内 2 次以上超标"
        FINDING = "finding", "检验研判线索属实"
        REMOTE_OBD = "remote_obd", "远程 OBD 故障"
        MANUAL = "manual", "人工列入"

    trigger = models.CharField(
        "列入情形", max_length=14, choices=Trigger.choices, unique=True
    )
    days = models.PositiveIntegerField("判断期（天）", default=30)
    clean_months = models.PositiveIntegerField("移出前无异常月数", default=6)
    needs_retest = models.BooleanField("移出须复检合格", default=True)
    enabled = models.BooleanField("启用", default=True)
    source = models.CharField("依据", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "名单规则"
        ordering = ("trigger",)

    def __str__(self) -> str:
        return self.get_trigger_display()


class WatchQuerySet(ScopedQuerySet):
    """Watch-list entries through their vehicle; only the bureau sees them."""

    district_path = "vehicle__district"
    organisation_path = ""


class WatchEntry(models.Model):
    """A vehicle on the list for one reason, from entry to exit."""

    vehicle = models.ForeignKey(
        Vehicle, models.PROTECT, related_name="watch_entries", verbose_name="车辆"
    )
    trigger = models.CharField(
        "列入情形", max_length=14, choices=WatchRule.Trigger.choices
    )
    reason = models.CharField("原因", max_length=300)
    source = models.CharField("来源记录", max_length=80)
    since = models.DateTimeField("列入时间")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="责任人",
    )
    clean_months = models.PositiveIntegerField("移出前无异常月数")
    needs_retest = models.BooleanField("移出须复检合格")
    left_at = models.DateTimeField("移出时间", null=True, blank=True)
    left_reason = models.CharField("移出原因", max_length=200, blank=True)

    objects = WatchQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "重点车辆"
        ordering = ("-since",)
        constraints = [
            models.UniqueConstraint(
                fields=["vehicle", "trigger"],
                condition=models.Q(left_at__isnull=True),
                name="vehicles_watch_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.vehicle.plate} {self.get_trigger_display()}"
