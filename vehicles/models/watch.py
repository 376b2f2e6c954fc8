"""The watch list of key vehicles (重点车辆监管名单库)."""

from django.conf import settings
from django.db import models

from vehicles.models.files import BureauQuerySet, Vehicle


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
    count = models.PositiveSmallIntegerField("次数", default=1)
    clean_months = models.PositiveIntegerField("移出前无异常月数", default=6)
    needs_retest = models.BooleanField("移出须复检合格", default=True)
    enabled = models.BooleanField("启用", default=True)
    source = models.CharField("依据", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "名单规则"
        ordering = ("trigger",)

    def __str__(self) -> str:
        return self.get_trigger_display()


class WatchQuerySet(BureauQuerySet):
    """Watch-list entries through their vehicle; only the bureau sees them."""

    district_path = "vehicle__district"


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
    matches = models.PositiveIntegerField("命中次数", default=0)
    matched_at = models.DateTimeField("最近命中", null=True, blank=True)

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
        indexes = [
            models.Index(
                fields=["trigger", "-since"],
                name="vehicles_watch_listed",
                condition=models.Q(left_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.vehicle.plate} {self.get_trigger_display()}"


class WatchEvent(models.Model):
    """One thing that happened to an entry; rows are only added."""

    class Kind(models.TextChoices):
        ENTERED = "entered", "列入"
        RENEWED = "renewed", "再次触发"
        MATCHED = "matched", "命中"
        OWNER = "owner", "指定责任人"
        NOTE = "note", "备注"
        LEFT = "left", "移出"

    entry = models.ForeignKey(
        WatchEntry, models.PROTECT, related_name="events", verbose_name="名单"
    )
    kind = models.CharField("事项", max_length=8, choices=Kind.choices)
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="操作人",
    )
    text = models.CharField("内容", max_length=300)
    source = models.CharField("来源记录", max_length=80, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "名单履历"
        ordering = ("entry", "at", "id")
        indexes = [models.Index(fields=["source"], name="vehicles_watch_source")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.text[:40]}"
