"""时钟偏差 and 数据时间在未来: the time a frame speaks of against the time it was sent.

Late arrival also sets the two apart. It is told from a wrong clock by the order of
sending: a backlog is flushed between or after live frames, a wrong clock keeps sending
one frame an interval with none in between.
"""

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit, short_time
from polluters.domain.checks.numeric import spans
from polluters.domain.checks.series import FrameTimes, Ints

ENOUGH = 5
REGULAR = 0.35


def find(context: Context) -> list[Hit]:
    """Return spans of a wrong clock and frames that speak of the future."""
    hits = []
    for period in sorted(context.station.frames):
        frames = context.station.frames[period]
        known = frames.sent >= 0
        if known.sum() >= ENOUGH:
            order = np.lexsort((frames.data[known], frames.sent[known]))
            sorted_frames = FrameTimes(
                frames.data[known][order], frames.sent[known][order], frames.arrived
            )
            hits += _period(context, sorted_frames, period)
    return hits


def _period(context: Context, frames: FrameTimes, period: str) -> list[Hit]:
    """Look at frames in the order of sending."""
    lag = frames.sent - frames.data
    usual = int(np.median(lag))
    off = lag - usual
    skew = context.rules.skew_s
    if period != "2011":
        # Periods are sent some time after they end: loggers differ by minutes.
        skew = max(skew, 2 * int(np.percentile(np.abs(off), 75)), 120)
    hits = []
    future = off < -context.rules.future_s
    done = np.zeros(len(off), dtype=bool)
    for begin, end in spans(np.abs(off) > skew):
        for first, last in _steady(off, begin, end, skew):
            if _regular(frames, off, first, last, skew):
                done[first:last] = True
                hits.append(_skewed(frames, off, first, last, usual))
    for begin, end in spans(future & ~done):
        hits.append(_future(frames, begin, end))
    return hits


def _steady(off: Ints, begin: int, end: int, skew: int) -> list[tuple[int, int]]:
    """Return pieces of a span in which the offset stays the same, long enough."""
    found = []
    start = begin
    for index in range(begin + 1, end + 1):
        drifts = index < end and abs(off[index] - off[index - 1]) <= skew // 2
        if not drifts:
            if index - start >= ENOUGH:
                found.append((start, index))
            start = index
    return found


def _regular(frames: FrameTimes, off: Ints, first: int, last: int, skew: int) -> bool:
    """Return whether the frames were sent at their normal pace, as live ones are."""
    if abs(int(off[first])) > 12 * 3600:
        return False
    sent = np.diff(frames.sent[first:last])
    data = np.diff(frames.data[first:last])
    if not len(sent) or np.median(data) <= 0:
        return False
    pace = float(np.median(sent)) / float(np.median(data))
    if abs(pace - 1) > REGULAR:
        return False
    interval = float(np.median(data))
    # The last live frame before and the first after were sent right next to it; a
    # backlog would leave a hole in the sending before it.
    before = frames.sent[first] - frames.sent[first - 1] if first else interval
    after = frames.sent[last] - frames.sent[last - 1] if last < len(off) else interval
    return bool(before <= 4 * interval + skew and after <= 4 * interval + skew)


def _skewed(frames: FrameTimes, off: Ints, first: int, last: int, usual: int) -> Hit:
    value = int(np.median(off[first:last]))
    begin = int(min(frames.data[first], frames.sent[first]))
    end = int(max(frames.data[last - 1], frames.sent[last - 1])) + 1
    words = f"{abs(value)}（{'数据时间偏慢' if value > 0 else '数据时间偏快'}）"
    data: dict[str, object] = {"value": words, "usual": usual, "seconds": value}
    return Hit("", "clock_skew", begin, end, abs(value) / 60, data, last - first)


def _future(frames: FrameTimes, begin: int, end: int) -> Hit:
    first, last = int(frames.sent[begin]), int(frames.data[begin:end].max())
    data: dict[str, object] = {"value": short_time(last)}
    return Hit("", "future_time", first, max(last, first) + 1, 1.0, data, end - begin)
