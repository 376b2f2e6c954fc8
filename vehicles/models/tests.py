"""Vehicle tests as received, their curves, fingerprints, files, and refused content."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from bozhou_eco.accounts.models import ScopedQuerySet
from bozhou_eco.evidence.models import SealedFile
from vehicles.domain.codes import CATEGORY_NAMES, OUTCOME_NAMES
from vehicles.models.files import Vehicle
from vehicles.models.stations import METHODS, Line, Station

OUTCOMES = [(outcome.value, name) for outcome, name in OUTCOME_NAMES.items()]
CATEGORIES = [(category.value, name) for category, name in CATEGORY_NAMES.items()]


class LimitRow(models.Model):
    """A limit with variant, validity and source; edited by an administrator."""

    method = models.CharField("检测方法", max_length=20, choices=METHODS)
    field = models.CharField("结果项", max_length=40)
    variant = models.CharField(
        "限值组", max_length=1, choices=[("a", "限值 a"), ("b", "限值 b")]
    )
    least = models.FloatField("下限", null=True, blank=True)
    most = models.FloatField("上限", null=True, blank=True)
    unit = models.CharField("单位", max_length=20, blank=True)
    standard = models.CharField("标准", max_length=40)
    valid_from = models.DateField("生效日期")
    source = models.CharField("数值来源", max_length=200)
    of_rated = models.BooleanField("按额定功率的比例", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "排放限值"
        ordering = ("method", "field", "variant", "-valid_from")
        constraints = [
            models.UniqueConstraint(
                fields=["method", "field", "variant", "valid_from"],
                name="vehicles_limit_row",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.field} {self.variant}"


class InspectionSettings(models.Model):
    """Settings of the prefecture, one row: limit set and start-gate numbers."""

    variant = models.CharField(
        "限值组", max_length=1, choices=[("a", "限值 a"), ("b", "限值 b")], default="a"
    )
    variant_source = models.CharField(
        "限值组依据", max_length=200, default="须由州局确认采用限值 a 或 b"
    )
    opens = models.TimeField("最早检验时间", default="08:00")
    closes = models.TimeField("最晚检验时间", default="20:30")
    check_hours = models.FloatField("日常检查有效小时", default=24)
    elsewhere_days = models.PositiveIntegerField("跨站复检限制天数", default=60)
    retries = models.PositiveIntegerField("复检次数上限", default=5)
    clock_skew_s = models.FloatField("时钟允许偏差（s）", default=5)

    class Meta:
        verbose_name = verbose_name_plural = "检验监管参数"

    def __str__(self) -> str:
        return f"限值 {self.variant}"


class InspectionQuerySet(ScopedQuerySet):
    """Tests through their station."""

    district_path = "station__district"
    organisation_path = "station__organisation"


class Inspection(models.Model):
    """One vehicle test: a session that the station fills part by part.

    ``document`` holds the parts in the REST form without process data; ``received``
    names the parts that have come, ``digests`` their SHA-256.
    """

    class State(models.TextChoices):
        OPEN = "open", "检验中"
        DONE = "done", "已完成"
        ABORTED = "aborted", "已中止"

    station = models.ForeignKey(
        Station, models.PROTECT, related_name="inspections", verbose_name="检验机构"
    )
    line = models.ForeignKey(
        Line, models.PROTECT, related_name="inspections", verbose_name="检测线"
    )
    vehicle = models.ForeignKey(
        Vehicle, models.PROTECT, related_name="inspections", verbose_name="车辆"
    )
    session = models.CharField("检验流水号", max_length=40)
    report = models.CharField(
        "检验报告编号", max_length=24, unique=True, null=True, blank=True
    )
    given_report = models.CharField(
        "机构自编报告编号", max_length=24, blank=True, default=""
    )
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default=State.OPEN
    )
    category = models.CharField("检验类别", max_length=14, choices=CATEGORIES)
    method = models.CharField("检测方法", max_length=20, choices=METHODS)
    attempt = models.PositiveSmallIntegerField("检验次数", default=1)
    inspector = models.CharField("检验员", max_length=20, blank=True)
    opened_at = models.DateTimeField("登记时间")
    started_at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    finished_at = models.DateTimeField("签发时间", null=True, blank=True)
    updated_at = models.DateTimeField("更新时间", db_index=True)
    document = models.JSONField("数据", default=dict)
    received = ArrayField(models.CharField(max_length=12), verbose_name="已收部分")
    digests = models.JSONField("摘要", default=dict)
    outcome = models.CharField("结论", max_length=8, choices=OUTCOMES, blank=True)
    reasons = ArrayField(
        models.CharField(max_length=200),
        verbose_name="不合格原因",
        default=list,
        blank=True,
    )
    variant = models.CharField("限值组", max_length=1, blank=True)
    allowed = models.BooleanField("准予开始", default=True)
    objections = models.JSONField("开检意见", default=list)
    clock_offset = models.FloatField("时钟偏差（s）", null=True, blank=True)
    vin = models.CharField("VIN", max_length=20, blank=True)
    odometer_km = models.FloatField("里程（km）", null=True, blank=True)
    group = models.CharField("同类", max_length=40, blank=True)
    temperature_c = models.FloatField("环境温度（℃）", null=True, blank=True)
    humidity_pct = models.FloatField("相对湿度（%）", null=True, blank=True)
    pressure_kpa = models.FloatField("大气压（kPa）", null=True, blank=True)
    analysed_at = models.DateTimeField("分析时间", null=True, blank=True)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "机动车检验"
        ordering = ("-started_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["station", "session"], name="vehicles_inspection_session"
            )
        ]
        indexes = [
            models.Index(
                fields=["station", "-started_at"], name="vehicles_insp_station"
            ),
            models.Index(
                fields=["vehicle", "-started_at"], name="vehicles_insp_vehicle"
            ),
            models.Index(fields=["vin", "-started_at"], name="vehicles_insp_vin"),
            models.Index(fields=["started_at"], name="vehicles_insp_started"),
            models.Index(
                fields=["started_at"],
                name="vehicles_insp_rates",
                include=[
                    *("station", "line", "inspector", "group", "method"),
                    *("attempt", "outcome"),
                ],
                condition=models.Q(state="done"),
            ),
            models.Index(
                fields=["station", "updated_at", "id"], name="vehicles_insp_sync"
            ),
            models.Index(
                fields=["temperature_c", "humidity_pct", "pressure_kpa"],
                name="vehicles_insp_weather",
            ),
            models.Index(
                fields=["given_report"],
                name="vehicles_insp_given",
                condition=~models.Q(given_report=""),
            ),
            models.Index(
                fields=["line"],
                name="vehicles_insp_open",
                condition=models.Q(state="open"),
            ),
            models.Index(
                fields=["id"],
                name="vehicles_insp_waiting",
                condition=models.Q(state="done", analysed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.report or self.session


class Curve(models.Model):
    """The process data of a test in one row (``domain.inspection.process.pack``)."""

    inspection = models.OneToOneField(
        Inspection,
        models.PROTECT,
        primary_key=True,
        related_name="curve",
        verbose_name="检验",
    )
    rows = models.PositiveIntegerField("行数")
    data = models.BinaryField("数据")
    sha256 = models.CharField("SHA-256", max_length=64)
    likeness = models.FloatField("最高相似度 z", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "过程数据"

    def __str__(self) -> str:
        return f"{self.inspection_id} {self.rows} 行"


class CurveHash(models.Model):
    """A window hash of a curve; the index answers who else has it."""

    pk = models.CompositePrimaryKey("method", "hash", "curve_id", "place")
    method = models.CharField("检测方法", max_length=20)
    hash = models.IntegerField("摘要")
    curve = models.ForeignKey(
        Curve, models.CASCADE, related_name="+", db_index=False, verbose_name="曲线"
    )
    place = models.SmallIntegerField("行")

    class Meta:
        verbose_name = verbose_name_plural = "曲线指纹"

    def __str__(self) -> str:
        return f"{self.method} {self.hash}"


class EcuSeen(models.Model):
    """An engine control unit read at a test; finds who else shows CALID and CVN."""

    inspection = models.ForeignKey(
        Inspection, models.CASCADE, related_name="ecus", verbose_name="检验"
    )
    calid = models.CharField("CALID", max_length=40)
    cvn = models.CharField("CVN", max_length=40)

    class Meta:
        verbose_name = verbose_name_plural = "控制单元记录"
        indexes = [models.Index(fields=["calid", "cvn"], name="vehicles_ecu_software")]

    def __str__(self) -> str:
        return f"{self.calid} {self.cvn}"


class RefusedPost(models.Model):
    """Content that contradicted what was already accepted: kept, refused, told."""

    inspection = models.ForeignKey(
        Inspection, models.PROTECT, related_name="refused", verbose_name="检验"
    )
    part = models.CharField("部分", max_length=12)
    content = models.JSONField("内容")
    sha256 = models.CharField("SHA-256", max_length=64)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "被拒内容"
        ordering = ("-at",)
        constraints = [
            models.UniqueConstraint(
                fields=["inspection", "part", "sha256"], name="vehicles_refused_post"
            )
        ]

    def __str__(self) -> str:
        return f"{self.inspection} {self.part}"


class Complaint(models.Model):
    """A station's complaint about a refusal, and the bureau's answer."""

    inspection = models.ForeignKey(
        Inspection, models.PROTECT, related_name="complaints", verbose_name="检验"
    )
    text = models.CharField("异议", max_length=500)
    at = models.DateTimeField("提出时间")
    answer = models.CharField("答复", max_length=500, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    granted = models.BooleanField("采纳", null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="答复人",
    )

    class Meta:
        verbose_name = verbose_name_plural = "开检异议"
        ordering = ("-at",)

    def __str__(self) -> str:
        return self.text[:40]


class IdempotentAnswer(models.Model):
    """The answer given to an Idempotency-Key, returned again for the same request."""

    station = models.ForeignKey(Station, models.CASCADE, verbose_name="检验机构")
    key = models.CharField("幂等键", max_length=80)
    request = models.CharField("请求摘要", max_length=64)
    status = models.PositiveSmallIntegerField("状态码")
    body = models.JSONField("答复")
    at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "幂等答复"
        constraints = [
            models.UniqueConstraint(
                fields=["station", "key"], name="vehicles_idempotent"
            )
        ]

    def __str__(self) -> str:
        return self.key


class InspectionFile(models.Model):
    """A photo, video or report of a test: uploaded in pieces, then sealed.

    ``received`` bytes lie under MEDIA_ROOT until the file is whole and its hash fits.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    inspection = models.ForeignKey(
        Inspection, models.PROTECT, related_name="files", verbose_name="检验"
    )
    kind = models.CharField("代码", max_length=12)
    name = models.CharField("文件名", max_length=120)
    media_type = models.CharField("类型", max_length=40)
    size = models.PositiveBigIntegerField("字节数")
    received = models.PositiveBigIntegerField("已收字节", default=0)
    sha256 = models.CharField("SHA-256", max_length=64)
    begins_at = models.DateTimeField("拍摄起", null=True, blank=True)
    ends_at = models.DateTimeField("拍摄止", null=True, blank=True)
    made_at = models.DateTimeField("登记时间")
    sealed = models.OneToOneField(
        SealedFile, models.PROTECT, null=True, blank=True, verbose_name="封存文件"
    )

    class Meta:
        verbose_name = verbose_name_plural = "检验影像"
        ordering = ("made_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["inspection", "sha256"], name="vehicles_inspection_file"
            )
        ]

    def __str__(self) -> str:
        return self.name
