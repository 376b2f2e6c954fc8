"""Video beside data: a channel per outlet or station house, and what was kept of it."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import ScopedQuerySet
from bozhou_eco.common.outbound import STREAMS, OutboundRefusedError, check_url
from bozhou_eco.evidence.models import SealedFile
from polluters.models.exceedances import Exceedance
from polluters.models.sources import Outlet

GB_CODE = RegexValidator(r"^\d{20}$", "GB/T 28181 编码为 20 位数字")


class VideoChannelQuerySet(ScopedQuerySet):
    """Channels, scoped through their outlet's enterprise."""

    district_path = "outlet__enterprise__district"
    organisation_path = "outlet__enterprise__organisation"


class VideoChannel(models.Model):
    """A camera at an outlet or in its monitoring house, as it can be reached."""

    class Place(models.TextChoices):
        OUTLET = "outlet", "排放口"
        HOUSE = "house", "站房"

    class Protocol(models.TextChoices):
        HLS = "hls", "HLS"
        RTSP = "rtsp", "RTSP"
        GB28181 = "gb28181", "GB/T 28181"
        FILE = "file", "演示录像循环"

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="channels", verbose_name="排放口"
    )
    name = models.CharField("名称", max_length=60)
    place = models.CharField("位置", max_length=6, choices=Place.choices)
    protocol = models.CharField("接入方式", max_length=8, choices=Protocol.choices)
    url = models.CharField(
        "地址",
        max_length=300,
        blank=True,
        help_text="HLS 或 RTSP 地址；内网地址须先由运维人员加入 OUTBOUND_NETWORKS",
    )
    gb_device = models.CharField(
        "国标设备编码", max_length=20, blank=True, validators=[GB_CODE]
    )
    gb_channel = models.CharField(
        "国标通道编码", max_length=20, blank=True, validators=[GB_CODE]
    )
    file = models.CharField(
        "录像文件",
        max_length=200,
        blank=True,
        help_text="媒体目录下的相对路径；没有摄像机时循环播放",
    )
    clock_offset_s = models.FloatField("画面时钟偏差（s）", default=0)
    active = models.BooleanField("在用", default=True)

    objects = VideoChannelQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "视频通道"
        ordering = ("outlet", "place", "name")
        constraints = [
            models.UniqueConstraint(
                fields=["outlet", "name"],
                name="polluters_channel_name",
                violation_error_message="该排放口已有此名称的通道",
            )
        ]

    def __str__(self) -> str:
        return f"{self.outlet} {self.name}"

    def clean(self) -> None:
        """Refuse an address that cannot be opened, or that leads to a forbidden place."""
        if self.protocol in (self.Protocol.HLS, self.Protocol.RTSP):
            schemes = ("http", "https") if self.protocol == "hls" else ("rtsp", "rtsps")
            if not self.url:
                raise ValidationError({"url": "请填写地址"})
            try:
                check_url(self.url, schemes=[s for s in STREAMS if s in schemes])
            except OutboundRefusedError as error:
                raise ValidationError({"url": str(error)}) from error
        elif self.protocol == self.Protocol.GB28181 and not (
            self.gb_device and self.gb_channel
        ):
            raise ValidationError({"gb_device": "国标接入须填写设备编码与通道编码"})
        elif self.protocol == self.Protocol.FILE and (
            not self.file or self.file.startswith("/") or ".." in self.file
        ):
            raise ValidationError({"file": "请填写媒体目录下的相对路径"})


class VideoSnapshotQuerySet(ScopedQuerySet):
    """Snapshots, scoped through their channel."""

    district_path = "channel__outlet__enterprise__district"
    organisation_path = "channel__outlet__enterprise__organisation"


class VideoSnapshot(models.Model):
    """A picture taken for an exceedance, sealed as evidence, or why there is none."""

    channel = models.ForeignKey(
        VideoChannel, models.PROTECT, related_name="snapshots", verbose_name="通道"
    )
    exceedance = models.ForeignKey(
        Exceedance, models.CASCADE, related_name="snapshots", verbose_name="超标记录"
    )
    sealed = models.ForeignKey(
        SealedFile, models.PROTECT, null=True, related_name="+", verbose_name="原件"
    )
    error = models.CharField("未取到的原因", max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    taken_at = models.DateTimeField("拍摄时间")

    objects = VideoSnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "超标快照"
        ordering = ("-taken_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "exceedance"], name="polluters_snapshot_once"
            ),
            models.CheckConstraint(
                condition=Q(sealed__isnull=False) | ~Q(error=""),
                name="polluters_snapshot_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.taken_at:%Y-%m-%d %H:%M}"
