"""Tests for not punishing (行政处罚法 art. 33, 生态环境法典 art. 1056).

Three grounds: a minor act that was corrected and did no harm *shall not* be punished; a
first act with minor harm that was corrected *may* go unpunished; a party that proves to
be without fault shall not be punished. The lists that fill in "minor" and "first" are
issued by provinces; what is a first act is a number of months.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bozhou_eco.common.calendar import add_months
from enforcement.domain.labels import Labelled


class Ground(Labelled):
    """Why an act goes unpunished."""

    MINOR = "minor", "轻微不罚"
    FIRST = "first", "首违不罚"
    NO_FAULT = "no_fault", "无主观过错不罚"

    @property
    def mandatory(self) -> bool:
        """Whether the law says "shall not" rather than "may go unpunished"."""
        return self is not Ground.FIRST


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a ground; ``proof`` says what evidence answers it."""

    code: str
    text: str
    proof: str


CONDITIONS: dict[Ground, tuple[Condition, ...]] = {
    Ground.MINOR: (
        Condition("minor", "违法行为轻微", "超标倍数、时长、数量等事实"),
        Condition("corrected", "及时改正", "整改前后对比材料、复查记录"),
        Condition("no_harm", "没有造成危害后果", "监测或现场情况说明"),
    ),
    Ground.FIRST: (
        Condition("first", "初次违法", "平台与历史处罚记录检索结果"),
        Condition("minor_harm", "危害后果轻微", "监测或现场情况说明"),
        Condition("corrected", "及时改正", "整改前后对比材料、复查记录"),
        Condition("listed", "属于首违不罚清单所列情形", "清单条目"),
    ),
    Ground.NO_FAULT: (
        Condition("proved", "当事人有证据足以证明没有主观过错", "当事人提交的证据"),
        Condition("no_exception", "法律、行政法规没有另外规定", "依据核对意见"),
    ),
}
AFTERWARDS = (
    Condition("education", "已对当事人进行教育", "教育记录"),
    Condition("commitment", "当事人签订守法承诺书", "承诺书"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a condition holds, and the evidence that says so."""

    met: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a test: what is not met and what is not evidenced."""

    ground: Ground
    unmet: tuple[str, ...]
    unproven: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every condition is met and evidenced."""
        return not self.unmet and not self.unproven

    @property
    def missing(self) -> tuple[str, ...]:
        """Everything that stands against the ground, in words."""
        return (
            *(f"{text}：不符合" for text in self.unmet),
            *(f"{text}：未附证据" for text in self.unproven),
        )


def examine(ground: Ground, answers: Mapping[str, Answer]) -> Verdict:
    """Return whether ``answers`` (condition code → answer) carry ``ground``."""
    unmet, unproven = [], []
    for condition in (*CONDITIONS[ground], *AFTERWARDS):
        answer = answers.get(condition.code)
        if answer is None or not answer.met:
            unmet.append(condition.text)
        elif not answer.evidence.strip():
            unproven.append(condition.text)
    return Verdict(ground, tuple(unmet), tuple(unproven))


@dataclass(frozen=True, slots=True)
class PastAct:
    """An earlier finding against the same party."""

    topic: str
    found_on: date
    reference: str


def earlier_acts(
    history: Iterable[PastAct], topic: str, found_on: date, months: int
) -> tuple[PastAct, ...]:
    """Return the same acts found within ``months`` before ``found_on``.

    An act found exactly ``months`` before no longer counts ("满十二个月").
    """
    return tuple(
        past
        for past in history
        if past.topic == topic
        and past.found_on <= found_on < add_months(past.found_on, months)
    )
