"""Data loggers (数采仪) and analysers (分析仪)."""

from django.core.validators import RegexValidator
from django.db import models

from bozhou_eco.accounts.models import ScopedQuerySet
from polluters.models.sources import Outlet


class LoggerQuerySet(ScopedQuerySet):
    """Loggers, scoped through their outlet's enterprise."""

    district_path = "outlet__enterprise__district"
    organisation_path = "outlet__enterprise__organisation"


class Logger(models.Model):
    """A data logger as HJ 212 knows it, with its habits that differ from the standard."""

    class TimeLabel(models.TextChoices):
        START = "start", "时段起点（标准）"
        END = "end", "时段终点"

    class Crc(models.TextChoices):
        STANDARD = "standard", "标准"
        MODBUS_HIGH = "modbus_high_first", "MODBUS 高字节在前"
        MODBUS_LOW = "modbus_low_first", "MODBUS 低字节在前"

    class Access(models.TextChoices):
        DIRECT = "direct", "直连"
        FORWARDED = "forwarded", "转发"
        HANDED_DOWN = "handed_down", "上级下发"

    class State(models.TextChoices):
        UNKNOWN = "unknown", "未上线"
        ONLINE = "online", "在线"
        OFFLINE = "offline", "离线"

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="loggers", verbose_name="排放口"
    )
    mn = models.CharField(
        "MN",
        max_length=24,
        unique=True,
        validators=[
            RegexValidator(
                r"^[0-9A-Za-z_.-]{1,24}$", "MN 为 1 至 24 位字母、数字或 _ . -"
            )
        ],
    )
    password = models.CharField("PW", max_length=24, default="123456")
    model = models.CharField("型号", max_length=60, blank=True)
    sim = models.CharField("SIM 卡号", max_length=24, blank=True)
    version = models.PositiveSmallIntegerField(
        "协议版本",
        choices=[(2005, "2005"), (2017, "2017"), (2025, "2025")],
        default=2017,
    )
    time_label = models.CharField(
        "时间标签", max_length=5, choices=TimeLabel.choices, default="start"
    )
    crc = models.CharField(
        "CRC", max_length=20, choices=Crc.choices, default="standard"
    )
    access = models.CharField(
        "接入方式", max_length=12, choices=Access.choices, default="direct"
    )
    rtd_interval_s = models.PositiveIntegerField("实时间隔（s）", default=30)
    minute_interval = models.PositiveSmallIntegerField("分钟数据间隔（min）", default=1)
    offline_after_s = models.PositiveIntegerField("离线判定（s）", default=300)
    key_current = models.CharField("SM4 密钥（hex）", max_length=32, blank=True)
    key_previous = models.CharField("上一密钥（hex）", max_length=32, blank=True)
    allowed_ips = models.CharField("允许的来源 IP", max_length=200, blank=True)
    active = models.BooleanField("在用", default=True)
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default="unknown", editable=False
    )
    last_seen = models.DateTimeField("最近报文", null=True, editable=False)
    clock_skew_s = models.FloatField("时钟偏差（s）", null=True, editable=False)

    objects = LoggerQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "数采仪"
        ordering = ("mn",)

    def __str__(self) -> str:
        return self.mn


class Analyser(models.Model):
    """An analyser with its acceptance record (验收备案) and coefficients."""

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, related_name="analysers", verbose_name="排放口"
    )
    model = models.CharField("型号", max_length=60)
    maker = models.CharField("厂家", max_length=60, blank=True)
    serial = models.CharField("出厂编号", max_length=40)
    method = models.CharField("测量方法", max_length=60)
    range_low = models.FloatField("量程下限", default=0)
    range_high = models.FloatField("量程上限")
    unit = models.CharField("单位", max_length=12)
    accepted_on = models.DateField("验收备案日期", null=True, blank=True)
    accepted_number = models.CharField("备案编号", max_length=40, blank=True)
    coefficients = models.JSONField("系数", default=dict, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "分析仪"
        ordering = ("outlet", "model")
        constraints = [
            models.UniqueConstraint(
                fields=["outlet", "serial"], name="polluters_analyser_serial"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.serial}"
