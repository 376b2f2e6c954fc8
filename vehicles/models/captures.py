"""Captures of smoking vehicles: candidates, their evidence, reviews, objections."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from bozhou_eco.accounts.models import ScopedQuerySet
from bozhou_eco.common.fields import SealedTextField
from bozhou_eco.evidence.models import SealedFile
from vehicles.domain.plates import COLOR_NAMES, Color
from vehicles.models.cameras import Camera, Segment, Site

PLATE_COLORS = [(color.value, COLOR_NAMES[color]) for color in Color]
LEVELS = [(level, f"{level} 级") for level in range(6)]


class CaptureQuerySet(ScopedQuerySet):
    """Captures through their site; enterprises and stations see none."""

    district_path = "site__district"
    organisation_path = ""

    def in_review(self) -> Self:
        """Captures that wait for a reviewer."""
        return self.filter(state__in=Capture.REVIEWING)


class Capture(models.Model):
    """A vehicle put forward for smoke, with both votes, and what people decided.

    ``key`` names the passing (segment and track, or the vendor's event), so that analysing
    a segment again replaces its own rows. Fields ending in ``_final`` are people's.
    """

    class State(models.TextChoices):
        FIRST = "first", "待初审"
        SECOND = "second", "待复审"
        THIRD = "third", "意见不一致，待第三人"
        CONFIRMED = "confirmed", "已确认"
        REJECTED = "rejected", "不是黑烟"
        UNCLEAR = "unclear", "无法判定"

    REVIEWING = (State.FIRST, State.SECOND, State.THIRD)
    DECIDED = (State.CONFIRMED, State.REJECTED, State.UNCLEAR)

    class Origin(models.TextChoices):
        SEGMENT = "segment", "视频分析"
        VENDOR = "vendor", "厂商设备"

    key = models.CharField("抓拍键", max_length=120, unique=True)
    origin = models.CharField("来源", max_length=8, choices=Origin.choices)
    site = models.ForeignKey(
        Site, models.PROTECT, related_name="captures", verbose_name="点位"
    )
    camera = models.ForeignKey(
        Camera, models.PROTECT, related_name="captures", verbose_name="设备"
    )
    segment = models.ForeignKey(
        Segment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="captures",
        verbose_name="视频分段",
    )
    captured_at = models.DateTimeField("抓拍时间")
    begins_at = models.DateTimeField("轨迹起")
    ends_at = models.DateTimeField("轨迹止")
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default=State.FIRST
    )
    proposal = models.CharField("系统建议", max_length=10)
    reason = models.CharField("理由", max_length=200)
    physics = models.CharField("透过率意见", max_length=200, blank=True)
    detector = models.CharField("检测模型意见", max_length=200, blank=True)
    confidence = models.FloatField("检测置信度", default=0.0)
    level_value = models.FloatField("林格曼级(实数)", null=True, blank=True)
    level_sigma = models.FloatField("不确定度", null=True, blank=True)
    level = models.PositiveSmallIntegerField(
        "林格曼级", null=True, blank=True, choices=LEVELS
    )
    level_reason = models.CharField("未定级原因", max_length=100, blank=True)
    vehicle_kind = models.CharField("车型", max_length=10, blank=True)
    plate = models.CharField("识别号牌", max_length=16, blank=True)
    plate_color = models.CharField("号牌颜色", max_length=12, choices=PLATE_COLORS)
    plate_score = models.FloatField("号牌分数", default=0.0)
    plate_problem = models.CharField("号牌问题", max_length=100, blank=True)
    conditions = models.JSONField("成像条件", default=list, blank=True)
    curve = models.JSONField("帧间曲线", default=list, blank=True)
    picture_width = models.PositiveIntegerField("画面宽", default=0)
    picture_height = models.PositiveIntegerField("画面高", default=0)
    clock_offset = models.FloatField("校时偏差 s", null=True, blank=True)
    versions = models.JSONField("模型与阈值版本", default=dict, blank=True)
    notes = models.JSONField("附注", default=list, blank=True)
    vendor_verdict = models.JSONField("厂商结论", default=dict, blank=True)
    register_gaps = models.JSONField("备案缺项", default=list, blank=True)
    plate_final = models.CharField("核定号牌", max_length=16, blank=True, db_index=True)
    color_final = models.CharField(
        "核定颜色", max_length=12, choices=PLATE_COLORS, blank=True
    )
    level_final = models.PositiveSmallIntegerField(
        "核定级", null=True, blank=True, choices=LEVELS
    )
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    notice_number = models.CharField(
        "告知书编号", max_length=40, blank=True, db_index=True
    )
    destination = models.CharField("转至", max_length=12, blank=True)
    reread = models.BooleanField("待抽查复读", default=False)
    erased_at = models.DateTimeField("到期删除时间", null=True, blank=True)

    objects = CaptureQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "黑烟抓拍"
        ordering = ("-captured_at",)
        indexes = [
            # The review queue.
            models.Index(
                fields=["state", "captured_at"],
                name="vehicles_capture_queue",
                condition=Q(state__in=["first", "second", "third"]),
            ),
            # Repeats within six months, and the vehicle's file.
            models.Index(
                fields=["plate_final", "color_final", "-captured_at"],
                name="vehicles_capture_plate",
            ),
            models.Index(fields=["site", "-captured_at"], name="vehicles_capture_site"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="confirmed")
                | (
                    Q(register_gaps=[])
                    & Q(level_final__isnull=False)
                    & ~Q(plate_final="")
                ),
                name="vehicles_capture_confirmed_complete",
                violation_error_message="备案不全、未定级或无号牌的抓拍不能确认",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shown_plate} {self.captured_at:%Y-%m-%d %H:%M:%S}"

    @property
    def shown_plate(self) -> str:
        """The plate people decided on, else the one read, else a dash."""
        return self.plate_final or self.plate or "号牌未识别"

    @property
    def shown_state(self) -> State:
        """The state people are told: one that is read again looks like a new one."""
        return self.State.FIRST if self.reread else self.State(self.state)

    @property
    def state_words(self) -> str:
        """How it stands, in words; what an objection took back may well be smoke."""
        if self.state == self.State.REJECTED and self.notice_number:
            return "已撤回"
        return str(self.shown_state.label)

    @property
    def settled(self) -> bool:
        """Whether opinions may be shown: decided, and nobody reads it blind again."""
        return self.state in self.DECIDED and not self.reread

    @property
    def subject_key(self) -> str:
        """Key of the vehicle in alerts and cases."""
        return f"vehicle:{self.plate_final}:{self.color_final}"


class CaptureFile(models.Model):
    """A sealed original of a capture: a frame, the panorama, the plate, the clip."""

    class Kind(models.TextChoices):
        FRAME = "frame", "烟羽帧"
        PANORAMA = "panorama", "全景"
        PLATE = "plate", "号牌特写"
        BACKGROUND = "background", "清洁背景"
        CLIP = "clip", "视频"
        RECORD = "record", "分析记录"

    capture = models.ForeignKey(
        Capture, models.PROTECT, related_name="files", verbose_name="抓拍"
    )
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    place = models.PositiveSmallIntegerField("序号", default=0)
    at = models.FloatField("相对最浓帧 s", default=0.0)
    sealed = models.ForeignKey(SealedFile, models.PROTECT, related_name="+")
    vehicle_box = models.JSONField("车辆框", null=True, blank=True)
    plume_box = models.JSONField("烟羽框", null=True, blank=True)
    opacity = models.FloatField("不透光", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "抓拍证据"
        ordering = ("capture", "kind", "place")
        constraints = [
            models.UniqueConstraint(
                fields=["capture", "kind", "place"], name="vehicles_capture_file_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.place}"


class Review(models.Model):
    """One person's judgement of a capture; blind to the others until decided."""

    class Verdict(models.TextChoices):
        SMOKE = "smoke", "黑烟"
        NOT_SMOKE = "not_smoke", "不是黑烟"
        UNCLEAR = "unclear", "无法判定"

    class Round(models.IntegerChoices):
        FIRST = 1, "初审"
        SECOND = 2, "复审"
        THIRD = 3, "第三人"
        REREAD = 9, "抽查复读"

    capture = models.ForeignKey(
        Capture, models.PROTECT, related_name="reviews", verbose_name="抓拍"
    )
    round = models.PositiveSmallIntegerField("轮次", choices=Round.choices)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="capture_reviews",
        verbose_name="审核人",
    )
    verdict = models.CharField("结论", max_length=10, choices=Verdict.choices)
    level = models.PositiveSmallIntegerField(
        "林格曼级", null=True, blank=True, choices=LEVELS
    )
    plate = models.CharField("号牌", max_length=16, blank=True)
    plate_color = models.CharField(
        "号牌颜色", max_length=12, choices=PLATE_COLORS, blank=True
    )
    reason = models.CharField("原因", max_length=40, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    opened = models.JSONField("查看过的证据", default=list)
    seconds = models.FloatField("用时 s", null=True, blank=True)
    at = models.DateTimeField("时间")
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "复核意见"
        ordering = ("capture", "round", "at")
        constraints = [
            models.UniqueConstraint(
                fields=["capture", "round"],
                condition=Q(undone_at__isnull=True),
                name="vehicles_review_round_once",
            ),
            models.UniqueConstraint(
                fields=["capture", "reviewer"],
                condition=Q(undone_at__isnull=True),
                name="vehicles_review_other_person",
                violation_error_message="同一人不能对同一抓拍再次复核",
            ),
            models.CheckConstraint(
                condition=~Q(verdict="smoke") | Q(level__isnull=False),
                name="vehicles_review_smoke_level",
                violation_error_message="判为黑烟须给出林格曼级",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_round_display()} {self.get_verdict_display()}"


class RepairNotice(models.Model):
    """维修复检通知: repair and re-inspection asked for, with its last day."""

    class State(models.TextChoices):
        OPEN = "open", "待复检"
        DONE = "done", "已复检合格"
        OVERDUE = "overdue", "逾期"

    capture = models.OneToOneField(
        Capture, models.PROTECT, related_name="repair_notice", verbose_name="抓拍"
    )
    number = models.CharField("文号", max_length=40, unique=True)
    issued_at = models.DateTimeField("发出时间")
    due_on = models.DateField("复检期限")
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default=State.OPEN
    )
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "维修复检通知"
        indexes = [models.Index(fields=["state", "due_on"], name="vehicles_repair_due")]

    def __str__(self) -> str:
        return self.number

    @property
    def withdrawn(self) -> bool:
        """Whether it ended without a retest: the capture behind it is no evidence."""
        return self.closed_at is not None and self.state != self.State.DONE

    @property
    def state_words(self) -> str:
        """How it stands, in words."""
        return "已撤销" if self.withdrawn else self.State(self.state).label


class Objection(models.Model):
    """异议反馈 of a driver (行政处罚法 art. 41): made in public, answered by the bureau."""

    class State(models.TextChoices):
        WAITING = "waiting", "待处理"
        UPHELD = "upheld", "异议成立"
        DISMISSED = "dismissed", "异议不成立"

    capture = models.ForeignKey(
        Capture, models.PROTECT, related_name="objections", verbose_name="抓拍"
    )
    name = SealedTextField("姓名", most=40)
    phone = SealedTextField("电话", most=20)
    statement = models.CharField("陈述与申辩", max_length=2000)
    at = models.DateTimeField("提交时间")
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default=State.WAITING
    )
    answer = models.CharField("答复", max_length=2000, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="答复人",
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "异议反馈"
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d}"


class ModelVersion(models.Model):
    """A trained model: its file's digest, figures on frozen and own sets, who let it in."""

    name = models.CharField("名称", max_length=80, unique=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    path = models.CharField("文件", max_length=300)
    made_at = models.DateTimeField("产生时间")
    parents = models.JSONField("来源", default=dict, blank=True)
    figures = models.JSONField("指标", default=dict, blank=True)
    active = models.BooleanField("启用", default=False)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="启用人",
    )
    activated_at = models.DateTimeField("启用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "检测模型"
        ordering = ("-made_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["active"],
                condition=Q(active=True),
                name="vehicles_model_one_active",
            )
        ]

    def __str__(self) -> str:
        return self.name
