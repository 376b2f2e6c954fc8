"""Light as numbers: the sRGB formulas of IEC 61966-2-1, value by value."""

import numpy as np
import pytest

from vehicles.domain.smoke.photometry import luminance, to_coded, to_linear


def decoded(code: int) -> float:
    value = code / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def encoded(light: float) -> float:
    if light <= 0.0031308:
        return 255 * 12.92 * light
    return 255 * (1.055 * light ** (1 / 2.4) - 0.055)


def test_every_code_is_decoded_by_the_standards_formula() -> None:
    found = to_linear(np.arange(256, dtype=np.uint8))
    assert found == pytest.approx([decoded(code) for code in range(256)], rel=1e-6)
    assert found.dtype == np.float32


def test_light_is_encoded_to_the_nearest_code() -> None:
    steps = range(0, 16385, 7)
    light = np.array([step / 16384 for step in steps])
    wanted = [int(encoded(step / 16384) + 0.5) for step in steps]
    assert to_coded(light).tolist() == wanted


def test_light_between_two_steps_is_taken_to_the_nearer_one() -> None:
    for step in range(60):
        low, high = (step + 0.4) / 16384, (step + 0.6) / 16384
        near = [int(encoded(one / 16384) + 0.5) for one in (step, step + 1)]
        assert to_coded(np.array([low, high])).tolist() == near


def test_light_beyond_black_and_white_is_cut() -> None:
    assert to_coded(np.array([-0.5, 0.0, 1.0, 1.5])).tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize(
    ("pixel", "light"),
    [((255, 0, 0), 0.0722), ((0, 255, 0), 0.7152), ((0, 0, 255), 0.2126),
     ((255, 255, 255), 1.0), ((128, 128, 128), decoded(128))],
    ids=["blue", "green", "red", "white", "grey"],
)  # fmt: skip
def test_luminance_weighs_the_colours(pixel, light) -> None:
    found = luminance(np.array([[pixel]], np.uint8))
    assert found.shape == (1, 1)
    assert found[0, 0] == pytest.approx(light, rel=1e-5)
