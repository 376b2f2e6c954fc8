"""A decoded frame as lines for COPY; no database here.

This is the inner loop of intake: a line is written for every value without an object of
its own. Only values that must be judged or shown are kept as rows besides.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from polluters.domain.hj212 import Frame, Item
from polluters.ingest.registry import LoggerInfo, PointInfo
from polluters.models import Period, Quality

REAL_TIME, MINUTE, HOUR, DAY = (
    Period.REAL_TIME.value,
    Period.MINUTE.value,
    Period.HOUR.value,
    Period.DAY.value,
)
PERIODS = {"2011": REAL_TIME, "2051": MINUTE, "2061": HOUR, "2031": DAY}
LATE_AFTER = {
    REAL_TIME: timedelta(minutes=5),
    MINUTE: timedelta(minutes=30),
    HOUR: timedelta(hours=2),
    DAY: timedelta(hours=26),
}
LATE, BACKFILL = Quality.LATE.value, Quality.BACKFILL.value
OUT_OF_RANGE, NOT_NORMAL = Quality.OUT_OF_RANGE.value, Quality.NOT_NORMAL.value
ABSURD = 1e12

Key = tuple[int, int, datetime]


@dataclass(slots=True)
class Row:
    """One reading, for the uses that need more than its line."""

    point_id: int
    period: int
    time: datetime
    value: float | None
    converted: float | None
    flag: str
    quality: int
    received_at: datetime


@dataclass(slots=True)
class DataFrame:
    """The readings of one data frame: their lines, and the frame they came from."""

    logger: LoggerInfo
    period: int
    time: datetime
    quality: int
    received_at: datetime
    lines: list[str]
    candidates: list[tuple[PointInfo, Row]]
    items: list[tuple[PointInfo, Item]]

    def rows(self) -> Iterator[Row]:
        """Yield the readings as rows."""
        for point, item in self.items:
            yield make_row(self, point, item)


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

    frames: list[DataFrame] = field(default_factory=list)
    seen: set[tuple[int, int, datetime]] = field(default_factory=set)
    repeats: list[DataFrame] = field(default_factory=list)
    unmapped: dict[tuple[int, str], Unmapped] = field(default_factory=dict)
    bad_values: int = 0


def _number(value: float | None, factor: float) -> float | None:
    """Return a wire number in the point's unit; None if absent or absurd."""
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


def add_frame(rows: Rows, frame: Frame, logger: LoggerInfo, received: datetime) -> None:
    """Add the readings of a data frame.

    A frame of a logger, period and time that the batch already holds is set aside as a
    repeat: it is written after the batch, where it can only become a revision.
    """
    period = PERIODS[frame.cn]
    if frame.data_time is None:
        return
    time = period_start(frame.data_time, period, logger)
    quality = LATE if received - time > LATE_AFTER[period] else 0
    if frame.rf:
        quality |= BACKFILL
    made = DataFrame(logger, period, time, quality, received, [], [], [])
    live = quality == 0 and period <= MINUTE
    head = f"{time.isoformat()}\t{received.isoformat()}\t"
    points = logger.points
    taken: set[int] = set()
    for item in frame.items:
        point = points.get(item.code)
        if point is None:
            _note_unmapped(rows, logger, item, time)
            continue
        if point.id in taken:
            rows.bad_values += 1
            continue
        line = _line(head, item, point, period, quality)
        if line is None:
            rows.bad_values += 1
            continue
        taken.add(point.id)
        made.lines.append(line)
        made.items.append((point, item))
        if live and point.judged:
            made.candidates.append((point, make_row(made, point, item)))
    key = (logger.id, period, time)
    if key in rows.seen:
        rows.repeats.append(made)
    else:
        rows.seen.add(key)
        rows.frames.append(made)


def _line(
    head: str, item: Item, point: PointInfo, period: int, quality: int
) -> str | None:
    """Return the COPY line of an item; absent numbers read ``None``."""
    get, factor = item.numbers.get, point.factor
    if period == REAL_TIME:
        value, converted = get("Rtd"), get("ZsRtd")
    else:
        value, converted = get("Avg"), get("ZsAvg")
    total, low, high = get("Cou"), get("Min"), get("Max")
    if (
        factor != 1.0
        or (value is not None and not -ABSURD < value < ABSURD)
        or (converted is not None and not -ABSURD < converted < ABSURD)
    ):
        value, converted = _number(value, factor), _number(converted, factor)
        low, high = _number(low, factor), _number(high, factor)
        total = _number(total, 1.0)
    flag = item.flag
    if value is None and converted is None and total is None and _sent(item, period):
        return None
    if flag is None:
        flag = "N"
    elif flag != "N":
        flag = flag[:1] if flag[:1].isalnum() else "?"
        quality |= NOT_NORMAL
    if value is not None and (
        (point.range_high is not None and value > point.range_high)
        or (point.range_low is not None and value < point.range_low)
    ):
        quality |= OUT_OF_RANGE
    return (
        f"{head}{value!r}\t{converted!r}\t{low!r}\t{high!r}\t{total!r}\t"
        f"{point.id}\t{period}\t{quality}\t{flag}\n"
    )


def _sent(item: Item, period: int) -> bool:
    """Whether a value was sent that is no number, or nothing at all was."""
    name = "Rtd" if period == REAL_TIME else "Avg"
    return bool(item.values.get(name)) or not item.flag


def make_row(made: DataFrame, point: PointInfo, item: Item) -> Row:
    """Return one reading of a data frame as a row."""
    real_time = made.period == REAL_TIME
    value = _number(item.numbers.get("Rtd" if real_time else "Avg"), point.factor)
    quality = made.quality
    if item.flag not in (None, "N"):
        quality |= NOT_NORMAL
    if value is not None and (
        (point.range_high is not None and value > point.range_high)
        or (point.range_low is not None and value < point.range_low)
    ):
        quality |= OUT_OF_RANGE
    return Row(
        point.id,
        made.period,
        made.time,
        value,
        _number(item.numbers.get("ZsRtd" if real_time else "ZsAvg"), point.factor),
        (item.flag or "N")[:1],
        quality,
        made.received_at,
    )


def content_digest(content: tuple[object, ...]) -> bytes:
    """Return 16 bytes naming a reading's content, for the revision's unique key."""
    return hashlib.sha256(repr(content).encode()).digest()[:16]


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
