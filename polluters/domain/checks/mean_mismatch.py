"""上报均值与复算不符: the reported hour mean against the mean of its own details."""

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit, percent, short_time
from polluters.domain.checks.numeric import covered, median_sd, resolution, spans
from polluters.domain.checks.profile import transients
from polluters.domain.checks.series import HOUR_S, Floats, Series

FULL = 0.95


def find(context: Context) -> list[Hit]:
    """Return hours whose reported mean differs by over 2 % from complete details."""
    hits = []
    for code in sorted(context.station.series):
        found = context.station.series[code]
        hourly = found.get("2061")
        finer = [found[p] for p in ("2051", "2011") if p in found and len(found[p])]
        if hourly is None or not len(hourly) or not finer:
            continue
        detail = min(finer, key=lambda s: s.interval)
        if detail.interval < HOUR_S:
            hits += _compare(context, hourly, detail)
    return hits


def _hour_means(context: Context, detail: Series, begins: np.ndarray) -> Floats:
    """Return the mean of the details of each hour, NaN unless complete and normal."""
    steady = detail.valid & ~covered(detail.times, transients(detail, context.stops))
    sums = np.concatenate(([0.0], np.cumsum(np.where(steady, detail.values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(steady)))
    first = np.searchsorted(detail.times, begins)
    last = np.searchsorted(detail.times, begins + HOUR_S)
    count = counts[last] - counts[first]
    due = HOUR_S / detail.interval
    mean: Floats = np.where(
        count >= FULL * due, (sums[last] - sums[first]) / np.maximum(count, 1), np.nan
    )
    return mean


def _compare(context: Context, hourly: Series, detail: Series) -> list[Hit]:
    best: tuple[float, Floats, Floats] | None = None
    for shift in (0, -HOUR_S):
        means = _hour_means(context, detail, hourly.times + shift)
        known = hourly.valid & np.isfinite(means) & (hourly.values != 0)
        if known.sum() < 6:
            continue
        error = np.full(len(hourly), np.nan)
        error[known] = np.abs(means[known] - hourly.values[known]) / np.abs(
            hourly.values[known]
        )
        usual = float(np.median(error[known]))
        if best is None or usual < best[0]:
            best = (usual, error, means)
    if best is None or best[0] > 0.01:
        # Made by another rule than ours all the time: no single hour stands out.
        return []
    usual, error, means = best
    known = np.isfinite(error)
    step = resolution(hourly.values[known]) / np.abs(
        np.where(known, hourly.values, 1.0)
    ).clip(1e-9)
    bar = max(context.rules.mean_share, usual + 8 * median_sd(error[known])) + step
    hits = []
    for begin, end in spans(known & (error > bar)):
        worst = begin + int(np.nanargmax(error[begin:end]))
        if end - begin == 1 and error[worst] < 2 * bar[worst]:
            continue
        data: dict[str, object] = {
            "share": percent(float(error[worst])),
            "at": short_time(int(hourly.times[worst])),
            "value": float(hourly.values[worst]),
            "other": float(means[worst]),
        }
        hits.append(
            Hit(
                hourly.code,
                "mean_mismatch",
                int(hourly.times[begin]),
                int(hourly.times[end - 1]) + HOUR_S,
                float(error[worst]),
                data,
                end - begin,
            )
        )
    return hits
