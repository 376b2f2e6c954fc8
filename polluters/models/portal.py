"""What an enterprise says of its own data, what it proves it with, what came of it."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import ScopedQuerySet
from bozhou_eco.evidence.models import SealedFile
from polluters.models.exceedances import Exceedance
from polluters.models.findings import Finding
from polluters.models.marks import Mark
from polluters.models.sources import Outlet


class OfOutletQuerySet(ScopedQuerySet):
    """Rows of an outlet, scoped through its enterprise."""

    district_path = "outlet__enterprise__district"
    organisation_path = "outlet__enterprise__organisation"


class Explanation(models.Model):
    """说明: asked for by an officer, or given by the enterprise of its own accord.

    ``subject`` is what both sides read; a finding that may not be told to the enterprise
    is named there by its time alone. What was said stands in the entries and is never
    changed.
    """

    class State(models.TextChoices):
        ASKED = "asked", "待企业说明"
        GIVEN = "given", "待审阅"
        RETURNED = "returned", "退回补充"
        ACCEPTED = "accepted", "已采信"
        REJECTED = "rejected", "不予采信"

    WAITING = (State.ASKED, State.RETURNED)
    CLOSED = (State.ACCEPTED, State.REJECTED)

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="explanations", verbose_name="排放口"
    )
    finding = models.ForeignKey(
        Finding,
        models.PROTECT,
        null=True,
        related_name="explanations",
        verbose_name="数据异常",
    )
    exceedance = models.ForeignKey(
        Exceedance,
        models.PROTECT,
        null=True,
        related_name="explanations",
        verbose_name="超标记录",
    )
    subject = models.CharField("事项", max_length=120)
    state = models.CharField("状态", max_length=8, choices=State.choices)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="要求人",
    )
    opened_at = models.DateTimeField("提出时间")
    deadline = models.DateTimeField("说明时限", null=True)
    answered_at = models.DateTimeField("最近说明时间", null=True)
    late = models.BooleanField("曾逾期", default=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="审阅人",
    )
    decided_at = models.DateTimeField("审阅时间", null=True)

    objects = OfOutletQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "企业说明"
        ordering = ("-opened_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(finding__isnull=True) | Q(exceedance__isnull=True),
                name="polluters_explanation_one",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["asked", "returned"])
                | Q(deadline__isnull=False),
                name="polluters_explanation_due",
            ),
        ]
        indexes = [
            models.Index(fields=["-opened_at"], name="polluters_explanation_time"),
            # What still waits for an answer: the number beside the menu entry.
            models.Index(
                fields=["outlet", "deadline"],
                name="polluters_explanation_wait",
                condition=Q(state__in=["asked", "returned"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outlet_id} {self.subject}"

    @property
    def waits(self) -> bool:
        """Whether the enterprise has to answer."""
        return self.state in self.WAITING

    @property
    def closed(self) -> bool:
        """Whether it was decided on."""
        return self.state in self.CLOSED

    def overdue(self, now: datetime) -> bool:
        """Whether the answer is late: still missing, or it came late before."""
        missing = self.waits and self.deadline is not None and now > self.deadline
        return self.late or missing


class ExplanationEntry(models.Model):
    """One thing said: the question, an answer, a reply; never changed."""

    class Kind(models.TextChoices):
        QUESTION = "question", "要求说明"
        ANSWER = "answer", "企业说明"
        RETURN = "return", "退回补充"
        ACCEPT = "accept", "采信"
        REJECT = "reject", "不予采信"

    explanation = models.ForeignKey(
        Explanation, models.PROTECT, related_name="entries", verbose_name="说明"
    )
    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    text = models.TextField("内容", max_length=4000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="填写人",
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "说明内容"
        ordering = ("at", "pk")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="polluters_entry_text")
        ]

    def __str__(self) -> str:
        return f"{self.explanation_id} {self.get_kind_display()}"


class PortalFile(models.Model):
    """A sealed original that proves an explanation or a mark."""

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="portal_files", verbose_name="排放口"
    )
    entry = models.ForeignKey(
        ExplanationEntry,
        models.PROTECT,
        null=True,
        related_name="files",
        verbose_name="说明内容",
    )
    mark = models.ForeignKey(
        Mark, models.PROTECT, null=True, related_name="files", verbose_name="数据标记"
    )
    sealed = models.ForeignKey(
        SealedFile, models.PROTECT, related_name="+", verbose_name="原件"
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="提交人",
    )
    added_at = models.DateTimeField("提交时间")

    objects = OfOutletQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "企业附件"
        ordering = ("added_at", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(entry__isnull=False, mark__isnull=True)
                | Q(entry__isnull=True, mark__isnull=False),
                name="polluters_file_of_one",
            )
        ]

    def __str__(self) -> str:
        return str(self.sealed_id)
