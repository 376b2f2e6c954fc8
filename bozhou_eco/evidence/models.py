"""Sealed files. The bytes lie in the store under their SHA-256, never changed."""

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
