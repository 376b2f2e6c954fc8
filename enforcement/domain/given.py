"""What a person states with an action, brought to proper types."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from enforcement.domain.workflow import Field, FieldKind, Refused

YES = frozenset({"yes", "true", "on", "1", "是"})
NO = frozenset({"no", "false", "off", "0", "否", ""})
MOST_COUNT = 32_767
MOST_UNIT = 2**31 - 1
MOST_MONEY = Decimal(10) ** 11
"""A hundred billion yuan; what is worked out from it still fits its column."""


def parse(fields: Sequence[Field], data: Mapping[str, object]) -> dict[str, object]:
    """Return ``data`` typed after ``fields``; empty answers are left out.

    Dates become ``date``, money ``Decimal``, yes/no ``bool``, counts and units ``int``.
    Raises `Refused` naming every answer that cannot be read, is longer or larger than
    can be kept, or that nobody asked for.
    """
    known = {field.name: field for field in fields}
    wrong = [f"没有这一项：{name}" for name in data if name not in known]
    given: dict[str, object] = {}
    for name, field in known.items():
        raw = data.get(name)
        if raw is None or raw == "":
            continue
        try:
            given[name] = value = _typed(field.kind, raw)
        except (ValueError, InvalidOperation):
            wrong.append(f"{field.label}填写有误：{str(raw)[:40]}")
            continue
        if field.most and isinstance(value, str) and len(value) > field.most:
            wrong.append(f"{field.label}最多 {field.most} 字，现有 {len(value)} 字")
    if wrong:
        raise Refused(wrong[0], tuple(wrong))
    return given


def problems(fields: Sequence[Field], given: Mapping[str, object]) -> tuple[str, ...]:
    """Return what is missing from typed answers, or is not among the options."""
    found = []
    for field in fields:
        value = given.get(field.name)
        if value is None or value == "":
            if field.required:
                found.append(f"未填写{field.label}")
        elif field.kind is FieldKind.CHOICE and value not in dict(field.options):
            found.append(f"{field.label}不在可选范围内")
    return tuple(found)


def _typed(kind: FieldKind, raw: object) -> object:
    text = raw.strip() if isinstance(raw, str) else raw
    if kind is FieldKind.DATE:
        return text if isinstance(text, date) else date.fromisoformat(str(text))
    if kind is FieldKind.MONEY:
        return _money(text)
    if kind in (FieldKind.COUNT, FieldKind.UNIT):
        return _whole(text, MOST_COUNT if kind is FieldKind.COUNT else MOST_UNIT)
    if kind is FieldKind.YES_NO:
        return _yes_no(text)
    words = str(text)
    if "\0" in words:
        raise ValueError("a character that cannot be kept")
    return words


def _whole(text: object, most: int) -> int:
    number = int(str(text))
    if abs(number) > most:
        raise ValueError("larger than can be kept")
    return number


def _money(text: object) -> Decimal:
    amount = Decimal(str(text).replace(",", "").replace("，", ""))
    if not amount.is_finite() or abs(amount) >= MOST_MONEY:
        raise ValueError("no amount, or larger than can be kept")
    if amount != amount.quantize(Decimal("0.01")):
        raise ValueError("not an amount in yuan and fen")
    return amount


def _yes_no(text: object) -> bool:
    if isinstance(text, bool):
        return text
    word = str(text).lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError("neither yes nor no")


def jsonable(given: Mapping[str, object]) -> dict[str, object]:
    """Return typed answers as JSON values: dates in ISO form, money as text."""
    return {
        name: value if isinstance(value, bool | int) else str(value)
        for name, value in given.items()
    }
