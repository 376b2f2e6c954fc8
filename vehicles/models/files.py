"""Vehicle files (机动车档案) and imports of the registration list."""

from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import FACT_ROLES, District, ScopedQuerySet, User
from bozhou_eco.common.fields import SealedTextField
from vehicles.domain import plates
from vehicles.domain.codes import FUELS, STAGES, USES

COLORS = [(color.value, name) for color, name in plates.COLOR_NAMES.items()]


class BureauQuerySet(ScopedQuerySet):
    """Rows of vehicles; one without a district is seen by the whole bureau.

    Stations and enterprises see none: they know the vehicles of their own tests.
    """

    organisation_path = ""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the rows of the user's district and those of no district."""
        seen = super().visible_to(user)
        if not isinstance(user, User) or not user.has_role(*FACT_ROLES):
            return seen
        unit = user.organisation
        if unit is None or unit.kind != unit.Kind.DEPARTMENT or not unit.district_id:
            return seen
        path = self.district_path
        return self.filter(
            Q(**{path: unit.district_id}) | Q(**{f"{path}__isnull": True})
        )


class VehicleQuerySet(BureauQuerySet):
    """Vehicle files."""


class Vehicle(models.Model):
    """One vehicle, known by plate and colour, with what the registration says."""

    plate = models.CharField("号牌号码", max_length=20)
    plate_color = models.CharField("号牌颜色", max_length=14, choices=COLORS)
    plate_type = models.CharField("号牌种类", max_length=2, blank=True)
    near_key = models.CharField("近似键", max_length=20, db_index=True)
    vin = models.CharField("VIN", max_length=20, blank=True, db_index=True)
    engine_number = models.CharField("发动机号", max_length=40, blank=True)
    brand = models.CharField("品牌", max_length=40, blank=True)
    model = models.CharField("车辆型号", max_length=60, blank=True)
    engine_model = models.CharField("发动机型号", max_length=60, blank=True)
    vehicle_type = models.CharField("车辆类型", max_length=6, blank=True)
    fuel = models.CharField(
        "燃料种类", max_length=2, blank=True, choices=list(FUELS.items())
    )
    stage = models.PositiveSmallIntegerField(
        "排放阶段", null=True, blank=True, choices=list(STAGES.items())
    )
    disclosure_number = models.CharField("环保信息公开编号", max_length=40, blank=True)
    registered_on = models.DateField("初次登记日期", null=True, blank=True)
    gross_mass_kg = models.FloatField("总质量（kg）", null=True, blank=True)
    rated_power_kw = models.FloatField("额定功率（kW）", null=True, blank=True)
    aftertreatment = ArrayField(
        models.CharField(max_length=10),
        verbose_name="后处理装置",
        default=list,
        blank=True,
    )
    inspection_until = models.DateField("检验有效期至", null=True, blank=True)
    use = models.CharField(
        "使用性质", max_length=1, blank=True, choices=list(USES.items())
    )
    user_company = models.CharField("用车单位", max_length=120, blank=True)
    owner_name = SealedTextField("所有人", most=80, blank=True)
    owner_phone = SealedTextField("联系电话", most=20, blank=True)
    district = models.ForeignKey(
        District, models.PROTECT, null=True, blank=True, verbose_name="行政区"
    )
    remote_obd_online = models.BooleanField("远程 OBD 在线", null=True, blank=True)
    remote_obd_fault = models.CharField("远程 OBD 故障", max_length=200, blank=True)
    remote_obd_at = models.DateTimeField("远程 OBD 更新时间", null=True, blank=True)
    registered = models.BooleanField("有登记信息", default=False)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = VehicleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "机动车"
        ordering = ("plate",)
        constraints = [
            models.UniqueConstraint(
                fields=["plate", "plate_color"], name="vehicles_vehicle_plate"
            )
        ]
        indexes = [
            # Overdue tests, and the list's filter.
            models.Index(
                fields=["inspection_until"],
                name="vehicles_vehicle_until",
                condition=models.Q(inspection_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.plate

    @property
    def subject_key(self) -> str:
        """The key under which alerts and cases refer to this vehicle."""
        return plates.subject_key(self.plate, self.plate_color)


class VehicleImport(models.Model):
    """One import of a list, tried or carried out: registration or remote OBD states."""

    class Kind(models.TextChoices):
        REGISTRATION = "registration", "登记信息"
        REMOTE_OBD = "remote_obd", "远程 OBD 状态"

    kind = models.CharField(
        "清单", max_length=12, choices=Kind.choices, default=Kind.REGISTRATION
    )
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="操作人",
    )
    dry_run = models.BooleanField("试运行")
    created = models.PositiveIntegerField("新增", default=0)
    changed = models.PositiveIntegerField("更新", default=0)
    refused = models.PositiveIntegerField("拒绝", default=0)
    rows = models.PositiveIntegerField("总行数", default=0)
    errors = models.JSONField("错误行", default=list)
    notes = models.JSONField("已自动改正", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "登记信息导入"
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M}"
