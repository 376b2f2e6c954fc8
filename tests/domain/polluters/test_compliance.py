"""Events, repeats, months and ranks of exceedances."""

from datetime import date, datetime, timedelta

import pytest

from polluters.domain.compliance import (
    Over,
    change,
    events,
    heat,
    later,
    month_of,
    months,
    ranks,
    repeats,
)
from polluters.domain.hj212 import BEIJING

T = datetime(2026, 3, 2, 8, tzinfo=BEIJING)  # a Monday
H, D = timedelta(hours=1), timedelta(days=1)
MARCH = date(2026, 3, 1)


def over(
    time: datetime,
    *,
    point: int = 1,
    firm: str = "甲",
    hourly: bool = True,
    multiple: float = 0.5,
    district: str = "精河",
) -> Over:
    return Over(point, 1, firm, district, "水泥", hourly, time, multiple)


def test_hours_that_follow_are_one_event() -> None:
    rows = [over(T + 2 * H), over(T, multiple=2), over(T + H), over(T + 4 * H)]
    first, second = events(rows)
    assert (first.begin, first.end, first.peak) == (T, T + 3 * H, 2)
    assert first.length == 3 * H
    assert (second.begin, second.length) == (T + 4 * H, H)


def test_points_and_kinds_are_apart() -> None:
    alone = events([over(T), over(T + H, point=2)])
    assert [(e.point, e.begin) for e in alone] == [(1, T), (2, T + H)]
    days = events([over(T, hourly=False), over(T + D, hourly=False)])
    assert [e.length for e in days] == [2 * D]


def test_a_repeat_is_counted_from_the_end_of_the_one_before() -> None:
    rows = [over(T), over(T + 30 * D + H), over(T + 61 * D + 3 * H)]
    assert repeats(events(rows)) == {1}
    other = [over(T), over(T + D, point=2, firm="乙")]
    assert repeats(events(other)) == set()
    assert repeats(events(rows), within=31 * D) == {1}
    assert repeats(events(rows), within=31 * D + H) == {1, 2}


def test_a_month_in_figures() -> None:
    rows = [
        over(T), over(T + H), over(T + 10 * H, multiple=3), over(T, firm="乙", point=2),
        over(T + D, hourly=False, point=3, firm="丙"),
    ]  # fmt: skip
    march, april = months(rows, [MARCH, date(2026, 4, 1)])
    assert (march.hours, march.days, march.events, march.enterprises) == (4, 1, 4, 3)
    assert march.peak == 3
    assert march.repeat_share == pytest.approx(0.25)
    assert march.mend_hours == pytest.approx(1.5)
    assert (april.events, april.peak, april.repeat_share, april.mend_hours) == (
        0, None, None, None,
    )  # fmt: skip
    (odd,) = months([over(T), over(T + 5 * H), over(T + 6 * H)], [MARCH])
    assert odd.mend_hours == pytest.approx(1.5)


def test_an_event_belongs_to_the_month_it_began_in() -> None:
    end = datetime(2026, 3, 31, 23, tzinfo=BEIJING)
    march, april = months([over(end), over(end + H)], [MARCH, date(2026, 4, 1)])
    assert (march.events, march.hours) == (1, 1)
    assert (april.events, april.hours) == (0, 1)


@pytest.mark.parametrize(
    ("first", "count", "wanted"),
    [
        (MARCH, -1, date(2026, 2, 1)), (MARCH, -3, date(2025, 12, 1)),
        (MARCH, -12, date(2025, 3, 1)), (MARCH, 10, date(2027, 1, 1)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)), (MARCH, 0, MARCH),
    ],
)  # fmt: skip
def test_months_are_counted(first: date, count: int, wanted: date) -> None:
    assert later(first, count) == wanted
    assert month_of(datetime(2026, 3, 31, 23, 59, tzinfo=BEIJING)) == MARCH


def test_ranks_compare_with_the_month_and_the_year_before() -> None:
    feb, year = (
        datetime(2026, 2, 10, tzinfo=BEIJING),
        datetime(2025, 3, 10, tzinfo=BEIJING),
    )
    rows = [
        over(T), over(T + 5 * H, hourly=False), over(T, district="博乐", multiple=4),
        over(T + H, district="博乐"), over(feb, district="博乐"), over(feb + H, district="博乐"),
        over(year, district="温泉"), over(datetime(2026, 1, 5, tzinfo=BEIJING), district="博乐"),
    ]  # fmt: skip
    found = ranks(rows, "district", MARCH)
    assert [r.name for r in found] == ["博乐", "精河", "温泉"]
    first, second, third = found
    assert (first.hours, first.days, first.count, first.peak) == (2, 0, 2, 4)
    assert (first.month_before, first.year_before) == (2, 0)
    assert (second.hours, second.days, second.count) == (1, 1, 2)
    assert (third.count, third.peak, third.month_before, third.year_before) == (
        0, 0.0, 0, 1,
    )  # fmt: skip


def test_heat_counts_hours_by_weekday() -> None:
    rows = [over(T), over(T + 7 * D), over(T, hourly=False), over(T + 40 * D)]
    grid = heat(rows, MARCH)
    assert grid[0][8] == 2
    assert sum(map(sum, grid)) == 2
    assert (len(grid), {len(row) for row in grid}) == (7, {24})


def test_a_change_of_nothing_is_none() -> None:
    assert change(3, 2) == pytest.approx(0.5)
    assert change(1, 2) == pytest.approx(-0.5)
    assert change(1, 0) is None
