"""Where something was noted: half places, places not on Earth, typed numbers."""

import pytest

from enforcement.domain.place import check_place, read_number
from enforcement.domain.workflow import Refused

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((44.9, None, None), "经纬度须同时填写"),
        ((None, 82.0, None), "经纬度须同时填写"),
        ((90.01, 82.0, None), "经纬度超出范围"),
        ((44.9, -180.01, None), "经纬度超出范围"),
        ((NAN, 82.0, None), "经纬度超出范围"),
        ((44.9, INFINITY, None), "经纬度超出范围"),
        ((44.9, 82.0, -1.0), "定位精度应为不小于 0 的米数"),
        ((44.9, 82.0, NAN), "定位精度应为不小于 0 的米数"),
        ((None, None, INFINITY), "定位精度应为不小于 0 的米数"),
    ],
)
def test_refused(given: tuple[float | None, ...], said: str) -> None:
    with pytest.raises(Refused, match=said):
        check_place(*given)


@pytest.mark.parametrize(
    "given",
    [
        (None, None, None),
        (90.0, -180.0, 0.0),
        (-90.0, 180.0, 35.5),
        (44.9, 82.07, None),
        (None, None, 12.0),
    ],
)
def test_taken(given: tuple[float | None, ...]) -> None:
    check_place(*given)


def test_numbers_as_typed() -> None:
    assert read_number("  ") is None
    assert read_number(" 82.07 ") == 82.07
    for raw in ("东经82度", "nan", "-inf", "1e999"):
        with pytest.raises(Refused, match="定位应为数字"):
            read_number(raw)
