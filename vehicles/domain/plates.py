"""Number plates (机动车号牌): reading, kinds, and plates that look alike.

The kinds follow GA 36 with the serial rules found in public validators (no I or O in a
serial). The kind codes are 号牌种类 of GA 24.7. Patterns marked *memory* in ``KINDS``
were not checked against the text of the standard; they only widen what is accepted.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
"""One-character names of the provinces, in the order of GB/T 2260."""

BORTALA = "新E"
"""The authority code (发牌机关代号) of Bortala."""


class Color(StrEnum):
    """Colour of a plate; vendors' numbers are mapped to these by their dialect."""

    BLUE = "blue"
    YELLOW = "yellow"
    WHITE = "white"
    BLACK = "black"
    GREEN = "green"
    YELLOW_GREEN = "yellow_green"
    OTHER = "other"


COLOR_NAMES = {
    Color.BLUE: "蓝",
    Color.YELLOW: "黄",
    Color.WHITE: "白",
    Color.BLACK: "黑",
    Color.GREEN: "渐变绿",
    Color.YELLOW_GREEN: "黄绿双拼",
    Color.OTHER: "其他",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plate: its code word, Chinese name, colours, 号牌种类 and pattern.

    The first of ``colors`` and ``types`` is what the plate alone suggests.
    """

    code: str
    name: str
    colors: tuple[Color, ...]
    types: tuple[str, ...]
    pattern: re.Pattern[str]
    source: str


_P = f"[{PROVINCES}]"
_L = "[A-HJ-NP-Z]"
_A = "[A-HJ-NP-Z0-9]"
_N = "[DABCEFGHJK]"
_SEEN, _MEMORY = "公开校验代码", "memory"


def _kind(
    code: str, name: str, colors: str, types: str, pattern: str, source: str = _SEEN
) -> Kind:
    return Kind(
        code,
        name,
        tuple(Color(color) for color in colors.split()),
        tuple(types.split()),
        re.compile(pattern, re.ASCII),
        source,
    )


KINDS: tuple[Kind, ...] = (
    _kind("trailer", "挂车", "yellow", "15", f"{_P}{_L}{_A}{{4}}挂"),
    _kind("training", "教练车", "yellow", "16", f"{_P}{_L}{_A}{{4}}学"),
    _kind("police", "警用", "white", "23 24", f"{_P}{_L}{_A}{{4}}警"),
    _kind("hong_kong", "香港入出境", "black", "26", f"粤Z{_A}{{4}}港"),
    _kind("macau", "澳门入出境", "black", "27", f"粤Z{_A}{{4}}澳"),
    _kind("embassy", "使馆", "black green", "03", r"(?:使\d{6}|\d{6}使)"),
    _kind("consulate", "领馆", "black green", "04", rf"{_P}(?:\d{{5}}|{_L}?\d{{4}})领"),
    _kind("test", "试验用", "white", "18", f"{_P}{_L}{_A}{{4}}试", _MEMORY),
    _kind("oversize", "特型机动车", "white", "18", f"{_P}{_L}{_A}{{4}}超", _MEMORY),
    _kind("rescue", "应急救援", "white", "01 02", rf"{_P}[XS]\d{{4}}应急", _MEMORY),
    _kind("aviation", "民航", "green", "99", r"民航[A-Z0-9]\d{4}", _MEMORY),
    _kind(
        "temporary",
        "临时行驶",
        "white blue",
        "22",
        f"(?:临{_P}{_L}{_A}{{4,5}}|{_P}{_L}{_A}{{4,5}}临)",
        _MEMORY,
    ),
    _kind(
        "temporary_entry",
        "临时入境",
        "white",
        "20 21",
        rf"{_P}{_L}?(?:临入|临境|境)[A-Z0-9]{{4,6}}",
        _MEMORY,
    ),
    _kind("armed_police", "武警", "white", "31", rf"WJ{_P}?\d{{4}}[A-Z0-9]{{1,2}}"),
    _kind("military", "军队", "white", "32", r"[A-Z]{2}\d{5}"),
    _kind("nev_small", "小型新能源", "green", "52", rf"{_P}{_L}{_N}{_A}\d{{4}}"),
    _kind("nev_large", "大型新能源", "yellow_green", "51", rf"{_P}{_L}\d{{5}}{_N}"),
    _kind(
        "ordinary",
        "普通汽车",
        "blue yellow black",
        "02 01 05 06 07 08 13 14 25",
        f"{_P}{_L}{_A}{{5}}",
    ),
    _kind("farm", "农业机械", "yellow green", "14 13", rf"{_P}\d{{2}}\d{{5}}", _MEMORY),
    _kind("kazakhstan", "境外（哈萨克斯坦）", "white", "05", r"\d{3}[A-Z]{2,3}\d{2}"),
    _kind(
        "kazakhstan_old",
        "境外（哈萨克斯坦旧式）",
        "white",
        "05",
        r"[A-Z]\d{3}[A-Z]{2,3}",
    ),
    _kind(
        "kyrgyzstan",
        "境外（吉尔吉斯斯坦）",
        "white",
        "05",
        r"\d{2}(?:KG)?\d{3}[A-Z]{3}",
    ),
    _kind(
        "uzbekistan",
        "境外（乌兹别克斯坦）",
        "white",
        "05",
        r"\d{2}(?:[A-Z]\d{3}[A-Z]{2}|\d{3}[A-Z]{3})",
    ),
    _kind(
        "tajikistan",
        "境外（塔吉克斯坦）",
        "white",
        "05",
        r"\d{4}[A-Z]{2}\d{2}",
        _MEMORY,
    ),
    _kind("russia", "境外（俄罗斯）", "white", "05", r"[A-Z]\d{3}[A-Z]{2}\d{2,3}"),
    _kind("mongolia", "境外（蒙古）", "white", "05", r"\d{4}[A-Z]{3}", _MEMORY),
)
"""Kinds in the order in which they are tried: the narrow ones first."""

FOREIGN = frozenset(kind.code for kind in KINDS if kind.types == ("05",))

_CYRILLIC = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")
_DROP = re.compile(r"[\s.·•‧∙・．。\-－—–_/\\()（）\[\]【】:：'’\"]+")


class PlateError(ValueError):
    """The text is not a plate; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate that was read: text without separators, kind, likely colour and type."""

    text: str
    kind: Kind
    color: Color
    type: str

    @property
    def local(self) -> bool:
        """Whether Bortala issued it."""
        return self.text.startswith(BORTALA)

    @property
    def foreign(self) -> bool:
        """Whether it was issued abroad."""
        return self.kind.code in FOREIGN


def normalise(text: str) -> str:
    """Return ``text`` without spaces and dots, half-width, upper case.

    Cyrillic letters that look like Latin ones become Latin (plates of Central Asia).
    """
    return (
        _DROP.sub("", unicodedata.normalize("NFKC", text)).upper().translate(_CYRILLIC)
    )


def parse(text: str, color: str | None = None, type_code: str | None = None) -> Plate:
    """Read a plate in any spelling.

    ``color`` and ``type_code`` (号牌种类) choose among a kind's variants and must fit
    the kind. Raises PlateError.
    """
    plain = normalise(text)
    if not plain:
        raise PlateError("号牌为空")
    kind = next((kind for kind in KINDS if kind.pattern.fullmatch(plain)), None)
    if kind is None:
        raise PlateError(_reason(plain))
    if color and color not in set(Color):
        raise PlateError(f"没有“{color[:14]}”这种号牌颜色")
    if color and Color(color) not in (*kind.colors, Color.OTHER):
        names = "、".join(COLOR_NAMES[item] for item in kind.colors)
        raise PlateError(
            f"{kind.name}号牌应为{names}色，不是{COLOR_NAMES[Color(color)]}色"
        )
    if type_code and type_code not in kind.types and type_code != "99":
        raise PlateError(f"{kind.name}号牌的号牌种类不能是 {type_code}")
    chosen = Color(color) if color else _color_for(kind, type_code)
    return Plate(plain, kind, chosen, type_code or _type_for(kind, chosen))


def is_valid(text: str) -> bool:
    """Return whether ``text`` is a plate of any kind."""
    plain = normalise(text)
    return any(kind.pattern.fullmatch(plain) for kind in KINDS)


def _color_for(kind: Kind, type_code: str | None) -> Color:
    if kind.code == "ordinary" and type_code in ("01", "07", "13", "14", "25"):
        return Color.YELLOW
    if kind.code == "ordinary" and type_code in ("05", "06"):
        return Color.BLACK
    return kind.colors[0]


def _type_for(kind: Kind, color: Color) -> str:
    if kind.code == "ordinary" and color is Color.YELLOW:
        return "01"
    if kind.code == "ordinary" and color is Color.BLACK:
        return "06"
    return kind.types[0]


def _reason(plain: str) -> str:
    if len(plain) < 6:
        return f"号牌“{plain}”不足 6 位"
    if plain[0] in PROVINCES:
        if plain[1] in "IO":
            return f"号牌“{plain}”的发牌机关代号不能是 {plain[1]}"
        if re.search("[IO]", plain[2:]):
            return f"号牌“{plain}”的序号中不使用字母 I 和 O"
        return f"号牌“{plain}”的位数或格式不符合 GA 36"
    return f"号牌“{plain}”不是已知种类的号牌"


LOOKALIKES = (
    *("0ODQ", "1IL", "2Z", "5S", "6G", "8B"),
    *("1T7", "4A", "7Y", "7Z", "UV", "EF", "MNHW", "PR", "KX", "CG"),
)
"""Groups that people and cameras confuse; the first six make the near key."""

_KEY = str.maketrans({char: group[0] for group in LOOKALIKES[:6] for char in group[1:]})
_ALIKE = {
    frozenset((a, b)) for group in LOOKALIKES for a in group for b in group if a != b
}


def look_alike(one: str, other: str) -> bool:
    """Return whether two characters are ones that cameras confuse."""
    return frozenset((one, other)) in _ALIKE


def near_key(text: str) -> str:
    """Return a key that is equal for plates that differ only in O/0, I/1, Z/2, B/8 …

    The province is dropped, since it is what cameras get wrong first.
    """
    plain = normalise(text)
    if plain and plain[0] in PROVINCES:
        plain = plain[1:]
    return plain.translate(_KEY)


def distance(left: str, right: str) -> float:
    """Return the edit distance of two plates; look-alike letters count 0.3."""
    a, b = normalise(left), normalise(right)
    row = [float(index) for index in range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], float(i)
        for j, y in enumerate(b, 1):
            swap = 0.0 if x == y else 0.3 if frozenset((x, y)) in _ALIKE else 1.0
            previous, row[j] = row[j], min(previous + swap, row[j] + 1, row[j - 1] + 1)
    return row[-1]


def subject_key(text: str, color: str) -> str:
    """Return the key under which alerts and cases refer to a vehicle."""
    return f"vehicle:{normalise(text)}:{color}"
