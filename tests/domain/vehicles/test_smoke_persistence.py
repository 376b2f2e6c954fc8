"""Smoke stays when its vehicle has gone: what becomes free, and what is left there."""

import numpy as np
import pytest

from vehicles.domain.smoke.comparison import Scene
from vehicles.domain.smoke.persistence import Moment, _carried, lingering
from vehicles.domain.smoke.regions import Region, Window

SHAPE = (60, 120)
BEFORE = (20.0, 10.0, 40.0, 30.0)


def part(left: int, top: int, right: int, bottom: int) -> Region:
    """Return a region that fills a box of the picture."""
    mask = np.zeros(SHAPE, bool)
    mask[top:bottom, left:right] = True
    return Region.tight(Window(0, 0, SHAPE[1], SHAPE[0]), mask)


def wide(left: int, top: int, right: int, bottom: int) -> Region:
    """Return the same with the whole picture as its window."""
    mask = np.zeros(SHAPE, bool)
    mask[top:bottom, left:right] = True
    return Region(Window(0, 0, SHAPE[1], SHAPE[0]), mask)


@pytest.mark.parametrize(
    ("after", "bounds"),
    [
        (BEFORE, (48, 68, 18, 28)),
        ((25.0, 12.0, 45.0, 32.0), (53, 73, 20, 30)),
        ((15.0, 8.0, 35.0, 28.0), (43, 63, 16, 26)),
    ],
    ids=["it stands", "five right and two down", "five left and two up"],
)
def test_a_region_is_carried_as_its_vehicle_moves_and_widened_by_two(
    after, bounds
) -> None:
    found = _carried(wide(50, 20, 67, 27), BEFORE, after)
    left, right, top, bottom = bounds
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    assert (columns[0], columns[-1], rows[0], rows[-1]) == (left, right, top, bottom)
    assert found.sum() == (right - left + 1) * (bottom - top + 1)


@pytest.mark.parametrize(
    ("after", "bounds"),
    [
        # foot (30, 30) stays: x = 30 + 2 (x - 30), y = 30 + 2 (y - 30)
        ((10.0, -10.0, 50.0, 30.0), (68, 92, 8, 18)),
        # twice as wide only, the foot at (36, 33): x = 36 + 2 (x - 30), y + 3
        ((16.0, 13.0, 56.0, 33.0), (74, 98, 21, 28)),
        # half as high only: y = 30 + (y - 30) / 2
        ((20.0, 20.0, 40.0, 30.0), (48, 62, 23, 28)),
    ],
    ids=["twice as near", "wider and further on", "lower"],
)
def test_a_region_grows_with_its_vehicle_from_the_middle_of_its_lower_edge(
    after, bounds
) -> None:
    found = _carried(wide(50, 20, 61, 24), BEFORE, after)
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    assert (columns[0], columns[-1], rows[0], rows[-1]) == bounds


def test_a_vehicle_seen_from_far_away_grows_by_its_own_size() -> None:
    # twice as large: x = 21.5 + 2 (x - 20.75), y = 13 + 2 (y - 11.5)
    before, after = (20.0, 10.0, 21.5, 11.5), (20.0, 10.0, 23.0, 13.0)
    found = _carried(wide(20, 10, 25, 13), before, after)
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    assert (columns[0], columns[-1], rows[0], rows[-1]) == (18, 30, 8, 16)


def test_what_is_carried_to_just_beyond_the_window_still_spreads_into_it() -> None:
    region = part(50, 20, 60, 30)
    gone = _carried(region, BEFORE, (30.0, 10.0, 50.0, 30.0))
    assert np.flatnonzero(gone.any(0)).tolist() == [8, 9]
    further = _carried(region, BEFORE, (32.0, 10.0, 52.0, 30.0))
    assert not further.any()
    back = _carried(region, BEFORE, (10.0, 10.0, 30.0, 30.0))
    assert np.flatnonzero(back.any(0)).tolist() == [0, 1]


def test_a_box_without_size_does_not_divide() -> None:
    flat = (20.0, 10.0, 20.0, 10.0)
    found = _carried(wide(20, 10, 30, 20), flat, (20.0, 10.0, 21.0, 11.0))
    assert found.any()


DARK = part(40, 10, 60, 30)


def scene(depth: float, left: int = 40, right: int = 60) -> Scene:
    picture = np.zeros(SHAPE, np.float32)
    picture[10:30, left:right] = depth
    return Scene.plain(picture)


def moment(at: float, moved: float, depth: float, dark: Region | None = DARK) -> Moment:
    box = (60.0 + moved, 10.0, 80.0 + moved, 30.0)
    return Moment(at, box, scene(depth), dark)


def pair(*, first=0.8, second=0.4, moved=12.0, gap=0.5, dark=DARK):
    """Return what lingers of two equal pairs of pictures."""
    moments = [moment(0.0, 0.0, first, dark), moment(0.01, 0.0, first, dark)]
    later = [Moment(gap, moment(0, moved, second).box, scene(second), None)]
    return lingering([*moments, *later])


@pytest.mark.parametrize(
    ("more", "share"),
    [
        ({}, 0.5),
        ({"second": 0.8}, 1.0),
        ({"second": 0.0}, 0.0),
        ({"second": -0.4}, 0.0),
        ({"first": 0.0, "second": 0.0005}, 0.5),
    ],
    ids=["half is left", "all", "nothing", "it became brighter", "nothing was there"],
)
def test_what_is_left_of_the_darkening_is_its_share(more, share) -> None:
    assert pair(**more) == pytest.approx(
        share, abs=0.15 if more.get("first") == 0 else 1e-3
    )


def test_a_part_that_became_brighter_counts_as_nothing() -> None:
    picture = np.zeros(SHAPE, np.float32)
    picture[10:20, 40:60] = 0.8
    picture[20:30, 40:60] = -0.8
    later = Moment(0.5, (72.0, 10.0, 92.0, 30.0), Scene.plain(picture), None)
    found = lingering([moment(0.0, 0.0, 0.8), moment(0.01, 0.0, 0.8), later])
    assert found == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("moved", "told"),
    [(5.0, True), (4.0, False), (0.0, False)],
    ids=["three columns of twenty", "two columns", "it stands"],
)
def test_fifteen_percent_of_the_region_must_become_free(moved, told) -> None:
    # The carried region is widened by two, so five columns leave three free.
    assert (pair(moved=moved) is not None) is told


@pytest.mark.parametrize(
    ("rows", "told"), [(5, True), (4, False)], ids=["25 pixels", "20 pixels"]
)
def test_twenty_five_pixels_must_become_free(rows, told) -> None:
    small = part(40, 10, 45, 10 + rows)
    assert (pair(moved=40.0, dark=small) is not None) is told


@pytest.mark.parametrize(
    ("gap", "told"),
    [(0.35, True), (0.34, False), (0.95, True), (0.97, False)],
)
def test_pictures_are_a_third_to_a_second_apart(gap, told) -> None:
    moments = [moment(-0.25, 0.0, 0.8)] * 2
    later = Moment(gap - 0.25, moment(0, 12.0, 0.4).box, scene(0.4), None)
    found = lingering([*moments, later])
    assert (found is not None) is told


def test_one_pair_says_too_little_and_the_middle_of_many_counts() -> None:
    first = moment(0.0, 0.0, 0.8)
    assert lingering([first, moment(0.5, 12.0, 0.4, None)]) is None
    shares = [moment(0.4 + 0.1 * n, 12.0 + n, depth, None)
              for n, depth in enumerate((0.8, 0.2, 0.4))]  # fmt: skip
    assert lingering([first, *shares]) == pytest.approx(0.5, abs=1e-3)


def test_pictures_without_a_dark_region_begin_no_pair() -> None:
    nothing = Region.tight(Window(0, 0, 9, 9), np.zeros((9, 9), bool))
    late = [moment(0.5, 12.0, 0.4, None), moment(0.6, 13.0, 0.4, None)]
    for dark in (None, nothing):
        assert lingering([moment(0.0, 0.0, 0.8, dark), *late]) is None
    assert lingering([moment(0.0, 0.0, 0.8, None), moment(0.1, 0.0, 0.8), *late])


def test_what_is_hidden_later_is_not_free() -> None:
    hidden = Scene(
        scene(0.4).coded, np.ones(SHAPE, bool), [(40.0, 10.0, 80.0, 30.0)], 0.0, 1.0
    )
    late = [Moment(at, (72.0, 10.0, 92.0, 30.0), hidden, None) for at in (0.5, 0.6)]
    assert lingering([moment(0.0, 0.0, 0.8), *late]) is None
