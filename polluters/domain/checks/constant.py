"""恒值: a value repeated for longer than chance and the analyser's cycle allow."""

import math

import numpy as np

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit, duration
from polluters.domain.checks.numeric import equal_runs, robust_sd
from polluters.domain.checks.profile import Profile
from polluters.domain.checks.series import DAY_S, Ints, is_pollutant

FLOOR = 0.002


def find(context: Context) -> list[Hit]:
    """Return runs of one value over the length that the series itself makes likely."""
    hits = []
    for series in context.station.main.values():
        profile = context.profile(series)
        if len(profile.values) >= 2 * context.rules.constant_samples:
            hits += _runs(profile, context)
    return hits


def equal_share(lengths: Ints, profile: Profile) -> float:
    """Return how likely a value equals the one before, from all but the longest runs.

    Not below what the resolution and the spread of the values alone make of it.
    """
    order = np.sort(lengths)
    inner = order[: max(len(order) - 1 - len(order) // 50, 1)]
    seen = float((inner - 1).sum() / inner.sum())
    local = robust_sd(np.diff(profile.row_values)) / 1.41
    spread = min(x for x in (profile.spread, local or profile.spread))
    by_chance = profile.resolution / (3.5 * spread) if spread else 1.0
    return min(max(seen, by_chance, FLOOR), 0.98)


def longest_likely(lengths: Ints, profile: Profile, odds: float) -> float:
    """Return the run length reached by chance in a record with probability ``odds``."""
    share = equal_share(lengths, profile)
    by_chance = 1 + math.log(max(len(profile.row_values), 2) / odds) / -math.log(share)
    order = np.sort(lengths)
    inner = order[: max(len(order) - 1 - len(order) // 50, 1)]
    return max(by_chance, 3.0 * float(np.percentile(inner, 99.5)))


def _runs(profile: Profile, context: Context) -> list[Hit]:
    rules, series = context.rules, profile.series
    starts, ends = equal_runs(profile.row_values, profile.row_breaks)
    lengths = ends - starts
    step = profile.row_interval
    if profile.batch:
        likely = max(
            2.75,
            1
            + math.log(len(profile.row_values) / rules.constant_odds)
            / -math.log(equal_share(lengths, profile)),
        )
        shortest = 0.0
    else:
        likely = longest_likely(lengths, profile, rules.constant_odds)
        shortest = max(rules.constant_s / step, rules.constant_samples)
        if not is_pollutant(series.code):
            # Temperatures, pH and the like are coarse and slow.
            shortest = max(3 * rules.constant_s / step, 2.4 * rules.constant_samples)
    bar = max(likely, shortest)
    # However coarse a series is, a day and a half of one value is to be looked at,
    # unless the factor sits on its zero.
    coarse = equal_share(lengths, profile) > 0.9 or not is_pollutant(series.code)
    cap = np.inf if coarse else max(1.5 * DAY_S / step, 6)
    usual = float(np.percentile(lengths, 99)) * step
    hits = []
    for row in np.flatnonzero(lengths >= min(bar, cap)).tolist():
        value = float(profile.row_values[starts[row]])
        length = int(lengths[row])
        if value == 0 or (length < bar and _at_floor(value, profile)):
            continue
        first, last = int(starts[row]), int(ends[row]) - 1
        begin, end = int(profile.row_times[first]), profile.end_of(last)
        samples = int(profile.rows[1][last] - profile.rows[0][first])
        hits.append(
            Hit(
                series.code,
                "constant",
                begin,
                end,
                length / bar,
                {"value": value, "usual": duration(usual)},
                samples,
            )
        )
    return hits


def _at_floor(value: float, profile: Profile) -> bool:
    """Return whether a value is the lowest the series knows (its detection limit)."""
    return value <= float(np.percentile(profile.values, 1))
