"""What could not be taken in as it came, and what devices say of themselves."""

from django.conf import settings
from django.db import models

from polluters.models.devices import Logger


class QuarantinedFrame(models.Model):
    """Bytes that were kept but not understood or not allowed, with the reason.

    A repeat of the same bytes raises ``seen`` instead of adding a row.
    """

    class Reason(models.TextChoices):
        CRC = "crc_mismatch", "CRC 不符"
        LENGTH = "bad_length", "长度不符"
        HEADER = "bad_header", "报文头无法识别"
        NO_CP = "no_cp", "缺少 CP 数据区"
        TRUNCATED = "truncated", "报文不完整"
        FIELD = "bad_field", "字段格式错误"
        TOO_BIG = "too_big", "报文过大"
        UNKNOWN_MN = "unknown_mn", "MN 未登记"
        INACTIVE = "inactive", "数采仪已停用"
        TOPIC = "topic_mismatch", "主题 MN 与报文 MN 不一致"
        PASSWORD = "wrong_password", "PW 不符"
        FUTURE = "future_time", "数据时间在未来"
        OLD = "too_old", "数据时间过早"
        NO_TIME = "no_time", "缺少数据时间"
        VALUE = "bad_value", "数值无法识别"
        REFUSED = "refused", "入库失败"

    class State(models.TextChoices):
        WAITING = "waiting", "待处理"
        ACCEPTED = "accepted", "已重新入库"
        DISMISSED = "dismissed", "已忽略"

    topic_mn = models.CharField("主题 MN", max_length=64, blank=True)
    mn = models.CharField("报文 MN", max_length=64, blank=True)
    logger = models.ForeignKey(
        Logger, models.SET_NULL, null=True, blank=True, verbose_name="数采仪"
    )
    reason = models.CharField("原因", max_length=16, choices=Reason.choices)
    detail = models.CharField("说明", max_length=300, blank=True)
    body = models.BinaryField("原始字节")
    digest = models.BinaryField("摘要", max_length=32, unique=True)
    seen = models.PositiveIntegerField("次数", default=1)
    first_at = models.DateTimeField("首次")
    last_at = models.DateTimeField("最近")
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default="waiting"
    )
    settled_at = models.DateTimeField("处理时间", null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "隔离报文"
        indexes = [
            # The quarantine page and its counter.
            models.Index(
                fields=["-last_at"],
                name="polluters_quarantine_open",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.mn or self.topic_mn} {self.get_reason_display()}"


class UnmappedCode(models.Model):
    """A factor that a known logger sends and no point maps; its frames are kept raw."""

    logger = models.ForeignKey(Logger, models.CASCADE, verbose_name="数采仪")
    code = models.CharField("报文编码", max_length=40)
    sample = models.CharField("样值", max_length=120, blank=True)
    seen = models.PositiveBigIntegerField("次数", default=0)
    first_time = models.DateTimeField("首个数据时间")
    last_time = models.DateTimeField("最近数据时间")
    resolved_at = models.DateTimeField("已处理", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "未映射因子"
        constraints = [
            models.UniqueConstraint(
                fields=["logger", "code"], name="polluters_unmapped_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.logger} {self.code}"


class DeviceInfo(models.Model):
    """A log line, state or parameter of a device (CN 3020, 2021, 2081)."""

    logger = models.ForeignKey(Logger, models.CASCADE, verbose_name="数采仪")
    time = models.DateTimeField("时间")
    cn = models.CharField("命令", max_length=4)
    code = models.CharField("编码", max_length=20)
    values = models.JSONField("内容", default=dict)
    received_at = models.DateTimeField("接收时间")

    class Meta:
        verbose_name = verbose_name_plural = "设备信息"
        constraints = [
            models.UniqueConstraint(
                fields=["logger", "time", "cn", "code"], name="polluters_info_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.logger} {self.code} {self.time:%m-%d %H:%M:%S}"
