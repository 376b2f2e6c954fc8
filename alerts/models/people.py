"""What people want to hear, who is on duty, and what they hand over."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from alerts.domain.escalation import Target
from alerts.domain.roster import Days, Level
from alerts.domain.severity import Severity
from bozhou_eco.accounts.models import District, Organisation, ScopedQuerySet, User


class Subscription(models.Model):
    """Of what one person wants to hear, by which channels, and when not."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="subscriptions", verbose_name="人员"
    )
    name = models.CharField("名称", max_length=40, default="默认订阅")
    active = models.BooleanField("启用", default=True)
    kinds = ArrayField(
        models.CharField(max_length=60),
        verbose_name="类型",
        default=list,
        blank=True,
        help_text="留空为全部",
    )
    districts = models.ManyToManyField(
        District, blank=True, related_name="+", verbose_name="行政区"
    )
    min_severity = models.CharField(
        "最低级别",
        max_length=8,
        choices=Severity.choices(),
        default=Severity.MINOR,
    )
    channels = ArrayField(
        models.CharField(max_length=30),
        verbose_name="渠道次序",
        default=list,
        blank=True,
        help_text="按次序尝试；留空用默认次序",
    )
    quiet_from = models.TimeField("免打扰开始", null=True, blank=True)
    quiet_to = models.TimeField("免打扰结束", null=True, blank=True)
    office_only = models.BooleanField("低级别仅办公时间", default=False)
    digest_at = models.TimeField("低级别汇总时间", null=True, blank=True)
    cap = models.PositiveSmallIntegerField(
        "十分钟最多条数",
        default=10,
        validators=[MinValueValidator(2), MaxValueValidator(60)],
    )

    class Meta:
        verbose_name = verbose_name_plural = "预警订阅"
        ordering = ("user", "id")
        constraints = [
            models.CheckConstraint(
                name="alerts_quiet_has_both_ends",
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                violation_error_message="免打扰须同时填写开始与结束",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.name}"


class OfficeSeason(models.Model):
    """Office hours of a part of the year (夏季、冬季作息)."""

    name = models.CharField("名称", max_length=40)
    first_month = models.PositiveSmallIntegerField("起始月")
    first_day = models.PositiveSmallIntegerField("起始日")
    last_month = models.PositiveSmallIntegerField("结束月")
    last_day = models.PositiveSmallIntegerField("结束日")
    morning_from = models.TimeField("上午上班")
    morning_to = models.TimeField("上午下班")
    afternoon_from = models.TimeField("下午上班")
    afternoon_to = models.TimeField("下午下班")
    source = models.CharField("依据", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "作息时间"
        ordering = ("first_month", "first_day")

    def __str__(self) -> str:
        return self.name


class DutyPlan(models.Model):
    """People taking turns; shifts are made from it ahead of time."""

    name = models.CharField("名称", max_length=60)
    level = models.CharField(
        "岗位", max_length=8, choices=Level.choices(), default=Level.DUTY
    )
    days = models.CharField(
        "日期", max_length=10, choices=Days.choices(), default=Days.ALL
    )
    district = models.ForeignKey(
        District,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="行政区",
        help_text="留空为全州",
    )
    people = ArrayField(
        models.BigIntegerField(), verbose_name="轮值人员", default=list, blank=True
    )
    start = models.TimeField("接班时间", default="10:00")
    hours = models.PositiveSmallIntegerField(
        "时长（h）",
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(48)],
    )
    turn = models.PositiveIntegerField("下一位序号", default=0)
    planned_to = models.DateField("已排至", null=True, blank=True)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "排班方案"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ShiftQuerySet(ScopedQuerySet):
    """Shifts that a person may see: the own district's and the prefecture's."""

    organisation_path = ""


class DutyShift(models.Model):
    """One person's shift."""

    user = models.ForeignKey(
        User, models.PROTECT, related_name="duty_shifts", verbose_name="人员"
    )
    level = models.CharField(
        "岗位", max_length=8, choices=Level.choices(), default=Level.DUTY
    )
    district = models.ForeignKey(
        District,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="行政区",
    )
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    plan = models.ForeignKey(
        DutyPlan, models.SET_NULL, null=True, blank=True, related_name="shifts"
    )
    handed_over_at = models.DateTimeField("交班时间", null=True, blank=True)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "班次"
        ordering = ("starts_at", "level")
        indexes = [
            # Who is on duty now, for every alert that is told.
            models.Index(fields=["ends_at", "starts_at"], name="alerts_shift_span")
        ]
        constraints = [
            models.CheckConstraint(
                name="alerts_shift_ends_after_start",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="结束须晚于开始",
            ),
            models.UniqueConstraint(
                fields=["user", "starts_at", "level"], name="alerts_one_shift"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_level_display()} {self.starts_at:%m-%d %H:%M}"


class ShiftSwap(models.Model):
    """A request to hand a shift to somebody else (换班)."""

    class State(models.TextChoices):
        ASKED = "asked", "待同意"
        AGREED = "agreed", "已同意"
        REFUSED = "refused", "已拒绝"

    shift = models.ForeignKey(DutyShift, models.PROTECT, related_name="swaps")
    from_user = models.ForeignKey(User, models.PROTECT, related_name="+")
    to_user = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField("原因", max_length=200)
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default=State.ASKED
    )
    asked_at = models.DateTimeField("申请时间")
    decided_at = models.DateTimeField("答复时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "换班"
        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"{self.from_user} → {self.to_user}"


class DutyNote(models.Model):
    """值班日志: one entry, or the hand-over that ends a shift (交接班)."""

    class Kind(models.TextChoices):
        NOTE = "note", "值班记录"
        HANDOVER = "handover", "交班"
        TAKEOVER = "takeover", "接班"

    shift = models.ForeignKey(DutyShift, models.PROTECT, related_name="notes")
    kind = models.CharField(
        "类别", max_length=10, choices=Kind.choices, default=Kind.NOTE
    )
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")
    text = models.TextField("内容")
    open_alerts = models.JSONField("未办结预警", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "值班日志"
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.at:%m-%d %H:%M} {self.author} {self.get_kind_display()}"


class EscalationLadder(models.Model):
    """How an unanswered alert of a severity climbs."""

    severity = models.CharField(
        "级别", max_length=8, choices=Severity.choices(), unique=True
    )
    repeat_minutes = models.PositiveSmallIntegerField("重复间隔（min）", default=30)
    repeats = models.PositiveSmallIntegerField("重复次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "升级阶梯"

    def __str__(self) -> str:
        return self.get_severity_display()


class EscalationRung(models.Model):
    """One step of a ladder."""

    ladder = models.ForeignKey(
        EscalationLadder, models.CASCADE, related_name="rungs", verbose_name="阶梯"
    )
    step = models.PositiveSmallIntegerField("步")
    after_minutes = models.PositiveSmallIntegerField("距上一步（min）", default=0)
    targets = ArrayField(
        models.CharField(max_length=12, choices=Target.choices()), verbose_name="对象"
    )
    channels = ArrayField(
        models.CharField(max_length=30),
        verbose_name="渠道",
        default=list,
        blank=True,
        help_text="留空用个人次序",
    )

    class Meta:
        verbose_name = verbose_name_plural = "升级步骤"
        ordering = ("ladder", "step")
        constraints = [
            models.UniqueConstraint(
                fields=["ladder", "step"], name="alerts_one_rung_a_step"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ladder} {self.step}"


class SavedView(models.Model):
    """A named set of filters, of one person or of everyone with a role."""

    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="alert_views"
    )
    role = models.CharField("角色", max_length=12, blank=True)
    name = models.CharField("名称", max_length=40)
    query = models.CharField("筛选", max_length=500)
    is_default = models.BooleanField("默认", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "预警视图"
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                name="alerts_view_has_owner",
                condition=Q(user__isnull=False) | ~Q(role=""),
            ),
            models.UniqueConstraint(
                fields=["user", "name"],
                name="alerts_view_name",
                violation_error_message="已有同名视图",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(is_default=True),
                name="alerts_one_default_view",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SelfCheckQuerySet(ScopedQuerySet):
    """Self-checks within the viewer's scope."""

    district_path = "alert__district"


class SelfCheck(models.Model):
    """企业自查自纠: the party was warned first and answers within a deadline."""

    alert = models.OneToOneField(
        "alerts.Alert", models.PROTECT, related_name="self_check"
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="self_checks", verbose_name="当事方"
    )
    asked_at = models.DateTimeField("告知时间")
    due_at = models.DateTimeField("答复期限")
    cause = models.TextField("原因", blank=True)
    measures = models.TextField("措施", blank=True)
    replied_at = models.DateTimeField("答复时间", null=True)
    replied_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    overdue_told_at = models.DateTimeField("逾期告知时间", null=True)

    objects = SelfCheckQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "企业自查"
        ordering = ("-asked_at",)
        indexes = [
            # The sweep that tells officers of checks nobody answered.
            models.Index(
                fields=["due_at"],
                name="alerts_self_check_due",
                condition=Q(replied_at__isnull=True, overdue_told_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.asked_at:%m-%d %H:%M}"
