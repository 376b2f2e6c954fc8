"""A decoded frame as lines for COPY; no database here.

This is the inner loop of intake: the lines of an ordinary frame are written in one go by
its ``Layout``, without an object for each value. Rows are made of what must be judged or
shown besides, when it is asked for.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from polluters.domain.hj212 import Frame, Item, Note
from polluters.ingest.layout import ABSURD, Layout, layout_of
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
class Marked:
    """One reading of a frame that went the slow way."""

    point: PointInfo
    value: float | None
    converted: float | None
    low: float | None
    high: float | None
    total: float | None
    flag: str
    quality: int


@dataclass(slots=True)
class DataFrame:
    """The readings of one data frame: their lines, and what rows are made of.

    ``over`` says that a judged value may lie outside its limits; ``layout`` is None if
    the frame went the slow way, and its readings then stand in ``marked``.
    """

    logger: LoggerInfo
    period: int
    time: datetime
    quality: int
    received_at: datetime
    lines: str = ""
    count: int = 0
    over: bool = False
    layout: Layout | None = None
    numbers: list[float] = field(default_factory=list)
    marked: list[Marked] = field(default_factory=list)

    @property
    def live(self) -> bool:
        """Whether its values may raise an alarm."""
        return self.quality == 0 and self.period <= MINUTE

    def rows(self) -> Iterator[tuple[PointInfo, Row]]:
        """Yield the points and their readings."""
        period, time, received = self.period, self.time, self.received_at
        if self.layout is not None:
            for point, value, converted in self.layout.values(self.numbers):
                yield (
                    point,
                    Row(
                        point.id,
                        period,
                        time,
                        value,
                        converted,
                        "N",
                        self.quality,
                        received,
                    ),
                )
        for one in self.marked:
            yield (
                one.point,
                Row(
                    one.point.id,
                    period,
                    time,
                    one.value,
                    one.converted,
                    one.flag,
                    one.quality,
                    received,
                ),
            )

    def point_ids(self) -> list[int]:
        """Return the points it has readings of."""
        if self.layout is not None:
            return [place.point.id for place in self.layout.places]
        return [one.point.id for one in self.marked]


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


def add_frame(
    rows: Rows, frame: Frame, logger: LoggerInfo, received: datetime, stamp: str = ""
) -> None:
    """Add the readings of a data frame; ``stamp`` is ``received`` as COPY takes it.

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
    made = DataFrame(logger, period, time, quality, received)
    head = f"{time.isoformat()}\t{stamp or received.isoformat()}\t"
    if not _add_ordinary(made, frame, head):
        add_slowly(rows, made, frame, head)
    key = (logger.id, period, time)
    if key in rows.seen:
        rows.repeats.append(made)
    else:
        rows.seen.add(key)
        rows.frames.append(made)


def _add_ordinary(made: DataFrame, frame: Frame, head: str) -> bool:
    """Add the readings of a frame that has nothing out of the ordinary, or do nothing."""
    arranged = frame.arranged
    if arranged is None or not arranged.normal:
        return False
    layout = layout_of(made.logger, arranged.plan, made.period)
    if layout is None:
        return False
    numbers = layout.scaled(arranged.numbers)
    if not layout.ordinary(numbers):
        return False
    made.layout, made.numbers = layout, numbers
    made.lines = layout.lines(head, made.quality, numbers)
    made.count = len(layout.places)
    made.over = made.quality == 0 and layout.over(numbers)
    return True


def add_slowly(rows: Rows, made: DataFrame, frame: Frame, head: str) -> None:
    """Add the readings of any frame, one by one."""
    points = made.logger.points
    taken: set[int] = set()
    lines = []
    for item in frame.items:
        point = points.get(item.code)
        if point is None:
            _note_unmapped(rows, made.logger, item, made.time)
            continue
        marked = None if point.id in taken else _mark(made, item, point)
        if marked is None:
            rows.bad_values += 1
            frame.notes.append(_left_out(item, twice=point.id in taken))
            continue
        taken.add(point.id)
        made.marked.append(marked)
        lines.append(
            f"{head}{marked.value!r}\t{marked.converted!r}\t{marked.low!r}\t"
            f"{marked.high!r}\t{marked.total!r}\t{point.id}\t{made.period}\t"
            f"{marked.quality}\t{marked.flag}\n"
        )
    made.lines = "".join(lines)
    made.count = len(lines)
    made.over = made.live and any(one.point.judged for one in made.marked)


def _left_out(item: Item, *, twice: bool) -> Note:
    """Say why a value of a frame that is kept became no reading."""
    sent = "，".join(f"{name}={text}" for name, text in item.values.items())[:60]
    why = "同一点位在报文中重复" if twice else "不是可信的数值"
    return Note("bad_value", f"{item.code} {sent or '无值'}：{why}，未入库")


def _mark(made: DataFrame, item: Item, point: PointInfo) -> Marked | None:
    """Read one item: its numbers in the point's unit, its flag and what is odd of it.

    None if a value was sent that is no number, or nothing at all was.
    """
    get, factor = item.numbers.get, point.factor
    name = "Rtd" if made.period == REAL_TIME else "Avg"
    value, converted = _number(get(name), factor), _number(get(f"Zs{name}"), factor)
    total = _number(get("Cou"), 1.0)
    nothing = value is None and converted is None and total is None
    if nothing and (item.values.get(name) or not item.flag):
        return None
    flag, quality = item.flag or "N", made.quality
    if flag != "N":
        flag = flag[:1] if flag[:1].isalnum() else "?"
        quality |= NOT_NORMAL
    if value is not None and (
        (point.range_high is not None and value > point.range_high)
        or (point.range_low is not None and value < point.range_low)
    ):
        quality |= OUT_OF_RANGE
    return Marked(
        point,
        value,
        converted,
        _number(get("Min"), factor),
        _number(get("Max"), factor),
        total,
        flag,
        quality,
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
