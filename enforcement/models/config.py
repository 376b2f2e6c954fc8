"""Settings of casework, kept by administrators, each with its source."""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from bozhou_eco.accounts.models import Organisation
from enforcement.domain.deadlines import Rule, Unit
from enforcement.domain.numbering import (
    DEFAULT_TEMPLATE,
    TemplateError,
    check_template,
)
from enforcement.domain.workflow import State


class Sourced(models.Model):
    """A value with its source; values that await the bureau's word say so."""

    source = models.CharField("来源", max_length=240)
    to_be_confirmed = models.BooleanField("待确认", default=True)

    class Meta:
        abstract = True


class Agency(Sourced):
    """A unit that issues documents in its own name (生态环境法典 art. 53)."""

    organisation = models.OneToOneField(
        Organisation, models.PROTECT, verbose_name="机构"
    )
    full_name = models.CharField("文书落款全称", max_length=80)
    short = models.CharField("机关代字", max_length=12, help_text="如 博州")
    branch = models.CharField(
        "派出机构代字",
        max_length=4,
        blank=True,
        help_text="以自己名义执法时填写，如 精",
    )
    template = models.CharField("文号模板", max_length=80, default=DEFAULT_TEMPLATE)
    address = models.CharField("地址", max_length=120, blank=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    review_body = models.CharField("行政复议机关", max_length=80, blank=True)
    court = models.CharField("管辖法院", max_length=80, blank=True)
    payee = models.CharField("罚款收缴方式", max_length=160, blank=True)
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "执法主体"
        ordering = ("organisation__code",)

    def __str__(self) -> str:
        return self.full_name

    def clean(self) -> None:
        """Refuse a number template that would not give distinct numbers."""
        try:
            check_template(self.template)
        except TemplateError as error:
            raise ValidationError({"template": str(error)}) from error


class DeadlineRule(Sourced):
    """A period: length, unit, and where it comes from."""

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=40)
    length = models.PositiveSmallIntegerField("期限", validators=[MinValueValidator(1)])
    unit = models.CharField("单位", max_length=8, choices=Unit.choices())
    roll = models.BooleanField(
        "末日遇假顺延",
        default=False,
        help_text="期间届满日为休息日时顺延到其后第一个工作日",
    )
    statutory = models.BooleanField("法定期限", default=True)
    states = models.JSONField(
        "计时状态", default=list, blank=True, help_text="进入即开始、离开即停止的状态"
    )
    paused_in = models.JSONField(
        "不计入期限的状态", default=list, blank=True, help_text="在这些状态下停止计时"
    )
    note = models.CharField("说明", max_length=240, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "期限规则"
        ordering = ("-statutory", "code")

    def __str__(self) -> str:
        return f"{self.name} {self.length}{Unit(self.unit).label}"

    def clean(self) -> None:
        """Refuse states that do not exist."""
        known = {state.value for state in State}
        for name in ("states", "paused_in"):
            values = getattr(self, name)
            if not isinstance(values, list) or set(values) - known:
                raise ValidationError({name: "只能填写已有的状态代码列表"})

    def rule(self) -> Rule:
        """Return the rule as the domain knows it."""
        return Rule(
            code=self.code,
            name=self.name,
            length=self.length,
            unit=Unit(self.unit),
            basis=self.source,
            roll=self.roll,
            statutory=self.statutory,
            confirmed=not self.to_be_confirmed,
        )


class HolidayYear(Sourced):
    """The holiday table of a year, loaded when the State Council has published it."""

    year = models.PositiveSmallIntegerField("年份", unique=True)
    table = models.TextField(
        "放假与调休表",
        help_text="CSV：date,kind；kind 为 rest（放假）或 makeup（上班）",
    )

    class Meta:
        verbose_name = verbose_name_plural = "放假安排"
        ordering = ("-year",)

    def __str__(self) -> str:
        return f"{self.year} 年"


class RegionalHoliday(Sourced):
    """A day off in Xinjiang only (肉孜节, 古尔邦节)."""

    day = models.DateField("日期", unique=True)
    name = models.CharField("节日", max_length=20)

    class Meta:
        verbose_name = verbose_name_plural = "自治区节假日"
        ordering = ("-day",)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class Setting(Sourced):
    """A single value that casework depends on."""

    key = models.SlugField("键", max_length=60, unique=True)
    value = models.CharField("值", max_length=240)
    name = models.CharField("名称", max_length=80)

    class Meta:
        verbose_name = verbose_name_plural = "办案参数"
        ordering = ("key",)

    def __str__(self) -> str:
        return f"{self.name}：{self.value}"
