"""What lies before a moving vehicle: not its own smoke."""

from dataclasses import replace

import pytest

from tests.domain.vehicles.smoke_lab import BOX, LOOSE, seen
from vehicles.domain.smoke.transmission import Measure

BEHIND = (66, 20, 72, 56, 0.5)
"""216 pixels left of the vehicle, in its trail."""


def moved(*parts, heading=(1.0, 0.0), settings=LOOSE, trail=(BOX,), box=BOX) -> Measure:
    return seen(*parts, heading=heading, settings=settings, trail=list(trail), box=box)


@pytest.mark.parametrize(
    ("part", "ahead"),
    [
        ((128, 30, 134, 40), 60),
        ((128, 30, 134, 35), 30),
        ((128, 30, 134, 34), 0),
        ((128, 20, 134, 40), 120),
    ],
    ids=["sixty pixels", "thirty", "24 are noise", "more"],
)
def test_ahead_is_the_share_of_darkening_before_the_vehicle(part, ahead) -> None:
    found = moved(BEHIND, (*part, 0.5))
    assert found.area == pytest.approx(216 / 1600)
    assert found.ahead == pytest.approx(ahead / (ahead + 216) if ahead else 0)


def test_a_sharp_edge_before_the_vehicle_is_a_shadow_and_no_smoke() -> None:
    parts = BEHIND, (128, 20, 134, 60, 0.5)
    assert moved(*parts).ahead == pytest.approx(240 / 456)
    assert moved(*parts, settings=replace(LOOSE, sharpest=14.0)).ahead == 0.0


def test_the_depth_before_the_vehicle_scales_its_edges() -> None:
    soft = BEHIND, (128, 20, 134, 60, 0.3), (130, 22, 132, 58, 0.6)
    found = [
        moved(*soft, settings=replace(LOOSE, sharpest=one)).ahead
        for one in (8.0, 12.0, 16.0, 20.0, 24.0)
    ]
    assert found == sorted(found)
    assert found[0] == 0.0
    assert found[-1] > 0.4


TRAIL = (60.0, 20.0, 140.0, 80.0)


@pytest.mark.parametrize(
    ("heading", "limit", "block", "behind"),
    [
        ((1.0, 0.0), 12.0, (100, 8, 130, 18), BEHIND),
        ((-1.0, 0.0), 12.0, (70, 8, 100, 18), (128, 20, 134, 56, 0.5)),
        ((0.0, 1.0), 12.0, (130, 50, 140, 80), BEHIND),
        ((0.0, -1.0), 12.0, (130, 20, 140, 50), (66, 40, 72, 76, 0.5)),
        ((0.28, 0.96), 14.88, (130, 44, 136, 74), BEHIND),
        ((0.28, -0.96), 14.88, (130, 26, 136, 56), (66, 40, 72, 76, 0.5)),
    ],
    ids=["right", "left", "down", "up", "askew", "askew upwards"],
)
def test_before_begins_at_six_tenths_of_half_the_vehicle(
    heading, limit, block, behind
) -> None:
    # Half of 40 is 20, of which 0.6 is 12; askew it is 0.6 · (0.28 + 0.96) · 20.
    left, top, right, bottom = block
    along = [
        heading[0] * (x - 100) + heading[1] * (y - 50)
        for x in range(left, right)
        for y in range(top, bottom)
    ]
    before = sum(one > limit for one in along)
    assert 30 < before < len(along)
    found = moved(behind, (*block, 0.5), heading=heading, trail=[TRAIL])
    assert found.ahead == pytest.approx(before / (216 + len(along)))
    assert found.area == pytest.approx((216 + len(along) - before) / 1600)


def test_what_stands_or_has_no_trail_has_nothing_before_it() -> None:
    parts = BEHIND, (128, 30, 134, 60, 0.5)
    assert moved(*parts, heading=None).ahead == 0.0
    around = moved(*parts, trail=())
    assert around.ahead == pytest.approx(180 / 396)
    assert around.area == pytest.approx(216 / 1600)


def test_a_moving_vehicle_is_given_a_wider_berth() -> None:
    near = (60, 30, 74, 60, 0.5)
    assert moved(near, trail=[TRAIL]).area == pytest.approx(12 * 30 / 1600)
    still = seen((60, 30, 80, 60, 0.5))
    assert still.area == pytest.approx(16 * 30 / 1600)
