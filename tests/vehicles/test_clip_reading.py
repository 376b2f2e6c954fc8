"""Pictures taken ahead of their use; the network run directly."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from bozhou_eco.common.video import frames
from vehicles.demo import CLIPS
from vehicles.domain.smoke.tracks import overlap
from vehicles.vision import stills, worker
from vehicles.vision.ahead import ahead
from vehicles.vision.clip import shrunk
from vehicles.vision.detector import Detection, Seen
from vehicles.vision.direct import Fit


def test_items_come_in_order_and_then_end() -> None:
    assert list(ahead(iter(range(50)))) == list(range(50))
    assert list(ahead([])) == []


def test_what_breaks_the_items_is_raised_after_those_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("torn off")

    taken = ahead(broken())
    assert [next(taken), next(taken)] == [1, 2]
    with pytest.raises(ValueError, match="torn off"):
        next(taken)


def test_stopping_early_closes_the_source_and_ends_the_thread() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            number = 0
            while True:
                yield number
                number += 1
        finally:
            closed.set()

    taken = ahead(endless())
    assert next(taken) == 0
    taken.close()
    assert closed.is_set()
    assert all(thread.name != "ahead" for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [
        ((900, 1600), 0.4, (360, 640)),
        ((720, 1280), 0.5, (360, 640)),
        ((540, 960), 2 / 3, (360, 640)),
        ((360, 640), 1.0, (360, 640)),
        ((1601, 901), 640 / 1601, (640, 360)),
    ],
)
def test_a_working_copy_has_its_size_and_light(
    size: tuple[int, int], scale: float, expected: tuple[int, int]
) -> None:
    ramp = np.linspace(20, 230, size[1]).astype(np.uint8)
    image = np.repeat(np.broadcast_to(ramp, size)[..., None], 3, axis=2).copy()
    small = shrunk(image, scale)
    assert small.shape[:2] == expected
    assert small.mean() == pytest.approx(image.mean(), abs=1.0)
    assert small[5, 0, 0] < 25
    assert small[5, -1, 0] > 225


@pytest.mark.parametrize(
    ("width", "height", "place"),
    [(1600, 900, (512, 288, 0, 112)), (900, 1600, (288, 512, 112, 0)),
     (704, 576, (512, 419, 0, 46)), (40, 4000, (5, 512, 253, 0))],
)  # fmt: skip
def test_a_picture_lies_in_the_middle_of_the_square(
    width: int, height: int, place: tuple[int, int, int, int]
) -> None:
    fit = Fit.of(width, height, 512)
    assert (fit.across, fit.down, fit.left, fit.top) == place


def test_running_the_network_directly_sees_what_the_general_runner_sees() -> None:
    detector = worker.eyes().vehicles
    assert detector._direct is not None
    pictures = [f.image for f in frames(CLIPS / "g3018-level3.mp4", per_second=2)]
    compared = 0
    for image in pictures[4:16]:
        general, direct = detector.predict(image), detector.detect(image)
        for one in general:
            if one.score < 0.1:  # near the threshold a rounding decides
                continue
            compared += 1
            twin = max(direct, key=lambda other: overlap(one.box, other.box))
            assert (twin.kind, overlap(one.box, twin.box) > 0.85) == (one.kind, True)
            assert twin.score == pytest.approx(one.score, abs=0.08)
    assert compared >= 3


@pytest.mark.parametrize(
    ("score", "plume", "kept"),
    [
        (0.2, (300.0, 300.0, 500.0, 450.0), True),  # behind the vehicle
        (0.2, (300.0, 300.0, 330.0, 320.0), False),  # a speck
        (0.2, (700.0, 50.0, 900.0, 150.0), False),  # far from every vehicle
        (0.6, (700.0, 50.0, 720.0, 70.0), True),  # sure enough to stand alone
    ],
)
def test_a_weak_plume_has_to_be_large_and_near_a_vehicle(
    score: float, plume: tuple[float, float, float, float], kept: bool
) -> None:
    truck = Detection("truck", 0.9, (200.0, 200.0, 320.0, 330.0))
    smoke = Detection("smoke", score, plume)
    seen = Seen(vehicles=[truck], faint=[], smoke=[smoke])
    assert stills._credible(smoke, seen, (500, 1000)) is kept
    alone = Seen(vehicles=[], faint=[], smoke=[smoke])
    assert stills._credible(smoke, alone, (100, 200))
