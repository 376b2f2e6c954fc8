"""时钟偏差 and 数据时间在未来: the time a frame speaks of against the time it was sent.

Late arrival also sets the two apart. It is told from a wrong clock by the order of
sending: a backlog is flushed between or after live frames, a wrong clock keeps sending
one frame an interval with none in between.
"""

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit, short_time
from polluters.domain.checks.numeric import (
    Span,
    covered,
    overlap,
    spans,
    usual_delay,
)
from polluters.domain.checks.series import DAY_S, HOUR_S, FrameTimes, Ints

ENOUGH = 5
REGULAR = 0.35
PLAIN_S = 1800
# A clock that is wrong stays wrong until somebody sets it; a few frames of the future
# are no clock.
CLOCK_S = 2 * HOUR_S


def find(context: Context) -> list[Hit]:
    """Return spans of a wrong clock and frames that speak of the future."""
    hits = []
    for period in sorted(context.station.frames):
        frames = context.station.frames[period]
        known = frames.sent >= 0
        if known.sum() < ENOUGH:
            continue
        data, sent = frames.data[known], frames.sent[known]
        usual = int(np.median(sent - data))
        skew = _tolerance(context, sent - data - usual, period)
        done: list[Span] = []
        for order in (np.lexsort((data, sent)), np.lexsort((sent, data))):
            found = FrameTimes(data[order], sent[order], frames.arrived)
            for hit in _skews(found, usual, skew):
                if _brief_future(context, hit):
                    continue
                if not any(overlap(span, (hit.begin, hit.end)) for span in done):
                    hits.append(hit)
                    done.append((hit.begin, hit.end))
        hits += _futures(context, FrameTimes(data, sent, frames.arrived), done)
    return hits


def _brief_future(context: Context, hit: Hit) -> bool:
    """Return whether a steady offset is a handful of frames of the future."""
    ahead = -int(str(hit.data["seconds"]))
    return ahead > context.rules.future_s and hit.end - hit.begin - ahead < CLOCK_S


def _tolerance(context: Context, off: Ints, period: str) -> int:
    """Return which offset is remarkable, in s; period data differ by minutes anyway."""
    if period == "2011":
        return context.rules.skew_s
    return max(context.rules.skew_s, 2 * int(np.percentile(np.abs(off), 75)), 120)


def _skews(frames: FrameTimes, usual: int, skew: int) -> list[Hit]:
    """Return spans of a steady offset in the order the frames are given in."""
    off = frames.sent - frames.data - usual
    return [
        _skewed(frames, off, first, last, usual)
        for begin, end in spans(np.abs(off) > skew)
        for first, last in _steady(off, begin, end, skew)
        if _regular(frames, off, first, last, skew)
    ]


def _futures(context: Context, frames: FrameTimes, done: list[Span]) -> list[Hit]:
    """Return frames of the future that no steady offset explains."""
    off = frames.sent - frames.data - int(usual_delay(frames.data, frames.sent))
    future = (off < -context.rules.future_s) & ~covered(frames.sent, done)
    future &= ~covered(frames.data, done)
    return [_future(frames, begin, end) for begin, end in spans(future)]


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
    size = int(np.median(off[first:last]))
    if abs(size) > DAY_S:
        return False
    sent = np.diff(frames.sent[first:last])
    data = np.diff(frames.data[first:last])
    if not len(sent) or np.median(data) <= 0:
        return False
    pace = float(np.median(sent)) / float(np.median(data))
    if abs(pace - 1) > REGULAR:
        return False
    if -DAY_S / 2 < size <= PLAIN_S:
        # Nothing arrives before it is sent, and no backlog keeps one small delay.
        return True
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
    words = f"{abs(value)} 秒（{'数据时间偏慢' if value > 0 else '数据时间偏快'}）"
    data: dict[str, object] = {"value": words, "usual": usual, "seconds": value}
    return Hit("", "clock_skew", begin, end, abs(value) / 60, data, last - first)


def _future(frames: FrameTimes, begin: int, end: int) -> Hit:
    first, last = int(frames.sent[begin]), int(frames.data[begin:end].max())
    data: dict[str, object] = {"value": short_time(last)}
    return Hit("", "future_time", first, max(last, first) + 1, 1.0, data, end - begin)
