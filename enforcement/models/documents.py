"""Documents: templates, number series without gaps, issued versions, files."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import Organisation
from bozhou_eco.evidence.models import SealedFile
from enforcement.domain.documents import DocumentKind
from enforcement.models.cases import Case


class NumberSeries(models.Model):
    """The last number given out by an agency for a kind in a year.

    The row is locked while a number is taken and the number is used in the same
    transaction, so a failure gives the number back: no gaps.
    """

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name="机构"
    )
    kind = models.CharField("字", max_length=12)
    year = models.PositiveSmallIntegerField("年份")
    last = models.PositiveIntegerField("末号", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "文号序列"
        ordering = ("-year", "kind")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "year"],
                name="enforcement_series",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}〔{self.year}〕{self.last}"


class DocumentTemplate(models.Model):
    """A Word template; a new upload is a new version, old ones stay."""

    kind = models.CharField("文书", max_length=24, choices=DocumentKind.choices())
    version = models.PositiveSmallIntegerField("版本")
    content = models.BinaryField("Word 模板")
    sha256 = models.CharField("SHA-256", max_length=64)
    active = models.BooleanField("启用", default=True)
    note = models.CharField("说明", max_length=240, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = verbose_name_plural = "文书模板"
        ordering = ("kind", "-version")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "version"], name="enforcement_template_version"
            ),
            models.UniqueConstraint(
                fields=["kind"],
                name="enforcement_template_active",
                condition=Q(active=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{DocumentKind(self.kind).label} v{self.version}"


class Document(models.Model):
    """A document of a case: draft, then issued for good, or voided with a reason.

    ``data`` is what the form asked for; ``context`` is everything the template was
    rendered from, frozen at issue together with both files and their hashes.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        ISSUED = "issued", "已定稿"
        SERVED = "served", "已送达"
        VOID = "void", "已作废"

    case = models.ForeignKey(Case, models.PROTECT, related_name="documents")
    kind = models.CharField("文书", max_length=24, choices=DocumentKind.choices())
    state = models.CharField("状态", max_length=8, choices=State.choices)
    round = models.PositiveSmallIntegerField("轮次", default=1)
    version = models.PositiveSmallIntegerField("版本", default=1)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name="制作机构"
    )
    number = models.CharField("文号", max_length=60, blank=True)
    data = models.JSONField("填写内容", default=dict, blank=True)
    context = models.JSONField("成文内容", default=dict, blank=True)
    word = models.ForeignKey(
        SealedFile, models.PROTECT, null=True, blank=True, related_name="+"
    )
    pdf = models.ForeignKey(
        SealedFile, models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_copy = models.ForeignKey(
        SealedFile,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="签章扫描件",
    )
    template_version = models.PositiveSmallIntegerField("模板版本", default=0)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+"
    )
    updated_at = models.DateTimeField("更新时间")
    issued_at = models.DateTimeField("定稿时间", null=True, blank=True)
    served_on = models.DateField("送达日期", null=True, blank=True)
    void_reason = models.CharField("作废原因", max_length=240, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "文书"
        ordering = ("case", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                name="enforcement_document_number",
                condition=~Q(number=""),
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(issued_at__isnull=False),
                name="enforcement_document_issued",
            ),
        ]
        indexes = [models.Index(fields=["case", "kind"], name="enforcement_doc_kind")]

    def __str__(self) -> str:
        return self.number or DocumentKind(self.kind).label


class CaseFile(models.Model):
    """A piece of evidence or an attachment of a case, sealed at birth."""

    class Kind(models.TextChoices):
        DATA = "data", "监测数据"
        PHOTO = "photo", "现场照片"
        VIDEO = "video", "视频"
        RECORDER = "recorder", "执法记录仪视频"
        AUDIO = "audio", "录音"
        STATEMENT = "statement", "询问、陈述材料"
        SAMPLE = "sample", "采样与检测报告"
        BEFORE = "before", "整改前"
        AFTER = "after", "整改后"
        RECEIPT = "receipt", "回执"
        IDENTITY = "identity", "主体资格材料"
        OTHER = "other", "其他"

    case = models.ForeignKey(Case, models.PROTECT, related_name="files")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    title = models.CharField("名称", max_length=120)
    sealed = models.ForeignKey(SealedFile, models.PROTECT, related_name="+")
    taken_at = models.DateTimeField("取得时间", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    accuracy_m = models.FloatField("定位精度（m）", null=True, blank=True)
    provider = models.CharField("提供人", max_length=60, blank=True)
    device = models.CharField(
        "设备编号", max_length=60, blank=True, help_text="执法记录仪等取证设备"
    )
    ends_at = models.DateTimeField("录制结束时间", null=True, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    added_at = models.DateTimeField("加入时间")
    checked_at = models.DateTimeField("校验时间", null=True, blank=True)
    intact = models.BooleanField("哈希一致", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "案件证据"
        ordering = ("case", "id")

    def __str__(self) -> str:
        return self.title

    @property
    def located(self) -> bool:
        """Whether the file says where it was taken."""
        return self.latitude is not None and self.longitude is not None
