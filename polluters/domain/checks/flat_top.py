"""贴限: values piled up under a limit, under the range, or under a cap of their own."""

import numpy as np

from polluters.domain.checks.context import Context, not_habitual
from polluters.domain.checks.finding import Hit, merge, percent
from polluters.domain.checks.profile import Profile
from polluters.domain.checks.series import HOUR_S, Floats, Ints, is_pollutant

WINDOW_S = 3 * HOUR_S
LEAST_ROWS = 12
CAP_SHARE = 0.25
CAP_ROWS = 18


def find(context: Context) -> list[Hit]:
    """Return spans hugging a limit or the range, and spans cut off at a cap."""
    hits = []
    for series in context.station.pollutants:
        profile = context.profile(series)
        rows = max(round(WINDOW_S / profile.row_interval), LEAST_ROWS)
        coarse = (
            profile.spread < 3 * profile.resolution if len(profile.values) else True
        )
        if coarse or len(profile.row_values) < 3 * rows:
            continue
        starts = np.arange(0, len(profile.row_values) - rows + 1, max(rows // 6, 1))
        for values, top, what in _ceilings(profile):
            hits += _hugging(context, profile, values, top, what, starts, rows)
        hits += _capped(profile, starts, max(rows, CAP_ROWS))
    return not_habitual(merge(hits), context)


def _ceilings(profile: Profile) -> list[tuple[Floats, float, str]]:
    """Return (values, ceiling, words) for each limit and for the range."""
    series = profile.series
    found: list[tuple[Floats, float, str]] = []
    raw = profile.row_values
    converted = None
    if series.converted is not None:
        at = np.searchsorted(series.times, profile.row_times)
        converted = series.converted[at]
    for limit in series.limits:
        if limit.high is None:
            continue
        if converted is not None and np.isfinite(converted).mean() > 0.5:
            filled = np.where(np.isfinite(converted), converted, 0.0)
            found.append((filled, limit.high, f"折算值紧贴限值 {limit.high:g}"))
        found.append((raw, limit.high, f"紧贴限值 {limit.high:g}"))
    if series.high:
        found.append((raw, series.high, f"紧贴量程上限 {series.high:g}"))
    return found


def _windows(flags: np.ndarray, starts: Ints, rows: int) -> Floats:
    """Return the share of true values in each window."""
    sums = np.concatenate(([0], np.cumsum(flags, dtype=np.int64)))
    result: Floats = (sums[starts + rows] - sums[starts]) / rows
    return result


def _spread(values: Floats, starts: Ints, rows: int) -> Floats:
    one = np.concatenate(([0.0], np.cumsum(values)))
    two = np.concatenate(([0.0], np.cumsum(values**2)))
    mean = (one[starts + rows] - one[starts]) / rows
    square = (two[starts + rows] - two[starts]) / rows
    result: Floats = np.sqrt(np.maximum(square - mean**2, 0.0))
    return result


def _hugging(
    context: Context,
    profile: Profile,
    values: Floats,
    top: float,
    what: str,
    starts: Ints,
    rows: int,
) -> list[Hit]:
    band = context.rules.flat_band
    low = (1 - band) * top
    inside = (values >= low) & (values <= top * 1.002)
    share = _windows(inside, starts, rows)
    if float(inside.mean()) > 0.3:
        return []
    above = _windows(values > top * 1.002, starts, rows)
    # An honest series that happens to lie near the limit keeps its own noise there.
    relative = _spread(values, starts, rows) / np.maximum(
        _windows(np.ones(len(values)), starts, rows)
        * np.maximum(_mean(values, starts, rows), 1e-9),
        1e-9,
    )
    usual = float(np.median(relative))
    narrow = relative <= 0.55 * usual
    struck = (share >= context.rules.flat_share) & (above <= 0.01) & narrow
    return [
        _hit(profile, int(starts[i]), rows, float(share[i]), low, top, what, inside)
        for i in np.flatnonzero(struck)
    ]


def _mean(values: Floats, starts: Ints, rows: int) -> Floats:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    result: Floats = (sums[starts + rows] - sums[starts]) / rows
    return result


def _hit(
    profile: Profile,
    start: int,
    rows: int,
    share: float,
    low: float,
    top: float,
    what: str,
    inside: np.ndarray,
) -> Hit:
    return Hit(
        profile.series.code,
        "flat_top",
        int(profile.row_times[start]),
        profile.end_of(start + rows - 1),
        share,
        {
            "share": percent(share),
            "low": low,
            "limit": top,
            "what": what,
            "usual": percent(float(inside.mean())),
        },
        rows,
    )


def _capped(profile: Profile, starts: Ints, rows: int) -> list[Hit]:
    """Return windows whose highest value comes again and again, and nothing above it."""
    values = profile.row_values
    starts = starts[starts + rows <= len(values)]
    if not len(starts):
        return []
    windows = np.lib.stride_tricks.sliding_window_view(values, rows)[starts]
    tops = windows.max(axis=1)
    share = (windows >= tops[:, None] - 0.5 * profile.resolution).mean(axis=1)
    usual = float(np.percentile(share, 75))
    bar = max(CAP_SHARE, 4.0 * usual)
    struck = (share >= bar) & (share < 0.9) & (tops > 0.6 * profile.median)
    return [
        _hit(
            profile,
            int(starts[i]),
            rows,
            float(share[i]),
            float(windows[i].min()),
            float(tops[i]),
            f"最高值 {tops[i]:g} 反复出现",
            share >= bar,
        )
        for i in np.flatnonzero(struck)
        if windows[i].min() < tops[i] and is_pollutant(profile.series.code)
    ]
