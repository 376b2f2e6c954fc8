"""标记使用异常: M, C, D or S for too long, or just when values rise."""

import numpy as np

from polluters.domain.checks.context import Context, not_habitual
from polluters.domain.checks.finding import Hit, duration, percent
from polluters.domain.checks.numeric import Span, join_spans
from polluters.domain.checks.profile import Profile, flag_spans
from polluters.domain.checks.series import HOUR_S, Floats, Series, is_pollutant
from polluters.domain.validity import flag_word

KINDS = "MDCSB"
BEFORE_S = HOUR_S


def find(context: Context) -> list[Hit]:
    """Return flagged spans that are too long or that cover high values."""
    long: list[Hit] = []
    hiding: list[Hit] = []
    for series in context.station.main.values():
        for flag in KINDS:
            found = join_spans(flag_spans(series, flag), max(900, series.interval))
            long += _too_long(context, series, flag, found)
            if is_pollutant(series.code):
                hiding += _hiding(context, series, flag, found)
    return [*not_habitual(long, context), *not_habitual(hiding, context)]


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
        evidence, score = _evidence(profile, series, flag, (begin, end), bar)
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
    profile: Profile, series: Series, flag: str, span: Span, bar: float
) -> tuple[str, float]:
    """Return in words what speaks against the flag, and how strongly."""
    begin, end = span
    inner = series.slice(begin, end)
    under = series.values[inner]
    under = under[np.isfinite(under)]
    lead = max(BEFORE_S, 3 * series.interval)
    outer = series.slice(begin - lead, begin)
    before = series.values[outer][series.valid[outer]]
    high_before = len(before) > 0 and float(np.mean(before[-5:] > bar)) >= 0.6
    high_under = (
        len(under) > 0
        and float(np.median(under)) > bar
        and float(np.percentile(under, 10)) > 0.6 * bar
    )
    # Calibration gas is high by nature: it also takes a rise before the flag.
    if high_under and _alive(profile, under) and (flag != "C" or high_before):
        share = float(np.mean(under > bar))
        return (
            f"标记期间 {percent(share)} 的数值高于 {bar:.4g}，"
            f"且随工况波动，不是标气或零气读数",
            float(np.median(under)) / bar,
        )
    if flag != "C" and high_before and (high_under or not len(under)):
        return (
            f"标记前 {duration(lead)}数值已升至 {float(np.median(before[-5:])):.4g}"
            f"（平时 {profile.median:.4g}），随即标记",
            float(np.median(before[-5:])) / bar,
        )
    return "", 0.0


def _alive(profile: Profile, values: Floats) -> bool:
    """Return whether values vary as this series does in operation.

    Plateaus of zero and span gas do not: most of their neighbouring values are equal.
    """
    if profile.batch:
        return len(values) * profile.series.interval >= profile.batch
    if len(values) < 3:
        return False
    change = np.abs(np.diff(profile.scaled(values)))
    usual = np.abs(np.diff(profile.scaled(profile.values)))
    still = float(np.mean(change <= 0.05 * float(np.median(usual))))
    return still < 0.4 and float(np.median(change)) > 0.25 * float(np.median(usual))
