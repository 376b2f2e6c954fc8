"""计划外校准: a calibration neither in the plan, nor at its habitual time, nor at work.

Without a plan on file the habit is learned: automatic calibrations keep their hour.
"""

import numpy as np

from polluters.domain.checks.context import Context, not_habitual
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.numeric import Span, join_spans, overlap
from polluters.domain.checks.profile import flag_spans
from polluters.domain.checks.series import BEIJING_S, DAY_S, HOUR_S

WORK = (7.0, 20.0)
HABIT_S = 1.5 * HOUR_S
HABIT_SHARE = 0.7
ENOUGH = 4


def find(context: Context) -> list[Hit]:
    """Return calibrations of the station that nothing explains."""
    found: list[Span] = []
    for series in context.station.main.values():
        found += flag_spans(series, "C")
    runs = join_spans(found, 1800)
    if not runs:
        return []
    plans = context.station.plans
    hits = []
    for begin, end in runs:
        if plans:
            if any(overlap((begin, end), plan) for plan in plans):
                continue
            hits.append(_hit(begin, end, "不在已备案的校准计划内"))
            continue
        evidence = _unusual(runs, begin, end)
        if evidence:
            hits.append(_hit(begin, end, evidence))
    return not_habitual(hits, context)


def _hit(begin: int, end: int, evidence: str) -> Hit:
    data: dict[str, object] = {"factor": "分析仪", "evidence": evidence}
    return Hit("", "calibration_unplanned", begin, end, 1.0, data)


def _hour(time: int) -> float:
    return ((time + BEIJING_S) % DAY_S) / HOUR_S


def _at_work(begin: int, end: int) -> bool:
    return WORK[0] <= _hour(begin) and _hour(begin) + (end - begin) / HOUR_S <= WORK[1]


def _unusual(runs: list[Span], begin: int, end: int) -> str:
    """Return why a calibration is out of the ordinary, empty if it is not."""
    others = [run for run in runs if run != (begin, end)]
    if len(others) < ENOUGH or _at_work(begin, end):
        return ""
    starts = np.array([(b + BEIJING_S) % DAY_S for b, _ in others])
    best = max(float(np.mean(_apart(starts, s) <= HABIT_S)) for s in starts)
    if best >= HABIT_SHARE:
        habit = starts[
            int(np.argmax([np.mean(_apart(starts, s) <= HABIT_S) for s in starts]))
        ]
        if _apart(np.array([(begin + BEIJING_S) % DAY_S]), habit)[0] <= 2 * HABIT_S:
            return ""
        return f"平时校准在 {habit // HOUR_S:02d} 时前后，本次在工作时间之外"
    if float(np.mean([_at_work(b, e) for b, e in others])) >= 0.9:
        return "平时校准均在工作时间内，本次在夜间"
    return ""


def _apart(times: np.ndarray, other: int) -> np.ndarray:
    """Return the distance on the clock face, in s."""
    straight = np.abs(times - other)
    apart: np.ndarray = np.minimum(straight, DAY_S - straight)
    return apart
