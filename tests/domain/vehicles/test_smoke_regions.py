"""Rectangles and parts of a picture, to the pixel."""

import numpy as np
import pytest

from vehicles.domain.smoke.regions import Region, Window, box_mask, widened


def mask(*rows: str) -> np.ndarray:
    return np.array([[char == "#" for char in row] for row in rows], bool)


@pytest.mark.parametrize(
    ("boxes", "margin", "window"),
    [
        ([(2.9, 3.9, 5.1, 6.1)], 0, (2, 3, 6, 7)),
        ([(2.9, 3.9, 5.1, 6.1)], 2, (0, 1, 8, 9)),
        ([(4, 5, 6, 7), (2, 6, 5, 9)], 0, (2, 5, 7, 10)),
        ([(6, 2, 8, 5), (1, 4, 3, 6)], 0, (1, 2, 9, 7)),
        ([(-3, -4, 30, 40)], 0, (0, 0, 20, 10)),
        ([(18, 8, 19, 9)], 1, (17, 7, 20, 10)),
        ([(0, 0, 1, 1)], 1, (0, 0, 3, 3)),
    ],
    ids=[
        "whole pixels around it",
        "with a margin",
        "two boxes",
        "the first is right of and above the second",
        "within the picture",
        "at its lower right corner",
        "at its upper left corner",
    ],
)
def test_the_smallest_window_that_holds_all_boxes(boxes, margin, window) -> None:
    found = Window.around(boxes, 10, 20, margin=margin)
    assert (found.left, found.top, found.right, found.bottom) == window


def test_a_window_has_no_margin_unless_asked_for() -> None:
    assert Window.around([(4, 5, 6, 7)], 20, 20) == Window(4, 5, 7, 8)


@pytest.mark.parametrize(
    ("window", "shape"),
    [((2, 3, 7, 9), (6, 5)), ((7, 3, 2, 9), (6, 0)), ((2, 9, 7, 3), (0, 5)),
     ((2, 3, 3, 4), (1, 1)), ((2, 3, 2, 3), (0, 0))],
    ids=["plain", "no width", "no height", "one pixel", "nothing"],
)  # fmt: skip
def test_height_and_width_of_a_window(window, shape) -> None:
    assert Window(*window).shape == shape


def test_what_lies_in_a_window_is_seen_in_its_own_coordinates() -> None:
    window = Window(2, 3, 4, 6)
    picture = np.arange(100).reshape(10, 10)
    assert window.of(picture).tolist() == [[32, 33], [42, 43], [52, 53]]
    assert window.inner((2.5, 3.25, 4.0, 9.0)) == (0.5, 0.25, 2.0, 6.0)


def test_a_region_is_cut_to_what_belongs_to_it() -> None:
    given = mask(".....", "...#.", "..##.", ".....")
    found = Region.tight(Window(10, 20, 15, 24), given)
    assert found.window == Window(12, 21, 14, 23)
    assert (found.mask == mask(".#", "##")).all()
    assert (found.size, found.box) == (3, (12.0, 21.0, 14.0, 23.0))
    given[1, 3] = False
    assert found.size == 3, "a copy, not a view"


def test_a_region_of_nothing_is_empty() -> None:
    found = Region.tight(Window(10, 20, 15, 24), np.zeros((4, 5), bool))
    assert found.window == Window(10, 20, 10, 20)
    assert (found.mask.shape, found.size) == ((0, 0), 0)


ONE = Region(Window(10, 20, 13, 23), mask("###", "###", "##."))


@pytest.mark.parametrize(
    ("left", "top", "rows", "count"),
    [
        (10, 20, ("###", "###", "###"), 8),
        (12, 22, ("###", "###", "###"), 0),
        (11, 21, ("##.", "##.", "..."), 3),
        (11, 21, ("..#", "..#", "###"), 0),
        (8, 19, ("...", "..#", "..#"), 2),
        (9, 18, ("...", "...", ".##"), 2),
        (13, 20, ("###",), 0),
        (12, 20, ("###",), 1),
        (7, 20, ("###",), 0),
        (8, 20, ("###",), 1),
        (10, 23, ("###",), 0),
        (10, 22, ("###",), 2),
        (10, 17, ("###", "###", "###"), 0),
        (10, 18, ("###", "###", "###"), 3),
        (11, 21, ("#",), 1),
        (16, 20, ("#" * 8,), 0),
        (10, 26, ("#",) * 8, 0),
    ],
    ids=[
        "the same place",
        "only a corner that is not in it",
        "the lower right part",
        "what lies outside does not count",
        "the left edge",
        "the upper edge",
        "right beside it",
        "one column in common",
        "left beside it",
        "one column at the left",
        "right below it",
        "the lowest row",
        "right above it",
        "the uppermost row",
        "within it",
        "wide and far to the right",
        "high and far below",
    ],
)  # fmt: skip
def test_pixels_that_belong_to_two_regions(left, top, rows, count) -> None:
    other = mask(*rows)
    height, width = other.shape
    twin = Region(Window(left, top, left + width, top + height), other)
    assert ONE.shared(twin) == count
    assert twin.shared(ONE) == count


def test_a_box_is_widened_by_a_share_of_its_own_size() -> None:
    assert widened((10.0, 20.0, 14.0, 30.0), 0.5) == (8.0, 15.0, 16.0, 35.0)
    assert widened((10.0, 20.0, 14.0, 30.0), 0.0) == (10.0, 20.0, 14.0, 30.0)


@pytest.mark.parametrize(
    ("boxes", "margin", "rows"),
    [
        ([(1.9, 1.2, 2.1, 1.3)], 0.0, ("......", ".##...", "......", "......")),
        ([(2, 1, 3, 2)], 1.0, (".####.", ".####.", ".####.", ".####.")),
        ([(-5, -5, 0.5, 0.5)], 0.0, ("#.....", "......", "......", "......")),
        ([(5, 3, 50, 50)], 0.0, ("......", "......", "......", ".....#")),
        ([(0, 0, 0, 0), (3, 2, 3, 2)], 0.0, ("#.....", "......", "...#..", "......")),
        ([(-9, 0, -5, 3)], 0.0, ("......", "......", "......", "......")),
        ([(6, 0, 9, 3)], 0.0, ("......", "......", "......", "......")),
        ([(0, -9, 3, -5)], 0.0, ("......", "......", "......", "......")),
        ([(0, 4, 3, 9)], 0.0, ("......", "......", "......", "......")),
        ([], 0.0, ("......", "......", "......", "......")),
    ],
    ids=[
        "every pixel it touches",
        "widened by itself",
        "over the upper left edge",
        "over the lower right edge",
        "two boxes",
        "left of the picture",
        "right of it",
        "above it",
        "below it",
        "no box",
    ],
)
def test_pixels_inside_any_box(boxes, margin, rows) -> None:
    assert (box_mask(4, 6, boxes, margin=margin) == mask(*rows)).all()


def test_boxes_are_not_widened_unless_asked_for() -> None:
    assert box_mask(9, 9, [(2, 2, 4, 4)]).sum() == 9
