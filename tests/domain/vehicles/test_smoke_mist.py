"""Places where mist stood: how often, how much brighter, how far around."""

from math import log

import numpy as np
import pytest

from vehicles.domain.smoke.background import Background, build_background
from vehicles.domain.smoke.photometry import to_linear

SIZE = 60
PATCH = np.s_[20:40, 20:40]


def light(code: int) -> float:
    return float(to_linear(np.array([code], np.uint8))[0])


def brighter(code: int) -> float:
    """Return by how much a code is brighter than code 100, in optical depth."""
    return log((light(code) + 0.02) / (light(100) + 0.02))


def seen(count: int, bright: int, code=150, place=PATCH, channels=(0, 1, 2)) -> list:
    """Return pictures of a grey road, of which so many are brighter in a place."""
    pictures = [np.full((SIZE, SIZE, 3), 100, np.uint8) for _ in range(count)]
    for picture in pictures[:bright]:
        for channel in channels:
            picture[..., channel][place] = code
    return pictures


def unknown(pictures, covered=None, prior=None) -> Background:
    masks = covered or [np.zeros((SIZE, SIZE), bool) for _ in pictures]
    return build_background(pictures, masks, prior=prior)


@pytest.mark.parametrize(
    ("count", "bright", "misty"),
    [(10, 1, False), (10, 2, True), (57, 7, False), (57, 8, True)],
    ids=["one of ten", "two of ten", "seven of 57", "eight of 57"],
)
def test_mist_is_what_one_of_eight_pictures_shows(count, bright, misty) -> None:
    # The rank is 0.88 · 9 = 7.92 and 0.88 · 56 = 49.28: the 9th and the 50th value.
    assert unknown(seen(count, bright)).known[30, 30] == (not misty)


@pytest.mark.parametrize(("code", "misty"), [(111, False), (112, True)])
def test_mist_is_brighter_by_a_fifth_of_optical_depth(code, misty) -> None:
    assert (brighter(code) > 0.2) is misty
    assert unknown(seen(10, 2, code)).known[30, 30] == (not misty)


def test_mist_reaches_over_its_edges() -> None:
    # Every other pixel is looked at, 10 … 19 of the patch; the mean of five by five is
    # above the bound in 12 … 17, and four more are taken on each side: 8 … 21.
    found = unknown(seen(10, 2, 112)).known
    wanted = np.ones((SIZE, SIZE), bool)
    wanted[16:44, 16:44] = False
    assert (found == wanted).all()


def test_mist_at_an_odd_edge_of_the_picture() -> None:
    pictures = [picture[:59, :59] for picture in seen(10, 2, place=np.s_[44:60, 44:60])]
    masks = [np.zeros((59, 59), bool) for _ in pictures]
    found = build_background(pictures, masks)
    assert not found.known[58, 58]
    assert found.known[20, 20]


@pytest.mark.parametrize(
    ("channels", "misty"), [((1,), True), ((0, 2), False)], ids=["green", "the others"]
)
def test_mist_is_looked_for_in_green(channels, misty) -> None:
    assert unknown(seen(10, 2, channels=channels)).known[30, 30] == (not misty)


def test_what_brightens_the_whole_picture_is_no_mist() -> None:
    assert unknown(seen(10, 2, place=np.s_[:, :])).known.all()
    most = np.s_[:, 5:]
    assert unknown(seen(10, 2, place=most)).known[30, 30]


def test_darkening_is_no_mist() -> None:
    assert unknown(seen(10, 2, 60)).known.all()


def test_what_vehicles_hide_is_no_mist() -> None:
    pictures = seen(10, 2)
    masks = [np.zeros((SIZE, SIZE), bool) for _ in pictures]
    for mask in masks[:2]:
        mask[PATCH] = True
    assert unknown(pictures, masks).known.all()
    everything = [np.ones((SIZE, SIZE), bool) for _ in pictures]
    assert not unknown(pictures, everything).known.any()
    always = [mask.copy() for mask in masks]
    for mask in always:
        mask[PATCH] = True
    found = unknown(pictures, always).known
    assert not found[PATCH].any()
    assert found.sum() == SIZE * SIZE - 400


def test_where_mist_stood_the_background_from_before_is_kept() -> None:
    plain = unknown(seen(10, 2))
    assert plain.misty is not None
    assert (plain.misty == ~plain.known).all()
    half = np.zeros((SIZE, SIZE), bool)
    half[:, :30] = True
    prior = Background(np.full((SIZE, SIZE, 3), 77, np.uint8), half)
    found = unknown(seen(10, 2), prior=prior)
    assert found.misty is not None
    assert (found.known[30, 25], found.misty[30, 25]) == (True, False)
    assert (found.known[30, 35], found.misty[30, 35]) == (False, True)
    assert found.image[30, [5, 25, 35], 0].tolist() == [100, 77, 77]
