"""标记使用异常: M, C, D or S for too long, or just when values rise."""

import numpy as np

from polluters.domain.checks.context import Context, not_habitual
from polluters.domain.checks.finding import Hit, duration, percent
from polluters.domain.checks.numeric import Span, join_spans
from polluters.domain.checks.profile import Profile, flag_spans
from polluters.domain.checks.series import HOUR_S, Series, is_pollutant
from polluters.domain.validity import flag_word

KINDS = "MDCSB"
BEFORE_S = HOUR_S


def find(context: Context) -> list[Hit]:
    """Return flagged spans that are too long or that cover high values."""
    hits: list[Hit] = []
    for series in context.station.main.values():
        for flag in KINDS:
            found = join_spans(flag_spans(series, flag), max(900, series.interval))
            hits += _too_long(context, series, flag, found)
            if (
                flag in "MDSB"
                and is_pollutant(series.code)
                or flag == "C"
                and is_pollutant(series.code)
            ):
                hits += _hiding(context, series, flag, found)
    return not_habitual(hits, context)


def _longest(context: Context, flag: str, found: list[Span]) -> float:
    """Return how long this flag may last: as set, or thrice what is usual here."""
    rules = context.rules
    top = {"M": rules.maintenance_s, "C": rules.calibration_s, "D": rules.fault_s}.get(
        flag, rules.maintenance_s
    )
    lengths = sorted(end - begin for begin, end in found)
    if len(lengths) < 4:
        return float(top)
    usual = float(np.median(lengths[:-1]))
    return float(min(top, max(6 * usual, top / 3)))


def _too_long(
    context: Context, series: Series, flag: str, found: list[Span]
) -> list[Hit]:
    longest = _longest(context, flag, found)
    return [
        Hit(
            series.code,
            "flag_abuse",
            begin,
            end,
            (end - begin) / longest,
            {
                "flag": flag_word(flag),
                "evidence": f"时长超过 {duration(longest)}（平时最长或设定上限）",
            },
        )
        for begin, end in found
        if end - begin > longest
    ]


def _hiding(
    context: Context, series: Series, flag: str, found: list[Span]
) -> list[Hit]:
    """Return spans whose own values, or those just before, are high and alive.

    Span gas and zero gas stand still; values that go on as in operation, over the
    limit or far over the usual, do not belong under a calibration or maintenance.
    """
    profile = context.profile(series)
    if len(profile.values) < 20 or not profile.median > 0:
        return []
    bar = _high(profile, series)
    hits = []
    for begin, end in found:
        evidence, score = _evidence(profile, series, (begin, end), bar)
        if evidence:
            data: dict[str, object] = {"flag": flag_word(flag), "evidence": evidence}
            hits.append(Hit(series.code, "flag_abuse", begin, end, score, data))
    return hits


def _high(profile: Profile, series: Series) -> float:
    """Return what counts as high: near the limit, and rare in this series."""
    rare = float(np.percentile(profile.values, 99))
    limits = [x.high for x in series.limits if x.high is not None]
    far = profile.median + 5 * profile.spread
    return max(min([far, *(0.95 * x for x in limits)]), min(rare, far))


def _evidence(
    profile: Profile, series: Series, span: Span, bar: float
) -> tuple[str, float]:
    begin, end = span
    inner = series.slice(begin, end)
    under = series.values[inner]
    under = under[np.isfinite(under)]
    lead = max(BEFORE_S, 3 * series.interval)
    outer = series.slice(begin - lead, begin)
    before = series.values[outer][series.valid[outer]]
    high_before = len(before) > 0 and float(np.mean(before[-5:] > bar)) >= 0.6
    high_under = len(under) > 0 and float(np.median(under)) > bar
    alive = _alive(profile, under)
    if high_under and alive:
        share = float(np.mean(under > bar))
        return (
            f"标记期间 {percent(share)} 的数值高于 {bar:.4g}，"
            f"且随工况波动，不是标气或零气读数",
            float(np.median(under)) / bar,
        )
    if high_before and (high_under or not len(under)):
        return (
            f"标记前 {duration(lead)}数值已升至 {float(np.median(before[-5:])):.4g}"
            f"（平时 {profile.median:.4g}），随即标记",
            float(np.median(before[-5:])) / bar,
        )
    return "", 0.0


def _alive(profile: Profile, values: np.ndarray) -> bool:
    """Return whether values vary as this series does in operation."""
    if len(values) < 3:
        return False
    if profile.batch:
        return True
    own = float(np.median(np.abs(np.diff(profile.scaled(values)))))
    usual = float(np.median(np.abs(np.diff(profile.scaled(profile.values)))))
    return own > 0.25 * usual
