"""A camera's clean background, pixel by pixel, the long way."""

import numpy as np
import pytest

from vehicles.domain.smoke.background import (
    BAND_PIXELS,
    BANDS_AT_ONCE,
    Background,
    blend,
    build_background,
)

RNG = np.random.RandomState(5)


def pictures(count: int, height: int = 5, width: int = 7) -> list[np.ndarray]:
    """Return pictures of all values."""
    return [
        RNG.randint(0, 256, (height, width, 3)).astype(np.uint8) for _ in range(count)
    ]


def alike(count: int) -> list[np.ndarray]:
    """Return pictures that differ little: none of them shows mist."""
    return [RNG.randint(99, 110, (5, 7, 3)).astype(np.uint8) for _ in range(count)]


def uncovered(count: int, height: int = 5, width: int = 7) -> list[np.ndarray]:
    return [np.zeros((height, width), bool) for _ in range(count)]


def expected(images, masks) -> np.ndarray:
    """Return the value of rank 62 % of what is uncovered, 0 where nothing is."""
    height, width = masks[0].shape
    made = np.zeros((height, width, 3), np.uint8)
    for y in range(height):
        for x in range(width):
            free = [n for n, mask in enumerate(masks) if not mask[y, x]]
            if free:
                rank = int(np.round((len(free) - 1) * 62 / 100))
                for channel in range(3):
                    values = sorted(images[n][y, x, channel] for n in free)
                    made[y, x, channel] = values[rank]
    return made


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9, 12])
def test_the_clean_value_lies_at_62_percent_of_what_was_seen(count) -> None:
    images = pictures(count)
    masks = [RNG.random_sample((5, 7)) < 0.3 for _ in range(count)]
    found = build_background(images, masks)
    assert (found.image == expected(images, masks)).all()


def test_large_pictures_are_ranked_band_by_band_alike() -> None:
    width = 64
    rows = BAND_PIXELS // width * BANDS_AT_ONCE + 50
    images = pictures(3, rows, width)
    masks = uncovered(3, rows, width)
    masks[0][:, :9] = True
    found = build_background(images, masks)
    stack = np.stack(images)
    whole = np.sort(stack, axis=0)[1]
    assert (found.image[:, 9:] == whole[:, 9:]).all()
    assert (found.image[:, :9] == stack[1:, :, :9].max(axis=0)).all()


def test_wide_pictures_are_ranked_row_by_row() -> None:
    images = pictures(3, 3, BAND_PIXELS + 5)
    found = build_background(images, uncovered(3, 3, BAND_PIXELS + 5))
    assert (found.image == np.sort(np.stack(images), axis=0)[1]).all()


def test_more_than_255_pictures_are_counted_right() -> None:
    images = [np.full((1, 1, 3), n % 256, np.uint8) for n in range(400)]
    found = build_background(images, uncovered(400, 1, 1))
    # rank 247 of 0 … 399: twice the values up to 143, so the 247th is 123
    assert found.image[0, 0, 0] == 123
    dark = [np.full((1, 1, 3), 7 if n < 256 else 200, np.uint8) for n in range(300)]
    assert build_background(dark, uncovered(300, 1, 1)).image[0, 0, 0] == 7
    black = [np.full((1, 1, 3), 7, np.uint8) for _ in range(256)]
    assert build_background(black, uncovered(256, 1, 1)).image[0, 0, 0] == 7


@pytest.mark.parametrize(
    ("count", "free", "known"),
    [
        (6, 4, True),
        (6, 3, False),
        (2, 2, True),
        (2, 1, False),
        (1, 1, True),
        (4, 3, False),
    ],
)
def test_a_pixel_is_known_when_four_pictures_show_it_or_all_of_fewer(
    count, free, known
) -> None:
    masks = uncovered(count)
    for mask in masks[free:]:
        mask[2, 3] = True
    found = build_background(alike(count), masks)
    assert found.known[2, 3] == known
    assert found.known.sum() == 35 - (not known)
    assert found.share_known == pytest.approx(1.0 if known else 34 / 35)


def test_what_is_not_known_comes_from_before() -> None:
    masks = uncovered(6)
    for mask in masks:
        mask[:, :3] = True
    known = np.zeros((5, 7), bool)
    known[:, :2] = True
    prior = Background(np.full((5, 7, 3), 77, np.uint8), known)
    images = alike(6)
    found = build_background(images, masks, prior=prior)
    plain = build_background(images, masks)
    assert (found.image[:, :3] == 77).all()
    assert (found.image[:, 3:] == plain.image[:, 3:]).all()
    assert (plain.image[:, :3] == 0).all()
    assert found.known[0].tolist() == [True, True, False, True, True, True, True]
    small = Background(np.full((4, 7, 3), 77, np.uint8), known[:4])
    assert not build_background(images, masks, prior=small).known[:, :3].any()


@pytest.mark.parametrize(
    ("images", "masks", "words"),
    [
        ([], [], "needs pictures"),
        (pictures(2), uncovered(1), "needs pictures"),
        (pictures(1) + pictures(1, 4), uncovered(2), "differ in size"),
    ],
    ids=["none", "a mask is missing", "two sizes"],
)
def test_pictures_without_masks_or_of_two_sizes_are_refused(
    images, masks, words
) -> None:
    with pytest.raises(ValueError, match=words):
        build_background(images, masks)


def plain(value: int, *known: int, width: int = 4) -> Background:
    mask = np.array([[column in known for column in range(width)]])
    return Background(np.full((1, width, 3), value, np.uint8), mask)


@pytest.mark.parametrize(("more", "mixed"), [({}, 130), ({"rate": 0.5}, 150)])
def test_light_that_changes_moves_the_background_a_little(more, mixed) -> None:
    found = blend(plain(100, 0, 1), plain(200, 1, 2), **more)
    assert found.image[0, :, 0].tolist() == [100, mixed, 200, 100]
    assert found.known[0].tolist() == [True, True, True, False]


def test_a_background_of_another_size_takes_its_place() -> None:
    fresh = plain(200, 0, width=5)
    assert blend(plain(100, 0), fresh) is fresh
