"""What of the captures went to the traffic police, and what came back."""

from django.conf import settings
from django.db import models

from bozhou_eco.accounts.models import ScopedQuerySet
from vehicles.models.captures import Capture


class TransferQuerySet(ScopedQuerySet):
    """Transfers through the capture's site."""

    district_path = "capture__site__district"
    organisation_path = ""


class CaptureTransfer(models.Model):
    """A confirmed capture handed to the traffic police, with their reply."""

    capture = models.OneToOneField(
        Capture, models.PROTECT, related_name="transfer", verbose_name="抓拍"
    )
    code = models.CharField("违法代码", max_length=8)
    sha256 = models.CharField("移交包 SHA-256", max_length=64)
    sent_at = models.DateTimeField("移交时间")
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="移交人",
    )
    receipt = models.CharField("回执编号", max_length=60, blank=True)
    result = models.CharField("处理结果", max_length=200, blank=True)
    decided_on = models.DateField("处理日期", null=True, blank=True)
    replied_at = models.DateTimeField("回执导入时间", null=True, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "抓拍移交"
        ordering = ("-sent_at",)

    def __str__(self) -> str:
        return f"{self.code} {self.sent_at:%Y-%m-%d}"
