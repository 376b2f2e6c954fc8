"""Sealed files, and what the nightly re-verification of store and chains found."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models


class SealedFile(models.Model):
    """An original, sealed at birth; copies may be marked, originals never."""

    name = models.CharField("文件名", max_length=200)
    media_type = models.CharField("类型", max_length=100)
    size = models.PositiveBigIntegerField("字节数")
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    sm3 = models.CharField("SM3", max_length=64)
    chain = models.CharField("链", max_length=80)
    meta = models.JSONField("元数据", default=dict)
    at = models.DateTimeField("封存时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="封存人",
    )
    erased_at = models.DateTimeField("到期删除时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "封存文件"
        indexes = [models.Index(fields=["chain", "id"], name="evidence_file_chain")]

    def __str__(self) -> str:
        return f"{self.name} {self.sha256[:12]}"


class IntegrityRun(models.Model):
    """One re-verification of every chain, audit entry and stored original.

    ``faults`` holds at most `MOST_FAULTS` of ``{"chain", "place", "reason"}``;
    ``fault_count`` counts all. ``anchor`` names the signed line of heads it left.
    """

    MOST_FAULTS = 500

    started_at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("结束时间")
    seals = models.PositiveBigIntegerField("封条数")
    entries = models.PositiveBigIntegerField("审计记录数")
    files = models.PositiveBigIntegerField("原件数")
    bytes = models.PositiveBigIntegerField("原件字节数")
    fault_count = models.PositiveIntegerField("问题数")
    faults = models.JSONField("问题", default=list)
    anchor = models.CharField("锚点", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "完整性核验"
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.fault_count}"


class RetentionClass(models.Model):
    """How long one class of data is kept, and on what grounds; empty days: for good."""

    ERASED = ("capture-rejected", "segment")

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("数据", max_length=80)
    purpose = models.CharField("用途", max_length=200)
    readers = models.CharField("谁可以查看", max_length=200)
    days = models.PositiveIntegerField(
        "保存天数", null=True, blank=True, help_text="留空为长期保存"
    )
    least_days = models.PositiveIntegerField("不得少于（天）", default=1)
    source = models.CharField("依据", max_length=300)
    order = models.PositiveSmallIntegerField("顺序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "留存期限"
        ordering = ("order", "code")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a period below what the grounds ask for, and one nobody keeps."""
        if self.days is not None and self.code not in self.ERASED:
            raise ValidationError({"days": "此类数据长期保存，没有自动删除，请留空"})
        if self.days is not None and self.days < self.least_days:
            raise ValidationError({"days": f"依据要求不得少于 {self.least_days} 天"})


class LegalHold(models.Model):
    """Something that must not be erased until the hold is released (法定保全).

    ``subject`` is ``kind:id`` as in the audit log: ``capture:17``, ``file:9``,
    ``segment:3``, or a whole chain such as ``site:S001``. What a case rests on is kept
    without a hold.
    """

    subject = models.CharField("对象", max_length=80, db_index=True)
    reason = models.CharField("事由", max_length=300)
    placed_at = models.DateTimeField("保全时间")
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="保全人",
    )
    released_at = models.DateTimeField("解除时间", null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="解除人",
    )
    release_reason = models.CharField("解除事由", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "法定保全"
        ordering = ("-placed_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["subject"],
                condition=models.Q(released_at=None),
                name="evidence_one_hold_a_subject",
            )
        ]

    def __str__(self) -> str:
        return self.subject
