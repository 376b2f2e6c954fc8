"""Daily checks against tolerances, files by their bytes, thresholds from reviews."""

import numpy as np
import pytest

from vehicles.domain.codes import Method
from vehicles.domain.inspection.checks import (
    ENDINGS,
    MEDIA_TYPES,
    SIGNATURES,
    Reading,
    agrees,
    fits_type,
    known_methods,
)
from vehicles.domain.smoke.gates import Condition, Light5, Limits, blocking, read_light
from vehicles.domain.smoke.thresholds import LEAST_REVIEWED, Judged, advise

SHARES = {"gas": 5.0, "zero": 0.0}


def reading(expected, measured, tolerance=None) -> Reading:
    return Reading("CO", expected, measured, "%", tolerance)


@pytest.mark.parametrize(
    ("rows", "passed", "verdict"),
    [
        ([reading(100, 105)], True, True),
        ([reading(100, 95)], True, True),
        ([reading(100, 105.01)], True, False),
        ([reading(100, 94.99)], True, False),
        ([reading(-100, -105)], True, True),
        ([reading(100, 101, 0.5)], True, False),
        ([reading(100, 100.5, 0.5)], True, True),
        ([reading(100, 106, 50)], True, False),
        ([reading(0, 0.3, 0.5)], True, True),
        ([reading(0, 0.1)], True, False),
        ([reading(100, 100), reading(100, 200)], True, False),
        ([reading(None, 5), reading(100, 100)], True, True),
        ([reading(100, 200)], False, True),
        ([], True, None),
        ([], False, None),
        ([reading(None, 5)], True, None),
        ([reading(5, None)], True, None),
    ],
)
def test_a_verdict_is_borne_out_by_its_readings(rows, passed, verdict) -> None:
    assert agrees("gas", passed, rows, SHARES) is verdict


def test_without_a_tolerance_of_its_kind_nothing_is_judged() -> None:
    assert agrees("leak", True, [reading(1, 9)], SHARES) is None
    assert agrees("leak", False, [reading(1, 9)], SHARES) is True
    assert agrees("zero", True, [reading(7, 7)], SHARES) is True
    assert agrees("zero", True, [reading(7, 7.1)], SHARES) is False


def test_words_that_are_no_method_are_told() -> None:
    assert known_methods([*Method, "none"]) == []
    assert known_methods(["VMAS?", "none", ""]) == ["VMAS?", ""]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_file_is_what_it_says_from_head_to_end(media_type: str) -> None:
    ((offset, mark),) = SIGNATURES[media_type]
    head = b"\0" * offset + mark + b"rest"
    tail = b"x" * 20 + ENDINGS.get(media_type, b"")
    assert fits_type(media_type, head, tail)
    assert fits_type(media_type, head, tail + b"\r\n\0 ")
    assert not fits_type(media_type, b"\1" + head, tail)
    assert not fits_type(media_type, head[:-5] if offset == 0 else head[:4], tail) or (
        len(mark) == 0
    )
    if media_type in ENDINGS:
        assert not fits_type(media_type, head, tail + b"PK\3\4")
        assert not fits_type(media_type, head, tail[:-1])


def judged(*rows: tuple[float, bool, int]) -> list[Judged]:
    return [
        Judged(measure, smoke) for measure, smoke, count in rows for _ in range(count)
    ]


def test_too_few_reviews_give_no_advice() -> None:
    few = judged((0.5, False, LEAST_REVIEWED - 1))
    advice = advise(few, current=0.3)
    assert (advice.threshold, advice.reviewed, advice.precision) == (None, 19, None)
    assert "19 条" in advice.reason


def test_a_camera_that_is_precise_is_left_alone() -> None:
    advice = advise(judged((0.5, True, 18), (0.4, False, 2)), current=0.3)
    assert (advice.threshold, advice.precision, advice.kept) == (None, 0.9, 1.0)
    assert "已达标" in advice.reason


def test_the_lowest_threshold_that_reaches_it_is_advised() -> None:
    rows = judged((0.9, True, 18), (0.6, False, 2), (0.5, False, 20), (0.4, True, 2))
    advice = advise(rows, current=0.3)
    assert (advice.threshold, advice.reviewed) == (0.6, 42)
    assert advice.precision == pytest.approx(20 / 42)
    assert advice.precision_after == pytest.approx(0.9)
    assert advice.kept == pytest.approx(0.9)


def test_what_was_never_below_the_present_one_is_not_proposed() -> None:
    rows = judged((0.5, True, 10), (0.5, False, 30))
    assert advise(rows, current=0.5).threshold is None
    assert "重新训练" in advise(rows, current=0.1).reason


def test_no_threshold_that_loses_more_than_a_tenth() -> None:
    rows = judged((0.9, True, 16), (0.5, False, 20), (0.4, True, 4))
    advice = advise(rows, current=0.3)
    assert advice.threshold is None
    assert advice.precision == pytest.approx(0.5)


def test_all_false_may_be_shut_out_without_loss() -> None:
    rows = judged((0.4, False, 25))
    assert advise(rows, current=0.1).threshold is None


DAYLIGHT = Light5(0.2, 0.05, 1.5, 0.3, 0.02)


def light(**more: float) -> Light5:
    return Light5(**{**DAYLIGHT.__dict__, **more})


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"median": 0.025}, []),
        ({"median": 0.0249}, [Condition.NIGHT]),
        ({"flicker": 0.11}, []),
        ({"flicker": 0.111}, [Condition.RAIN]),
        ({"bright_share": 0.25}, []),
        ({"bright_share": 0.26}, [Condition.GLARE]),
        ({"top_to_road": 9.5}, []),
        ({"top_to_road": 9.5, "median": 0.07}, []),
        ({"top_to_road": 9.0, "median": 0.04}, []),
        ({"top_to_road": 9.5, "median": 0.04}, [Condition.BACKLIGHT]),
        ({"contrast": 0.10}, []),
        ({"contrast": 0.099}, [Condition.HAZE]),
    ],
)
def test_each_condition_at_its_bound(change, found) -> None:
    assert blocking(light(**change)) == found


def test_the_worst_comes_first_and_limits_are_the_cameras_own() -> None:
    bad = light(median=0.01, flicker=0.5, contrast=0.01)
    assert blocking(bad) == [Condition.NIGHT, Condition.RAIN, Condition.HAZE]
    assert blocking(light(median=0.01), Limits(night=0.005)) == []


def test_numbers_of_a_scene() -> None:
    scene = np.full((100, 50), 0.1)
    scene[:20] = 0.95
    scene[45:, 25:] = 0.3
    found = read_light(scene, 0.04)
    assert found.median == pytest.approx(0.2)
    assert found.bright_share == pytest.approx(0.2)
    assert found.top_to_road == pytest.approx(0.95 / 0.2)
    assert found.contrast == pytest.approx(0.5)
    assert found.flicker == 0.04
