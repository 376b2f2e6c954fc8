"""Which law applies: by the day of the act, the lighter one if it changed since.

行政处罚法 art. 37 and 生态环境法典 art. 1057: the law at the time of the act applies;
where the law at decision does not treat the act as unlawful or punishes it less, the
later law applies (从旧兼从轻).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from enforcement.domain.labels import Labelled
from enforcement.domain.money import yuan


class RangeKind(Labelled):
    """How a provision sets the fine."""

    BETWEEN = "between", "幅度"
    FIXED = "fixed", "定额"
    PER_UNIT = "per_unit", "每台（辆）定额"
    MULTIPLE = "multiple", "货值倍数"
    BY_DAY = "by_day", "按日连续"
    NONE = "none", "无罚款（移送或另行规定）"


@dataclass(frozen=True, slots=True)
class FineRange:
    """Lower and upper bound: yuan, or for MULTIPLE the factors of a goods value.

    ``floor`` is the least goods value to count with; ``harsher`` names consequences
    beyond the fine (吊销, 禁业, 停产, 拘留), which weigh more than any amount.
    """

    kind: RangeKind
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    floor: Decimal = Decimal(0)
    harsher: tuple[str, ...] = ()

    def bounds(
        self, *, count: int = 1, value: Decimal | None = None
    ) -> tuple[Decimal, Decimal]:
        """Return the bounds in yuan for ``count`` units or goods worth ``value``.

        Raises ValueError when a multiple has no goods value or a unit count is < 1.
        """
        if count < 1:
            raise ValueError("数量应不小于 1")
        if self.kind is RangeKind.MULTIPLE:
            if value is None:
                raise ValueError("按货值倍数处罚须填写货值金额")
            base = max(value, self.floor)
            return base * self.low, base * self.high
        times = count if self.kind is RangeKind.PER_UNIT else 1
        return self.low * times, self.high * times


@dataclass(frozen=True, slots=True)
class Basis:
    """A provision: what it is about, how it punishes, and when it is in force.

    ``valid_to`` is the last day in force, None while it is.
    """

    code: str
    topic: str
    law: str
    article: str
    fine: FineRange
    valid_from: date
    valid_to: date | None = None
    authority: str = ""
    confirmed: bool = True

    @property
    def title(self) -> str:
        """Law and article as cited."""
        return f"《{self.law}》{self.article}"

    def in_force(self, day: date) -> bool:
        """Return whether the provision is in force on ``day``."""
        return self.valid_from <= day and (
            self.valid_to is None or day <= self.valid_to
        )


class Lighter(Labelled):
    """Outcome of comparing two provisions."""

    OLD = "old", "适用行为时的法律"
    NEW = "new", "适用决定时的法律（处罚较轻）"
    SAME = "same", "轻重相同，适用行为时的法律"
    UNCLEAR = "unclear", "轻重需人工认定"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both provisions side by side, the outcome and why."""

    old: Basis
    new: Basis
    outcome: Lighter
    reasons: tuple[str, ...]

    @property
    def chosen(self) -> Basis | None:
        """The provision to apply; None while a person has to say."""
        if self.outcome is Lighter.UNCLEAR:
            return None
        return self.new if self.outcome is Lighter.NEW else self.old


def in_force(bases: Iterable[Basis], topic: str, day: date) -> tuple[Basis, ...]:
    """Return the provisions on ``topic`` in force on ``day``."""
    return tuple(b for b in bases if b.topic == topic and b.in_force(day))


def compare(old: Basis, new: Basis) -> Comparison:
    """Compare the provision at the act with the one at decision.

    The upper bound decides, then the lower one; a consequence beyond the fine that only
    one side has outweighs amounts that are not lower there, and makes the outcome a
    matter for a person where the two pull in different directions. Different ways of
    setting the fine are never compared by amount.
    """
    if old.fine.kind is not new.fine.kind:
        text = f"计罚方式不同：{old.fine.kind.label} / {new.fine.kind.label}"
        return Comparison(old, new, Lighter.UNCLEAR, (text,))
    amount, reasons = _by_amount(old.fine, new.fine)
    extra_old = set(old.fine.harsher) - set(new.fine.harsher)
    extra_new = set(new.fine.harsher) - set(old.fine.harsher)
    if extra_old:
        reasons.append("行为时法律另有：" + "、".join(sorted(extra_old)))
    if extra_new:
        reasons.append("决定时法律另有：" + "、".join(sorted(extra_new)))
    return Comparison(
        old, new, _weigh(amount, bool(extra_old), bool(extra_new)), tuple(reasons)
    )


def _by_amount(old: FineRange, new: FineRange) -> tuple[Lighter, list[str]]:
    for name, before, after in (
        ("上限", old.high, new.high),
        ("下限", old.low, new.low),
    ):
        if before == after:
            continue
        text = f"{name}由 {yuan(before)} 变为 {yuan(after)}"
        return (Lighter.NEW if after < before else Lighter.OLD), [text]
    return Lighter.SAME, [f"罚款幅度相同：{yuan(old.low)}–{yuan(old.high)}"]


def _weigh(amount: Lighter, extra_old: bool, extra_new: bool) -> Lighter:
    if extra_old and extra_new:
        return Lighter.UNCLEAR
    if extra_new:
        return Lighter.UNCLEAR if amount is Lighter.NEW else Lighter.OLD
    if extra_old:
        return Lighter.UNCLEAR if amount is Lighter.OLD else Lighter.NEW
    return amount


@dataclass(frozen=True, slots=True)
class Choice:
    """The provision for one topic: settled, or waiting for a comparison."""

    basis: Basis | None
    comparison: Comparison | None
    reason: str


def choose(
    bases: Sequence[Basis], topic: str, act_ended: date, decided: date
) -> Choice:
    """Choose the provision on ``topic`` for an act that ended on ``act_ended``.

    An act that continues over a change of law is judged by the law at its end. Raises
    ValueError when ``decided`` is before the act.
    """
    if decided < act_ended:
        raise ValueError("决定日期早于违法行为终了日期")
    then = in_force(bases, topic, act_ended)
    now = in_force(bases, topic, decided)
    if not then:
        return Choice(None, None, f"行为时（{act_ended}）没有收录对应的处罚依据")
    old = then[0]
    if old in now:
        return Choice(old, None, f"行为时与决定时均为{old.title}")
    if not now:
        text = f"{old.title}已失效且没有收录后继条款，决定时可能不认为违法，须人工认定"
        return Choice(None, None, text)
    found = compare(old, now[0])
    return Choice(found.chosen, found, found.outcome.label)


def heaviest(choices: Iterable[tuple[Basis, Decimal]]) -> tuple[Basis, str] | None:
    """Among provisions that one act breaks, return the one with the highest fine.

    ``choices`` pairs each provision with its upper bound in yuan. 行政处罚法 art. 29:
    the same act is fined once, by the provision with the higher amount.
    """
    rows = sorted(choices, key=lambda row: row[1], reverse=True)
    if not rows:
        return None
    basis, top = rows[0]
    others = [b.title for b, _ in rows[1:]]
    if not others:
        return basis, "只涉及一项规定"
    reason = (
        f"同一行为同时违反{'、'.join(others)}，依行政处罚法第二十九条"
        f"按罚款数额高的{basis.title}（上限 {yuan(top)} 元）处罚"
    )
    return basis, reason
