"""折算值与复算不符: the reported converted value against ours from the same frame."""

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit, percent, short_time
from polluters.domain.checks.numeric import covered, median_sd, resolution, spans
from polluters.domain.checks.profile import transients
from polluters.domain.checks.series import HOUR_S, OXYGEN, Floats, Mask, Series
from polluters.domain.convert import AIR_OXYGEN, DEFAULT_GUARD


def find(context: Context) -> list[Hit]:
    """Return spans in which the converted value departs from the formula by over 2 %.

    Rounding of all three numbers is allowed for; so is what averaging makes of minute
    and hour values, by the spread of the difference over the record.
    """
    hits = []
    for series in context.station.all():
        if series.converted is not None:
            hits += _spans(context, series)
    return hits


def _spans(context: Context, series: Series) -> list[Hit]:
    expected, error, slack = _compare(context, series)
    known = np.isfinite(error)
    if known.sum() < 3:
        return []
    usual = float(np.median(error[known]))
    usual = usual if usual < 0.01 else 0.0
    bar = np.maximum(
        context.rules.converted_share,
        usual + 8 * median_sd(error[known]) if series.period != "2011" else 0.0,
    )
    wrong = known & (error > bar + slack)
    least = 3 if series.interval < HOUR_S else 1
    hits = []
    for begin, end in spans(wrong | (~known & _between(wrong))):
        own = wrong[begin:end]
        if own.sum() < least or (
            least == 1 and own.sum() == 1 and error[begin:end].max() < 0.05
        ):
            continue
        worst = begin + int(np.nanargmax(np.where(own, error[begin:end], -1.0)))
        assert series.converted is not None
        reference = context.station.reference
        data: dict[str, object] = {
            "share": percent(float(np.median(error[begin:end][own]))),
            "reference": "无" if reference is None else f"{reference:g}",
            "at": short_time(int(series.times[worst])),
            "value": float(series.converted[worst]),
            "other": float(expected[worst]),
        }
        hits.append(
            Hit(
                series.code,
                "converted_mismatch",
                int(series.times[begin]),
                int(series.times[end - 1]) + series.interval,
                float(error[worst]),
                data,
                int(own.sum()),
            )
        )
    return hits


def _between(wrong: Mask) -> Mask:
    """Return samples whose nearest neighbours on both sides are wrong."""
    before = np.concatenate(([False], wrong[:-1]))
    after = np.concatenate((wrong[1:], [False]))
    return before & after


def _compare(context: Context, series: Series) -> tuple[Floats, Floats, Floats]:
    """Return what the formula gives, the relative difference, and what rounding allows."""
    assert series.converted is not None
    empty = np.full(len(series), np.nan)
    factor, slack = _factor(context, series)
    if factor is None:
        return empty, empty, empty
    expected = series.values * factor
    usable = (
        series.valid
        & np.isfinite(series.converted)
        & np.isfinite(factor)
        & (expected > 0)
        & ~covered(series.times, transients(series, context.stops))
    )
    if not usable.any():
        return empty, empty, empty
    step = resolution(series.converted[usable]) / 2 + (
        resolution(series.values[usable]) / 2
    ) * np.nan_to_num(factor)
    error = np.full(len(series), np.nan)
    error[usable] = (
        np.abs(series.converted[usable] - expected[usable]) / expected[usable]
    )
    allowed = slack + step / np.where(usable, expected, 1.0)
    return expected, error, allowed


def _factor(context: Context, series: Series) -> tuple[Floats | None, Floats]:
    """Return the conversion factor at each sample, and its rounding error."""
    none = np.zeros(len(series))
    reference = context.station.reference
    if reference is None:
        return np.ones(len(series)), none
    oxygen = context.station.series.get(OXYGEN, {}).get(series.period)
    if oxygen is None or not len(oxygen):
        return None, none
    at = np.minimum(np.searchsorted(oxygen.times, series.times), len(oxygen) - 1)
    same = (oxygen.times[at] == series.times) & oxygen.valid[at]
    measured = np.where(same, oxygen.values[at], np.nan)
    measured = np.where(measured < DEFAULT_GUARD.ceiling - 1, measured, np.nan)
    left = AIR_OXYGEN - measured
    step = resolution(oxygen.values[oxygen.valid]) / 2 if oxygen.valid.any() else 0.0
    return (AIR_OXYGEN - reference) / left, np.nan_to_num(step / left)
