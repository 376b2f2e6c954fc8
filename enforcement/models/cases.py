"""Clues and cases, the people on them, and every step taken."""

from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Func, Q
from django.urls import reverse

from bozhou_eco.accounts.models import (
    District,
    Organisation,
    ScopedQuerySet,
    User,
)
from enforcement.domain.kinds import CaseKind, Outcome, Source
from enforcement.domain.workflow import ENDS, Duty, Stage, State
from enforcement.models.law import Cause

SEVERITIES = (
    ("critical", "严重"),
    ("major", "较重"),
    ("minor", "一般"),
    ("info", "提示"),
)
END_VALUES = sorted(state.value for state in ENDS)


MOST_INVITATIONS = 200


class Needle(Func):
    """What the search of the list looks through, in lower case."""

    template = "lower(%(expressions)s)"
    arg_joiner = " || ' ' || "
    output_field = models.TextField()


class CaseQuerySet(ScopedQuerySet):
    """Clues and cases, scoped by district and by the party's organisation.

    A party sees its own case only from the day on which something was served on it or
    asked of it: until then nothing may warn it of an investigation.
    """

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the cases that ``user`` may see, those invited into among them."""
        rows = super().visible_to(user)
        organisation = getattr(user, "organisation", None)
        if organisation is None:
            return rows
        if organisation.kind == Organisation.Kind.DEPARTMENT:
            return self._with_invitations(rows, user)
        known = Q(pk__in=self.model.objects.filter(documents__state="served")) | Q(
            pk__in=self.model.objects.filter(rectifications__isnull=False)
        )
        return rows.filter(known)

    def _with_invitations(self, rows: Self, user: User | AnonymousUser) -> Self:
        if not isinstance(user, User) or user.district_ids() is None:
            return rows
        invited = list(
            CaseGuest.objects.filter(user=user, ended_at=None).values_list(
                "case_id", flat=True
            )[:MOST_INVITATIONS]
        )
        if not invited or not user.reads_facts:
            return rows
        return rows | self.filter(pk__in=invited)

    def open(self) -> "CaseQuerySet":
        """Return those that still need something done."""
        return self.exclude(state__in=END_VALUES)

    def filed(self) -> "CaseQuerySet":
        """Return the cases (案件): clues that passed 立案."""
        return self.exclude(filed_on=None)


class Case(models.Model):
    """A clue (线索), and from 立案 on a case (案件).

    Carries a snapshot of its subject, so that it stands without the app that found it.
    ``version`` is the number of steps taken; a form states the version it was drawn
    from, so that the second of two simultaneous decisions is told what changed.
    """

    class PartyKind(models.TextChoices):
        ENTITY = "entity", "单位"
        PERSON = "person", "个人"

    number = models.CharField("线索编号", max_length=60, unique=True)
    case_number = models.CharField("案号", max_length=60, blank=True)
    title = models.CharField("标题", max_length=120)
    kind = models.CharField("类别", max_length=12, choices=CaseKind.choices())
    severity = models.CharField("等级", max_length=8, choices=SEVERITIES)
    state = models.CharField("状态", max_length=16, choices=State.choices())
    stage = models.CharField("阶段", max_length=10, choices=Stage.choices())
    resume_to = models.CharField("中止前状态", max_length=16, blank=True)
    version = models.PositiveIntegerField("步数", default=0)
    round = models.PositiveSmallIntegerField("轮次", default=1)

    source = models.CharField("来源", max_length=12, choices=Source.choices())
    upstream_number = models.CharField("交办文号", max_length=60, blank=True)
    upstream_due = models.DateField("交办时限", null=True, blank=True)
    system_of_record = models.CharField(
        "主办系统", max_length=40, default="本平台", help_text="避免重复录入"
    )
    external_ref = models.CharField("外部系统编号", max_length=60, blank=True)

    subject_key = models.CharField("对象标识", max_length=120, db_index=True)
    subject_name = models.CharField("对象", max_length=120)
    party_kind = models.CharField(
        "当事人类别",
        max_length=8,
        choices=PartyKind.choices,
        default=PartyKind.ENTITY,
    )
    party = models.JSONField("当事人信息", default=dict, blank=True)
    district = models.ForeignKey(
        District, models.PROTECT, null=True, blank=True, verbose_name="行政区"
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases_about",
        verbose_name="当事人机构",
    )
    unit = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases_handled",
        verbose_name="办理单位",
    )
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="主办",
    )
    summary = models.TextField("事实摘要", blank=True)
    explanation = models.JSONField("预警说明", default=dict, blank=True)
    evidence_url = models.CharField("证据片段地址", max_length=300, blank=True)

    cause = models.ForeignKey(
        Cause, models.PROTECT, null=True, blank=True, verbose_name="案由"
    )
    act_started_on = models.DateField("违法行为开始日", null=True, blank=True)
    act_ended_on = models.DateField("违法行为终了日", null=True, blank=True)
    discovered_on = models.DateField("发现日", null=True, blank=True)
    opened_at = models.DateTimeField("立线索时间", db_index=True)
    filed_on = models.DateField("立案日", null=True, blank=True)
    ended_at = models.DateTimeField("办结时间", null=True, blank=True)
    outcome = models.CharField(
        "结果", max_length=12, choices=Outcome.choices(), blank=True
    )
    end_reason = models.CharField("线上办结原因", max_length=16, blank=True)
    due_on = models.DateField("最近期限", null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="并入"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="登记人",
    )

    needle = models.GeneratedField(
        expression=Needle(
            "number", "case_number", "title", "subject_name", "upstream_number"
        ),
        output_field=models.TextField(),
        db_persist=True,
        verbose_name="检索文本",
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "案件"
        ordering = ("-opened_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["case_number"],
                name="enforcement_case_number",
                condition=~Q(case_number=""),
            )
        ]
        indexes = [
            # The list: newest open first, per district.
            models.Index(
                fields=["-opened_at", "-id"],
                name="enforcement_case_open",
                condition=~Q(state__in=END_VALUES),
            ),
            models.Index(
                fields=["district", "-opened_at"], name="enforcement_case_district"
            ),
            models.Index(fields=["stage", "-opened_at"], name="enforcement_case_stage"),
            models.Index(fields=["state", "-opened_at"], name="enforcement_case_state"),
            models.Index(fields=["kind", "-opened_at"], name="enforcement_case_kind"),
            # "What is due next?" on the list and in the sweep.
            models.Index(
                fields=["due_on"],
                name="enforcement_case_due",
                condition=Q(due_on__isnull=False),
            ),
            # Load per officer.
            models.Index(fields=["handler", "state"], name="enforcement_case_handler"),
            # Figures of a period: one pass over the index, no table rows.
            models.Index(
                fields=["opened_at"],
                name="enforcement_case_figures",
                include=[
                    *("filed_on", "ended_at", "kind", "source", "district"),
                    *("handler", "due_on"),
                ],
            ),
            # The search of the list: newest matches from the index, no table rows.
            models.Index(
                fields=["-opened_at", "-id"],
                name="enforcement_case_search",
                include=["needle"],
            ),
            # First-offence search over the party's whole history.
            models.Index(
                fields=["organisation", "cause"], name="enforcement_case_party"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.display_number} {self.title}"

    def get_absolute_url(self) -> str:
        """Return the address of the case page."""
        return reverse("enforcement:case", args=[self.pk])

    @property
    def display_number(self) -> str:
        """The case number once there is one, else the number of the clue."""
        return self.case_number or self.number

    @property
    def chain(self) -> str:
        """Name of the evidence chain of this case."""
        return f"case:{self.pk}"

    @property
    def is_case(self) -> bool:
        """Whether the clue has been filed as a case (立案)."""
        return self.filed_on is not None

    @property
    def is_open(self) -> bool:
        """Whether something is left to do."""
        return State(self.state) not in ENDS


class CaseLink(models.Model):
    """Two cases that belong together: joint, split off, merged or repeated."""

    class Kind(models.TextChoices):
        JOINT = "joint", "联合办理"
        SPLIT = "split", "拆分"
        MERGED = "merged", "并案"
        RELATED = "related", "关联"

    case = models.ForeignKey(Case, models.PROTECT, related_name="links")
    other = models.ForeignKey(Case, models.PROTECT, related_name="linked_by")
    kind = models.CharField("关系", max_length=8, choices=Kind.choices)
    note = models.CharField("说明", max_length=240, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "案件关联"
        constraints = [
            models.UniqueConstraint(
                fields=["case", "other", "kind"], name="enforcement_case_link"
            ),
            models.CheckConstraint(
                condition=~Q(case=models.F("other")), name="enforcement_link_not_self"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind} {self.other_id}"


class CasePerson(models.Model):
    """A person's function in a case; conflicts are checked against these rows."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="people")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="人员"
    )
    duty = models.CharField("职责", max_length=12, choices=Duty.choices())
    lead = models.BooleanField("主办", default=False)
    since = models.DateTimeField("起始时间")

    class Meta:
        verbose_name = verbose_name_plural = "承办人员"
        constraints = [
            models.UniqueConstraint(
                fields=["case", "user", "duty"], name="enforcement_case_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.user_id} {self.duty}"


class CaseGuest(models.Model):
    """Somebody from another branch or the region who is let into one case (小局模式).

    Where a small branch has nobody left who may review, a leader invites a person from
    elsewhere; the person sees and acts on this case alone until it ends.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="guests")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="人员"
    )
    duty = models.CharField("职责", max_length=12, choices=Duty.choices())
    reason = models.CharField("理由", max_length=240)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="邀请人",
    )
    since = models.DateTimeField("起始时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "外来人员"
        constraints = [
            models.UniqueConstraint(
                fields=["case", "user"],
                name="enforcement_guest_once",
                condition=Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=~Q(user=models.F("invited_by")),
                name="enforcement_guest_other",
            ),
        ]
        indexes = [
            # Every list of a district's officer asks for the invitations.
            models.Index(
                fields=["user"],
                name="enforcement_guest_user",
                condition=Q(ended_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.user_id} {self.duty}"


class CaseStep(models.Model):
    """One act in a case; the row's hash covers the one before it.

    ``action`` is an `Action` of the workflow or the name of an act that leaves the state
    as it is. Rows are never changed or deleted (a trigger sees to it).
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="steps")
    seq = models.PositiveIntegerField("序号")
    action = models.CharField("行为", max_length=32)
    from_state = models.CharField("原状态", max_length=16, blank=True)
    to_state = models.CharField("新状态", max_length=16)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="办理人",
    )
    duty = models.CharField("职责", max_length=12, blank=True)
    at = models.DateTimeField("时间")
    note = models.TextField("意见", blank=True)
    data = models.JSONField("内容", default=dict, blank=True)
    digest = models.BinaryField("摘要", max_length=32)
    prev = models.BinaryField("前一哈希", max_length=32)
    hash = models.BinaryField("哈希", max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "办案步骤"
        ordering = ("case", "seq")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "seq"], name="enforcement_step_place"
            )
        ]
        indexes = [
            # Hours per stage and load per officer over a period.
            models.Index(fields=["at", "action"], name="enforcement_step_at")
        ]

    def __str__(self) -> str:
        return f"{self.case_id}#{self.seq} {self.action}"


class SummaryRevision(models.Model):
    """A version of the facts; the page shows the difference word by word."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="revisions")
    text = models.TextField("事实摘要")
    reason = models.CharField("修改理由", max_length=240, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "事实摘要修订"
        ordering = ("case", "id")

    def __str__(self) -> str:
        return f"{self.case_id} {self.at:%Y-%m-%d %H:%M}"
