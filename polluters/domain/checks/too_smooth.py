"""过于平滑: neighbouring values differ far less than this series usually does."""

import numpy as np

from polluters.domain.checks.context import Context, not_habitual
from polluters.domain.checks.finding import Hit, merge, percent
from polluters.domain.checks.numeric import robust_sd
from polluters.domain.checks.profile import Profile
from polluters.domain.checks.series import is_pollutant


def find(context: Context) -> list[Hit]:
    """Return windows whose mean change is a small part of the usual one."""
    hits = []
    for series in context.station.main.values():
        if is_pollutant(series.code) or series.code in ("a00000", "w00000", "a19001"):
            hits += _windows(context, context.profile(series))
    return not_habitual(merge(hits), context)


def window_rows(profile: Profile, shortest_s: int) -> int:
    """Return how many values make a window: enough for a steady mean of changes."""
    if profile.batch:
        return 10
    if profile.row_interval >= 1800:
        return 10
    return max(round(shortest_s / profile.row_interval), 20)


def _windows(context: Context, profile: Profile) -> list[Hit]:
    rows = window_rows(profile, context.rules.smooth_s)
    values = profile.row_values
    if len(values) < 6 * rows:
        return []
    change = np.abs(np.diff(profile.scaled(values)))
    change[profile.row_breaks[1:]] = np.nan
    known = np.isfinite(change)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, change, 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    starts = np.arange(0, len(change) - rows + 1, rows // 4)
    count = counts[starts + rows] - counts[starts]
    mean = (sums[starts + rows] - sums[starts]) / np.maximum(count, 1)
    nothing = np.concatenate(([0], np.cumsum(values[1:] == 0)))
    idle = nothing[starts + rows] - nothing[starts]
    enough = (count >= 0.8 * rows) & (idle <= 0.2 * rows)
    if enough.sum() < 6:
        return []
    usual = float(np.median(mean[enough]))
    floor = (
        profile.resolution / profile.median if profile.positive else profile.resolution
    )
    if usual < 1.5 * floor:
        return []
    log = np.log(np.maximum(mean, 1e-3 * usual) / usual)
    spread = robust_sd(log[enough])
    bar = -max(np.log(context.rules.smooth_factor), 5.5 * spread)
    struck = enough & (log < bar)
    hits = []
    for i in np.flatnonzero(struck).tolist():
        start = int(starts[i])
        part = values[start : start + rows + 1]
        if np.all(part == part[0]):
            continue
        share = float(mean[i]) / usual
        hits.append(
            Hit(
                profile.series.code,
                "too_smooth",
                int(profile.row_times[start]),
                profile.end_of(start + rows),
                min(1 / max(share, 1e-3), 1000.0),
                {
                    "share": percent(share),
                    "value": float(np.mean(np.abs(np.diff(part)))),
                    "usual": float(np.median(np.abs(np.diff(values)))),
                },
                rows,
            )
        )
    return hits
