"""An alert, each of its moves, and the declared breaks during which none is told."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from alerts.domain.life import WAITING, State, priority
from alerts.domain.severity import Severity
from alerts.domain.verdicts import Verdict
from bozhou_eco.accounts.models import (
    District,
    Organisation,
    ScopedQuerySet,
    User,
)

KEY_LENGTH = 200


class AlertQuerySet(ScopedQuerySet):
    """Alerts by state and viewer."""

    def visible_to(self, user: object) -> Self:
        """Return what ``user`` may see; the party never sees what is confidential."""
        rows = super().visible_to(user)  # type: ignore[arg-type]
        organisation = getattr(user, "organisation", None)
        if organisation is not None and organisation.kind != (
            Organisation.Kind.DEPARTMENT
        ):
            return rows.filter(confidential=False)
        return rows

    def open(self) -> Self:
        """Return alerts that are not closed."""
        return self.exclude(state=State.CLOSED)

    def waiting(self) -> Self:
        """Return alerts that wait for an acknowledgement."""
        return self.filter(state__in=[state.value for state in WAITING])


class Alert(models.Model):
    """预警: one open row per key; repeats are counted, moves are `AlertEvent` rows.

    ``open_key`` is the key while the alert is open, or closed but still answering for
    its key until ``key_until``; NULL afterwards, so the next occurrence is a new row.
    ``returned_at`` is set while the condition is gone. ``told_severity`` is the worst
    severity people have been told of since they last answered. ``priority`` sorts the
    triage list, see `alerts.domain.life.priority`.
    """

    key = models.CharField("键", max_length=KEY_LENGTH)
    open_key = models.CharField(
        "占用键", max_length=KEY_LENGTH, null=True, unique=True, editable=False
    )
    key_until = models.DateTimeField("键占用至", null=True)
    parent_key = models.CharField("上级键", max_length=KEY_LENGTH, blank=True)
    kind = models.CharField("类型", max_length=60)
    rule = models.CharField("规则", max_length=80, blank=True)
    state = models.CharField("状态", max_length=16, choices=State.choices())
    state_since = models.DateTimeField("状态起始")
    severity = models.CharField("级别", max_length=8, choices=Severity.choices())
    severity_rank = models.SmallIntegerField("级别序")
    priority = models.SmallIntegerField("排序", default=0, editable=False)
    severity_at = models.DateTimeField("级别时间")
    peak_severity = models.CharField(
        "最高级别", max_length=8, choices=Severity.choices()
    )
    told_severity = models.CharField(
        "已告知级别", max_length=8, choices=Severity.choices()
    )
    summary = models.TextField("摘要")
    explanation = models.JSONField("研判依据", default=dict)
    legal_article = models.CharField("法律条款", max_length=200, blank=True)
    subject_key = models.CharField("对象键", max_length=120)
    subject_name = models.CharField("对象", max_length=200)
    district = models.ForeignKey(
        District, models.PROTECT, null=True, related_name="+", verbose_name="行政区"
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name="机构"
    )
    confidential = models.BooleanField("对当事方保密", default=False)
    evidence_url = models.CharField("证据页", max_length=300, blank=True)
    recurrences = models.PositiveIntegerField("次数", default=1)
    occurred_at = models.DateTimeField("首次发生")
    last_at = models.DateTimeField("最近发生")
    returned_at = models.DateTimeField("恢复时间", null=True)
    magnitude = models.FloatField("量值", null=True)
    peak = models.FloatField("峰值", null=True)
    peak_at = models.DateTimeField("峰值时间", null=True)
    turns = ArrayField(models.DateTimeField(), verbose_name="来回时刻", default=list)
    flapping = models.BooleanField("反复波动", default=False)
    acknowledged_at = models.DateTimeField("确认时间", null=True)
    acknowledged_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="确认人"
    )
    wake_at = models.DateTimeField("唤醒时间", null=True)
    escalate_at = models.DateTimeField("下次升级", null=True)
    escalation_step = models.PositiveSmallIntegerField("升级步", default=0)
    outcome = models.CharField(
        "处置结论", max_length=20, choices=Verdict.choices(), blank=True
    )
    outcome_note = models.TextField("结论说明", blank=True)
    closed_at = models.DateTimeField("关闭时间", null=True)
    announced_at = models.DateTimeField("推送时间", null=True)
    created_at = models.DateTimeField("记录时间")
    version = models.PositiveIntegerField("版本", default=1)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "预警"
        indexes = [
            # The triage list and the rail: open ones, unanswered, worst, newest first.
            models.Index(
                fields=["-priority", "-last_at", "-id"],
                name="alerts_open",
                condition=~Q(state="closed"),
            ),
            models.Index(
                fields=["district", "-priority", "-last_at", "-id"],
                name="alerts_open_district",
                condition=~Q(state="closed"),
            ),
            # Pages that reconnect ask for what they missed.
            models.Index(fields=["announced_at"], name="alerts_announced"),
            # Statistics, and "what happened around that time".
            models.Index(fields=["-occurred_at"], name="alerts_occurred"),
            # Past alerts of the same subject and kind on the explanation card.
            models.Index(
                fields=["subject_key", "kind", "-occurred_at"], name="alerts_subject"
            ),
            models.Index(fields=["organisation", "-occurred_at"], name="alerts_org"),
            models.Index(fields=["key", "-id"], name="alerts_key"),
            # Children of a parent that has just been raised or cleared.
            models.Index(
                fields=["parent_key"],
                name="alerts_children",
                condition=~Q(parent_key="") & ~Q(state="closed"),
            ),
            # The sweeps, every few seconds.
            models.Index(
                fields=["escalate_at"],
                name="alerts_escalate",
                condition=Q(escalate_at__isnull=False),
            ),
            models.Index(
                fields=["wake_at"],
                name="alerts_wake",
                condition=Q(wake_at__isnull=False),
            ),
            models.Index(
                fields=["returned_at"],
                name="alerts_flapping",
                condition=Q(flapping=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="alerts_open_has_key",
                condition=Q(state="closed") | Q(open_key__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_name}：{self.summary}"[:120]

    def get_absolute_url(self) -> str:
        """Return the address of the alert's card."""
        return reverse("alerts:detail", args=[self.pk])

    def set_priority(self) -> None:
        """Work out the place in the triage list anew."""
        self.priority = priority(State(self.state), self.severity_rank)

    @property
    def active(self) -> bool:
        """Whether the condition is there now."""
        return self.returned_at is None

    @property
    def is_open(self) -> bool:
        """Whether the alert is not closed."""
        return self.state != State.CLOSED


class AlertEvent(models.Model):
    """One move of an alert; with ``tell`` it is also the outbox of routing.

    ``told_at`` stays NULL until the deliveries of the move have been written.
    """

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="events")
    at = models.DateTimeField("时间")
    action = models.CharField("动作", max_length=20)
    from_state = models.CharField("原状态", max_length=16, blank=True)
    to_state = models.CharField("新状态", max_length=16)
    severity = models.CharField("级别", max_length=8, choices=Severity.choices())
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    reason = models.TextField("原因", blank=True)
    data = models.JSONField("内容", default=dict)
    tell = models.BooleanField("须告知", default=False)
    told_at = models.DateTimeField("告知时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "预警经过"
        indexes = [
            models.Index(fields=["alert", "id"], name="alerts_event_alert"),
            # The router, every second.
            models.Index(
                fields=["id"],
                name="alerts_event_untold",
                condition=Q(tell=True, told_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} → {self.to_state}"


class ServiceBreak(models.Model):
    """A declared time out of service: alerts of the subject are kept, not told.

    ``subject_key`` is a whole key (``outlet:17``); ``kind`` empty means every kind.
    """

    subject_key = models.CharField("对象键", max_length=120)
    subject_name = models.CharField("对象", max_length=200, blank=True)
    kind = models.CharField("类型", max_length=60, blank=True, help_text="留空为全部")
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    reason = models.TextField("原因")
    declared_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="登记人",
    )

    class Meta:
        verbose_name = verbose_name_plural = "停用窗口"
        ordering = ("-starts_at",)
        constraints = [
            models.CheckConstraint(
                name="alerts_break_ends_after_start",
                condition=Q(ends_at__gt=models.F("starts_at")),
                violation_error_message="结束时间须晚于开始时间",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject_name or self.subject_key} {self.starts_at:%m-%d %H:%M}"
