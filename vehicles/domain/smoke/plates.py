"""Number plates: GA 36-2018 forms, colours, and one text from many readings."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
SERIAL = "A-HJ-NP-Z0-9"
LETTER = "A-HJ-NP-Z"

# GA 36-2018, 5 and table 1; the letter of a new-energy plate stands first on small
# vehicles and last on large ones.
FORMS = {
    "ordinary": re.compile(rf"[{PROVINCES}][{LETTER}O][{SERIAL}]{{5}}"),
    "new_energy_small": re.compile(
        rf"[{PROVINCES}][{LETTER}][DABCEFGHJK][{SERIAL}][0-9]{{4}}"
    ),
    "new_energy_large": re.compile(rf"[{PROVINCES}][{LETTER}][0-9]{{5}}[DABCEFGHJK]"),
    "suffixed": re.compile(rf"[{PROVINCES}][{LETTER}][{SERIAL}]{{4}}[挂学警港澳领]"),
    "embassy": re.compile(r"[0-9]{6}使|使[0-9]{6}"),
    "hong_kong_macau": re.compile(rf"粤Z[{SERIAL}]{{4}}[港澳]"),
    "police": re.compile(rf"WJ[{PROVINCES}]?[{SERIAL}]{{4,5}}"),
}

# Letters that tell pure electric vehicles (the others are hybrids, which may smoke).
PURE_ELECTRIC = "DABCE"

_WIDE = str.maketrans(
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
)
_LIKE = {"I": "1", "O": "0"}


class Colour(StrEnum):
    """Plate ground colours; vendors' own codes are mapped to these."""

    BLUE = "blue"
    YELLOW = "yellow"
    WHITE = "white"
    BLACK = "black"
    GREEN = "green"
    YELLOW_GREEN = "yellow_green"
    UNKNOWN = "unknown"


COLOUR_NAMES = {
    Colour.BLUE: "蓝",
    Colour.YELLOW: "黄",
    Colour.WHITE: "白",
    Colour.BLACK: "黑",
    Colour.GREEN: "绿",
    Colour.YELLOW_GREEN: "黄绿",
    Colour.UNKNOWN: "未知",
}


@dataclass(frozen=True)
class Reading:
    """One reading of one picture: text, score 0..1 and, where known, per character."""

    text: str
    score: float
    colour: Colour = Colour.UNKNOWN
    scores: tuple[float, ...] = ()


@dataclass(frozen=True)
class Plate:
    """The plate of a track: text (may be empty), colour, score, and what is wrong.

    ``problem`` is empty when the text can be used without a person's correction.
    """

    text: str
    colour: Colour
    score: float
    readings: int
    problem: str = ""


def normalise(text: str) -> str:
    """Upper case, half width, without dots and blanks; I and O in the serial are 1, 0."""
    plain = text.upper().translate(_WIDE)
    plain = re.sub(r"[\s··・.．\-—_]", "", plain)
    head, serial = plain[:2], plain[2:]
    return head + "".join(_LIKE.get(char, char) for char in serial)


def form_of(text: str) -> str:
    """The form of a normalised plate (key of FORMS), or ``""``."""
    for name, pattern in FORMS.items():
        if pattern.fullmatch(text):
            return name
    return ""


def may_be_pure_electric(text: str) -> bool:
    """Whether the new-energy letter is one of the pure electric ones.

    Only a hint: the register decides whether a vehicle is suppressed.
    """
    form = form_of(text)
    if form == "new_energy_small":
        return text[2] in PURE_ELECTRIC
    return form == "new_energy_large" and text[-1] in PURE_ELECTRIC


def _weights(readings: Sequence[Reading]) -> dict[int, float]:
    """Support of each length, a well-formed text counting double."""
    lengths: dict[int, float] = defaultdict(float)
    for one in readings:
        lengths[len(one.text)] += one.score * (2.0 if form_of(one.text) else 1.0)
    return lengths


def vote(readings: Sequence[Reading], *, home: str = "", home_weight: float = 0.15) -> Plate:
    """One plate from all readings of a track, character by character.

    ``home`` is the province character favoured a little (新 in Bortala) because readers
    know the others better. Two plates in one track, a covered or malformed plate are
    said in ``problem``; a text is never completed by guessing.
    """
    usable = [
        Reading(normalise(one.text), one.score, one.colour, one.scores)
        for one in readings
        if len(normalise(one.text)) >= 5
    ]
    if not usable:
        return Plate("", Colour.UNKNOWN, 0.0, len(readings), "号牌不可辨")
    lengths = _weights(usable)
    length = max(lengths, key=lambda size: lengths[size])
    same = [one for one in usable if len(one.text) == length]
    text, score = "", 1.0
    for place in range(length):
        support: dict[str, float] = defaultdict(float)
        for one in same:
            own = one.scores[place] if len(one.scores) == length else one.score
            support[one.text[place]] += own**2
        total = sum(support.values()) or 1.0
        if place == 0 and home and home in support:
            support[home] += home_weight * total
        best = max(support, key=lambda char: support[char])
        text += best
        score = min(score, support[best] / max(sum(support.values()), 1e-9))
    colour = _colour(same)
    mean = sum(one.score for one in same) / len(same)
    problem = _problem(text, same)
    return Plate(text, colour, round(mean * score, 3), len(usable), problem)


def _colour(readings: Sequence[Reading]) -> Colour:
    support: dict[Colour, float] = defaultdict(float)
    for one in readings:
        if one.colour is not Colour.UNKNOWN:
            support[one.colour] += one.score
    return max(support, key=lambda key: support[key]) if support else Colour.UNKNOWN


def _problem(text: str, readings: Sequence[Reading]) -> str:
    far = [one for one in readings if differences(one.text, text) > len(text) // 2]
    if len(far) >= max(2, len(readings) // 3):
        return "一条轨迹上读到两个号牌"
    if not form_of(text):
        return "不符合 GA 36 格式，需人工录入"
    if len(readings) == 1:
        return "仅一帧读到"
    return ""


def differences(one: str, other: str) -> int:
    """Number of differing places, missing ones included."""
    pairs = sum(a != b for a, b in zip(one, other, strict=False))
    return pairs + abs(len(one) - len(other))
