"""Other departments and their systems: who they are, what went to and fro."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import Organisation
from bozhou_eco.common.outbound import check_fields
from bozhou_eco.evidence.models import SealedFile
from enforcement.domain.exchange import Content, Direction, Way
from enforcement.domain.workflow import AUTHORITIES
from enforcement.models.cases import Case
from enforcement.models.config import Sourced
from enforcement.models.work import Transfer


class Counterpart(Sourced):
    """A system that cases are exchanged with, and how.

    The shared secret of the REST way is not stored here: ``secret_name`` names the
    environment variable that holds it.
    """

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    contents = models.JSONField(
        "交换内容", default=list, help_text="内容代码列表，见文档“外部系统交换”"
    )
    authority = models.CharField(
        "对应移送部门", max_length=16, choices=AUTHORITIES, blank=True
    )
    way = models.CharField(
        "方式", max_length=6, choices=Way.choices(), default=Way.FOLDER.value
    )
    address = models.CharField(
        "目录或地址", max_length=300, help_text="共享目录路径，或 https:// 地址"
    )
    secret_name = models.CharField("密钥环境变量名", max_length=60, blank=True)
    active = models.BooleanField("启用", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "交换系统"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse unknown contents and an address that does not fit the way."""
        known = {content.value for content in Content}
        if not isinstance(self.contents, list) or set(self.contents) - known:
            raise ValidationError(
                {"contents": f"只能是 {'、'.join(sorted(known))} 的列表"}
            )
        web = self.address.startswith(("https://", "http://"))
        if (self.way == Way.REST.value) is not web:
            raise ValidationError(
                {"address": "目录方式填绝对路径，接口方式填 https:// 地址"}
            )
        if web:
            check_fields(address=self.address)


class ExchangeParcel(models.Model):
    """A parcel sent or received, with its receipt; its number is its identity."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已发送，待回执"
        ACCEPTED = "accepted", "已接收"
        REFUSED = "refused", "被拒收"

    counterpart = models.ForeignKey(
        Counterpart, models.PROTECT, related_name="parcels", verbose_name="系统"
    )
    direction = models.CharField("方向", max_length=4, choices=Direction.choices())
    number = models.CharField("批次号", max_length=80)
    content = models.CharField("内容", max_length=16, choices=Content.choices())
    state = models.CharField("状态", max_length=8, choices=State.choices)
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, blank=True, related_name="parcels"
    )
    transfer = models.ForeignKey(
        Transfer, models.PROTECT, null=True, blank=True, related_name="parcels"
    )
    body = models.ForeignKey(
        SealedFile, models.PROTECT, null=True, blank=True, related_name="+"
    )
    digest = models.CharField("内容摘要", max_length=64, blank=True)
    made_at = models.DateTimeField("生成时间")
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    next_at = models.DateTimeField("下次发送", null=True, blank=True)
    error = models.CharField("最近失败", max_length=300, blank=True)
    settled_at = models.DateTimeField("回执时间", null=True, blank=True)
    taken = models.PositiveIntegerField("接收条数", default=0)
    refused = models.PositiveIntegerField("拒收条数", default=0)
    problems = models.JSONField("问题", default=list, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "交换批次"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["counterpart", "direction", "number"],
                name="enforcement_parcel_once",
            )
        ]
        indexes = [
            # What the sender still has to do.
            models.Index(
                fields=["next_at"],
                name="enforcement_parcel_due",
                condition=Q(state__in=["waiting", "sent"]),
            )
        ]

    def __str__(self) -> str:
        return self.number


class PartnerUnit(models.Model):
    """An organisation of another department whose people sign and answer transfers."""

    organisation = models.OneToOneField(
        Organisation, models.PROTECT, related_name="+", verbose_name="机构"
    )
    authority = models.CharField("部门", max_length=16, choices=AUTHORITIES)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "联合部门"
        ordering = ("authority",)

    def __str__(self) -> str:
        return str(self.organisation)
