"""The five numbers of a scene's light, and the bounds that forbid a level."""

import numpy as np
import pytest

from vehicles.domain.smoke.gates import Condition, Light5, Limits, blocking, read_light


def scene(rows: int = 100) -> np.ndarray:
    """Return a column of light whose rows grow from 0.001 by a thousandth each."""
    return np.arange(1, rows + 1)[:, None] / 1000


def test_the_road_is_what_lies_below_the_uppermost_45_percent() -> None:
    found = read_light(scene(), 0.07)
    # rows 46 … 100: the median is row 73, 5 % and 95 % are rows 48.7 and 97.3
    assert found.median == pytest.approx(0.073)
    assert found.contrast == pytest.approx((0.0973 - 0.0487) / (0.0973 + 0.0487))
    assert found.flicker == 0.07


def test_the_sky_is_the_uppermost_fifth() -> None:
    # rows 1 … 20: the median is 10.5
    assert read_light(scene(), 0).top_to_road == pytest.approx(0.0105 / 0.073)
    # of 4 rows a fifth is less than one: the first is taken; the road is rows 2 … 4
    assert read_light(scene(4), 0).top_to_road == pytest.approx(1 / 3)


def test_what_is_brighter_than_92_percent_is_glare() -> None:
    light = np.full((10, 10), 0.92)
    light[:3] = 0.921
    assert read_light(light, 0).bright_share == pytest.approx(0.3)


def test_in_full_darkness_nothing_is_divided_by_nothing() -> None:
    dark = read_light(np.zeros((10, 10)), 0)
    assert (dark.median, dark.top_to_road, dark.contrast) == (0, 0, 0)
    sky = np.zeros((10, 10))
    sky[:2] = 0.5
    assert read_light(sky, 0).top_to_road == pytest.approx(0.5 / 1e-4)
    edge = np.zeros((40, 10))
    edge[-10:] = 4e-5
    assert read_light(edge, 0).contrast == pytest.approx(0.4)


PLAIN = {"median": 0.2, "bright_share": 0.05, "top_to_road": 1.5, "contrast": 0.3,
         "flicker": 0.02}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"median": 0.025}, []),
        ({"median": 0.0249}, [Condition.NIGHT]),
        ({"flicker": 0.11}, []),
        ({"flicker": 0.1101}, [Condition.RAIN]),
        ({"bright_share": 0.25}, []),
        ({"bright_share": 0.2501}, [Condition.GLARE]),
        ({"top_to_road": 9.01, "median": 0.0499}, [Condition.BACKLIGHT]),
        ({"top_to_road": 9.0, "median": 0.0499}, []),
        ({"top_to_road": 9.01, "median": 0.05}, []),
        ({"contrast": 0.1}, []),
        ({"contrast": 0.0999}, [Condition.HAZE]),
    ],
)
def test_each_condition_begins_beyond_its_bound(change, found) -> None:
    assert blocking(Light5(**(PLAIN | change))) == found


def test_a_cameras_own_limits_hold() -> None:
    light = Light5(**(PLAIN | {"contrast": 0.05}))
    assert blocking(light, Limits(haze_contrast=0.04)) == []
    assert blocking(light, None) == [Condition.HAZE]
