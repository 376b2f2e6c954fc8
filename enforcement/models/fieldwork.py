"""What is written on the phone during a visit, before the visit is finished."""

import uuid

from django.conf import settings
from django.db import models

from enforcement.models.documents import CaseFile
from enforcement.models.work import SiteVisit


class VisitTemplate(models.Model):
    """A check-list for visits of one kind of case, or of any.

    ``items`` is ``[{"code", "group", "text", "hint", "kind", "factor", "unit"}]`` where
    kind is ``check`` (符合/不符合/不适用) or ``reading`` (现场示值与平台值比对).
    """

    name = models.CharField("名称", max_length=60)
    kind = models.CharField(
        "案件类别", max_length=20, blank=True, help_text="留空适用于任何类别"
    )
    items = models.JSONField("项目", default=list)
    source = models.CharField("依据", max_length=160)
    active = models.BooleanField("启用", default=True)
    position = models.PositiveSmallIntegerField("次序", default=100)

    class Meta:
        verbose_name = verbose_name_plural = "现场核查清单"
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.name


class VisitDraft(models.Model):
    """The merged state of one visit: ``{field: {"v", "n", "by", "at"}}``."""

    visit = models.OneToOneField(SiteVisit, models.PROTECT, related_name="draft")
    template = models.ForeignKey(VisitTemplate, models.PROTECT, null=True)
    items = models.JSONField("清单", default=list)
    fields = models.JSONField("填写", default=dict)
    updated_at = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = verbose_name_plural = "核查草稿"

    def __str__(self) -> str:
        return f"{self.visit_id}"


class VisitSync(models.Model):
    """One sending of a phone; the same id gets the same answer again."""

    id = models.UUIDField("编号", primary_key=True, default=uuid.uuid4)
    visit = models.ForeignKey(SiteVisit, models.PROTECT, related_name="syncs")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField("收到时间")
    clock_offset_s = models.FloatField("手机时钟偏差（s）")
    answer = models.JSONField("答复", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "核查同步"

    def __str__(self) -> str:
        return str(self.pk)


class VisitPhoto(models.Model):
    """A photo or signature that comes in pieces and becomes evidence when it is whole."""

    id = models.UUIDField("编号", primary_key=True, default=uuid.uuid4)
    visit = models.ForeignKey(SiteVisit, models.PROTECT, related_name="photos")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    code = models.CharField("项目", max_length=40)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveIntegerField("字节数")
    received = models.PositiveIntegerField("已收到", default=0)
    taken_at = models.DateTimeField("拍摄时间")
    latitude = models.FloatField("纬度", null=True, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    accuracy_m = models.FloatField("定位精度（m）", null=True, blank=True)
    file = models.OneToOneField(
        CaseFile, models.PROTECT, null=True, blank=True, related_name="visit_photo"
    )

    class Meta:
        verbose_name = verbose_name_plural = "核查照片"
        indexes = [models.Index(fields=["visit", "code"], name="enforcement_photo")]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.code}"
