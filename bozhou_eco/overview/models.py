"""线索周报: what a week of data has shown, drafted by the system, signed by an officer."""

from typing import Self

from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import District, Organisation, User


class ClueReport(models.Model):
    """One week's report. It has its number, and its files, from the signature on."""

    class State(models.TextChoices):
        DRAFT = "draft", "待签发"
        SIGNED = "signed", "已签发"

    starts_on = models.DateField("周一", unique=True)
    ends_on = models.DateField("周日")
    year = models.PositiveSmallIntegerField("年度")
    issue = models.PositiveSmallIntegerField("期数", null=True)
    number = models.CharField("文号", max_length=60, blank=True)
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default=State.DRAFT
    )
    summary = models.TextField("综述", blank=True)
    figures = models.JSONField("数字", default=dict)
    drafted_at = models.DateTimeField("起草时间")
    edited_at = models.DateTimeField("修改时间", null=True)
    edited_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="修改人"
    )
    signed_at = models.DateTimeField("签发时间", null=True)
    signed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="签发人"
    )
    word = models.BinaryField("Word 文件", null=True)
    pdf = models.BinaryField("PDF 文件", null=True)
    digest = models.CharField("PDF 摘要（SHA-256）", max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "线索周报"
        ordering = ("-starts_on",)
        constraints = [
            models.UniqueConstraint(
                fields=["year", "issue"], name="overview_clue_report_issue"
            ),
            models.CheckConstraint(
                name="overview_signed_report_is_whole",
                condition=Q(state="draft")
                | (
                    Q(issue__isnull=False)
                    & Q(signed_at__isnull=False)
                    & ~Q(number="")
                    & ~Q(digest="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"线索周报 {self.starts_on:%Y-%m-%d} 周（待签发）"

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.state == self.State.DRAFT


class ClueReportItemQuerySet(models.QuerySet["ClueReportItem"]):
    """Items by viewer."""

    def visible_to(self, user: User) -> Self:
        """Return the items of the viewer's districts; those without one are for all."""
        districts = user.district_ids()
        if districts is None:
            return self
        return self.filter(Q(district=None) | Q(district__in=districts))


class ClueReportItem(models.Model):
    """One clue of a report. ``key`` names what it rests on, so a redraft keeps it."""

    class Section(models.TextChoices):
        EXCEEDANCE = "exceedance", "超标"
        ANOMALY = "anomaly", "数据异常"
        LATE_MARK = "late_mark", "标记问题"
        EQUIPMENT = "equipment", "设备运行"
        OTHER = "other", "其他"

    class Verdict(models.TextChoices):
        PENDING = "pending", "待核实"
        PROBLEM = "problem", "属实"
        NONE = "none", "不属实"

    report = models.ForeignKey(ClueReport, models.PROTECT, related_name="items")
    section = models.CharField("类别", max_length=12, choices=Section.choices)
    position = models.PositiveSmallIntegerField("次序", default=0)
    key = models.CharField("键", max_length=160)
    subject_key = models.CharField("对象标识", max_length=120, blank=True)
    subject_name = models.CharField("对象", max_length=200)
    district = models.ForeignKey(
        District, models.PROTECT, null=True, related_name="+", verbose_name="行政区"
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name="单位"
    )
    text = models.TextField("内容")
    occurrences = models.PositiveIntegerField("次数", default=1)
    evidence_url = models.CharField("证据页", max_length=300, blank=True)
    included = models.BooleanField("列入", default=True)
    edited = models.BooleanField("经人工修改", default=False)
    verdict = models.CharField(
        "核实结论", max_length=8, choices=Verdict.choices, default=Verdict.PENDING
    )
    note = models.CharField("核实说明", max_length=300, blank=True)
    decided_at = models.DateTimeField("核实时间", null=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="核实人"
    )

    objects = ClueReportItemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "周报线索"
        ordering = ("report", "section", "position", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["report", "key"], name="overview_clue_item_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject_name}：{self.text}"[:120]
