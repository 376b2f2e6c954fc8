"""Thresholds from reviews, and the light in which a camera can judge."""

import numpy as np
import pytest

from vehicles.domain.smoke.gates import Condition, Light5, Limits, blocking, read_light
from vehicles.domain.smoke.thresholds import LEAST_REVIEWED, Judged, advise


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
