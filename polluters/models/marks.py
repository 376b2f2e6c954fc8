"""Data marks (标记): what state a device or the production was in, from when to when."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from bozhou_eco.accounts.models import ScopedQuerySet
from polluters.models.catalogue import Point
from polluters.models.sources import Outlet


class MarkKind(models.Model):
    """A kind of mark and what follows from it; allowances are hours."""

    class Group(models.TextChoices):
        DEVICE = "device", "自动监测设备"
        PRODUCTION = "production", "生产与治理设施"

    code = models.CharField("编码", max_length=24, unique=True)
    name = models.CharField("名称", max_length=40)
    group = models.CharField("类别", max_length=10, choices=Group.choices)
    flag = models.CharField(
        "对应数采仪标记",
        max_length=1,
        blank=True,
        help_text="HJ 212 数据标记，如 M、C、F",
    )
    exempts = models.BooleanField("标记时段不判定超标", default=True)
    stops = models.BooleanField("视为停运，不计传输", default=False)
    yearly_hours = models.FloatField("每年允许小时", null=True, blank=True)
    each_hours = models.FloatField("每次允许小时", null=True, blank=True)
    source = models.CharField("来源与确认状态", max_length=200)
    active = models.BooleanField("在用", default=True)
    position = models.PositiveSmallIntegerField("顺序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "标记种类"
        ordering = ("position", "code")

    def __str__(self) -> str:
        return self.name


class MarkQuerySet(ScopedQuerySet):
    """Marks, scoped through their outlet's enterprise."""

    district_path = "outlet__enterprise__district"
    organisation_path = "outlet__enterprise__organisation"


class Mark(models.Model):
    """A span of an outlet, or of one factor of it, that somebody marked.

    Only a mark imported from the national platform has legal force; others are 说明.
    A mark is never changed: it is withdrawn with a reason and made anew.
    """

    class Origin(models.TextChoices):
        NATIONAL = "national", "国家平台标记"
        ENTERPRISE = "enterprise", "企业说明"
        OFFICER = "officer", "执法人员登记"
        LOGGER = "logger", "数采仪标记"

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="marks", verbose_name="排放口"
    )
    point = models.ForeignKey(
        Point,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="marks",
        verbose_name="因子",
        help_text="留空表示整个排放口",
    )
    kind = models.ForeignKey(MarkKind, models.PROTECT, verbose_name="标记种类")
    begin = models.DateTimeField("起")
    end = models.DateTimeField("止", null=True, blank=True)
    origin = models.CharField("来源", max_length=10, choices=Origin.choices)
    reason = models.CharField("原因", max_length=300, blank=True)
    key = models.CharField("外部编号", max_length=80, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="填报人",
    )
    filler = models.CharField("国家平台填报人", max_length=40, blank=True)
    made_at = models.DateTimeField("填报时间")
    received_at = models.DateTimeField("入库时间")
    deadline = models.DateTimeField("标记时限")
    withdrawn_at = models.DateTimeField("撤销时间", null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    withdrawn_reason = models.CharField("撤销理由", max_length=300, blank=True)

    objects = MarkQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "数据标记"
        constraints = [
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(begin__lt=F("end")),
                name="polluters_mark_order",
                violation_error_message="结束时间必须晚于开始时间",
            ),
            models.UniqueConstraint(
                fields=["origin", "key"],
                condition=~Q(key=""),
                name="polluters_mark_key",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdrawn_reason=""),
                name="polluters_mark_withdrawal",
            ),
        ]
        indexes = [
            models.Index(fields=["outlet", "begin"], name="polluters_mark_outlet"),
            models.Index(fields=["-begin"], name="polluters_mark_time"),
        ]

    def __str__(self) -> str:
        return f"{self.outlet_id} {self.kind_id} {self.begin:%Y-%m-%d %H:%M}"

    @property
    def legal(self) -> bool:
        """Whether it has legal force."""
        return self.origin == self.Origin.NATIONAL

    @property
    def late(self) -> bool:
        """Whether it was made after its deadline; a logger's own flags never are."""
        return self.origin != self.Origin.LOGGER and self.made_at > self.deadline

    @property
    def author(self) -> str:
        """Who filled it in; empty for a logger's flags."""
        return self.filler or (self.made_by.name if self.made_by else "")
