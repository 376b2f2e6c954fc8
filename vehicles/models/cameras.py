"""Capture points (黑烟车电子抓拍点位), their legal register, and their cameras."""

from datetime import date
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models

from bozhou_eco.accounts.models import District, ScopedQuerySet
from bozhou_eco.common.outbound import PROTOCOL, STREAMS, check_fields


class SiteQuerySet(ScopedQuerySet):
    """Sites by district; enterprises and stations see none."""

    organisation_path = ""


class Site(models.Model):
    """A capture point with what 行政处罚法 art. 41 asks of it.

    Equipment evidence counts only when the device passed legal and technical review, is
    verified, stands signed, and its place is published.
    """

    code = models.CharField("点位编号", max_length=40, unique=True)
    name = models.CharField("点位名称", max_length=120)
    district = models.ForeignKey(District, models.PROTECT, verbose_name="行政区")
    road = models.CharField("道路与方向", max_length=120)
    longitude = models.DecimalField("经度(WGS84)", max_digits=9, decimal_places=6)
    latitude = models.DecimalField("纬度(WGS84)", max_digits=9, decimal_places=6)
    legal_review = models.CharField("法制审核文号", max_length=80, blank=True)
    legal_reviewed_on = models.DateField("法制审核日期", null=True, blank=True)
    technical_review = models.CharField("技术审核文号", max_length=80, blank=True)
    technical_reviewed_on = models.DateField("技术审核日期", null=True, blank=True)
    certificate = models.CharField("检定或校准证书编号", max_length=80, blank=True)
    certificate_from = models.DateField("证书生效日期", null=True, blank=True)
    certificate_until = models.DateField("证书有效期至", null=True, blank=True)
    sign_set_on = models.DateField("标志设置日期", null=True, blank=True)
    published_on = models.DateField("地点公布日期", null=True, blank=True)
    published_at = models.CharField("公布处", max_length=200, blank=True)
    speed_limit = models.PositiveSmallIntegerField("限速 km/h", null=True, blank=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "抓拍点位"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name

    @property
    def chain(self) -> str:
        """The evidence chain of this site."""
        return f"site:{self.code}"

    def register_gaps(self, on: date) -> list[str]:
        """What the legal register lacked on a day; empty when complete."""
        gaps = []
        for label, number, day in (
            ("法制审核", self.legal_review, self.legal_reviewed_on),
            ("技术审核", self.technical_review, self.technical_reviewed_on),
        ):
            if not number or day is None or day > on:
                gaps.append(f"缺{label}")
        if not self.certificate or self.certificate_until is None:
            gaps.append("缺检定或校准证书")
        elif self.certificate_until < on:
            gaps.append(f"证书已于 {self.certificate_until:%Y-%m-%d} 到期")
        elif self.certificate_from is not None and self.certificate_from > on:
            gaps.append(f"证书自 {self.certificate_from:%Y-%m-%d} 起有效")
        for label, day in (("标志", self.sign_set_on), ("地点公布", self.published_on)):
            if day is None or day > on:
                gaps.append(f"缺{label}")
        return gaps


class CameraQuerySet(ScopedQuerySet):
    """Cameras through their site."""

    district_path = "site__district"
    organisation_path = ""


class Camera(models.Model):
    """A camera or a vendor's capture device of a site, and how it is doing."""

    class Source(models.TextChoices):
        STREAM = "stream", "视频流"
        FOLDER = "folder", "文件或目录"
        DEVICE = "device", "厂商抓拍设备"

    class State(models.TextChoices):
        UNKNOWN = "unknown", "未知"
        OK = "ok", "正常"
        DEGRADED = "degraded", "异常"
        DOWN = "down", "中断"

    site = models.ForeignKey(
        Site, models.PROTECT, related_name="cameras", verbose_name="点位"
    )
    code = models.CharField("设备编号", max_length=60, unique=True)
    name = models.CharField("名称", max_length=80)
    source = models.CharField("来源", max_length=8, choices=Source.choices)
    address = models.CharField(
        "地址", max_length=400, blank=True, help_text="RTSP、HTTP-FLV、HLS 或目录"
    )
    vendor = models.CharField("厂商适配", max_length=40, blank=True)
    key_hash = models.CharField(
        "设备密钥摘要", max_length=64, blank=True, db_index=True
    )
    active = models.BooleanField("启用", default=True)
    segment_seconds = models.PositiveSmallIntegerField("分段秒数", default=10)
    margin_seconds = models.PositiveSmallIntegerField("取证前后秒数", default=5)
    thresholds = models.JSONField("阈值", default=dict, blank=True)
    thresholds_version = models.PositiveIntegerField("阈值版本", default=1)
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default=State.UNKNOWN
    )
    state_since = models.DateTimeField("状态起始", null=True, blank=True)
    problem = models.CharField("问题", max_length=200, blank=True)
    frame_rate = models.FloatField("实际帧率", null=True, blank=True)
    decode_errors = models.PositiveIntegerField("解码错误", default=0)
    last_frame_at = models.DateTimeField("最近画面", null=True, blank=True)
    clock_offset = models.FloatField("时钟偏差 s", null=True, blank=True)
    sharpness = models.FloatField("清晰度", null=True, blank=True)
    brightness = models.FloatField("亮度", null=True, blank=True)
    view_shift = models.FloatField("视角偏移", null=True, blank=True)
    dropped = models.PositiveIntegerField("丢弃的迟到画面", default=0)

    objects = CameraQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "摄像机"
        ordering = ("site", "code")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a stream that leads to a forbidden place or to a file by a protocol.

        What is watched needs an address and pieces of some length.
        """
        if PROTOCOL.match(self.address):
            check_fields(STREAMS, address=self.address)
        if self.source != self.Source.DEVICE and not self.address.strip():
            raise ValidationError(
                {"address": "请填视频流地址（RTSP、HTTP-FLV、HLS）或录像目录"}
            )
        if not self.segment_seconds:
            raise ValidationError("分段秒数至少为 1，一般为 10")
        # Only forms come here: photometry stays out of the processes that need none.
        from vehicles.domain.smoke.camera_settings import wrong_thresholds  # noqa: PLC0415

        wrong = wrong_thresholds(self.thresholds)
        if wrong:
            raise ValidationError(f"阈值：{wrong}")


class SegmentQuerySet(ScopedQuerySet):
    """Segments through their camera."""

    district_path = "camera__site__district"
    organisation_path = ""

    def waiting(self) -> Self:
        """Segments that nobody has taken."""
        return self.filter(state=Segment.State.WAITING)


class Segment(models.Model):
    """About ten seconds of one camera: the unit of work of analysis.

    It holds ``core`` plus the evidence margin at both ends; cores of neighbours touch
    without overlapping. Its captures are keyed by it, so it may be analysed again.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "待分析"
        CLAIMED = "claimed", "分析中"
        DONE = "done", "已分析"
        FAILED = "failed", "失败"

    camera = models.ForeignKey(
        Camera, models.PROTECT, related_name="segments", verbose_name="摄像机"
    )
    begins = models.DateTimeField("起始")
    seconds = models.FloatField("时长 s")
    core_begins = models.FloatField("核心起 s", default=0.0)
    core_ends = models.FloatField("核心止 s")
    path = models.CharField("文件", max_length=300)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField("字节数")
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default=State.WAITING
    )
    tries = models.PositiveSmallIntegerField("次数", default=0)
    claimed_at = models.DateTimeField("领取时间", null=True, blank=True)
    claim = models.UUIDField("领取号", null=True, blank=True)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    error = models.CharField("错误", max_length=300, blank=True)
    report = models.JSONField("分析摘要", default=dict, blank=True)
    erased_at = models.DateTimeField("文件删除时间", null=True, blank=True)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "视频分段"
        constraints = [
            models.UniqueConstraint(
                fields=["camera", "begins"], name="vehicles_segment_once"
            )
        ]
        indexes = [
            # The sweep: what waits or was claimed and not finished.
            models.Index(
                fields=["state", "claimed_at"],
                name="vehicles_segment_open",
                condition=models.Q(state__in=["waiting", "claimed"]),
            ),
            models.Index(fields=["camera", "-begins"], name="vehicles_segment_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.camera.code} {self.begins:%Y-%m-%d %H:%M:%S}"
