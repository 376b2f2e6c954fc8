"""One plate from many readings."""

import pytest

from vehicles.domain.plates import Color
from vehicles.domain.smoke.voting import Reading, may_be_pure_electric, vote


def read(text: str, score: float = 0.9, **more: object) -> Reading:
    return Reading(text, score, Color.YELLOW, **more)


def test_characters_are_voted_one_by_one() -> None:
    voted = vote(
        [read("新E0K73X"), read("新E8K73X"), read("新E0K73Y"), read("新E0K13X")]
    )
    assert voted.text == "新E0K73X"
    assert voted.color is Color.YELLOW
    assert voted.problem == ""
    assert voted.readings == 4


def test_spelling_does_not_matter() -> None:
    assert vote([read("新E·0K73X"), read("新e 0k73x")]).text == "新E0K73X"


def test_home_province_decides_only_what_the_reader_thinks_possible() -> None:
    unsure = [read("浙E0K73X", provinces={"浙": 0.5, "新": 0.06})] * 3
    assert vote(unsure, home="新").text == "新E0K73X"
    assert vote(unsure).text == "浙E0K73X"
    sure = [read("浙E0K73X", provinces={"浙": 0.97, "新": 0.001})] * 3
    assert vote(sure, home="新").text == "浙E0K73X"


def test_nothing_read_is_said_not_guessed() -> None:
    voted = vote([read("新E0")])
    assert voted.text == ""
    assert voted.problem == "号牌不可辨，需人工录入"


def test_two_plates_in_one_track_are_said() -> None:
    voted = vote([read("新E0K73X")] * 4 + [read("甘B5D91K")] * 3)
    assert voted.problem == "一条轨迹上读到两个号牌，需人工录入"


def test_malformed_text_goes_to_a_person() -> None:
    voted = vote([read("新E0K73")] * 3)
    assert voted.text == "新E0K73"
    assert "需人工录入" in voted.problem


@pytest.mark.parametrize("text", ["123ABC02", "A123BCD"])
def test_foreign_plates_go_to_a_person(text: str) -> None:
    assert "需人工录入" in vote([read(text)] * 3).problem


def test_a_single_reading_is_to_be_checked() -> None:
    assert vote([read("新E0K73X")]).problem == "仅一帧读到，需人工核对"


@pytest.mark.parametrize(
    ("text", "electric"),
    [
        ("新ED12345", True),
        ("新E12345D", True),
        ("新EF12345", False),
        ("新E0K73X", False),
    ],
)
def test_letters_of_pure_electric_plates(text: str, electric: bool) -> None:
    assert may_be_pure_electric(text) is electric


def test_readers_doubts_are_shared_and_a_look_alike_is_told() -> None:
    def doubt(m: float, w: float) -> tuple[dict[str, float], ...]:
        return (
            tuple({char: 1.0} for char in "新E1")
            + ({"M": m, "W": w},)
            + tuple({char: 1.0} for char in "28X")
        )

    clear = [read("新E1M28X", choices=doubt(0.9, 0.1))] * 3
    assert vote(clear).problem == ""
    # Two of three spell W, and still the sum of their doubts says M.
    mixed = [
        read("新E1M28X", choices=doubt(0.95, 0.05)),
        read("新E1W28X", choices=doubt(0.48, 0.52)),
        read("新E1W28X", choices=doubt(0.48, 0.52)),
    ]
    assert vote(mixed).text == "新E1M28X"
    even = [read("新E1M28X", choices=doubt(0.5, 0.49))] * 3
    assert vote(even).problem == "第 4 位 M/W 难辨，需人工核对"


def test_a_choice_of_the_prior_against_the_reader_is_told() -> None:
    seen = {"浙": 0.76, "苏": 0.22, "新": 0.016}
    readings = [Reading("浙E0K73X", 0.9, provinces=seen)] * 3
    voted = vote(readings, home="新")
    assert voted.text == "新E0K73X"
    assert voted.problem == "省份 新/浙 难辨，按本地占比取 新，需人工核对"
    # Where half of the traffic is from elsewhere, the reader is believed.
    assert vote(readings, home="新", home_share=0.5).text == "浙E0K73X"
    assert vote(readings).text == "浙E0K73X"
