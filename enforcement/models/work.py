"""Work around a case: visits, transfers, rectification, replies, inspections."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import District, Organisation, ScopedQuerySet
from enforcement.domain.workflow import AUTHORITIES
from enforcement.models.cases import Case
from enforcement.models.documents import CaseFile, Document


class SiteVisit(models.Model):
    """A site visit: planned, approved, made, recorded.

    ``conversion`` says which condition turned off-site work into a visit (非现场转现场);
    ``phone_check`` is the telephone verification that comes first. ``checklist`` is
    ``[{"code", "text", "answer", "note"}]``; ``readings`` compares instrument and
    platform: ``[{"factor", "platform", "site", "unit", "data_time"}]``.
    """

    class Kind(models.TextChoices):
        ROUTINE = "routine", "日常检查"
        SPECIAL = "special", "专项检查"
        CASE = "case", "个案核查"

    class State(models.TextChoices):
        PLANNED = "planned", "待批准"
        APPROVED = "approved", "已批准"
        STARTED = "started", "核查中"
        DONE = "done", "已完成"
        CANCELLED = "cancelled", "已取消"

    case = models.ForeignKey(Case, models.PROTECT, related_name="visits")
    kind = models.CharField("检查类型", max_length=8, choices=Kind.choices)
    state = models.CharField("状态", max_length=10, choices=State.choices)
    conversion = models.CharField("非现场转现场条件", max_length=240)
    phone_check = models.TextField("电话核实情况", blank=True)
    notice_number = models.CharField("检查通知书", max_length=60, blank=True)
    entry_code = models.CharField("扫码入企编号", max_length=60, blank=True)
    planned_on = models.DateField("计划日期")
    officers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", verbose_name="执法人员"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="批准人",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    arrived_at = models.DateTimeField("到达时间", null=True, blank=True)
    left_at = models.DateTimeField("离开时间", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    accuracy_m = models.FloatField("定位精度（m）", null=True, blank=True)
    checklist = models.JSONField("核查清单", default=list, blank=True)
    readings = models.JSONField("现场与平台读数", default=list, blank=True)
    statements = models.JSONField("现场陈述", default=list, blank=True)
    signatures = models.JSONField("签名", default=list, blank=True)
    conclusion = models.TextField("核查情况", blank=True)
    counts = models.BooleanField("计入年度频次", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "现场核查"
        ordering = ("case", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["planned", "cancelled"])
                | Q(approved_by__isnull=False),
                name="enforcement_visit_approved",
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.planned_on}"


class Transfer(models.Model):
    """A matter handed to another authority: letter, receipt, reply, result."""

    class State(models.TextChoices):
        SENT = "sent", "已移送"
        RECEIVED = "received", "已签收"
        REPLIED = "replied", "已回函"
        REFUSED = "refused", "已退回"

    case = models.ForeignKey(Case, models.PROTECT, related_name="transfers")
    authority = models.CharField("接收部门", max_length=16, choices=AUTHORITIES)
    unit_name = models.CharField("接收单位", max_length=120, blank=True)
    matter = models.CharField("移送事项", max_length=240)
    letter = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="+"
    )
    joint = models.BooleanField("联合办理", default=False)
    state = models.CharField("状态", max_length=10, choices=State.choices)
    sent_on = models.DateField("移送日期")
    reply_by = models.DateField("请求回函日期", null=True, blank=True)
    receipt = models.CharField("回执", max_length=120, blank=True)
    received_on = models.DateField("签收日期", null=True, blank=True)
    reply_number = models.CharField("回函文号", max_length=60, blank=True)
    replied_on = models.DateField("回函日期", null=True, blank=True)
    result = models.TextField("处理结果", blank=True)
    exchange_id = models.CharField("交换批次", max_length=80, blank=True)
    files = models.ManyToManyField(
        CaseFile,
        blank=True,
        related_name="+",
        verbose_name="随函证据",
        help_text="接收部门能看到的证据",
    )
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="接收部门签收人",
    )
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="接收部门回函人",
    )

    class Meta:
        verbose_name = verbose_name_plural = "移送"
        ordering = ("case", "id")
        indexes = [
            # What another department sees: its own part, newest first.
            models.Index(
                fields=["authority", "-sent_on"], name="enforcement_transfer_to"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} → {self.get_authority_display()}"


class Rectification(models.Model):
    """Something the party has to put right, with proof before and after."""

    class State(models.TextChoices):
        OPEN = "open", "整改中"
        REPORTED = "reported", "已报告"
        ACCEPTED = "accepted", "验收通过"
        FAILED = "failed", "未通过"

    case = models.ForeignKey(Case, models.PROTECT, related_name="rectifications")
    demand = models.TextField("整改要求")
    due_on = models.DateField("整改期限", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices)
    report = models.TextField("整改情况", blank=True)
    reported_on = models.DateField("报告日期", null=True, blank=True)
    inspected_on = models.DateField("复查日期", null=True, blank=True)
    inspected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="复查人",
    )
    finding = models.TextField("复查结论", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "整改"
        ordering = ("case", "id")

    def __str__(self) -> str:
        return f"{self.case_id} {self.demand[:20]}"


class Reply(models.Model):
    """What is told to a reporter, a department or the level above."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="replies")
    to = models.CharField("回复对象", max_length=120)
    content = models.TextField("回复内容")
    sent_on = models.DateField("回复日期", null=True, blank=True)
    receipt = models.CharField("回执", max_length=120, blank=True)
    file = models.ForeignKey(
        CaseFile,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="回复文件",
    )
    receipt_file = models.ForeignKey(
        CaseFile,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="回执文件",
    )
    revisit = models.TextField("回访情况", blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "反馈"
        ordering = ("case", "id")

    def __str__(self) -> str:
        return f"{self.case_id} {self.to}"


class InspectionQuerySet(ScopedQuerySet):
    """执法检查 register, scoped like cases."""


class Inspection(models.Model):
    """One entry of the 执法检查 register: on-site or off-site, by whom, with result."""

    class Mode(models.TextChoices):
        ON_SITE = "on_site", "现场"
        OFF_SITE = "off_site", "非现场"

    mode = models.CharField("方式", max_length=8, choices=Mode.choices)
    kind = models.CharField("检查类型", max_length=8, choices=SiteVisit.Kind.choices)
    done_on = models.DateField("日期", db_index=True)
    subject_key = models.CharField("对象标识", max_length=120)
    subject_name = models.CharField("对象", max_length=120)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name="当事人机构"
    )
    district = models.ForeignKey(
        District, models.PROTECT, null=True, blank=True, verbose_name="行政区"
    )
    means = models.CharField("手段", max_length=80)
    found = models.BooleanField("发现问题", default=False)
    result = models.CharField("结果", max_length=240, blank=True)
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, blank=True, related_name="inspections"
    )
    visit = models.OneToOneField(
        SiteVisit, models.PROTECT, null=True, blank=True, related_name="inspection"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "执法检查"
        ordering = ("-done_on", "-id")
        indexes = [
            # Off-site share by period and district.
            models.Index(
                fields=["done_on", "mode", "district"], name="enforcement_inspect_share"
            )
        ]

    def __str__(self) -> str:
        return f"{self.done_on} {self.subject_name}"
