"""Figures of compliance at their edges: joins, windows, medians, ranks, hours."""

from datetime import date, datetime, timedelta

import pytest

from polluters.domain.compliance import (
    DAY,
    HOUR,
    REPEAT,
    Event,
    Over,
    change,
    events,
    heat,
    later,
    months,
    ranks,
    repeats,
)
from polluters.domain.hj212.frame import BEIJING

T = datetime(2026, 3, 2, 8, tzinfo=BEIJING)  # a Monday
MARCH = date(2026, 3, 1)


def over(
    hours: float,
    *,
    point: int = 1,
    firm: str = "甲",
    multiple: float = 0.5,
    **fields: object,
) -> Over:
    values: dict[str, object] = {"hourly": True, "district": "精河", "industry": "水泥"}
    values |= fields
    return Over(point, 1, firm, str(values["district"]), str(values["industry"]),
                bool(values["hourly"]), T + hours * HOUR, multiple)  # fmt: skip


def event(begin: float, end: float, firm: str = "甲") -> Event:
    return Event(1, firm, T + begin * HOUR, T + end * HOUR, 1.0)


def test_lengths_of_the_figures() -> None:
    assert (timedelta(hours=1), timedelta(days=1)) == (HOUR, DAY)
    assert timedelta(days=30) == REPEAT
    assert event(1, 4).length == 3 * HOUR


@pytest.mark.parametrize(
    ("rows", "lengths"),
    [
        ([over(0), over(1), over(2)], [3]), ([over(0), over(1.5)], [1, 1]),
        ([over(0), over(2)], [1, 1]), ([over(0), over(1, point=2)], [1, 1]),
        ([over(0, hourly=False), over(24, hourly=False)], [48]),
        ([over(0, hourly=False), over(1, hourly=False)], [24, 24]),
    ],
)  # fmt: skip
def test_only_what_follows_at_once_is_one_event(
    rows: list[Over], lengths: list[float]
) -> None:
    assert [one.length / HOUR for one in events(rows)] == lengths


def test_an_event_has_its_peak_and_its_firm() -> None:
    [one] = events([over(1, multiple=0.2), over(0, multiple=3), over(2, multiple=0.4)])
    assert one == Event(1, "甲", T, T + 3 * HOUR, 3)
    two = events([over(1, point=2), over(1, point=1), over(0, point=3)])
    assert [one.point for one in two] == [3, 1, 2]


@pytest.mark.parametrize(
    ("second", "again"), [(1 + 720, {1}), (1.1 + 720, set()), (1, {1})]
)
def test_a_repeat_begins_within_thirty_days_of_the_end_before(
    second: float, again: set[int]
) -> None:
    assert repeats([event(0, 1), event(second, second + 1)]) == again
    assert repeats([event(0, 1), event(second, second + 1, "乙")]) == set()


def test_the_later_end_counts_for_the_next_repeat() -> None:
    # The second ends before the first: the first's end is what the third is held against.
    found = [event(0, 100), event(1, 2), event(820, 821)]
    assert repeats(found) == {1, 2}
    assert repeats(found, within=719 * HOUR) == {1}


def test_the_median_time_to_mend() -> None:
    def mend(*lengths: int) -> float | None:
        rows = [
            over(100 * place + hour, point=place)
            for place, length in enumerate(lengths)
            for hour in range(length)
        ]
        (month,) = months(rows, [MARCH])
        return month.mend_hours

    assert mend(3) == 3
    assert mend(1, 4) == 2.5
    assert mend(7, 1, 2) == 2
    assert mend(1, 2, 4, 7) == 3
    assert mend() is None


def test_a_month_counts_its_own_rows_and_the_events_begun_in_it() -> None:
    rows = [
        over(0), over(1), over(5, firm="乙", point=2, multiple=2), over(0, hourly=False, point=3),
        over(-24 * 3, point=4),
    ]  # fmt: skip
    (found,) = months(rows, [MARCH])
    assert (found.first, found.hours, found.days, found.events) == (MARCH, 3, 1, 3)
    assert (found.enterprises, found.peak) == (2, 2)
    # Firm 甲 has events of points 1 and 3 after that of February: both are repeats.
    assert found.repeat_share == pytest.approx(2 / 3)
    (empty,) = months(rows, [date(2026, 5, 1)])
    assert (empty.hours, empty.days, empty.events, empty.peak, empty.repeat_share) == (
        0, 0, 0, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "count", "wanted"),
    [
        (MARCH, 0, MARCH), (MARCH, 9, date(2026, 12, 1)), (MARCH, 10, date(2027, 1, 1)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)), (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (date(2026, 12, 1), -12, date(2025, 12, 1)), (MARCH, 24, date(2028, 3, 1)),
    ],
)  # fmt: skip
def test_months_are_counted(first: date, count: int, wanted: date) -> None:
    assert later(first, count) == wanted


def test_ranks_are_by_count_peak_and_name_with_what_was_before() -> None:
    before, year = -24 * 20, -24 * 365
    rows = [
        over(0, industry="b", multiple=1), over(1, industry="b", hourly=False),
        over(0, industry="a"), over(0, industry="c", multiple=9), over(9, industry="d"),
        over(before, industry="a"), over(before, industry="e"), over(before + 1, industry="e"),
        over(year, industry="a"), over(year, industry="f"), over(24 * 40, industry="g"),
    ]  # fmt: skip
    found = ranks(rows, "industry", MARCH)
    assert [
        (r.name, r.hours, r.days, r.count, r.peak, r.month_before, r.year_before) for r in found
    ] == [
        ("b", 1, 1, 2, 1, 0, 0), ("c", 1, 0, 1, 9, 0, 0), ("a", 1, 0, 1, 0.5, 1, 1),
        ("d", 1, 0, 1, 0.5, 0, 0), ("e", 0, 0, 0, 0.0, 2, 0), ("f", 0, 0, 0, 0.0, 0, 1),
    ]  # fmt: skip
    assert ranks(rows, "enterprise", MARCH)[0].name == "甲"


def test_hours_of_the_week_are_counted_of_the_month() -> None:
    rows = [
        over(0),
        over(24 * 7),
        over(15),
        over(24 * 6),
        over(0, hourly=False),
        over(24 * 40),
    ]
    grid = heat(rows, MARCH)
    assert (len(grid), {len(row) for row in grid}) == (7, {24})
    assert {
        (day, hour): count
        for day, row in enumerate(grid)
        for hour, count in enumerate(row)
        if count
    } == {(0, 8): 2, (0, 23): 1, (6, 8): 1}


@pytest.mark.parametrize(
    ("now", "before", "wanted"),
    [(3, 2, 0.5), (1, 2, -0.5), (0, 4, -1), (5, 0, None), (2, 2, 0)],
)
def test_a_change_is_a_share_of_what_was(
    now: float, before: float, wanted: float | None
) -> None:
    assert change(now, before) == wanted
