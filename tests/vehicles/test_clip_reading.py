"""Pictures taken ahead of their use; the detector shaped to a camera's picture."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from bozhou_eco.common.video import frames
from vehicles.demo import CLIPS
from vehicles.domain.smoke.tracks import overlap
from vehicles.vision import worker
from vehicles.vision.ahead import ahead
from vehicles.vision.clip import shrunk
from vehicles.vision.detector import Detection
from vehicles.vision.steady import Fit


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
    ("width", "height", "shape"),
    [(1600, 900, (512, 288)), (900, 1600, (288, 512)), (704, 576, (512, 448))],
)
def test_the_network_is_shaped_to_the_picture(
    width: int, height: int, shape: tuple[int, int]
) -> None:
    fit = Fit.of(width, height, 512)
    assert (fit.width, fit.height) == shape
    assert fit.across <= fit.width
    assert fit.down <= fit.height


def _found_again(one: Detection, others: list[Detection]) -> bool:
    return any(
        other.kind == one.kind
        and overlap(one.box, other.box) > 0.8
        and abs(one.score - other.score) < 0.25
        for other in others
    )


def test_the_shaped_network_sees_what_the_general_runner_sees() -> None:
    eyes = worker.eyes()
    pictures = [f.image for f in frames(CLIPS / "g3018-level3.mp4", per_second=2)]
    compared = 0
    for image in pictures[4:16]:
        whole = eyes.look(image).vehicles
        shaped = eyes.look(image, steady=True)
        again = [*shaped.vehicles, *shaped.faint]
        for one in whole:
            if one.score > 0.5:
                compared += 1
                assert _found_again(one, again), (one, again)
    assert compared >= 3
