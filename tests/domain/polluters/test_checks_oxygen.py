"""含氧量偏高: how far over the usual, for how long, and what shows operation."""

import pytest

from polluters.domain.checks import o2_high
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.series import Series
from tests.domain.polluters.series_lab import STEP, T0, around, context, series

N = 300


def raised(
    level: float, *parts: tuple[int, int], usual: float = 9, size: float = 0.1,
    interval: int = STEP,
) -> Series:  # fmt: skip
    """Return oxygen about ``usual`` that reads ``level`` in these index spans."""
    values = around(usual, size, N)
    for begin, end in parts:
        values[begin:end] = [level] * (end - begin)
    return series("a19001", values, interval=interval)


def flow(interval: int = STEP) -> Series:
    return series("a00000", around(1000, 20, N), interval=interval)


def found(*listed: Series) -> list[Hit]:
    return o2_high.find(context(*listed))


def test_high_oxygen_while_the_flow_goes_on_is_told_in_full() -> None:
    [hit] = found(raised(14, (100, 112)), flow())
    assert (hit.code, hit.check, hit.count) == ("a19001", "o2_high", 12)
    assert (hit.begin, hit.end) == (T0 + 100 * STEP, T0 + 112 * STEP)
    assert hit.data == {
        "value": 14.0, "usual": "9.1", "evidence": "同期流量 1000（平时 1000）",
    }  # fmt: skip
    # 22 % of what lacks to air: 9.1 + 0.22 × 11.9 = 11.718.
    assert hit.score == pytest.approx((14 - 9.1) / (0.22 * 11.9))


@pytest.mark.parametrize(
    ("usual", "size", "bar"),
    [
        (9, 0.1, 9.1 + 0.22 * 11.9),
        (12, 0.1, 12.1 + 2.5),
        (9, 0.5, 9.5 + 4.5 * 1.4826),
        (16.5, 0.1, 16.6 + 2.5),
        (3, 0.1, 3.1 + 0.22 * 17.9),
    ],
)
def test_high_is_far_over_the_usual(usual: float, size: float, bar: float) -> None:
    # The high part shifts the median to the upper of the two values by turns, so the
    # spread is 1.4826 × twice the size.
    for level, hits in ((bar + 0.02, 1), (bar - 0.02, 0)):
        listed = raised(round(level, 2), (100, 112), usual=usual, size=size)
        assert len(found(listed, flow())) == hits


def test_over_twenty_and_a_half_is_always_high() -> None:
    # A spread of 2.9652: 4.5 of them over 15 would be 28, which no gas has.
    for level, hits in ((20.49, 0), (20.5, 1)):
        assert len(found(raised(level, (100, 112), usual=13, size=2), flow())) == hits


@pytest.mark.parametrize(("usual", "hits"), [(16.8, 1), (16.9, 0)])
def test_outlets_that_breathe_air_are_not_looked_at(usual: float, hits: int) -> None:
    assert len(found(raised(20.9, (100, 112), usual=usual), flow())) == hits


@pytest.mark.parametrize(
    ("interval", "length", "hits"),
    [(600, 2, 0), (600, 3, 1), (60, 29, 0), (60, 30, 1), (1800, 1, 0), (1800, 2, 1)],
)
def test_it_lasts_half_an_hour_and_two_values(
    interval: int, length: int, hits: int
) -> None:
    one = raised(14, (100, 100 + length), interval=interval)
    assert len(found(one, flow(interval))) == hits


@pytest.mark.parametrize(
    ("interval", "gap", "length"),
    [(600, 1, 53), (600, 2, 40), (60, 15, 67), (60, 16, 40), (1800, 1, 53)],
)
def test_parts_a_quarter_of_an_hour_apart_are_one(
    interval: int, gap: int, length: int
) -> None:
    one = raised(14, (100, 140), (140 + gap, 152 + gap), interval=interval)
    [hit] = found(one, flow(interval))
    assert (hit.end - hit.begin) // interval == length
    assert hit.count == (40 if length == 40 else 52)


@pytest.mark.parametrize(
    ("interval", "values", "joined"),
    [(60, 1, False), (60, 2, True), (300, 1, False), (300, 2, True), (600, 1, True)],
)
def test_a_part_is_of_two_values_or_ten_minutes(
    interval: int, values: int, joined: bool
) -> None:
    one = raised(14, (100, 140), (141, 141 + values), interval=interval)
    [hit] = found(one, flow(interval))
    assert (hit.end - hit.begin) // interval == (41 + values if joined else 40)


def test_a_plant_that_often_breathes_air_sets_its_own_bar() -> None:
    # Usual parts of 6 beside the longest: thrice as long, 18, is the bar.
    usual = ((20, 26), (50, 56), (80, 86))
    assert found(raised(14, *usual, (150, 167)), flow()) == []
    assert len(found(raised(14, *usual, (150, 169)), flow())) == 1


@pytest.mark.parametrize(
    ("others", "evidence"),
    [
        ((), "无其他参数可佐证"),
        (("a00000",), None),
        (("a01012",), None),
        (("a21026",), "无其他参数可佐证"),
    ],
)
def test_at_a_stop_high_oxygen_is_natural(
    others: tuple[str, ...], evidence: str | None
) -> None:
    resting = around(100, 1, 100) + [0.0] * 12 + around(100, 1, N - 112)
    listed = [series(code, resting) for code in others]
    hits = found(raised(14, (100, 112)), *listed)
    assert [h.data["evidence"] for h in hits] == ([evidence] if evidence else [])


def test_without_oxygen_there_is_nothing_to_find() -> None:
    assert found(flow()) == []
    assert found(series("a19001", [9.0] * 20, flags="C"), flow()) == []
