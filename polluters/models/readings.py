"""What loggers sent: readings, revisions, latest values, means, raw frames.

``Reading`` and ``RawFrame`` are range-partitioned by month in PostgreSQL; their tables
are made in a SQL migration and their partitions by ``services.partitions``.
"""

from django.db import models

from polluters.models.catalogue import Point
from polluters.models.devices import Logger


class Period(models.IntegerChoices):
    """What a reading covers; the HJ 212 command in brackets."""

    REAL_TIME = 0, "实时（2011）"
    MINUTE = 1, "分钟（2051）"
    HOUR = 2, "小时（2061）"
    DAY = 3, "日（2031）"
    MONTH = 4, "月"
    QUARTER = 5, "季"


class Quality(models.IntegerChoices):
    """Bits of ``Reading.quality``; 0 is a timely, normal value."""

    LATE = 1, "迟到"
    BACKFILL = 2, "补传"
    OUT_OF_RANGE = 4, "超出量程"
    NOT_NORMAL = 8, "非正常标记"


class Reading(models.Model):
    """One value of one point, as sent; never overwritten.

    ``value`` is Rtd or Avg in the point's unit, ``converted`` the reported Zs value,
    ``total`` the reported Cou. ``time`` is the start of the period.
    """

    pk = models.CompositePrimaryKey("point_id", "period", "time")
    point = models.ForeignKey(
        Point, models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+"
    )
    period = models.SmallIntegerField(choices=Period.choices)
    time = models.DateTimeField()
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    total = models.FloatField(null=True)
    converted = models.FloatField(null=True)
    flag = models.CharField(max_length=1)
    quality = models.SmallIntegerField(default=0)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "监测数据"

    def __str__(self) -> str:
        return f"{self.point_id} {self.time:%Y-%m-%d %H:%M:%S} {self.value}"


class ReadingRevision(models.Model):
    """A later frame that gave another value for a stored key; the first stays."""

    point = models.ForeignKey(Point, models.PROTECT, verbose_name="点位")
    period = models.SmallIntegerField("时段", choices=Period.choices)
    time = models.DateTimeField("数据时间")
    value = models.FloatField("值", null=True)
    converted = models.FloatField("折算值", null=True)
    total = models.FloatField("累计", null=True)
    flag = models.CharField("标记", max_length=1)
    received_at = models.DateTimeField("接收时间")
    digest = models.BinaryField("内容摘要", max_length=16)

    class Meta:
        verbose_name = verbose_name_plural = "数据修订"
        constraints = [
            models.UniqueConstraint(
                fields=["point", "period", "time", "digest"],
                name="polluters_revision_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.time:%Y-%m-%d %H:%M:%S} → {self.value}"


class Latest(models.Model):
    """The newest real-time or minute value of a point, for live pages."""

    point = models.OneToOneField(
        Point, models.CASCADE, primary_key=True, related_name="latest"
    )
    period = models.SmallIntegerField(choices=Period.choices)
    time = models.DateTimeField()
    value = models.FloatField(null=True)
    converted = models.FloatField(null=True)
    flag = models.CharField(max_length=1)
    quality = models.SmallIntegerField(default=0)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "最新数据"

    def __str__(self) -> str:
        return f"{self.point_id} {self.value}"


class Mean(models.Model):
    """An hour, day, month or quarter of a point: ours beside the logger's.

    ``computed`` and ``computed_converted`` come from the rows below; ``due``, ``got``
    and ``valid_count`` count the values they rest on.
    """

    class State(models.TextChoices):
        OPEN = "open", "未结"
        CLOSED = "closed", "已结"

    point = models.ForeignKey(Point, models.PROTECT, verbose_name="点位")
    period = models.SmallIntegerField("时段", choices=Period.choices)
    time = models.DateTimeField("时段起点")
    reported = models.FloatField("上报均值", null=True)
    reported_converted = models.FloatField("上报折算均值", null=True)
    reported_flag = models.CharField("上报标记", max_length=1, blank=True)
    computed = models.FloatField("计算均值", null=True)
    computed_converted = models.FloatField("计算折算均值", null=True)
    low = models.FloatField("最小值", null=True)
    high = models.FloatField("最大值", null=True)
    total = models.FloatField("累计量", null=True)
    due = models.PositiveIntegerField("应收", default=0)
    got = models.PositiveIntegerField("实收", default=0)
    valid_count = models.PositiveIntegerField("有效数", default=0)
    valid = models.BooleanField("有效", default=False)
    flags = models.JSONField("标记计数", default=dict)
    state = models.CharField("状态", max_length=6, choices=State.choices)
    computed_at = models.DateTimeField("计算时间")

    class Meta:
        verbose_name = verbose_name_plural = "均值"
        constraints = [
            models.UniqueConstraint(
                fields=["point", "period", "time"], name="polluters_mean_key"
            )
        ]
        indexes = [
            # Closing and statistics walk all points of one period.
            models.Index(fields=["period", "time"], name="polluters_mean_time")
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.get_period_display()} {self.time:%m-%d %H:%M}"


class DirtyHour(models.Model):
    """An hour of a point that data reached late: its means must be computed again."""

    point = models.ForeignKey(Point, models.CASCADE, verbose_name="点位")
    hour = models.DateTimeField("小时起点")
    noted_at = models.DateTimeField("发现时间")

    class Meta:
        verbose_name = verbose_name_plural = "待重算小时"
        constraints = [
            models.UniqueConstraint(
                fields=["point", "hour"], name="polluters_dirty_hour_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.hour:%Y-%m-%d %H:%M}"


class RawFrame(models.Model):
    """The bytes of a frame that was understood, once per logger, time and content."""

    pk = models.CompositePrimaryKey("logger_id", "device_time", "digest")
    logger = models.ForeignKey(
        Logger, models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+"
    )
    device_time = models.DateTimeField()
    digest = models.BinaryField(max_length=32)
    cn = models.CharField(max_length=4)
    body = models.BinaryField()
    notes = models.JSONField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "原始报文"

    def __str__(self) -> str:
        return f"{self.logger_id} {self.device_time:%Y-%m-%d %H:%M:%S} {self.cn}"


class FrameSeal(models.Model):
    """The Merkle root over the raw frames of a logger's hour, as it stood then.

    Frames that come late make another row; every root is a link in the logger's chain.
    """

    logger = models.ForeignKey(Logger, models.PROTECT, verbose_name="数采仪")
    hour = models.DateTimeField("小时起点")
    frames = models.PositiveIntegerField("报文数")
    root = models.BinaryField("默克尔根", max_length=32)
    sealed_at = models.DateTimeField("封存时间")

    class Meta:
        verbose_name = verbose_name_plural = "报文封存"
        constraints = [
            models.UniqueConstraint(
                fields=["logger", "hour", "frames"], name="polluters_frame_seal_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.logger_id} {self.hour:%Y-%m-%d %H:%M} {self.frames}"
