"""Sealed files, and what the nightly re-verification of store and chains found."""

from django.conf import settings
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
