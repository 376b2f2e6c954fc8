"""Who emits, and where it leaves: enterprises and their outlets."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models

from bozhou_eco.accounts.models import District, Organisation, ScopedQuerySet


class EnterpriseQuerySet(ScopedQuerySet):
    """Enterprises by district and organisation."""


class Enterprise(models.Model):
    """A polluter (排污单位) with its permit and its years in the key-unit list."""

    class PermitKind(models.TextChoices):
        KEY = "key", "重点管理"
        SIMPLE = "simple", "简化管理"
        REGISTERED = "registered", "登记管理"

    class Crs(models.TextChoices):
        WGS84 = "WGS84", "WGS 84"
        CGCS2000 = "CGCS2000", "CGCS 2000"
        GCJ02 = "GCJ02", "GCJ-02"

    organisation = models.OneToOneField(
        Organisation, models.PROTECT, verbose_name="机构", related_name="enterprise"
    )
    name = models.CharField("名称", max_length=120)
    short_name = models.CharField("简称", max_length=40)
    uscc = models.CharField(
        "统一社会信用代码",
        max_length=18,
        unique=True,
        validators=[
            RegexValidator(r"^[0-9A-HJ-NPQRTUWXY]{18}$", "应为 18 位统一社会信用代码")
        ],
    )
    source_code = models.CharField("污染源编码", max_length=40, unique=True)
    permit_number = models.CharField("排污许可证编号", max_length=40, blank=True)
    permit_kind = models.CharField(
        "许可管理类别", max_length=12, choices=PermitKind.choices, default="key"
    )
    permit_until = models.DateField("许可证有效期至", null=True, blank=True)
    key_years = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name="重点排污单位名录年份",
        default=list,
        blank=True,
    )
    industry = models.CharField("行业类别", max_length=60)
    district = models.ForeignKey(District, models.PROTECT, verbose_name="行政区")
    address = models.CharField("地址", max_length=160, blank=True)
    longitude = models.FloatField("经度")
    latitude = models.FloatField("纬度")
    crs = models.CharField(
        "坐标系", max_length=10, choices=Crs.choices, default="WGS84"
    )
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    active = models.BooleanField("在管", default=True)

    objects = EnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "排污单位"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.short_name or self.name


class Medium(models.TextChoices):
    """What leaves the outlet."""

    GAS = "gas", "废气"
    WATER = "water", "废水"


# ST of a source's frames (HJ 212-2017, table 5).
SYSTEM_OF = {Medium.GAS: "31", Medium.WATER: "32"}


class OutletQuerySet(ScopedQuerySet):
    """Outlets, scoped through their enterprise."""

    district_path = "enterprise__district"
    organisation_path = "enterprise__organisation"


class Outlet(models.Model):
    """An outlet (排放口) with its DA/DW code and how it is judged."""

    class Judging(models.TextChoices):
        HOUR = "hour", "小时均值"
        DAY = "day", "日均值"
        INCINERATION = "incineration", "焚烧：24 小时均值与炉温五分钟均值"

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, related_name="outlets", verbose_name="排污单位"
    )
    code = models.CharField(
        "排放口编号",
        max_length=10,
        validators=[RegexValidator(r"^D[AW]\d{3}$", "应形如 DA001 或 DW001")],
    )
    name = models.CharField("名称", max_length=80)
    medium = models.CharField("介质", max_length=6, choices=Medium.choices)
    section_area = models.FloatField("断面积（m²）", null=True, blank=True)
    destination = models.CharField("排放去向", max_length=80, blank=True)
    reference_o2 = models.FloatField("基准氧含量（%）", null=True, blank=True)
    standard = models.CharField("执行标准", max_length=120, blank=True)
    judging = models.CharField(
        "判定方式", max_length=14, choices=Judging.choices, default="hour"
    )
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    active = models.BooleanField("在用", default=True)

    objects = OutletQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "排放口"
        ordering = ("enterprise", "code")
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "code"],
                name="polluters_outlet_code",
                violation_error_message="该单位已有此编号的排放口",
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise.short_name} {self.name}"

    @property
    def subject_key(self) -> str:
        """The key under which alerts and cases refer to this outlet."""
        return f"outlet:{self.pk}"

    @property
    def system_type(self) -> str:
        """The ST of frames about this outlet."""
        return SYSTEM_OF[Medium(self.medium)]
