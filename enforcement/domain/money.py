"""Amounts in yuan: decimals, never floats."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal

from enforcement.domain.labels import Labelled

CENT = Decimal("0.01")


class Rounding(Labelled):
    """How a computed fine is brought to whole units."""

    DOWN = "down", "舍去尾数"
    HALF_UP = "half_up", "四舍五入"
    UP = "up", "进位"


_MODES = {
    Rounding.DOWN: ROUND_DOWN,
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.UP: ROUND_UP,
}


def round_to(amount: Decimal, unit: Decimal, mode: Rounding) -> Decimal:
    """Return ``amount`` rounded to a multiple of ``unit`` yuan."""
    if unit <= 0:
        raise ValueError("the rounding unit must be positive")
    return (amount / unit).quantize(Decimal(1), rounding=_MODES[mode]) * unit


def yuan(amount: Decimal) -> str:
    """Return an amount as people read it: thousands apart, fen only when present."""
    whole = amount == amount.to_integral_value()
    return f"{amount:,.0f}" if whole else f"{amount:,.2f}"


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def capital(amount: Decimal) -> str:
    """Return an amount in capital characters, as decisions state it (拾万元整).

    Raises ValueError for negative amounts, parts of a fen and 10^16 yuan or more.
    """
    cents = amount / CENT
    if amount < 0 or cents != cents.to_integral_value() or amount >= 10**16:
        raise ValueError(f"not an amount that can be written out: {amount}")
    yuan_part, fen_part = divmod(int(cents), 100)
    words = _whole(yuan_part) + "元" if yuan_part or not fen_part else ""
    jiao, fen = divmod(fen_part, 10)
    if not fen_part:
        return words + "整"
    if jiao:
        words += _DIGITS[jiao] + "角"
    elif yuan_part:
        words += "零"
    return words + (_DIGITS[fen] + "分" if fen else "整")


def _whole(value: int) -> str:
    if value == 0:
        return _DIGITS[0]
    words, group = "", 0
    while value:
        value, part = divmod(value, 10_000)
        if part:
            text = _four(part) + _GROUPS[group]
            if value and part < 1000:
                text = _DIGITS[0] + text
            words = text + words
        elif words and not words.startswith(_DIGITS[0]):
            words = _DIGITS[0] + words
        group += 1
    return words


def _four(part: int) -> str:
    words, gap = "", False
    for place in (3, 2, 1, 0):
        digit = part // 10**place % 10
        if digit:
            words += (_DIGITS[0] if gap and words else "") + _DIGITS[digit]
            words += _UNITS[place]
            gap = False
        else:
            gap = True
    return words
