"""数据缺失 per factor and 数采仪无数据: gaps that no late arrival filled."""

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit, duration
from polluters.domain.checks.numeric import overlap
from polluters.domain.checks.series import DAY_S, NORMAL, STOPPED, Ints, Series


def find(context: Context) -> list[Hit]:
    """Return gaps of single factors while others report, and of whole loggers.

    What arrived late is no gap: the series hold everything that ever arrived. How long
    a gap must be is learned from the gaps this factor and this logger usually have.
    """
    hits = _silent(context)
    quiet = [(hit.begin, hit.end) for hit in hits]
    for series in context.station.main.values():
        if len(series):
            hits += [
                hit
                for hit in _gaps(context, series)
                if not any(
                    2 * overlap((hit.begin, hit.end), span) > hit.end - hit.begin
                    for span in quiet
                )
            ]
    return hits


def _usual_gap(gaps: Ints, interval: int) -> float:
    """Return the length of gap that is normal here: thrice the usual longer ones."""
    real = np.sort(gaps[gaps > 1.5 * interval])
    inner = real[: max(len(real) - 2 - len(real) // 20, 0)]
    return 2.5 * float(np.percentile(inner, 95)) if len(inner) >= 3 else 0.0


def _gaps(context: Context, series: Series) -> list[Hit]:
    """Return spans in which frames came without a value of this factor.

    A value that is missing under a flag is accounted for by the flag.
    """
    rules, station = context.rules, context.station
    frames = station.frames.get(series.period)
    if frames is None:
        return []
    there = np.isfinite(series.values) | (series.flags != NORMAL)
    times, every = series.times[there], frames.arrived
    if not len(times) or not len(every):
        return []
    edges = np.concatenate(
        ([every[0] - series.interval], times, [every[-1] + series.interval])
    )
    gaps = np.diff(edges)
    least = max(
        rules.missing_s,
        rules.missing_samples * series.interval,
        _usual_gap(gaps, series.interval),
    )
    hits = []
    for at in np.flatnonzero(gaps > least).tolist():
        begin, end = int(edges[at]) + series.interval, int(edges[at + 1])
        low, high = np.searchsorted(every, (begin, end))
        came = int(high - low)
        due = (end - begin) // series.interval
        if came < max(rules.missing_samples, due // 2):
            continue
        if any(overlap((begin, end), stop) for stop in context.stops):
            continue
        data: dict[str, object] = {
            "count": int(due),
            "evidence": f"同期数采仪有 {came} 帧数据到达，其他因子正常上报",
        }
        hits.append(
            Hit(series.code, "missing", begin, end, gaps[at] / least, data, int(due))
        )
    return hits


def _silent(context: Context) -> list[Hit]:
    """Return spans in which the main data of this logger never arrived."""
    rules, station = context.rules, context.station
    if not station.frames:
        return []
    # The most frequent command counts: hour data alone do not replace the minutes.
    every = max((f.arrived for f in station.frames.values()), key=len)
    if len(every) < 3:
        return []
    gaps = np.diff(every)
    interval = station.interval
    least = max(rules.silent_s, 4 * interval, min(_usual_gap(gaps, interval), DAY_S))
    hits = []
    for at in np.flatnonzero(gaps > least).tolist():
        before, after = int(every[at]), int(every[at + 1])
        if _stopped(context, before) or _stopped(context, after):
            continue
        usual = float(np.median(gaps))
        data: dict[str, object] = {"usual": duration(usual)}
        score = float(gaps[at]) / least
        hits.append(Hit("", "offline", before + interval, after, score, data))
    return hits


def _stopped(context: Context, time: int) -> bool:
    """Return whether the frame at ``time`` says that the plant stands still."""
    for series in context.station.main.values():
        at = int(np.searchsorted(series.times, time))
        there = at < len(series) and series.times[at] == time
        if there and series.flags[at] == STOPPED:
            return True
    return False
