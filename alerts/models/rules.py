"""Rules as data: a rule, its versions, and what a version would have raised."""

from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import User


class Rule(models.Model):
    """A rule by its code; what it says is in its versions."""

    code = models.SlugField("代码", max_length=60, unique=True)
    name = models.CharField("名称", max_length=100)
    kind = models.CharField("类型", max_length=60)

    class Meta:
        verbose_name = verbose_name_plural = "规则"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class RuleVersion(models.Model):
    """One wording of a rule: written by one person, reviewed by another, then active.

    ``document`` is the checked form of `alerts.domain.rules`; a version is never
    changed after it has left the draft state.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        REVIEWED = "reviewed", "已复核"
        ACTIVE = "active", "启用"
        RETIRED = "retired", "停用"

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField("版本")
    document = models.JSONField("内容")
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default=State.DRAFT
    )
    note = models.TextField("说明", blank=True)
    author = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name="起草人"
    )
    created_at = models.DateTimeField("起草时间")
    reviewer = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="复核人"
    )
    reviewed_at = models.DateTimeField("复核时间", null=True)
    active_from = models.DateTimeField("启用时间", null=True)
    active_to = models.DateTimeField("停用时间", null=True)
    confirmed_volume = models.PositiveIntegerField("已确认日均条数", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "规则版本"
        ordering = ("rule", "-number")
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "number"], name="alerts_rule_version"
            ),
            models.UniqueConstraint(
                fields=["rule"],
                condition=Q(state="active"),
                name="alerts_one_active_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule.code}@{self.number}"

    @property
    def reference(self) -> str:
        """What alerts carry in ``rule``."""
        return f"{self.rule.code}@{self.number}"


class Backtest(models.Model):
    """What a version would have raised over stored history, against what was found."""

    version = models.ForeignKey(RuleVersion, models.PROTECT, related_name="backtests")
    start = models.DateTimeField("起")
    end = models.DateTimeField("止")
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField("提交时间")
    finished_at = models.DateTimeField("完成时间", null=True)
    seconds = models.FloatField("用时（s）", null=True)
    result = models.JSONField("结果", default=dict)
    error = models.CharField("错误", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "回溯测试"
        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"{self.version} {self.start:%m-%d}–{self.end:%m-%d}"
