"""Inspection stations: lines, instruments, staff, daily checks, locks, dialects."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from bozhou_eco.accounts.models import District, Organisation, ScopedQuerySet
from vehicles.domain.codes import DAILY_CHECKS, INSTRUMENTS, METHOD_NAMES
from vehicles.domain.inspection.gate import MODE_NAMES, Mode

MODES = [(mode.value, name) for mode, name in MODE_NAMES.items()]
METHODS = [
    *((m.value, name) for m, name in METHOD_NAMES.items()),
    ("none", "无尾气检测"),
]


class Dialect(models.Model):
    """The code words of one vendor's station software."""

    vendor = models.CharField("厂商或规范", max_length=40, unique=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "厂商代码表"
        ordering = ("vendor",)

    def __str__(self) -> str:
        return self.vendor


class DialectWord(models.Model):
    """One word of a dialect: theirs and the platform's."""

    dialect = models.ForeignKey(
        Dialect, models.CASCADE, related_name="words", verbose_name="代码表"
    )
    kind = models.CharField("类别", max_length=20)
    theirs = models.CharField("厂商代码", max_length=40)
    ours = models.CharField("平台代码", max_length=40)

    class Meta:
        verbose_name = verbose_name_plural = "代码对照"
        constraints = [
            models.UniqueConstraint(
                fields=["dialect", "kind", "theirs"], name="vehicles_dialect_word"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.theirs}→{self.ours}"


class StationQuerySet(ScopedQuerySet):
    """Stations by district and organisation."""


class Station(models.Model):
    """An inspection station (检验机构).

    Locks and refusals bind only in mode 控制, and only with ``legal_basis`` and
    ``delegation`` filled in.
    """

    organisation = models.OneToOneField(
        Organisation, models.PROTECT, related_name="station", verbose_name="机构"
    )
    code = models.CharField("检验机构编号", max_length=9, unique=True)
    name = models.CharField("名称", max_length=120)
    district = models.ForeignKey(District, models.PROTECT, verbose_name="行政区")
    address = models.CharField("地址", max_length=160, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    mode = models.CharField("管控方式", max_length=8, choices=MODES, default=Mode.HINT)
    legal_basis = models.CharField("管控的法律依据", max_length=200, blank=True)
    delegation = models.CharField("授权或委托文件", max_length=200, blank=True)
    cma_number = models.CharField("资质认定证书编号", max_length=40, blank=True)
    cma_until = models.DateField("资质认定有效期至", null=True, blank=True)
    software = models.CharField("检测软件及版本", max_length=80, blank=True)
    dialect = models.ForeignKey(
        Dialect, models.PROTECT, null=True, blank=True, verbose_name="厂商代码表"
    )
    preferred_method = models.CharField(
        "点燃式首选方法", max_length=20, choices=METHODS, default="vmas"
    )
    active = models.BooleanField("在管", default=True)
    last_seen_at = models.DateTimeField("最近上传", null=True, blank=True)

    objects = StationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "检验机构"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name

    @property
    def binding(self) -> bool:
        """Whether refusals bind this station."""
        return self.mode == Mode.CONTROL and self.basis_registered

    @property
    def basis_registered(self) -> bool:
        """Whether legal basis and delegation are registered."""
        return bool(self.legal_basis and self.delegation)


class Line(models.Model):
    """A test line (检测线) with the methods it may use."""

    station = models.ForeignKey(
        Station, models.PROTECT, related_name="lines", verbose_name="检验机构"
    )
    number = models.CharField("编号", max_length=4)
    name = models.CharField("名称", max_length=40, blank=True)
    methods = ArrayField(
        models.CharField(max_length=20, choices=METHODS),
        verbose_name="备案方法",
        default=list,
        blank=True,
    )
    asked_methods = ArrayField(
        models.CharField(max_length=20, choices=METHODS),
        verbose_name="申请变更的方法",
        null=True,
        blank=True,
    )
    active = models.BooleanField("启用", default=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "检测线"
        ordering = ("station", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["station", "number"], name="vehicles_line_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.station.name} {self.number} 线"


class Instrument(models.Model):
    """An instrument with its verification date and last daily check."""

    station = models.ForeignKey(
        Station, models.PROTECT, related_name="instruments", verbose_name="检验机构"
    )
    line = models.ForeignKey(
        Line, models.PROTECT, related_name="instruments", verbose_name="检测线"
    )
    kind = models.CharField("类别", max_length=20, choices=list(INSTRUMENTS.items()))
    serial = models.CharField("出厂编号", max_length=40)
    maker = models.CharField("厂家", max_length=80, blank=True)
    model = models.CharField("型号", max_length=80, blank=True)
    verified_until = models.DateField("检定有效期至", null=True, blank=True)
    checked_at = models.DateTimeField("最近日常检查", null=True, blank=True)
    check_kind = models.CharField("最近检查项目", max_length=20, blank=True)
    check_passed = models.BooleanField("最近检查合格", null=True, blank=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "仪器"
        ordering = ("station", "line", "kind")
        constraints = [
            models.UniqueConstraint(
                fields=["station", "serial"], name="vehicles_instrument_serial"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.serial}"


class StaffMember(models.Model):
    """A person of a station."""

    class Duty(models.TextChoices):
        DRIVER = "driver", "引车员"
        INSPECTOR = "inspector", "检验员"
        SIGNATORY = "signatory", "授权签字人"

    station = models.ForeignKey(
        Station, models.PROTECT, related_name="staff", verbose_name="检验机构"
    )
    number = models.CharField("工号", max_length=20)
    name = models.CharField("姓名", max_length=40)
    duty = models.CharField("岗位", max_length=10, choices=Duty.choices)
    valid_until = models.DateField("资格有效期至", null=True, blank=True)
    active = models.BooleanField("在岗", default=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "检验人员"
        ordering = ("station", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["station", "number"], name="vehicles_staff_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.get_duty_display()}）"


class DailyCheck(models.Model):
    """A check or calibration of an instrument (日常检查与校准)."""

    instrument = models.ForeignKey(
        Instrument, models.PROTECT, related_name="checks", verbose_name="仪器"
    )
    kind = models.CharField("项目", max_length=20, choices=list(DAILY_CHECKS.items()))
    at = models.DateTimeField("检查时间")
    passed = models.BooleanField("合格")
    values = models.JSONField("数值", default=dict, blank=True)
    agrees = models.BooleanField("数值与结论一致", null=True, blank=True)
    received_at = models.DateTimeField("接收时间")

    class Meta:
        verbose_name = verbose_name_plural = "日常检查"
        ordering = ("-at",)
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "kind", "at"], name="vehicles_daily_check"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class Lock(models.Model):
    """A lock on a station, line, instrument or vehicle, set by rule or by hand."""

    station = models.ForeignKey(
        Station,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="locks",
        verbose_name="检验机构",
    )
    line = models.ForeignKey(
        Line, models.PROTECT, null=True, blank=True, verbose_name="检测线"
    )
    instrument = models.ForeignKey(
        Instrument, models.PROTECT, null=True, blank=True, verbose_name="仪器"
    )
    vehicle = models.ForeignKey(
        "vehicles.Vehicle", models.PROTECT, null=True, blank=True, verbose_name="车辆"
    )
    reason = models.CharField("原因", max_length=200)
    by_rule = models.CharField("锁定规则", max_length=40, blank=True)
    since = models.DateTimeField("锁定时间")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="锁定人",
    )
    lifted_at = models.DateTimeField("解除时间", null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="解除人",
    )
    lift_reason = models.CharField("解除原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "锁定"
        ordering = ("-since",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(station__isnull=False)
                | models.Q(vehicle__isnull=False),
                name="vehicles_lock_target",
            )
        ]
        indexes = [
            models.Index(
                fields=["station"],
                name="vehicles_lock_open",
                condition=models.Q(lifted_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.since:%Y-%m-%d %H:%M}"
