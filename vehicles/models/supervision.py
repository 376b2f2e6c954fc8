"""Supervision of stations: software seen, video checks, site checks, gas comparisons,
repairs, and notices to market regulation."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from bozhou_eco.accounts.models import ScopedQuerySet
from enforcement.models import Transfer
from vehicles.models.files import BureauQuerySet, Vehicle
from vehicles.models.stations import Instrument, Station
from vehicles.models.tests import Inspection


class StationQuerySet(ScopedQuerySet):
    """Rows of the bureau through their station; stations see none of them."""

    district_path = "station__district"
    organisation_path = ""


class SoftwareSeen(models.Model):
    """A version of test software that a station's tests named."""

    station = models.ForeignKey(
        Station, models.CASCADE, related_name="software_seen", verbose_name="检验机构"
    )
    version = models.CharField("软件版本", max_length=40)
    first_at = models.DateTimeField("首次出现")
    last_at = models.DateTimeField("最近出现")
    filed = models.BooleanField("已备案", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "检测软件版本"
        ordering = ("station", "-first_at")
        constraints = [
            models.UniqueConstraint(
                fields=["station", "version"], name="vehicles_software_seen"
            )
        ]

    def __str__(self) -> str:
        return f"{self.station} {self.version}"


class VideoCheck(models.Model):
    """A test drawn by lot whose video and photos a reviewer looks at (视频抽审)."""

    class Verdict(models.TextChoices):
        GOOD = "good", "规范"
        FAULT = "fault", "不规范"
        NO_VIDEO = "no_video", "无录像或无法辨认"

    station = models.ForeignKey(
        Station, models.PROTECT, related_name="video_checks", verbose_name="检验机构"
    )
    inspection = models.OneToOneField(
        Inspection, models.PROTECT, related_name="video_check", verbose_name="检验"
    )
    month = models.DateField("抽审月份")
    drawn_at = models.DateTimeField("抽取时间")
    verdict = models.CharField(
        "结论", max_length=10, choices=Verdict.choices, blank=True
    )
    faults = models.JSONField("不规范项", default=list, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="审核人",
    )
    reviewed_at = models.DateTimeField("审核时间", null=True, blank=True)

    objects = StationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "视频抽审"
        ordering = ("-drawn_at",)
        indexes = [
            models.Index(fields=["station", "month"], name="vehicles_video_month"),
        ]

    def __str__(self) -> str:
        return f"{self.inspection} 视频抽审"


class SiteCheck(models.Model):
    """A site check whose station and officers were drawn by lot (双随机, HJ 1237)."""

    station = models.ForeignKey(
        Station, models.PROTECT, related_name="site_checks", verbose_name="检验机构"
    )
    drawn_at = models.DateTimeField("抽取时间")
    seed = models.CharField("抽取种子", max_length=64)
    officers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", verbose_name="检查人员"
    )
    due_on = models.DateField("应查日期")
    items = models.JSONField("检查项", default=dict, blank=True)
    note = models.CharField("说明", max_length=500, blank=True)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="填写人",
    )

    objects = StationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "双随机检查"
        ordering = ("-drawn_at",)

    def __str__(self) -> str:
        return f"{self.station} {self.due_on}"

    @property
    def faults(self) -> list[str]:
        """Items that were found not in order."""
        return [name for name, answer in self.items.items() if answer == "fault"]


class GasComparison(models.Model):
    """A comparison of an analyser with the bureau's own standard gas (标气比对)."""

    station = models.ForeignKey(
        Station, models.PROTECT, related_name="gas_comparisons", verbose_name="检验机构"
    )
    instrument = models.ForeignKey(
        Instrument, models.PROTECT, related_name="+", verbose_name="仪器"
    )
    at = models.DateTimeField("比对时间")
    gas = models.CharField("气体", max_length=10)
    standard = models.FloatField("标气浓度")
    reading = models.FloatField("仪器示值")
    unit = models.CharField("单位", max_length=10)
    tolerance_pct = models.FloatField("允许相对误差（%）")
    passed = models.BooleanField("合格")
    bottle = models.CharField("标准物质编号", max_length=60, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="比对人",
    )

    objects = StationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "标气比对"
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.instrument} {self.gas} {self.at:%Y-%m-%d}"

    @property
    def error_pct(self) -> float:
        """Relative error of the reading in per cent."""
        return 100 * (self.reading / self.standard - 1)


class RepairQuerySet(BureauQuerySet):
    """Repairs through their vehicle."""

    district_path = "vehicle__district"


class RepairRecord(models.Model):
    """A repair at a maintenance station (M 站) after a failed test.

    ``station`` posted it through its interface; without one the bureau entered it.
    """

    vehicle = models.ForeignKey(
        Vehicle, models.PROTECT, related_name="repairs", verbose_name="车辆"
    )
    inspection = models.ForeignKey(
        Inspection,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="repairs",
        verbose_name="不合格的检验",
    )
    number = models.CharField("维修单号", max_length=40)
    shop = models.CharField("维修单位（M 站）", max_length=120)
    shop_code = models.CharField("M 站编号", max_length=20)
    came_at = models.DateTimeField("进厂时间")
    left_at = models.DateTimeField("出厂时间")
    items = models.JSONField("维修项目", default=list)
    source = models.CharField("数据来源", max_length=80)
    received_at = models.DateTimeField("接收时间", db_index=True)
    station = models.ForeignKey(
        Station,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="repairs",
        verbose_name="上传机构",
    )

    objects = RepairQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "维修记录"
        ordering = ("-left_at",)
        indexes = [models.Index(fields=["-left_at"], name="vehicles_repair_left")]
        constraints = [
            models.UniqueConstraint(
                fields=["shop_code", "number"], name="vehicles_repair_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.vehicle} {self.number}"


class MarketNotice(models.Model):
    """A notice to market regulation about a station (抄告市场监管)."""

    class State(models.TextChoices):
        SENT = "sent", "已抄告"
        RECEIVED = "received", "已签收"
        ANSWERED = "answered", "已反馈"

    station = models.ForeignKey(
        Station, models.PROTECT, related_name="market_notices", verbose_name="检验机构"
    )
    number = models.CharField("文号", max_length=60, unique=True)
    matter = models.CharField("事项", max_length=500)
    basis = models.CharField("依据", max_length=200)
    findings = models.JSONField("线索", default=list)
    case_number = models.CharField("关联案件", max_length=40, blank=True)
    transfer = models.OneToOneField(
        Transfer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="移送",
    )
    receiver = models.CharField("接收部门", max_length=80)
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default=State.SENT
    )
    sent_at = models.DateTimeField("抄告时间")
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="经办人",
    )
    receipt = models.CharField("签收文号", max_length=60, blank=True)
    received_on = models.DateField("签收日期", null=True, blank=True)
    answer = models.CharField("反馈", max_length=500, blank=True)
    answered_on = models.DateField("反馈日期", null=True, blank=True)

    objects = StationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "抄告"
        ordering = ("-sent_at",)

    def __str__(self) -> str:
        return self.number

    @property
    def standing(self) -> str:
        """How far it is, also where market regulation answered in casework itself."""
        known = {
            Transfer.State.RECEIVED: self.State.RECEIVED,
            Transfer.State.REPLIED: self.State.ANSWERED,
            Transfer.State.REFUSED: self.State.ANSWERED,
        }
        held = self.State(self.state)
        told = known.get(Transfer.State(self.transfer.state)) if self.transfer else None
        order = list(self.State)
        return max(held, told or held, key=order.index).value

    @property
    def standing_name(self) -> str:
        """The word for ``standing``."""
        return str(self.State(self.standing).label)

    @property
    def told(self) -> str:
        """What market regulation answered."""
        return self.answer or (self.transfer.result if self.transfer else "")


def default_tolerances() -> dict[str, float]:
    """Return the relative tolerances (per cent) of daily checks to begin with."""
    return {
        "gas_low": 5,
        "gas_high": 5,
        "gas_five_point": 5,
        "coast_down": 7,
        "parasitic_loss": 10,
        "smoke_meter": 3,
        "flow_meter": 10,
        "tachometer": 3,
    }


def default_points() -> dict[str, float]:
    """Return the points of the risk ranking to begin with: each, and at most."""
    return {
        "rate": 25,
        "outlier": 5,
        "outlier_most": 15,
        "confirmed": 8,
        "confirmed_most": 40,
        "strong": 1.5,
        "weak": 0.3,
        "waiting_most": 20,
        "lock": 3,
        "lock_most": 9,
        "video": 3,
        "video_most": 15,
        "site_item": 4,
        "site_most": 16,
        "paper_missing": 3,
        "paper_soon": 2,
        "paper_expired": 20,
    }


def default_file_limits() -> dict[str, int]:
    """Return the largest files of a test, in MB by kind, to begin with."""
    return {"photo": 16, "video": 1024, "report": 20}


class SupervisionSettings(models.Model):
    """Quotas of supervision, one row, each with its source."""

    video_share_pct = models.FloatField("视频抽审比例（%）", default=2)
    video_least = models.PositiveIntegerField("每站每月至少抽审", default=5)
    video_source = models.CharField(
        "抽审比例依据", max_length=200, default="平台设置，须由州局确认"
    )
    weekly_budget = models.PositiveIntegerField("每周核查线索数", default=12)
    site_days = models.PositiveIntegerField("双随机检查期限（天）", default=30)
    site_officers = models.PositiveIntegerField("双随机检查人数", default=2)
    gas_tolerance_pct = models.FloatField("标气比对允许误差（%）", default=5)
    gas_source = models.CharField(
        "允许误差依据", max_length=200, default="memory：相对误差 ±5 %，须核对标准"
    )
    check_tolerances = models.JSONField(
        "日常检查允许相对误差（%）", default=default_tolerances
    )
    check_source = models.CharField(
        "日常检查误差依据",
        max_length=200,
        default="memory，须核对 GB 18285、GB 3847 附录",
    )
    risk_points = models.JSONField("风险排序分值", default=default_points)
    risk_source = models.CharField(
        "风险分值依据", max_length=200, default="平台设置，须由州局确认"
    )
    file_limits_mb = models.JSONField("检验影像上限（MB）", default=default_file_limits)
    file_source = models.CharField(
        "影像上限依据",
        max_length=200,
        default="照片 16 MB：南京市检验机构联网规范；其余为平台设置",
    )

    class Meta:
        verbose_name = verbose_name_plural = "机构监管参数"

    def __str__(self) -> str:
        return f"每周 {self.weekly_budget} 条"

    def clean(self) -> None:
        """Refuse points and limits of unknown names, or that are no numbers from 0 on."""
        for name, known in (
            ("risk_points", default_points()),
            ("file_limits_mb", default_file_limits()),
        ):
            given = getattr(self, name)
            if not isinstance(given, dict) or set(given) - set(known):
                raise ValidationError({name: f"应为对象，名称限于：{'、'.join(known)}"})
            for key, value in given.items():
                plain = isinstance(value, int | float) and not isinstance(value, bool)
                if not plain or not 0 <= value <= 100_000:
                    raise ValidationError({name: f"{key} 应为不小于 0 的数字"})
