"""A camera's thresholds from what people decided about its own captures.

Only raising is ever proposed: what was never put forward cannot be judged from captures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_REVIEWED = 20
WANTED_PRECISION = 0.9
# At most this share of the confirmed ones may be given up for it.
MOST_LOST = 0.1


@dataclass(frozen=True)
class Judged:
    """A decided capture: by how much it was put forward, and whether it was smoke.

    ``measure`` is the level for a proposal by transmission alone, the confidence for one
    by the detector alone.
    """

    measure: float
    smoke: bool


@dataclass(frozen=True)
class Advice:
    """A threshold that would have been better, with the figures before and after.

    ``threshold`` is None where there is nothing to say, with the ``reason``.
    """

    threshold: float | None
    reason: str
    reviewed: int
    precision: float | None = None
    precision_after: float | None = None
    kept: float | None = None


def advise(rows: Sequence[Judged], *, current: float) -> Advice:
    """The lowest threshold at which the wanted precision would have been reached."""
    count = len(rows)
    if count < LEAST_REVIEWED:
        return Advice(
            None, f"已复核 {count} 条，满 {LEAST_REVIEWED} 条后给出建议", count
        )
    right = sum(one.smoke for one in rows)
    precision = right / count
    if precision >= WANTED_PRECISION:
        return Advice(None, "现有阈值下精度已达标", count, precision, precision, 1.0)
    for threshold in sorted({one.measure for one in rows if one.measure > current}):
        above = [one for one in rows if one.measure >= threshold]
        kept = sum(one.smoke for one in above)
        after = kept / len(above)
        if right and kept / right < 1 - MOST_LOST:
            break
        if after >= WANTED_PRECISION:
            return Advice(
                round(threshold, 2),
                "提高后精度达标",
                count,
                precision,
                after,
                kept / right if right else None,
            )
    reason = "提高阈值不能在少丢真值的前提下达标，需补充该点位样本重新训练"
    return Advice(None, reason, count, precision)
