"""A decoded frame as rows ready for COPY; no database here."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from polluters.domain.hj212 import Frame, Item
from polluters.ingest.registry import LoggerInfo, PointInfo
from polluters.models import Period, Quality

PERIODS = {
    "2011": Period.REAL_TIME.value,
    "2051": Period.MINUTE.value,
    "2061": Period.HOUR.value,
    "2031": Period.DAY.value,
}
LATE_AFTER = {
    Period.REAL_TIME.value: timedelta(minutes=5),
    Period.MINUTE.value: timedelta(minutes=30),
    Period.HOUR.value: timedelta(hours=2),
    Period.DAY.value: timedelta(hours=26),
}
LATE, BACKFILL = Quality.LATE.value, Quality.BACKFILL.value
OUT_OF_RANGE, NOT_NORMAL = Quality.OUT_OF_RANGE.value, Quality.NOT_NORMAL.value
REAL_TIME, MINUTE, HOUR = (
    Period.REAL_TIME.value,
    Period.MINUTE.value,
    Period.HOUR.value,
)
ABSURD = 1e12

Key = tuple[int, int, datetime]


@dataclass(slots=True)
class Row:
    """One reading; the field order is that of the COPY columns."""

    time: datetime
    received_at: datetime
    value: float | None
    converted: float | None
    low: float | None
    high: float | None
    total: float | None
    point_id: int
    period: int
    quality: int
    flag: str

    @property
    def content(self) -> tuple[object, ...]:
        """What must be equal for a repeat to be no revision."""
        return (
            self.value,
            self.converted,
            self.low,
            self.high,
            self.total,
            self.flag,
        )

    def digest(self) -> bytes:
        """Return 16 bytes naming the content, for the revision's unique key."""
        return hashlib.sha256(repr(self.content).encode()).digest()[:16]


@dataclass(slots=True)
class Unmapped:
    """A wire code without a point, as met in this batch."""

    sample: str
    count: int
    first: datetime
    last: datetime


@dataclass(slots=True)
class Rows:
    """What one batch will write."""

    readings: dict[Key, Row] = field(default_factory=dict)
    repeats: list[Row] = field(default_factory=list)
    candidates: list[tuple[PointInfo, Row]] = field(default_factory=list)
    unmapped: dict[tuple[int, str], Unmapped] = field(default_factory=dict)
    bad_values: list[str] = field(default_factory=list)


def number(value: float | None, factor: float) -> float | None:
    """Return a wire number in the point's unit; None if absent, infinite or absurd."""
    if value is None or not -ABSURD < value < ABSURD:
        return None
    return value if factor == 1.0 else value * factor


def period_start(time: datetime, period: int, logger: LoggerInfo) -> datetime:
    """Return the start of the period; loggers that label its end are set right."""
    if not logger.label_end or period == REAL_TIME:
        return time
    if period == MINUTE:
        return time - timedelta(minutes=logger.minute_interval)
    return time - timedelta(hours=1 if period == HOUR else 24)


def add_frame(
    rows: Rows, frame: Frame, logger: LoggerInfo, received: datetime
) -> datetime | None:
    """Add the readings of a data frame; return their time, None if it holds none."""
    period = PERIODS.get(frame.cn)
    if period is None or frame.data_time is None:
        return None
    time = period_start(frame.data_time, period, logger)
    quality = 0
    if received - time > LATE_AFTER[period]:
        quality |= LATE
    if frame.rf:
        quality |= BACKFILL
    live = quality == 0 and period <= MINUTE
    points = logger.points
    for item in frame.items:
        point = points.get(item.code)
        if point is None:
            _note_unmapped(rows, logger, item, time)
            continue
        row = _row(item, point, period, time, received, quality)
        if row is None:
            rows.bad_values.append(f"{item.code}={item.values}")
            continue
        key = (row.point_id, row.period, row.time)
        stored = rows.readings.setdefault(key, row)
        if stored is not row:
            if stored.content != row.content:
                rows.repeats.append(row)
        elif live and point.judged:
            rows.candidates.append((point, row))
    return time


def _row(
    item: Item,
    point: PointInfo,
    period: int,
    time: datetime,
    received: datetime,
    quality: int,
) -> Row | None:
    numbers, factor = item.numbers, point.factor
    kind, zs_kind = ("Rtd", "ZsRtd") if period == REAL_TIME else ("Avg", "ZsAvg")
    value = number(numbers.get(kind), factor)
    converted = number(numbers.get(zs_kind), factor)
    total = number(numbers.get("Cou"), 1.0)
    empty = value is None and converted is None and total is None
    if empty and (item.values.get(kind) or not item.flag):
        return None
    flag = (item.flag or "N")[:1]
    if flag != "N":
        quality |= NOT_NORMAL
    if value is not None and (
        (point.range_high is not None and value > point.range_high)
        or (point.range_low is not None and value < point.range_low)
    ):
        quality |= OUT_OF_RANGE
    return Row(
        time,
        received,
        value,
        converted,
        number(numbers.get("Min"), factor),
        number(numbers.get("Max"), factor),
        total,
        point.id,
        period,
        quality,
        flag,
    )


def _note_unmapped(rows: Rows, logger: LoggerInfo, item: Item, time: datetime) -> None:
    key = (logger.id, item.code[:40])
    found = rows.unmapped.get(key)
    if found is None:
        sample = ",".join(f"{k}={v}" for k, v in item.values.items())[:120]
        rows.unmapped[key] = Unmapped(sample, 1, time, time)
    else:
        found.count += 1
        found.first = min(found.first, time)
        found.last = max(found.last, time)
