"""Credentials of stations: hashed keys with a readable prefix."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from vehicles.models.stations import Station


class StationCredential(models.Model):
    """A key of one station. Only the SHA-256 of its secret (256 random bits) is kept.

    With ``signing_key`` every request must carry an HMAC-SHA256 signature.
    """

    station = models.ForeignKey(
        Station, models.PROTECT, related_name="credentials", verbose_name="检验机构"
    )
    prefix = models.CharField("前缀", max_length=12, unique=True)
    digest = models.CharField("密钥摘要", max_length=64)
    signing_key = models.CharField("签名密钥", max_length=64, blank=True)
    addresses = ArrayField(
        models.CharField(max_length=50),
        verbose_name="允许的 IP 或网段",
        default=list,
        blank=True,
    )
    made_at = models.DateTimeField("签发时间")
    expires_at = models.DateTimeField("到期时间")
    revoked_at = models.DateTimeField("吊销时间", null=True, blank=True)
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)
    note = models.CharField("备注", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "接口密钥"
        ordering = ("-made_at",)

    def __str__(self) -> str:
        return f"{self.prefix}… {self.station.name}"
