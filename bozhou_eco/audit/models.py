"""Entries of the audit log and the links that seal any record into a chain."""

from django.conf import settings
from django.db import models


class AuditEntry(models.Model):
    """One act or read of a person or of the system; never changed, never deleted."""

    class Kind(models.TextChoices):
        WRITE = "write", "写入"
        READ = "read", "查阅"
        EXPORT = "export", "导出"
        LOGIN = "login", "登录"
        CONFIG = "config", "配置"

    at = models.DateTimeField("时间", db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="操作人",
    )
    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    act = models.CharField("行为", max_length=80)
    subject = models.CharField("对象", max_length=160)
    detail = models.JSONField("内容", default=dict)
    request_id = models.CharField("请求号", max_length=64, blank=True)
    digest = models.BinaryField("摘要", max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "审计记录"
        indexes = [
            # "What happened to this object?" on every detail page.
            models.Index(fields=["subject", "-at"], name="audit_subject"),
            models.Index(fields=["actor", "-at"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.act} {self.subject}"


class Link(models.Model):
    """A digest waiting for, or sealed into, the chain of its name.

    Services insert links freely; the one sealer gives each its place. A trigger allows
    no change but ``sealed`` from false to true, and no deletion.
    """

    chain = models.CharField("链", max_length=80)
    subject = models.CharField("对象", max_length=160)
    digest = models.BinaryField("摘要", max_length=32)
    at = models.DateTimeField("时间")
    sealed = models.BooleanField("已封存", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "封存项"
        indexes = [
            # The sealer, once a second.
            models.Index(
                fields=["id"],
                name="audit_link_waiting",
                condition=models.Q(sealed=False),
            ),
            models.Index(fields=["chain", "subject"], name="audit_link_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.subject}"


class Seal(models.Model):
    """The place of a link in its chain.

    ``hash = SHA-256(prev || seq as 8 bytes big-endian || digest)``; the first ``prev``
    is 32 zero bytes.
    """

    chain = models.CharField("链", max_length=80)
    seq = models.PositiveBigIntegerField("序号")
    link = models.OneToOneField(Link, models.PROTECT, verbose_name="封存项")
    prev = models.BinaryField("前一哈希", max_length=32)
    hash = models.BinaryField("哈希", max_length=32)
    at = models.DateTimeField("封存时间")

    class Meta:
        verbose_name = verbose_name_plural = "封条"
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="audit_seal_place")
        ]

    def __str__(self) -> str:
        return f"{self.chain}#{self.seq}"
