"""Where a series changes its level between two neighbouring values."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from polluters.domain.checks.numeric import robust_sd, spans
from polluters.domain.checks.profile import Profile
from polluters.domain.checks.series import DAY_S, HOUR_S, Floats


@dataclass(frozen=True, slots=True)
class Jump:
    """A change of level at ``time``: ``size`` on the judged scale, ``score`` in its sd."""

    time: int
    size: float
    score: float
    before: float
    after: float
    row: int


def widths(profile: Profile) -> tuple[int, ...]:
    """Return how many values on each side make a level: a short and a longer look."""
    if profile.row_interval >= HOUR_S and profile.batch:
        return (2, 4)
    return (5, 15) if profile.row_interval <= 300 else (3, 6)


def find_jumps(
    profile: Profile, *, bar: float, ratio: float, hold_s: int
) -> list[Jump]:
    """Return changes of level that stand out from the series' own changes.

    The statistic is the difference of medians of neighbouring values; its own robust
    spread over the record is the scale, so that noise, autocorrelation and slow cycles
    set the bar themselves. A change must also be large (``ratio`` on the log scale, or
    three usual spreads) and last ``hold_s``.
    """
    found: list[Jump] = []
    for side in widths(profile):
        near = 2 * side * profile.row_interval
        for jump in _jumps(profile, side, bar, ratio, hold_s):
            if all(abs(jump.time - other.time) > near for other in found):
                found.append(jump)
    return sorted(found, key=lambda jump: jump.time)


def _jumps(
    profile: Profile, side: int, bar: float, ratio: float, hold_s: int
) -> list[Jump]:
    rows = profile.row_values
    if len(rows) < 6 * side:
        return []
    scaled = profile.scaled(rows)
    change = _changes(scaled, profile, side)
    known = change[np.isfinite(change)]
    if len(known) < 4 * side:
        return []
    floor = profile.resolution
    if profile.positive:
        floor /= max(profile.median, profile.resolution)
    scale = max(robust_sd(known), 0.3 * floor)
    least = max(bar * scale, ratio if profile.positive else 3 * profile.spread)
    jumps = []
    for span in spans(np.nan_to_num(np.abs(change)) >= least):
        jump = _locate(profile, scaled, change, span, side, scale)
        lasts = _holds(profile, scaled, jump, side, hold_s)
        if lasts and not _every_day(profile, change, jump, side):
            jumps.append(jump)
    return jumps


def _every_day(profile: Profile, change: Floats, jump: Jump, side: int) -> bool:
    """Return whether such a change comes at this hour on many other days (shifts)."""
    clock = (profile.row_times - jump.time + DAY_S // 2) % DAY_S - DAY_S // 2
    near = max(side * profile.row_interval, 1800)
    here = (np.abs(clock) <= near) & (np.abs(profile.row_times - jump.time) > near)
    days = (profile.row_times[here] - jump.time + DAY_S // 2) // DAY_S
    if not len(days):
        return False
    same = np.nan_to_num(np.sign(jump.size) * change[here]) >= 0.4 * abs(jump.size)
    return len(np.unique(days[same])) >= max(3, 0.2 * len(np.unique(days)))


def _changes(scaled: Floats, profile: Profile, side: int) -> Floats:
    """Return median after minus median before each row, NaN across gaps."""
    middle = np.median(sliding_window_view(scaled, side), axis=1)
    change = np.full(len(scaled), np.nan)
    change[side : len(scaled) - side + 1] = middle[side:] - middle[:-side]
    cuts = np.cumsum(profile.row_breaks)
    first = np.maximum(np.arange(len(scaled)) - side, 0)
    last = np.minimum(np.arange(len(scaled)) + side - 1, len(scaled) - 1)
    change[cuts[last] != cuts[first]] = np.nan
    return change


def _locate(
    profile: Profile,
    scaled: Floats,
    change: Floats,
    span: tuple[int, int],
    side: int,
    scale: float,
) -> Jump:
    begin, end = span
    best = begin + int(np.argmax(np.abs(change[begin:end])))
    low, high = max(best - side + 1, 1), min(best + side, len(scaled))
    single = scaled[low:high] - scaled[low - 1 : high - 1]
    sign = np.sign(change[best])
    row = low + int(np.argmax(sign * single))
    rows = profile.row_values
    return Jump(
        time=int(profile.row_times[row]),
        size=float(change[best]),
        score=float(abs(change[best]) / scale),
        before=float(np.median(rows[max(row - side, 0) : row])),
        after=float(np.median(rows[row : row + side])),
        row=row,
    )


def _holds(
    profile: Profile, scaled: Floats, jump: Jump, side: int, hold_s: int
) -> bool:
    """Return whether the new level lasts and the old one had lasted."""
    step = profile.row_interval
    length = max(round(hold_s / step), side + 1 if not profile.batch else side)
    before = scaled[max(jump.row - length, 0) : jump.row]
    after = scaled[jump.row : jump.row + length]
    if len(before) < side or len(after) < side:
        return False
    change = float(np.median(after) - np.median(before))
    return change * jump.size > 0 and abs(change) >= 0.6 * abs(jump.size)


def end_of(profile: Profile, jump: Jump, later: list[Jump]) -> int:
    """Return when the level goes back: the opposite jump, or half way, within a day."""
    rows = profile.row_values
    side = max(widths(profile)[0], round(HOUR_S / profile.row_interval))
    stop = int(np.searchsorted(profile.row_times, jump.time + DAY_S))
    half = (jump.before + jump.after) / 2
    sign = 1 if jump.after > jump.before else -1
    end = profile.end_of(max(min(stop, len(rows)) - 1, jump.row))
    for row in range(jump.row + side, stop, side):
        if sign * (float(np.median(rows[row : row + side])) - half) < 0:
            end = int(profile.row_times[row])
            break
    # The half-way look goes by blocks: the jump back may lie a block further on.
    reach = end + 2 * side * profile.row_interval
    for other in later:
        if jump.time < other.time <= reach and other.size * jump.size < 0:
            return other.time
    return end
