"""Law as data: causes, provisions and discretion tables, all with validity."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from enforcement.domain.discretion import (
    Adjustment,
    Factor,
    Method,
    Option,
    Table,
    TableError,
    check_table,
)
from enforcement.domain.kinds import CaseKind
from enforcement.domain.law import Basis, FineRange, RangeKind
from enforcement.domain.money import Rounding
from enforcement.models.config import Sourced


class Cause(Sourced):
    """案由: what the act is called; provisions hang on it by topic."""

    topic = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("案由", max_length=80)
    kind = models.CharField("类别", max_length=12, choices=CaseKind.choices())
    authority = models.CharField("处罚机关", max_length=40, default="生态环境")
    ours = models.BooleanField(
        "本机关处罚", default=True, help_text="否：移送其他部门，不得自行罚款"
    )
    limitation_years = models.PositiveSmallIntegerField("追责时效（年）", default=2)
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "案由"
        ordering = ("kind", "topic")

    def __str__(self) -> str:
        return self.name


class LegalBasis(Sourced):
    """A provision with its range and validity; the day of the act chooses."""

    code = models.SlugField("代码", max_length=60, unique=True)
    cause = models.ForeignKey(
        Cause, models.PROTECT, related_name="bases", verbose_name="案由"
    )
    law = models.CharField("法律法规", max_length=80)
    article = models.CharField("条款", max_length=60)
    prohibits = models.CharField("违反条款", max_length=120, blank=True)
    text = models.TextField("内容要点", blank=True)
    authority = models.CharField("执法机关", max_length=40, default="生态环境")
    range_kind = models.CharField(
        "计罚方式", max_length=10, choices=RangeKind.choices()
    )
    low = models.DecimalField("下限", max_digits=14, decimal_places=2, default=0)
    high = models.DecimalField("上限", max_digits=14, decimal_places=2, default=0)
    floor = models.DecimalField(
        "货值不足按", max_digits=14, decimal_places=2, default=0
    )
    person_low = models.DecimalField(
        "责任人下限", max_digits=14, decimal_places=2, default=0
    )
    person_high = models.DecimalField(
        "责任人上限", max_digits=14, decimal_places=2, default=0
    )
    confiscate = models.BooleanField("没收违法所得", default=False)
    harsher = models.JSONField(
        "罚款以外的后果", default=list, blank=True, help_text="字符串列表"
    )
    serious = models.BooleanField("情节严重适用", default=False)
    valid_from = models.DateField("施行日期")
    valid_to = models.DateField("失效前一日", null=True, blank=True)
    note = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "处罚依据"
        ordering = ("cause", "-valid_from", "code")
        constraints = [
            models.CheckConstraint(
                condition=Q(low__lte=F("high")),
                name="enforcement_basis_range",
                violation_error_message="下限不能大于上限",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="enforcement_basis_validity",
                violation_error_message="失效日期不能早于施行日期",
            ),
        ]

    def __str__(self) -> str:
        return f"《{self.law}》{self.article}"

    def basis(self) -> Basis:
        """Return the provision as the domain knows it."""
        return Basis(
            code=self.code,
            topic=self.cause.topic + ("!" if self.serious else ""),
            law=self.law,
            article=self.article,
            fine=FineRange(
                RangeKind(self.range_kind),
                self.low,
                self.high,
                self.floor,
                tuple(self.harsher),
            ),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            authority=self.authority,
            confirmed=not self.to_be_confirmed,
        )


class DiscretionTable(Sourced):
    """A versioned discretion table; factors are rows of JSON checked on saving.

    ``factors``: ``[{"code", "name", "weight", "options": [{"code", "label", "score"}]}]``;
    ``adjustments``: ``[{"code", "label", "percent"}]``, positive is heavier.
    """

    code = models.SlugField("代码", max_length=40)
    version = models.CharField("版本", max_length=20)
    name = models.CharField("名称", max_length=80)
    causes = models.ManyToManyField(Cause, blank=True, verbose_name="适用案由")
    method = models.CharField("方法", max_length=8, choices=Method.choices())
    base = models.DecimalField("基准（%）", max_digits=5, decimal_places=2, default=0)
    factors = models.JSONField("因子")
    adjustments = models.JSONField("从轻从重情节", default=list, blank=True)
    unit = models.DecimalField(
        "取整到（元）", max_digits=8, decimal_places=2, default=Decimal(100)
    )
    rounding = models.CharField(
        "取整方式",
        max_length=8,
        choices=Rounding.choices(),
        default=Rounding.HALF_UP.value,
    )
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "裁量表"
        ordering = ("code", "-valid_from")
        constraints = [
            models.UniqueConstraint(
                fields=["code", "version"], name="enforcement_table_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def clean(self) -> None:
        """Refuse a table whose weights do not add up."""
        try:
            check_table(self.table())
        except (TableError, KeyError, TypeError, ArithmeticError) as error:
            raise ValidationError({"factors": f"裁量表有误：{error}"}) from error

    def table(self) -> Table:
        """Return the table as the domain knows it."""
        return Table(
            code=self.code,
            version=self.version,
            method=Method(self.method),
            base=Decimal(self.base),
            factors=tuple(
                Factor(
                    row["code"],
                    row["name"],
                    Decimal(str(row["weight"])),
                    tuple(
                        Option(o["code"], o["label"], Decimal(str(o["score"])))
                        for o in row["options"]
                    ),
                )
                for row in self.factors
            ),
            adjustments=tuple(
                Adjustment(row["code"], row["label"], Decimal(str(row["percent"])))
                for row in self.adjustments
            ),
            unit=Decimal(self.unit),
            rounding=Rounding(self.rounding),
            source=self.source,
            confirmed=not self.to_be_confirmed,
        )
