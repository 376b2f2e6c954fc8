"""One plate from many readings: support, odds, doubts and what is told, to the number."""

import pytest

from vehicles.domain.plates import PROVINCES, Color
from vehicles.domain.smoke.voting import (
    Reading,
    Voted,
    differences,
    home_odds,
    may_be_pure_electric,
    vote,
)

PLATE = "新E0K73X"


def read(text: str = PLATE, score: float = 0.9, **more) -> Reading:
    return Reading(text, score, more.pop("color", Color.YELLOW), **more)


@pytest.mark.parametrize(
    ("share", "odds"),
    [
        (0.5, 30.0),
        (0.9, 270.0),
        (0.0, 0.0),
        (-0.5, 0.0),
        (1.0, 29970.0),
        (0.999, 29970.0),
    ],
)
def test_odds_of_the_home_province_against_any_other(share, odds) -> None:
    assert len(PROVINCES) == 31
    assert home_odds(share) == pytest.approx(odds)


@pytest.mark.parametrize(
    ("texts", "text"),
    [(["新E0K7"] * 3, "新E0K7"), (["新E0K"] * 3, ""), ([], "")],
    ids=["five characters", "four", "none"],
)
def test_five_characters_must_be_read(texts, text) -> None:
    found = vote([read(one) for one in texts])
    assert found.text == text
    if not text:
        assert found == Voted(
            "", Color.OTHER, 0.0, len(texts), "号牌不可辨，需人工录入"
        )


def test_what_is_too_short_is_left_out_of_all_counts() -> None:
    found = vote([read(score=0.8), read(score=0.6), read("新E0", 0.1)])
    assert found == Voted(PLATE, Color.YELLOW, 0.7, 2, "")


@pytest.mark.parametrize(
    ("scores", "short", "length"),
    [((0.5,), 0.99, 7), ((0.5,), 1.01, 6), ((0.4, 0.1), 0.99, 7)],
    ids=["twice its score", "less than the other's", "scores are summed"],
)
def test_a_well_formed_text_counts_double_for_the_length(scores, short, length) -> None:
    found = vote([*(read(score=one) for one in scores), read("新E0K73", short)])
    assert len(found.text) == length


def test_malformed_lengths_are_weighed_by_score_alone() -> None:
    found = vote([read("新E0K7", 0.6), read("新E0K73", 0.5)])
    assert found.text == "新E0K7"


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ([0.9], [0.6, 0.6], PLATE),
        ([0.8], [0.6, 0.6], "新E0K73Y"),
    ],
    ids=["0.81 against 0.72", "0.64 against 0.72"],
)
def test_scores_count_squared_at_each_place(first, second, text) -> None:
    readings = [read(PLATE, one) for one in first]
    readings += [read("新E0K73Y", one) for one in second]
    assert vote(readings).text == text


def test_a_reading_that_knows_each_character_is_believed_by_it() -> None:
    sure = (0.9,) * 6 + (0.2,)
    found = vote([read(scores=sure), read("新E0K73Y", 0.3)])
    assert found.text == "新E0K73Y"
    odd = vote([read(scores=sure[:6]), read("新E0K73Y", 0.3)])
    assert odd.text == PLATE


def choices(**last: float) -> tuple[dict[str, float], ...]:
    return (*({char: 1.0} for char in PLATE[:6]), last)


def test_doubts_count_squared_and_must_be_whole() -> None:
    found = vote([read(choices=choices(X=0.6, Y=0.4)), read("新E0K73Y", 0.4)])
    # X 0.36 against Y 0.16 + 0.16
    assert (found.text, found.score) == (PLATE, round(0.65 * 0.36 / 0.68, 3))
    half = read(choices=choices(X=0.6, Y=0.9)[1:])
    assert vote([half, half]).text == PLATE


def test_the_score_is_the_mean_times_the_least_sure_place() -> None:
    found = vote([read(score=0.9), read(score=0.8), read("新E0K73Y", 0.5)])
    sure = (0.81 + 0.64) / (0.81 + 0.64 + 0.25)
    assert found.score == round((0.9 + 0.8 + 0.5) / 3 * sure, 3)
    assert vote([read(score=0.0)] * 2).score == 0.0


def test_the_score_is_told_to_three_digits() -> None:
    assert vote([read(score=0.98765), read(score=0.98765)]).score == 0.988


def test_only_readings_of_the_voted_length_are_averaged() -> None:
    found = vote([read(score=0.9), read(score=0.9), read("新E0K73", 0.1)])
    assert found.score == 0.9
    assert found.readings == 3


@pytest.mark.parametrize(
    ("m", "w", "problem"),
    [
        (0.5, 0.39, "第 4 位 M/W 难辨，需人工核对"),
        (0.5, 0.38, ""),
    ],
    ids=["61 percent of its support", "58 percent"],
)
def test_a_look_alike_with_six_tenths_of_the_support_is_told(m, w, problem) -> None:
    doubt = (
        *({char: 1.0} for char in "新E1"),
        {"M": m, "W": w},
        *({char: 1.0} for char in "28X"),
    )
    assert vote([read("新E1M28X", choices=doubt)] * 3).problem == problem


def test_another_character_is_no_look_alike() -> None:
    found = vote([read(choices=choices(X=0.5, P=0.49))] * 3)
    assert (found.text, found.problem) == (PLATE, "")


def test_the_province_is_never_told_as_a_look_alike() -> None:
    doubt = ({"0": 0.5, "O": 0.49}, *({char: 1.0} for char in "E0K73X"))
    found = vote([read("0E0K73X", choices=doubt)] * 3)
    assert "难辨" not in found.problem


@pytest.mark.parametrize(
    ("own", "home", "share", "text", "told"),
    [
        ({"浙": 0.75, "新": 0.25}, "新", 0.9, "新", False),
        ({"浙": 0.75, "新": 0.251}, "新", 0.9, "新", False),
        ({"浙": 0.75, "新": 0.249}, "新", 0.9, "新", True),
        ({"浙": 0.75, "新": 0.0028}, "新", 0.9, "新", True),
        ({"浙": 0.75, "新": 0.0027}, "新", 0.9, "浙", True),
        ({"浙": 0.75, "新": 0.00013}, "新", 0.9, "浙", False),
        ({"浙": 0.75, "新": 0.026}, "新", 0.5, "新", True),
        ({"浙": 0.75, "新": 0.024}, "新", 0.5, "浙", True),
        ({"浙": 0.75, "新": 0.26}, "", 0.9, "浙", False),
    ],
    ids=[
        "three times as likely",
        "a little less",
        "a little more",
        "270 times as likely is outweighed",
        "a little more is not, and told",
        "twenty times as much is no longer told",
        "thirty times where half are from elsewhere",
        "more is not there, and told",
        "no home",
    ],
)
def test_the_home_province_outweighs_the_reader_by_its_odds(
    own, home, share, text, told
) -> None:
    readings = [read("浙E0K73X", provinces=own)] * 2
    found = vote(readings, home=home, home_share=share)
    assert found.text[0] == text
    assert bool(found.problem) is (told or own == {"浙": 0.75, "新": 0.25})
    if told:
        words = {"新": "新/浙 难辨，按本地占比取 新", "浙": "浙/新 难辨"}
        assert found.problem == f"省份 {words[text]}，需人工核对"


@pytest.mark.parametrize(
    ("width", "score", "problem"),
    [
        (0.0, 0.5, ""),
        (69.9, 0.9, "号牌在画面中仅宽 70 像素，需人工核对"),
        (70.0, 0.9, ""),
        (70.0, 0.65, ""),
        (70.0, 0.64, "识读把握仅 0.64，需人工核对"),
    ],
    ids=["width unknown", "too small", "wide enough", "just sure", "unsure"],
)
def test_a_small_plate_or_a_weak_vote_is_told(width, score, problem) -> None:
    small = [read(PLATE, score, width=width / 2), read(PLATE, score, width=width)]
    assert vote(small).problem == problem


def test_characters_read_twice_or_left_out_are_no_other_plate() -> None:
    shifted = [read("新EE0K73X")] * 2 + [read("新0K73X")] * 2
    assert vote([read("新E0K73X")] * 5 + shifted).problem == ""


def test_provinces_count_only_where_every_reading_has_them() -> None:
    known = read("浙E0K73X", provinces={"浙": 0.6, "新": 0.4})
    assert vote([known, known], home="新").text[0] == "新"
    assert vote([known, known, read("浙E0K73X")], home="新").text[0] == "浙"


def test_the_colour_with_most_score_stands() -> None:
    rows = [read(color=Color.BLUE, score=0.9), read(color=Color.OTHER, score=0.99)]
    assert vote(rows).color is Color.BLUE
    more = [
        *rows,
        read(color=Color.GREEN, score=0.5),
        read(color=Color.GREEN, score=0.5),
    ]
    assert vote(more).color is Color.GREEN
    assert vote([read(color=Color.OTHER)] * 2).color is Color.OTHER


@pytest.mark.parametrize(
    ("ours", "others", "other", "two"),
    [
        (4, 2, "甘B5D91X", True),
        (4, 1, "甘B5D91X", False),
        (7, 2, "甘B5D91X", False),
        (6, 3, "甘B5D91X", True),
        (4, 2, "甘B5D73X", True),
        (4, 2, "甘B5K73X", False),
    ],
    ids=[
        "two of six",
        "one of five",
        "two of nine",
        "three of nine",
        "four places differ",
        "three places differ",
    ],
)
def test_a_second_plate_is_told_when_a_third_read_it(ours, others, other, two) -> None:
    found = vote([read()] * ours + [read(other, 0.3)] * others)
    assert found.text == PLATE
    assert found.problem == ("一条轨迹上读到两个号牌，需人工录入" if two else "")


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ([PLATE] * 2, ""),
        ([PLATE], "仅一帧读到，需人工核对"),
        (["AB12345"] * 2, "军队号牌，需人工录入"),
        (["新E0K73XX"] * 2, "需人工录入"),
        (["123ABC02"] * 2, "号牌，需人工录入"),
    ],
    ids=["plain", "once", "by hand", "malformed", "foreign"],
)
def test_plates_that_a_reader_is_not_trusted_with_go_to_a_person(
    texts, problem
) -> None:
    found = vote([read(one) for one in texts])
    assert found.problem == problem or (problem and found.problem.endswith(problem))


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [("", "", 0), ("ABC", "ABC", 0), ("ABC", "ABD", 1), ("ABC", "AB", 1), ("A", "ABC", 2),
     ("ABC", "XYZ", 3), ("ABCD", "XBC", 2)],
)  # fmt: skip
def test_missing_places_differ(one, other, places) -> None:
    assert differences(one, other) == places
    assert differences(other, one) == places


@pytest.mark.parametrize(
    ("text", "electric"),
    [("新ED12345", True), ("新E12345D", True), ("新EF12345", False), ("新E12345F", False),
     ("新EC12345", True), ("新EFD1234", False), (PLATE, False), ("新ED1234", False)],
)  # fmt: skip
def test_half_of_the_letters_are_those_of_pure_electric_cars(text, electric) -> None:
    assert may_be_pure_electric(text) is electric
