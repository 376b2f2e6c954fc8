"""How an alert ended, and what that says about the rule that raised it."""

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.domain.labels import Labelled


class Verdict(Labelled):
    """What was found. The first group is a hit, the second is not, the rest are open.

    The values up to ``merged`` are also those with which a case ends.
    """

    HELPED = "helped", "提醒帮扶"
    CORRECTED = "corrected", "责令改正"
    LENIENT = "lenient", "不予处罚"
    PENALTY = "penalty", "行政处罚"
    TRANSFERRED = "transferred", "移送外部门"
    CRIME = "crime", "移送涉嫌犯罪"
    CONFIRMED = "confirmed", "线上核实属实"
    FALSE_ALARM = "false_alarm", "误报或非违法"
    NO_VIOLATION = "no_violation", "未发现违法"
    NOT_FILED = "not_filed", "不予立案"
    DEVICE_FAULT = "device_fault", "设备故障"
    MAINTENANCE = "maintenance", "检修维护未标记"
    DECLARED_STOP = "declared_stop", "已申报停产停运"
    FALSE_RECOGNITION = "false_recognition", "识别错误"
    DATA_ERROR = "data_error", "数据传输错误"
    DUPLICATE = "duplicate", "重复预警"
    WITHDRAWN = "withdrawn", "撤销"
    MERGED = "merged", "并案"
    RETURNED = "returned", "自行恢复"


HITS = frozenset(
    {
        Verdict.HELPED,
        Verdict.CORRECTED,
        Verdict.LENIENT,
        Verdict.PENALTY,
        Verdict.TRANSFERRED,
        Verdict.CRIME,
        Verdict.CONFIRMED,
    }
)
MISSES = frozenset(
    {
        Verdict.FALSE_ALARM,
        Verdict.NO_VIOLATION,
        Verdict.NOT_FILED,
        Verdict.DEVICE_FAULT,
        Verdict.MAINTENANCE,
        Verdict.DECLARED_STOP,
        Verdict.FALSE_RECOGNITION,
        Verdict.DATA_ERROR,
    }
)
DISMISSALS = (
    Verdict.DEVICE_FAULT,
    Verdict.MAINTENANCE,
    Verdict.DECLARED_STOP,
    Verdict.FALSE_RECOGNITION,
    Verdict.DATA_ERROR,
    Verdict.FALSE_ALARM,
    Verdict.DUPLICATE,
)
"""Reasons an officer may give on the triage page, in the order of the keys 1–7."""

MIN_JUDGED = 8
LOW_RATE = 0.3
PROPOSALS = {
    Verdict.DEVICE_FAULT: "先接入设备状态标记，故障期间不触发",
    Verdict.MAINTENANCE: "对检修维护时段加停用窗口，并督促企业按时标记",
    Verdict.DECLARED_STOP: "与停产停运申报联动，申报期间不触发",
    Verdict.FALSE_RECOGNITION: "提高识别阈值，或补充该点位的训练样本",
    Verdict.DATA_ERROR: "加数据有效性前置条件",
    Verdict.FALSE_ALARM: "提高阈值或延长持续时间，回溯测试后再启用",
    Verdict.NO_VIOLATION: "提高阈值或延长持续时间，回溯测试后再启用",
    Verdict.NOT_FILED: "降低级别，改为提醒帮扶",
}


@dataclass(frozen=True, slots=True)
class HitRate:
    """Of the judged alerts of a rule, how many were hits, and what to do about it."""

    rule: str
    judged: int
    hits: int
    commonest_miss: Verdict | None

    @property
    def rate(self) -> float | None:
        """Hits over judged; None while nothing was judged."""
        return self.hits / self.judged if self.judged else None

    @property
    def low(self) -> bool:
        """Whether there are enough verdicts to say that the rule misses too often."""
        return (
            self.judged >= MIN_JUDGED and self.rate is not None and self.rate < LOW_RATE
        )

    @property
    def proposal(self) -> str:
        """What to change about a rule with a low rate; empty for the others."""
        if not self.low or self.commonest_miss is None:
            return ""
        return PROPOSALS.get(self.commonest_miss, "复核规则参数")


def hit_rates(rows: Iterable[tuple[str, str, int]]) -> list[HitRate]:
    """Return the rates by rule from ``(rule, verdict, count)``, lowest first.

    Verdicts that are neither hit nor miss (merged, withdrawn, returned) do not count.
    """
    hits: dict[str, int] = {}
    misses: dict[str, dict[Verdict, int]] = {}
    for rule, value, count in rows:
        verdict = Verdict(value)
        hits.setdefault(rule, 0)
        known = misses.setdefault(rule, {})
        if verdict in HITS:
            hits[rule] += count
        elif verdict in MISSES:
            known[verdict] = known.get(verdict, 0) + count
    rates = []
    for rule, hit in hits.items():
        missed = misses[rule]
        commonest = max(missed, key=lambda v: (missed[v], v), default=None)
        rates.append(HitRate(rule, hit + sum(missed.values()), hit, commonest))
    return sorted(rates, key=lambda r: (r.rate is None, r.rate or 0.0, r.rule))
