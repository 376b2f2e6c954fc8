"""One number plate from many readings of a track, character by character."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from vehicles.domain import plates
from vehicles.domain.plates import Color, PlateError

# Kinds that a reader trained on ordinary plates must not be trusted with.
BY_HAND = plates.FOREIGN | {"temporary", "temporary_entry", "military", "farm"}
LEAST_CHARACTERS = 5


@dataclass(frozen=True)
class Reading:
    """One reading of one picture: text, score 0..1 and, where known, per character.

    ``provinces`` holds what the reader thinks of each province character, 0..1, and
    ``choices`` what it thinks possible at every place, likeliest first. ``width`` is the
    plate's in the picture, pixels; 0 where it is not known.
    """

    text: str
    score: float
    color: Color = Color.OTHER
    scores: tuple[float, ...] = ()
    provinces: Mapping[str, float] = field(default_factory=dict)
    choices: tuple[Mapping[str, float], ...] = ()
    width: float = 0.0


@dataclass(frozen=True)
class Voted:
    """The plate of a track: text (may be empty), colour, score, and what is wrong.

    ``problem`` is empty when the text may stand without a person's correction.
    """

    text: str
    color: Color
    score: float
    readings: int
    problem: str = ""


# A look-alike with this share of the winner's support leaves the place open.
OPEN_SHARE = 0.6

# Which share of the plates that pass are of the home province; a camera may set its own.
HOME_SHARE = 0.9
# By so much the reader must prefer another province for the choice to be told.
TOLD_ODDS = 3.0
# The home province with this share of the winner's support leaves the province open.
HOME_OPEN_SHARE = 0.05
# A plate never seen wider, or a vote weaker than this, is right too seldom to stand
# alone (docs/model_card.md): pixels, and the score of the vote.
LEAST_WIDTH, LEAST_SCORE = 70.0, 0.65


def home_odds(share: float) -> float:
    """How much likelier the home province is than any other one, before looking."""
    held = min(max(share, 0.0), 0.999)
    return held / (1.0 - held) * (len(plates.PROVINCES) - 1)


def vote(
    readings: Sequence[Reading], *, home: str = "", home_share: float = HOME_SHARE
) -> Voted:
    """One plate from all readings of a track.

    ``home`` is the province that ``home_share`` of the plates here belong to; as a prior
    it can only decide what the reader itself thinks possible, and where it decides against
    the reader that is said. Two plates in one track, a covered or malformed plate are said
    in ``problem``; a text is never completed by guessing.
    """
    usable = [
        replace(one, text=text)
        for one in readings
        if len(text := plates.normalise(one.text)) >= LEAST_CHARACTERS
    ]
    if not usable:
        return Voted("", Color.OTHER, 0.0, len(readings), "号牌不可辨，需人工录入")
    length = _length(usable)
    same = [one for one in usable if len(one.text) == length]
    text, sureness, open_places = "", 1.0, []
    for place in range(length):
        support = _support(same, place)
        if place == 0 and all(one.provinces for one in same):
            support = _provinces(same, home, home_odds(home_share) if home else 1.0)
            open_places += _against_reader(same, support, home)
        best = max(support, key=lambda char: support[char])
        text += best
        sureness = min(sureness, support[best] / max(sum(support.values()), 1e-9))
        rival = _rival(support, best)
        if place and rival:
            open_places.append(f"第 {place + 1} 位 {best}/{rival} 难辨")
    mean = sum(one.score for one in same) / len(same)
    score = round(mean * sureness, 3)
    problem = _problem(text, usable)
    doubts = open_places + _weak(usable, score)
    if doubts and not problem:
        problem = f"{'、'.join(doubts)}，需人工核对"
    return Voted(text, _color(same), score, len(usable), problem)


def _weak(readings: Sequence[Reading], score: float) -> list[str]:
    """Why the vote as a whole should be looked at: a small plate, an unsure reader."""
    widest = max(one.width for one in readings)
    if 0 < widest < LEAST_WIDTH:
        return [f"号牌在画面中仅宽 {widest:.0f} 像素"]
    # Where the width is not told, neither was it asked of the reader.
    if widest and score < LEAST_SCORE:
        return [f"识读把握仅 {score:.2f}"]
    return []


def _length(readings: Sequence[Reading]) -> int:
    """The length with most support; a well-formed text counts double."""
    support: dict[int, float] = defaultdict(float)
    for one in readings:
        weight = 2.0 if plates.is_valid(one.text) else 1.0
        support[len(one.text)] += one.score * weight
    return max(support, key=lambda size: support[size])


def _rival(support: Mapping[str, float], best: str) -> str:
    """The look-alike that could as well stand there, or nothing."""
    others = {
        char: value
        for char, value in support.items()
        if char != best
        and value >= OPEN_SHARE * support[best]
        and plates.look_alike(best, char)
    }
    return max(others, key=lambda char: others[char]) if others else ""


def _support(readings: Sequence[Reading], place: int) -> dict[str, float]:
    """What all readings together think of a place: each shares its own doubts."""
    support: dict[str, float] = defaultdict(float)
    for one in readings:
        if len(one.choices) == len(one.text):
            for char, likely in one.choices[place].items():
                support[char] += likely**2
            continue
        known = len(one.scores) == len(one.text)
        support[one.text[place]] += (one.scores[place] if known else one.score) ** 2
    return support


def _provinces(readings: Sequence[Reading], home: str, odds: float) -> dict[str, float]:
    support: dict[str, float] = defaultdict(float)
    for one in readings:
        for char, likely in one.provinces.items():
            support[char] += likely * (odds if char == home else 1.0)
    return support


def _against_reader(
    readings: Sequence[Reading], support: Mapping[str, float], home: str
) -> list[str]:
    """Says so where the prior and not the reader chose the province, or almost did."""
    own = _provinces(readings, home, 1.0)
    chosen, liked = (
        max(support, key=lambda c: support[c]),
        max(own, key=lambda c: own[c]),
    )
    if home and chosen != home and support[home] >= HOME_OPEN_SHARE * support[chosen]:
        return [f"省份 {chosen}/{home} 难辨"]
    if chosen == liked or own[liked] < TOLD_ODDS * own[chosen]:
        return []
    return [f"省份 {chosen}/{liked} 难辨，按本地占比取 {chosen}"]


def _color(readings: Sequence[Reading]) -> Color:
    support: dict[Color, float] = defaultdict(float)
    for one in readings:
        if one.color is not Color.OTHER:
            support[one.color] += one.score
    return max(support, key=lambda key: support[key]) if support else Color.OTHER


def _problem(text: str, readings: Sequence[Reading]) -> str:
    # Characters left out or read twice move the others: they are no other plate.
    far = [one for one in readings if plates.distance(one.text, text) > len(text) // 2]
    if len(far) >= max(2, len(readings) // 3):
        return "一条轨迹上读到两个号牌，需人工录入"
    try:
        kind = plates.parse(text).kind
    except PlateError as error:
        return f"{error}，需人工录入"
    if kind.code in BY_HAND:
        return f"{kind.name}号牌，需人工录入"
    if len(readings) == 1:
        return "仅一帧读到，需人工核对"
    return ""


def differences(one: str, other: str) -> int:
    """Number of differing places, missing ones included."""
    pairs = sum(a != b for a, b in zip(one, other, strict=False))
    return pairs + abs(len(one) - len(other))


def may_be_pure_electric(text: str) -> bool:
    """Whether a new-energy plate carries a letter of the pure electric half (D A B C E).

    Only a hint: the register decides whether a vehicle is suppressed.
    """
    plain = plates.normalise(text)
    kind = next((k for k in plates.KINDS if k.pattern.fullmatch(plain)), None)
    if kind is None or kind.code not in ("nev_small", "nev_large"):
        return False
    return (plain[2] if kind.code == "nev_small" else plain[-1]) in "DABCE"
