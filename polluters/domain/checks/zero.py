"""零值: zeros while other parameters show that the plant runs."""

from polluters.domain.checks.context import Context
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.numeric import equal_runs, likely_run, spans
from polluters.domain.checks.profile import Profile
from polluters.domain.checks.series import (
    FLOW,
    HOUR_S,
    OXYGEN,
    TEMPERATURE,
    Series,
    is_pollutant,
)

LIVELY = frozenset((OXYGEN, TEMPERATURE, "a01014", "w01001", "w01009"))


def find(context: Context) -> list[Hit]:
    """Return zero runs of factors that are not usually zero."""
    hits = []
    for series in context.station.main.values():
        if series.code in FLOW:
            continue
        if is_pollutant(series.code) or series.code in LIVELY:
            hits += _runs(context, series)
    return hits


def bar(profile: Profile, shortest_s: int, shortest: int) -> float:
    """Return how many zeros in a row this series makes unlikely.

    Factors near their detection limit read zero often; their own runs set the bar.
    """
    zero = profile.values == 0
    least = max(shortest_s / profile.series.interval, shortest)
    longest = max((b - a for a, b in spans(zero)), default=0)
    if float(zero.sum() - longest) > 0.01 * len(zero):
        least = max(least, 6 * HOUR_S / profile.series.interval)
    return max(least, 1.5 * likely_run(zero, profile.breaks, 0.01))


def _runs(context: Context, series: Series) -> list[Hit]:
    rules, profile = context.rules, context.profile(series)
    if not len(profile.values) or not profile.median > 5 * profile.resolution:
        return []
    least = bar(profile, rules.zero_s, rules.zero_samples)
    starts, ends = equal_runs(profile.values, profile.breaks)
    hits = []
    for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if profile.values[begin] != 0 or end - begin < least:
            continue
        span = int(profile.times[begin]), int(profile.times[end - 1]) + series.interval
        evidence = _operating(context, series, span)
        if evidence:
            data: dict[str, object] = {"usual": profile.median, "evidence": evidence}
            score = (end - begin) / least
            hits.append(Hit(series.code, "zero", *span, score, data, end - begin))
    return hits


def _operating(context: Context, series: Series, span: tuple[int, int]) -> str:
    """Return what shows operation; empty if everything shows a stop."""
    signs = context.running_signs(*span, but=series.code)
    for other in context.station.pollutants:
        if other.code == series.code:
            continue
        usual, now = context.usual(other.code), other.median(*span)
        if usual > 0 and now > 0.3 * usual:
            signs.append(f"{other.code} {now:.3g}")
    if signs:
        return "、".join(signs[:3]) + "，表明仍在运行"
    oxygen = context.station.main.get(OXYGEN)
    if oxygen is not None and oxygen.median(*span) == 0:
        return "含氧量亦为 0，不是停运状态（停运时接近 21%），属仪器或数采仪异常"
    ph = context.station.main.get("w01001")
    if ph is not None and ph.median(*span) == 0:
        return "pH 亦为 0，属仪器或数采仪异常"
    if len(context.station.main) == 1:
        return "无其他参数表明停运"
    return ""
