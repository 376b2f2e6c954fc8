"""What a case comes to: chosen law, computed fine, tests, decision, payments."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import District, Organisation, ScopedQuerySet
from enforcement.domain.law import Lighter
from enforcement.domain.leniency import Ground
from enforcement.models.cases import Case
from enforcement.models.law import Cause, DiscretionTable, LegalBasis


class BasisChoice(models.Model):
    """The provision applied in a case, and those it was weighed against.

    ``comparison`` holds both ranges, the outcome and the reasons where the law changed
    after the act; ``overlapping`` lists the provisions that the same act also breaks.
    """

    case = models.OneToOneField(Case, models.PROTECT, related_name="basis_choice")
    basis = models.ForeignKey(LegalBasis, models.PROTECT, verbose_name="适用依据")
    act_basis = models.ForeignKey(
        LegalBasis, models.PROTECT, related_name="+", verbose_name="行为时依据"
    )
    lighter = models.CharField(
        "从旧兼从轻", max_length=8, choices=Lighter.choices(), blank=True
    )
    comparison = models.JSONField("比较", default=dict, blank=True)
    overlapping = models.JSONField("竞合", default=list, blank=True)
    serious = models.BooleanField("情节严重", default=False)
    count = models.PositiveIntegerField("数量", default=1)
    goods_value = models.DecimalField(
        "货值", max_digits=14, decimal_places=2, null=True, blank=True
    )
    reason = models.TextField("选择理由")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "适用依据"

    def __str__(self) -> str:
        return f"{self.case_id} {self.basis_id}"

    @property
    def bounds(self) -> tuple[Decimal, Decimal]:
        """Lower and upper bound in yuan."""
        return self.basis.basis().fine.bounds(count=self.count, value=self.goods_value)


class DiscretionRun(models.Model):
    """One calculation by a discretion table, kept with every step."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="discretion_runs")
    table = models.ForeignKey(DiscretionTable, models.PROTECT, verbose_name="裁量表")
    basis = models.ForeignKey(LegalBasis, models.PROTECT, verbose_name="依据")
    answers = models.JSONField("因子选择")
    adjustments = models.JSONField("情节", default=list, blank=True)
    reduction_basis = models.CharField("减轻依据", max_length=160, blank=True)
    low = models.DecimalField("下限", max_digits=14, decimal_places=2)
    high = models.DecimalField("上限", max_digits=14, decimal_places=2)
    amount = models.DecimalField("结果", max_digits=14, decimal_places=2)
    steps = models.JSONField("计算过程")
    current = models.BooleanField("现行", default=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "裁量计算"
        ordering = ("case", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                name="enforcement_run_current",
                condition=Q(current=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.amount}"


class LenientTest(models.Model):
    """Answers to the conditions of a ground for not punishing."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="lenient_test")
    ground = models.CharField("情形", max_length=10, choices=Ground.choices())
    answers = models.JSONField("条件核对")
    earlier = models.JSONField("历史同类行为", default=list, blank=True)
    list_item = models.CharField("清单条目", max_length=160, blank=True)
    exempted = models.DecimalField(
        "免予处罚金额", max_digits=14, decimal_places=2, null=True, blank=True
    )
    revisit_on = models.DateField("回访日期", null=True, blank=True)
    revisited_on = models.DateField("已回访", null=True, blank=True)
    passed = models.BooleanField("条件满足", default=False)
    approved_on = models.DateField("批准日", null=True, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "不予处罚核对"
        indexes = [
            # The bureau's sum of exempted amounts over a period.
            models.Index(
                fields=["approved_on"],
                name="enforcement_lenient_on",
                condition=Q(approved_on__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.ground}"


class Decision(models.Model):
    """A decision in a case; a revoked one stays, marked."""

    class Kind(models.TextChoices):
        PENALTY = "penalty", "行政处罚"
        SPOT = "spot", "当场处罚"
        DAILY = "daily", "按日连续处罚"
        NONE = "none", "不予处罚"

    case = models.ForeignKey(Case, models.PROTECT, related_name="decisions")
    kind = models.CharField("种类", max_length=8, choices=Kind.choices)
    penalties = models.JSONField(
        "处罚种类", default=list, blank=True, help_text="罚款、没收、警告、责令停产等"
    )
    amount = models.DecimalField("罚款", max_digits=14, decimal_places=2, default=0)
    proposed = models.DecimalField(
        "裁量结果", max_digits=14, decimal_places=2, null=True, blank=True
    )
    deviation_reason = models.TextField("偏离理由", blank=True)
    decided_on = models.DateField("决定日")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    served_on = models.DateField("送达日", null=True, blank=True)
    service_method = models.CharField("送达方式", max_length=12, blank=True)
    pay_by = models.DateField("缴款期限", null=True, blank=True)
    deferred_to = models.DateField("延期（分期）至", null=True, blank=True)
    published_on = models.DateField("公示日", null=True, blank=True)
    publish_until = models.DateField("公示至", null=True, blank=True)
    publication_url = models.CharField("公示地址", max_length=300, blank=True)
    credit_repaired_on = models.DateField("信用修复日", null=True, blank=True)
    revoked_on = models.DateField("被撤销日", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "处理决定"
        ordering = ("case", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0), name="enforcement_decision_amount"
            )
        ]
        indexes = [models.Index(fields=["decided_on"], name="enforcement_decision_on")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind} {self.amount}"


class Payment(models.Model):
    """Money received for a decision, or an amount lawfully remitted."""

    class Kind(models.TextChoices):
        FINE = "fine", "罚款"
        LATE = "late", "加处罚款"
        REMITTED = "remitted", "减免加处罚款"

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="payments")
    kind = models.CharField("种类", max_length=8, choices=Kind.choices)
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    paid_on = models.DateField("日期")
    receipt = models.CharField("票据号", max_length=60)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "缴款"
        ordering = ("paid_on", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="enforcement_payment_positive"
            ),
            models.UniqueConstraint(
                fields=["kind", "receipt"], name="enforcement_payment_receipt"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.paid_on} {self.amount}"


class Remedy(models.Model):
    """Reconsideration or suit against a decision."""

    class Kind(models.TextChoices):
        REVIEW = "review", "行政复议"
        SUIT = "suit", "行政诉讼"

    class Result(models.TextChoices):
        UPHELD = "upheld", "维持（驳回）"
        CHANGED = "changed", "变更"
        REVOKED = "revoked", "撤销"
        WITHDRAWN = "withdrawn", "撤回"

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="remedies")
    kind = models.CharField("种类", max_length=8, choices=Kind.choices)
    body = models.CharField("受理机关", max_length=80)
    accepted_on = models.DateField("受理日")
    ended_on = models.DateField("终结日", null=True, blank=True)
    result = models.CharField("结果", max_length=10, choices=Result.choices, blank=True)
    reference = models.CharField("文书文号", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "复议诉讼"
        ordering = ("accepted_on",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.accepted_on}"


class PastPenaltyQuerySet(ScopedQuerySet):
    """Imported penalties, scoped like cases."""


class PastPenalty(models.Model):
    """A finding from before the platform, or from another system, imported."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name="当事人机构"
    )
    district = models.ForeignKey(
        District, models.PROTECT, null=True, blank=True, verbose_name="行政区"
    )
    subject_key = models.CharField("对象标识", max_length=120, db_index=True)
    party_name = models.CharField("当事人", max_length=120)
    uscc = models.CharField(
        "统一社会信用代码", max_length=18, blank=True, db_index=True
    )
    cause = models.ForeignKey(Cause, models.PROTECT, verbose_name="案由")
    found_on = models.DateField("发现日")
    decided_on = models.DateField("决定日", null=True, blank=True)
    reference = models.CharField("文号", max_length=60, unique=True)
    amount = models.DecimalField("罚款", max_digits=14, decimal_places=2, default=0)
    punished = models.BooleanField("已处罚", default=True)
    source = models.CharField("来源", max_length=120)

    objects = PastPenaltyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "历史处罚"
        ordering = ("-found_on",)

    def __str__(self) -> str:
        return f"{self.reference} {self.party_name}"
