"""What a rule would have raised: merging, holding, and the figures of a backtest."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.domain.backtest import (
    Difference,
    Episode,
    KnownCase,
    Occurrence,
    compare,
    episodes,
    report,
)
from alerts.domain.roster import Days
from alerts.domain.rules import RuleDocument, Schedule
from bozhou_eco.common.calendar import national

BEIJING = ZoneInfo("Asia/Shanghai")
OFFICE = Schedule(Days.WORKING, "08:00", "20:00")


def rule(**changes: Any) -> RuleDocument:
    return RuleDocument("nox-hour", "氮氧化物", "exceedance", "major", **changes)


START = datetime(2026, 11, 2, tzinfo=BEIJING)
END = START + timedelta(days=7)
HOUR = timedelta(hours=1)


def span(hours: float, length: float | None = 1, source: str = "point:1") -> Occurrence:
    begin = START + hours * HOUR
    return Occurrence(
        source=source,
        subject_key=source.replace("point", "outlet"),
        subject_name=source,
        begin=begin,
        end=None if length is None else begin + length * HOUR,
        summary=f"自 {hours}",
        magnitude=hours,
    )


def found(spans: list[Occurrence], **changes: Any) -> list[tuple[float, int]]:
    rows = episodes(
        rule(**changes),
        spans,
        start=START,
        end=END,
        is_working_day=national().is_working_day,
        zone=BEIJING,
    )
    return [((row.occurrence.begin - START) / HOUR, row.count) for row in rows]


def test_close_ones_are_one() -> None:
    spans = [span(10), span(11.5), span(14), span(10, source="point:2")]
    assert found(spans) == [(10, 2), (10, 1), (14, 1)]
    assert found(spans, merge_minutes=0) == [(10, 1), (10, 1), (11.5, 1), (14, 1)]
    assert found(list(reversed(spans))) == found(spans)


def test_short_ones_those_before_the_start_and_those_outside_hours_are_none() -> None:
    spans = [span(-1, 5), span(10, 0.1), span(34, 1), span(60, None)]
    spans.append(span(200, source="point:3"))
    assert found(spans, hold_minutes=30) == [(34, 1), (60, 1)]
    weekend = [span(24 * 5 + 10), span(24 * 4 + 10), span(24 * 4 + 21)]
    assert found(weekend, schedule=OFFICE) == [(24 * 4 + 10, 1)]


def test_night_schedules_pass_midnight() -> None:
    night = Schedule(Days.ALL, "22:00", "06:00")
    spans = [span(23), span(24 + 3), span(24 + 6), span(24 + 12)]
    assert [h for h, _ in found(spans, schedule=night)] == [23, 27]


def test_report() -> None:
    rows = episodes(
        rule(),
        [span(10), span(40), span(70), span(30, source="point:2")],
        start=START,
        end=END,
        is_working_day=lambda _: True,
        zone=BEIJING,
    )
    cases = [
        KnownCase(1, "outlet:1", START + 20 * HOUR),
        KnownCase(2, "outlet:2", START + 150 * HOUR, "漏掉的"),
    ]
    told = report(rows, cases, start=START, end=END, zone=BEIJING, minutes_each=30)
    assert (told["alerts"], told["per_day"], told["busiest_day"]) == (4, 0.57, 2)
    assert told["officer_hours"] == 2.0
    assert told["noisiest"][0]["subject_key"] == "outlet:1"
    assert told["noisiest"][0]["share"] == 0.75
    assert (told["cases"], told["hits"]) == (2, 1)
    assert [m["case"] for m in told["missed"]] == [2]


def test_compare_is_exact_to_the_second() -> None:
    rows = episodes(
        rule(),
        [span(10)],
        start=START,
        end=END,
        is_working_day=lambda _: True,
        zone=BEIJING,
    )
    (row,) = rows
    stored = {row.key: row.occurrence.begin.astimezone(UTC)}
    assert compare(rows, stored).exact
    assert compare(rows, {}).extra == (row.key,)
    assert compare([], stored).missing == (row.key,)
    moved = {row.key: row.occurrence.begin + timedelta(seconds=1)}
    assert not compare(rows, moved).exact


def plain(
    begin_h: float, length: float | None, magnitude: float | None, summary: str
) -> Occurrence:
    begin = START + begin_h * HOUR
    end = None if length is None else begin + length * HOUR
    return Occurrence("point:1", "outlet:1", "一", begin, end, summary, magnitude)


def raised(spans: list[Occurrence], **changes: Any) -> list[Episode]:
    return episodes(
        rule(**changes),
        spans,
        start=START,
        end=END,
        is_working_day=lambda _: True,
        zone=BEIJING,
    )


@pytest.mark.parametrize(
    ("gap_min", "counts"), [(59, [2]), (60, [2]), (61, [1, 1])], ids=str
)
def test_spans_up_to_an_hour_apart_are_one(gap_min: int, counts: list[int]) -> None:
    spans = [plain(10, 1, None, "a"), plain(11 + gap_min / 60, 1, None, "b")]
    assert [row.count for row in raised(spans)] == counts


def test_three_spans_in_a_row_are_one_that_lasts_to_the_last_end() -> None:
    (row,) = raised([plain(10, 5, 1, "a"), plain(11, 1, 3, "b"), plain(12, 1, 2, "c")])
    assert row.count == 3
    assert row.occurrence.begin == START + 10 * HOUR
    assert row.occurrence.end == START + 15 * HOUR
    assert (row.occurrence.magnitude, row.occurrence.summary) == (3, "b")


def test_after_a_span_that_goes_on_everything_joins_it() -> None:
    (row,) = raised([plain(10, None, 2, "a"), plain(100, 1, 1, "b")])
    assert (row.count, row.occurrence.end) == (2, None)
    (other,) = raised([plain(10, 1, 2, "a"), plain(11, None, 1, "b")])
    assert (other.count, other.occurrence.end) == (2, None)


@pytest.mark.parametrize(
    ("first", "second", "magnitude", "summary"),
    [
        (2, 5, 5, "b"),
        (5, 2, 5, "a"),
        (5, 5, 5, "b"),
        (None, 2, 2, "b"),
        (2, None, 2, "a"),
        (None, None, None, "a"),
    ],
)
def test_the_worse_span_gives_the_words(
    first: float | None, second: float | None, magnitude: float | None, summary: str
) -> None:
    (row,) = raised([plain(10, 1, first, "a"), plain(11, 1, second, "b")])
    assert (row.occurrence.magnitude, row.occurrence.summary) == (magnitude, summary)


@pytest.mark.parametrize(
    ("begin_h", "length_h", "there"),
    [
        (0, 1, True), (-0.01, 1, False), (167.99, 1, True), (168, 1, False),
        (20, 0.5, True), (20, 0.49, False), (167.5, None, True), (167.51, None, False),
        (167.5, 5, True),
    ],
)  # fmt: skip
def test_a_span_begins_in_the_range_and_lasts_as_long_as_the_rule_says(
    begin_h: float, length_h: float | None, there: bool
) -> None:
    """Half an hour; what is still going on is counted to the end of the range."""
    hold = 30 if length_h != 1 else 0
    rows = raised([plain(begin_h, length_h, None, "")], hold_minutes=hold)
    assert bool(rows) is there


def test_the_key_names_rule_source_and_begin_in_utc() -> None:
    (row,) = raised([plain(10, 1, None, "")])
    assert row.key == "rule:nox-hour:point:1:20261102T020000"


def told(
    rows: list[Episode], cases: list[KnownCase], hours: float = 168, **more: Any
) -> dict[str, Any]:
    end = START + hours * HOUR
    return report(rows, cases, start=START, end=end, zone=BEIJING, **more)


def test_a_report_of_nothing() -> None:
    assert told([], [KnownCase(1, "x", START)]) == {
        "alerts": 0,
        "per_day": 0.0,
        "busiest_day": 0,
        "days": {},
        "officer_hours": 0.0,
        "subjects": 0,
        "noisiest": [],
        "cases": 1,
        "hits": 0,
        "missed": [{"case": 1, "name": "", "at": "2026-11-02T00:00:00+08:00"}],
    }


def test_a_report_of_half_a_day_counts_by_the_whole_day_and_six_minutes_each() -> None:
    rows = raised([span(h, 1, f"point:{h}") for h in range(7)])
    figures = told(rows, [], hours=12)
    assert figures["per_day"] == 14.0
    assert figures["officer_hours"] == 0.7
    assert figures["days"] == {"2026-11-02": 7}
    assert figures["noisiest"][0]["share"] == 0.143
    assert told(rows[:4], [], minutes_each=7)["officer_hours"] == 0.5
    assert told(rows[:1], [], minutes_each=600)["officer_hours"] == 10.0
    assert told(rows[:1], [])["per_day"] == 0.14


def test_a_report_names_the_ten_noisiest_of_eleven() -> None:
    spans = [span(20 - h, 1, f"point:{h:02}") for h in range(11)]
    spans += [span(100, 1, "point:10"), span(50, 1, "point:10")]
    figures = told(raised(spans), [])
    assert figures["subjects"] == 11
    assert [(row["name"], row["alerts"]) for row in figures["noisiest"]] == [
        ("point:10", 3),
        *((f"point:{h:02}", 1) for h in range(9)),
    ]


@pytest.mark.parametrize(
    ("case_h", "hit"), [(34, True), (34.01, False), (-14, True), (-14.01, False)]
)
def test_a_case_is_hit_within_a_day_before_or_after(case_h: float, hit: bool) -> None:
    case = KnownCase(1, "outlet:1", START + case_h * HOUR)
    assert told(raised([span(10)]), [case])["hits"] == hit
    other = KnownCase(1, "outlet:2", START + 10 * HOUR)
    assert told(raised([span(10)]), [other])["hits"] == 0


def test_fifty_missed_cases_are_listed() -> None:
    figures = told([], [KnownCase(n, "x", START) for n in range(51)])
    assert figures["cases"] == 51
    assert [row["case"] for row in figures["missed"]] == list(range(50))


@pytest.mark.parametrize(
    ("missing", "extra", "exact"),
    [((), (), True), (("a",), (), False), ((), ("a",), False)],
)
def test_a_difference_on_either_side_is_not_exact(
    missing: tuple[str, ...], extra: tuple[str, ...], exact: bool
) -> None:
    assert Difference(missing, extra).exact is exact


def test_an_episode_stands_for_one_occurrence_unless_it_says_more() -> None:
    assert Episode("k", span(1)).count == 1
