"""运维监管: who keeps the devices, what must be done by when, what was changed."""

from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from bozhou_eco.accounts.models import ScopedQuerySet
from polluters.models.catalogue import Pollutant
from polluters.models.devices import Analyser
from polluters.models.sources import Outlet


class LedgerQuerySet(ScopedQuerySet):
    """Rows of an outlet, scoped through its enterprise."""

    district_path = "outlet__enterprise__district"
    organisation_path = "outlet__enterprise__organisation"


class Maintainer(models.Model):
    """A maintenance firm (运维单位)."""

    name = models.CharField("名称", max_length=120, unique=True)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "运维单位"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class MaintainerStaff(models.Model):
    """A person of a maintenance firm with the certificate to do the work."""

    maintainer = models.ForeignKey(
        Maintainer, models.CASCADE, related_name="staff", verbose_name="运维单位"
    )
    name = models.CharField("姓名", max_length=40)
    certificate = models.CharField("证书编号", max_length=60, blank=True)
    certificate_until = models.DateField("证书有效期至", null=True, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    active = models.BooleanField("在岗", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "运维人员"
        ordering = ("maintainer", "name")

    def __str__(self) -> str:
        return f"{self.name}（{self.maintainer}）"


class Service(models.Model):
    """Which firm keeps an outlet's devices, from when to when."""

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="services", verbose_name="排放口"
    )
    maintainer = models.ForeignKey(
        Maintainer, models.PROTECT, related_name="services", verbose_name="运维单位"
    )
    valid_from = models.DateField("合同起")
    valid_to = models.DateField("合同止", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "运维合同"
        ordering = ("outlet", "-valid_from")

    def __str__(self) -> str:
        return f"{self.outlet} {self.maintainer}"

    def clean(self) -> None:
        """Refuse an end before the beginning."""
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": "合同止不能早于合同起"})


class Installation(models.Model):
    """应装、已装、验收、联网: what must be measured at an outlet and how far it is."""

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="installations", verbose_name="排放口"
    )
    pollutant = models.ForeignKey(Pollutant, models.PROTECT, verbose_name="应测因子")
    required_by = models.DateField("应安装联网期限")
    installed_on = models.DateField("安装日期", null=True, blank=True)
    accepted_on = models.DateField("验收日期", null=True, blank=True)
    connected_on = models.DateField("联网日期", null=True, blank=True)
    exempt = models.CharField("免装理由", max_length=200, blank=True)
    source = models.CharField("依据", max_length=200)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "安装联网台账"
        ordering = ("outlet", "pollutant")
        constraints = [
            models.UniqueConstraint(
                fields=["outlet", "pollutant"],
                name="polluters_installation_once",
                violation_error_message="该排放口已登记此因子",
            )
        ]

    def __str__(self) -> str:
        return f"{self.outlet} {self.pollutant}"

    def clean(self) -> None:
        """Refuse an order of events that cannot be."""
        steps = (self.installed_on, self.accepted_on, self.connected_on)
        names = ("installed_on", "accepted_on", "connected_on")
        for place in (1, 2):
            before, after = steps[place - 1], steps[place]
            if after and before and after < before and place == 1:
                raise ValidationError({names[place]: "验收不能早于安装"})

    @property
    def stage(self) -> str:
        """How far it has come, in words."""
        if self.exempt:
            return "免装"
        for moment, word in (
            (self.connected_on, "已联网"),
            (self.accepted_on, "已验收"),
            (self.installed_on, "已安装"),
        ):
            if moment:
                return word
        return "未安装"

    def overdue(self, today: date) -> bool:
        """Whether it should be connected and is not."""
        return not self.exempt and not self.connected_on and self.required_by < today


class Consumable(models.Model):
    """Standard gas, reagent or standard solution in use, with its expiry."""

    class Kind(models.TextChoices):
        GAS = "gas", "标准气体"
        REAGENT = "reagent", "试剂"
        SOLUTION = "solution", "标准溶液"
        PART = "part", "易损件"

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="consumables", verbose_name="排放口"
    )
    analyser = models.ForeignKey(
        Analyser, models.SET_NULL, null=True, blank=True, verbose_name="分析仪"
    )
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    name = models.CharField("名称", max_length=60)
    concentration = models.CharField("浓度", max_length=40, blank=True)
    batch = models.CharField("批号或证书号", max_length=60, blank=True)
    opened_on = models.DateField("启用日期", null=True, blank=True)
    expires_on = models.DateField("有效期至")
    replaced_on = models.DateField("更换日期", null=True, blank=True)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "标气与试剂"
        ordering = ("expires_on", "outlet")

    def __str__(self) -> str:
        return f"{self.name} {self.batch}".strip()

    def overdue(self, today: date) -> bool:
        """Whether it has expired and is still in use."""
        return self.replaced_on is None and self.expires_on < today


class Upkeep(models.Model):
    """A planned 校准, 校验, 手工比对 or 巡检 and its result."""

    class Kind(models.TextChoices):
        CALIBRATION = "calibration", "校准"
        VERIFICATION = "verification", "校验"
        COMPARISON = "comparison", "手工比对"
        STANDARD = "standard", "标样核查"
        ROUND = "round", "巡检"

    class Result(models.TextChoices):
        PASSED = "passed", "合格"
        FAILED = "failed", "不合格"

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="upkeeps", verbose_name="排放口"
    )
    analyser = models.ForeignKey(
        Analyser, models.SET_NULL, null=True, blank=True, verbose_name="分析仪"
    )
    kind = models.CharField("类别", max_length=14, choices=Kind.choices)
    planned_from = models.DateTimeField("计划起")
    planned_to = models.DateTimeField("计划止")
    done_at = models.DateTimeField("完成时间", null=True, blank=True)
    result = models.CharField("结果", max_length=8, choices=Result.choices, blank=True)
    standard_value = models.FloatField("标准值或手工值", null=True, blank=True)
    measured_value = models.FloatField("仪器值", null=True, blank=True)
    allowed_error = models.FloatField("允许误差（%）", null=True, blank=True)
    staff = models.ForeignKey(
        MaintainerStaff, models.SET_NULL, null=True, blank=True, verbose_name="运维人员"
    )
    note = models.CharField("备注", max_length=300, blank=True)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "校准校验比对"
        ordering = ("-planned_from", "outlet")
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_from__lt=F("planned_to")),
                name="polluters_upkeep_order",
                violation_error_message="计划止必须晚于计划起",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | ~Q(result=""),
                name="polluters_upkeep_result",
                violation_error_message="填了完成时间就要填结果",
            ),
        ]
        indexes = [models.Index(fields=["planned_to"], name="polluters_upkeep_due")]

    def __str__(self) -> str:
        return f"{self.outlet} {self.get_kind_display()} {self.planned_to:%Y-%m-%d}"

    @property
    def error(self) -> float | None:
        """The relative error in per cent, None without both values."""
        if self.standard_value is None or self.measured_value is None:
            return None
        if self.standard_value == 0:
            return None
        return 100 * (self.measured_value - self.standard_value) / self.standard_value


class ParameterChange(models.Model):
    """A parameter of a device that was changed, declared or told by the logger."""

    class Origin(models.TextChoices):
        DECLARED = "declared", "申报"
        LOGGER = "logger", "数采仪上报"

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="parameter_changes", verbose_name="排放口"
    )
    analyser = models.ForeignKey(
        Analyser, models.SET_NULL, null=True, blank=True, verbose_name="分析仪"
    )
    parameter = models.CharField("参数", max_length=60)
    before = models.CharField("原值", max_length=60, blank=True)
    after = models.CharField("新值", max_length=60, blank=True)
    changed_at = models.DateTimeField("修改时间")
    reason = models.CharField("理由", max_length=300, blank=True)
    origin = models.CharField("来源", max_length=8, choices=Origin.choices)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField("登记时间")

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "参数修改记录"
        ordering = ("-changed_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["outlet", "parameter", "changed_at", "origin"],
                name="polluters_change_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.outlet} {self.parameter} {self.changed_at:%Y-%m-%d %H:%M}"
