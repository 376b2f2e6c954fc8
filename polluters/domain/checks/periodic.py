"""周期性重复: values that replay earlier ones, or follow a clean wave."""

import numpy as np

from polluters.domain.checks.constant import equal_share
from polluters.domain.checks.context import Context, not_habitual
from polluters.domain.checks.finding import Hit, duration, merge, percent
from polluters.domain.checks.numeric import equal_runs, robust_sd
from polluters.domain.checks.profile import Profile
from polluters.domain.checks.series import DAY_S, HOUR_S, Floats, Ints, is_pollutant

LONGEST_GRAM = 48
POINTS = 144
SLOW_POINTS = 72
SHORT_MORE = 0.1
CLEAN = 0.93
WAVES = 4


def find(context: Context) -> list[Hit]:
    """Return replays in any factor that varies and waves in concentrations."""
    hits = []
    for series in context.station.main.values():
        if not is_pollutant(series.code) and series.code not in ("a00000", "w00000"):
            continue
        profile = context.profile(series)
        if len(profile.row_values) >= 48 and profile.spread > 3 * profile.resolution:
            hits += _replays(profile)
            hits += _waves(context, profile)
    return not_habitual(merge(hits), context)


def _replays(profile: Profile) -> list[Hit]:
    """Return blocks of values that came before in the same order, at one distance.

    The block must be longer than chance allows for a series of this resolution.
    """
    values = profile.row_values
    starts, ends = equal_runs(values, profile.row_breaks)
    share = equal_share(ends - starts, profile)
    size = int(np.ceil((2 * np.log(len(values)) + 9) / -np.log(share)))
    size = max(size, 8)
    if size > LONGEST_GRAM or len(values) < 3 * size:
        return []
    lags = _lags(values, size, profile.resolution)
    hits = []
    begins, stops = equal_runs(lags.astype(np.float64), profile.row_breaks[: len(lags)])
    for begin, stop in zip(begins.tolist(), stops.tolist(), strict=True):
        lag = int(lags[begin])
        if lag <= 1 or stop - begin < max(size // 2, 4):
            continue
        last = stop + size - 2
        period = int(profile.row_times[begin] - profile.row_times[begin - lag])
        hits.append(
            Hit(
                profile.series.code,
                "periodic",
                int(profile.row_times[begin]),
                profile.end_of(last),
                float(last - begin),
                {
                    "period": duration(period),
                    "share": f"连续 {last - begin + 1} 个数据与之前完全相同",
                },
                last - begin + 1,
            )
        )
    return hits


def _lags(values: Floats, size: int, step: float) -> Ints:
    """Return for each position how far back the same ``size`` values stood, else 0."""
    whole = np.round(values / step).astype(np.int64).astype(np.uint64)
    count = len(values) - size + 1
    hashed = np.zeros(count, dtype=np.uint64)
    changes = np.zeros(count, dtype=np.int64)
    factor = np.uint64(1)
    base = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        for offset in range(size):
            hashed += whole[offset : offset + count] * factor
            factor = factor * base
            if offset:
                changes += (
                    whole[offset : offset + count]
                    != whole[offset - 1 : offset - 1 + count]
                )
    order = np.argsort(hashed, kind="stable")
    same = np.zeros(count, dtype=bool)
    same[1:] = hashed[order][1:] == hashed[order][:-1]
    lags = np.zeros(count, dtype=np.int64)
    places = np.flatnonzero(same)
    lags[order[places]] = order[places] - order[places - 1]
    lags[changes < 0.6 * (size - 1)] = 0
    return lags


def _waves(context: Context, profile: Profile) -> list[Hit]:
    """Return windows in which one wave and its harmonics carry nearly all variance."""
    hits: list[Hit] = []
    for factor in _factors(profile):
        values, times = _coarse(profile, factor)
        for count, bar in _windows(context, profile):
            if len(values) >= 3 * count:
                hits += _scan(context, profile, values, times, count, bar)
    return hits


def _windows(context: Context, profile: Profile) -> tuple[tuple[int, float], ...]:
    """Return window lengths with the share that a wave must carry: more in short ones."""
    share = context.rules.periodic_share
    if profile.row_interval < 1800:
        return ((POINTS, share),)
    return ((SLOW_POINTS, share), (SLOW_POINTS // 2, share + SHORT_MORE))


def _factors(profile: Profile) -> list[int]:
    """Return how many rows are averaged: as sent, and to windows of half a day."""
    if profile.batch or profile.row_interval >= 1800:
        return [1]
    wide = round(DAY_S / 2 / POINTS / profile.row_interval)
    return [1, wide] if wide > 1 else [1]


def _coarse(profile: Profile, factor: int) -> tuple[Floats, Ints]:
    """Return deseasonalised means of ``factor`` rows with the time each begins."""
    scaled = profile.scaled(profile.row_values)
    hours = (profile.row_times + 8 * HOUR_S) // HOUR_S % 24
    seasonal = np.zeros(24)
    for hour in range(24):
        own = scaled[hours == hour]
        seasonal[hour] = np.median(own) if len(own) else 0.0
    if profile.row_interval >= 1800 or profile.batch:
        scaled = scaled - seasonal[hours]
    whole = len(scaled) // factor * factor
    means: Floats = scaled[:whole].reshape(-1, factor).mean(axis=1)
    return means, profile.row_times[:whole:factor]


def _scan(
    context: Context,
    profile: Profile,
    values: Floats,
    times: Ints,
    count: int,
    least: float,
) -> list[Hit]:
    starts = np.arange(0, len(values) - count + 1, count // 4)
    windows = np.lib.stride_tricks.sliding_window_view(values, count)[starts]
    ramp = np.linspace(-1, 1, count)
    flat = windows - windows.mean(axis=1, keepdims=True)
    flat = flat - (flat @ ramp / (ramp @ ramp))[:, None] * ramp
    power = np.abs(np.fft.rfft(flat, axis=1)) ** 2
    total = power[:, 1:].sum(axis=1)
    share, peak = _comb(power, total)
    usual = float(np.median(share))
    bar = min(max(least, usual + 6 * robust_sd(share)), CLEAN)
    steady = times[starts + count - 1] - times[starts]
    step = float(np.median(np.diff(times)))
    hits = []
    for i in np.flatnonzero((share >= bar) & (steady <= 1.2 * step * count)).tolist():
        begin = int(times[starts[i]])
        hits.append(
            Hit(
                profile.series.code,
                "periodic",
                begin,
                int(begin + step * count),
                float(share[i]),
                {
                    "period": duration(step * count / int(peak[i])),
                    "share": f"该周期及其倍频占全部波动的 {percent(float(share[i]))}，"
                    f"平时 {percent(usual)}",
                },
                count,
            )
        )
    return hits


def _comb(power: Floats, total: Floats) -> tuple[Floats, Ints]:
    """Return the share of the best fundamental with its harmonics, and the wave's bin.

    The comb of half a wave's bin holds the wave too, as its double: the bin told is one
    that stands out from its neighbours and carries most of its comb itself.
    """
    bins = power.shape[1]
    best, told = np.zeros(len(power)), np.zeros(len(power))
    peak = np.full(len(power), WAVES, dtype=np.int64)
    wave = np.zeros(len(power), dtype=np.int64)
    for base in range(WAVES, bins // 2):
        own = power[:, base - 1 : base + 2]
        wanted = {2 * base, 3 * base} - {base - 1, base, base + 1}
        others = power[:, sorted(b for b in wanted if b < bins)].sum(axis=1)
        whole = own.sum(axis=1)
        share = (whole + others) / np.maximum(total, 1e-12)
        better = share > best
        best[better], peak[better] = share[better], base
        stands = (
            (whole >= others) & (power[:, base] == own.max(axis=1)) & (share > told)
        )
        told[stands], wave[stands] = share[stands], base
    return best, np.where(wave > 0, wave, peak)
