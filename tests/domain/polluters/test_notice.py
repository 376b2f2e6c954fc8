"""Early notice inside an open hour: what counts, and when the period can not be saved."""

from datetime import datetime, timedelta

import pytest

from polluters.domain.hj212.frame import BEIJING
from polluters.domain.notice import Bounds, Level, Notice, Sample, look

START = datetime(2026, 3, 1, 8, tzinfo=BEIJING)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def minutes(*values: float | None, flag: str = "N", first: int = 0) -> list[Sample]:
    return [Sample(START + (first + i) * MINUTE, v, flag) for i, v in enumerate(values)]


def seen(
    samples: list[Sample], *, low: float | None = None, high: float | None = 100,
    interval: timedelta = MINUTE,
) -> Notice:  # fmt: skip
    return look(
        samples, bounds=Bounds(low, high), start=START, length=HOUR, interval=interval
    )


@pytest.mark.parametrize(
    ("low", "high", "value", "beyond"),
    [
        (None, 100, 100, False), (None, 100, 100.1, True), (None, 100, -5, False),
        (6, 9, 6, False), (6, 9, 5.9, True), (6, 9, 9.1, True), (6, None, 99, False),
        (6, None, 5, True), (None, None, 1e9, False),
    ],
)  # fmt: skip
def test_a_value_on_a_bound_is_inside(
    low: float | None, high: float | None, value: float, beyond: bool
) -> None:
    assert Bounds(low, high).beyond(value) is beyond


def test_nothing_yet_is_no_notice() -> None:
    assert seen([]) == Notice(Level.NONE, None, None, 0, {}, 60, None)
    assert seen([], interval=timedelta(minutes=7)).due == 8
    assert seen([], interval=timedelta(hours=2)).due == 1


def test_the_mean_so_far_and_the_least_it_can_end_with() -> None:
    found = seen(minutes(90, 110, 130))
    assert found == Notice(Level.MEAN, 110, 130, 3, {}, 60, 330 / 60)


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ([50, 90, 100], Level.NONE), ([50, 90, 101], Level.VALUE),
        ([101, 50, 90], Level.NONE), ([100, 100], Level.NONE), ([100, 101], Level.MEAN),
        ([6000], Level.MEAN), ([6001], Level.CERTAIN), ([3000, 3001], Level.CERTAIN),
        ([6060, 0, 0], Level.CERTAIN),
    ],
)  # fmt: skip
def test_a_notice_rises_from_a_value_to_the_mean_to_certainty(
    values: list[float], level: Level
) -> None:
    assert seen(minutes(*values)).level == level


def test_a_lower_bound_is_never_certain() -> None:
    assert seen(minutes(5.0, 5.0), low=6, high=9).level == Level.MEAN
    assert seen(minutes(7.0, 5.9), low=6, high=9).level == Level.VALUE
    assert seen(minutes(7.0, 7.0), low=6, high=None).level == Level.NONE


def test_the_latest_by_its_time_is_the_value_told() -> None:
    later, earlier = minutes(50, first=9), minutes(120, first=3)
    assert seen([*later, *earlier]).latest == 50
    assert seen([*earlier, *later]).latest == 50
    assert seen([Sample(START, 40.0, "N"), Sample(START, 60.0, "N")]).latest == 60


def test_what_does_not_count_is_told_by_its_reason() -> None:
    found = seen(
        [
            *minutes(90.0), *minutes(500.0, 500.0, flag="C", first=1),
            Sample(START + 5 * MINUTE, 500.0, "N", usable=False),
            Sample(START + 6 * MINUTE, None, "N"), Sample(START + 7 * MINUTE, None, "D"),
        ]
    )  # fmt: skip
    assert (found.used, found.mean) == (1, 90)
    assert found.left_out == {"C": 2, "超量程": 2, "D": 1}


def test_only_values_of_the_period_count() -> None:
    found = seen([*minutes(500.0, first=-1), *minutes(10.0), *minutes(20.0, first=59),
                  *minutes(500.0, first=60)])  # fmt: skip
    assert (found.used, found.mean) == (2, 15)


def test_more_values_than_due_are_averaged_by_their_number() -> None:
    found = seen(minutes(*[101.0] * 61)[:60] + minutes(101.0), interval=2 * MINUTE)
    assert (found.due, found.used) == (30, 61)
    assert found.lowest_end == pytest.approx(101)
    assert found.level == Level.CERTAIN
