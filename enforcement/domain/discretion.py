"""Fines from factor tables; every step is kept so that it can be shown and checked.

Tables are data with version and source. Two published methods are known:

``span``     fine = low + (high − low) × Σ(weight × score)
``percent``  fine = high × min(base + Σ(weight × score), 100 %)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from enforcement.domain.labels import Labelled
from enforcement.domain.money import Rounding, round_to, yuan

HUNDRED = Decimal(100)


class Method(Labelled):
    """How factors turn into an amount."""

    SPAN = "span", "下限 +（上限 − 下限）× 裁量系数"
    PERCENT = "percent", "上限 × 裁量百分值"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a factor; ``score`` is from 0 to 100."""

    code: str
    label: str
    score: Decimal


@dataclass(frozen=True, slots=True)
class Factor:
    """A circumstance with its weight in percent."""

    code: str
    name: str
    weight: Decimal
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An aggravating (+) or mitigating (−) circumstance in percent of the fine."""

    code: str
    label: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Table:
    """A versioned discretion table."""

    code: str
    version: str
    method: Method
    factors: tuple[Factor, ...]
    adjustments: tuple[Adjustment, ...] = ()
    base: Decimal = Decimal(0)
    unit: Decimal = Decimal(100)
    rounding: Rounding = Rounding.HALF_UP
    source: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the calculation."""

    label: str
    detail: str
    value: str


@dataclass(frozen=True, slots=True)
class Result:
    """The fine, the bounds it was held to, and how it came about."""

    amount: Decimal
    low: Decimal
    high: Decimal
    coefficient: Decimal
    steps: tuple[Step, ...]
    reduced: bool


class TableError(ValueError):
    """A discretion table or an answer to it that cannot be used."""


def check_table(table: Table) -> None:
    """Raise `TableError` unless weights (with the base) make 100 and scores fit."""
    total = sum((factor.weight for factor in table.factors), table.base)
    if total != HUNDRED:
        raise TableError(f"各因子权重与基准合计为 {total}%，应为 100%")
    for factor in table.factors:
        codes = [option.code for option in factor.options]
        if len(codes) < 2 or len(set(codes)) != len(codes):
            raise TableError(f"因子“{factor.name}”至少要有两个不重复的选项")
        if any(not 0 <= option.score <= HUNDRED for option in factor.options):
            raise TableError(f"因子“{factor.name}”的分值须在 0–100 之间")
    if table.unit <= 0:
        raise TableError("取整单位须大于 0")


def calculate(
    table: Table,
    bounds: tuple[Decimal, Decimal],
    answers: Mapping[str, str],
    *,
    adjustments: Sequence[str] = (),
    reduction_basis: str = "",
) -> Result:
    """Return the fine for ``answers`` (factor code → option code) within ``bounds``.

    A result under the lower bound is lifted to it unless ``reduction_basis`` names the
    ground for 减轻处罚 (行政处罚法 art. 32); the upper bound always holds. Raises
    `TableError` for unknown or missing answers and for bounds in the wrong order.
    """
    low, high = bounds
    if not 0 <= low <= high:
        raise TableError("法定幅度的下限须不大于上限")
    check_table(table)
    coefficient, steps = _coefficient(table, answers)
    if table.method is Method.SPAN:
        amount = low + (high - low) * coefficient / HUNDRED
        text = (
            f"{yuan(low)} +（{yuan(high)} − {yuan(low)}）× {coefficient.normalize():f}%"
        )
    else:
        amount = high * coefficient / HUNDRED
        text = f"{yuan(high)} × {coefficient.normalize():f}%"
    steps.append(Step("基准罚款", text, f"{yuan(amount)} 元"))
    amount = _adjust(table, adjustments, amount, steps)
    rounded = round_to(amount, table.unit, table.rounding)
    steps.append(
        Step(
            "取整",
            f"{table.rounding.label}到 {yuan(table.unit)} 元",
            f"{yuan(rounded)} 元",
        )
    )
    final, reduced = _hold(rounded, low, high, reduction_basis, steps)
    return Result(final, low, high, coefficient, tuple(steps), reduced)


def _coefficient(
    table: Table, answers: Mapping[str, str]
) -> tuple[Decimal, list[Step]]:
    unknown = set(answers) - {factor.code for factor in table.factors}
    if unknown:
        raise TableError(f"裁量表中没有因子：{'、'.join(sorted(unknown))}")
    total, steps = table.base, []
    if table.base:
        steps.append(Step("基准", "裁量表基准值", f"{table.base}%"))
    for factor in table.factors:
        option = _answer(factor, answers)
        part = factor.weight * option.score / HUNDRED
        total += part
        detail = f"{option.label}：权重 {factor.weight}% × 分值 {option.score}"
        steps.append(Step(factor.name, detail, f"{part.normalize():f}%"))
    total = min(total, HUNDRED)
    steps.append(
        Step("裁量系数合计", "各项相加，不超过 100%", f"{total.normalize():f}%")
    )
    return total, steps


def _answer(factor: Factor, answers: Mapping[str, str]) -> Option:
    given = answers.get(factor.code, "")
    for option in factor.options:
        if option.code == given:
            return option
    problem = "未选择" if not given else "选项不存在"
    raise TableError(f"裁量因子“{factor.name}”{problem}")


def _adjust(
    table: Table, codes: Sequence[str], amount: Decimal, steps: list[Step]
) -> Decimal:
    known = {item.code: item for item in table.adjustments}
    for code in codes:
        if code not in known:
            raise TableError(f"裁量表中没有情节：{code}")
        item = known[code]
        change = amount * item.percent / HUNDRED
        sign = "从重" if item.percent > 0 else "从轻"
        steps.append(
            Step(
                f"{sign}情节",
                f"{item.label}（{item.percent:+}%）",
                f"{change:+,.2f} 元",
            )
        )
        amount += change
    return max(amount, Decimal(0))


def _hold(
    amount: Decimal, low: Decimal, high: Decimal, reduction: str, steps: list[Step]
) -> tuple[Decimal, bool]:
    if amount > high:
        steps.append(Step("法定上限", "超过上限的按上限", f"{yuan(high)} 元"))
        return high, False
    if amount >= low:
        return amount, False
    if reduction:
        steps.append(Step("减轻处罚", reduction, f"{yuan(amount)} 元"))
        return amount, True
    steps.append(Step("法定下限", "没有减轻依据，按下限", f"{yuan(low)} 元"))
    return low, False
