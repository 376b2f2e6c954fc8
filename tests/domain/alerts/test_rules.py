"""Rule documents: refused with place and reason; YAML there and back."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.domain.backtest import KnownCase, Occurrence, compare, episodes, report
from alerts.domain.roster import Days
from alerts.domain.rules import (
    Param,
    RuleDocument,
    RuleError,
    Schedule,
    check_document,
    load_document,
    read_yaml,
    write_yaml,
)
from bozhou_eco.common.calendar import national

BEIJING = ZoneInfo("Asia/Shanghai")
PARAMS = {
    "exceedance": {
        "multiple": Param("限值倍数", 0.1, 20, 1.0),
        "n": Param("个数", 1, 9),
    }
}
GOOD: dict[str, Any] = {
    "code": "nox-hour",
    "name": "氮氧化物小时均值",
    "kind": "exceedance",
    "severity": "major",
    "scope": {"pollutants": ["a21002"], "districts": ["652722"]},
    "params": {"multiple": 1.5, "n": 2},
    "schedule": {"days": "working", "begin": "08:00", "end": "20:00"},
    "hold_minutes": 10,
}


def check(**changes: Any) -> RuleDocument:
    return check_document(GOOD | changes, params=PARAMS)


def test_a_good_one_comes_back_from_every_form() -> None:
    document = check()
    assert document.params == {"multiple": 1.5, "n": 2.0}
    assert document.schedule == Schedule(Days.WORKING, "08:00", "20:00")
    assert load_document(document.as_json()) == document
    assert read_yaml(write_yaml([document]), params=PARAMS) == [document]


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        ({"code": "NOx hour"}, "code", "小写"),
        ({"code": ""}, "code", "不能为空"),
        ({"name": 5}, "name", "文字"),
        ({"name": "长" * 101}, "name", "100"),
        ({"kind": "weather"}, "kind", "exceedance"),
        ({"severity": "fatal"}, "severity", "critical"),
        ({"scope": []}, "", ""),
        ({"scope": ["x"]}, "scope", "键值表"),
        ({"scope": {"plants": []}}, "scope.plants", "没有这个字段"),
        ({"scope": {"districts": [652722]}}, "scope.districts[0]", "引号"),
        ({"scope": {"districts": "652722"}}, "scope.districts", "列表"),
        ({"params": {"multiple": 50, "n": 1}}, "params.multiple", "0.1 到 20"),
        ({"params": {"multiple": "1", "n": 1}}, "params.multiple", "数字"),
        ({"params": {"multiple": True, "n": 1}}, "params.multiple", "数字"),
        ({"params": {}}, "params.n", "缺少个数"),
        ({"params": {"n": 1, "x": 2}}, "params.x", "没有这个字段"),
        ({"schedule": {"days": "weekend"}}, "schedule.days", "working"),
        ({"schedule": {"begin": "8:00"}}, "schedule.begin", "08:00"),
        ({"schedule": {"begin": 480}}, "schedule.begin", "08:00"),
        ({"hold_minutes": -1}, "hold_minutes", "0 到"),
        ({"hold_minutes": 1.5}, "hold_minutes", "整数"),
        ({"surprise": 1}, "surprise", "没有这个字段"),
    ],
)
def test_each_fault_is_named(change: dict[str, Any], place: str, reason: str) -> None:
    if not place:
        check(**change)
        return
    with pytest.raises(RuleError) as refusal:
        check(**change)
    (fault,) = refusal.value.faults
    assert fault.place == place
    assert reason in fault.reason


def test_all_faults_at_once() -> None:
    with pytest.raises(RuleError) as refusal:
        check(code="X!", severity="x", hold_minutes="a")
    assert [f.place for f in refusal.value.faults] == [
        "code",
        "severity",
        "hold_minutes",
    ]


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("code: [a", "第 1 行", "YAML"),
        ("a: 1\n  b: 2", "第 2 行", "YAML"),
        ("just words", "规则", "键值表"),
        ("", "规则", "键值表"),
        ("!!python/object/apply:os.system ['true']", "第 1 行", "YAML"),
        ("a: &x [1]\nb: *x", "文件", "引用"),
        ("x: " + "y" * 210_000, "文件", "200 KB"),
    ],
)
def test_bad_yaml(text: str, place: str, reason: str) -> None:
    with pytest.raises(RuleError) as refusal:
        read_yaml(text, params=PARAMS)
    fault = refusal.value.faults[0]
    assert fault.place.startswith(place)
    assert reason in fault.reason


def test_a_list_names_the_rule_and_doubles_are_refused() -> None:
    two = write_yaml([check(), check(code="other")]).replace("other", "BAD")
    with pytest.raises(RuleError) as refusal:
        read_yaml(two, params=PARAMS)
    assert refusal.value.faults[0].place == "规则[1].code"
    with pytest.raises(RuleError, match="重复"):
        read_yaml(write_yaml([check(), check()]), params=PARAMS)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )
)
def test_nothing_but_a_refusal_comes_of_garbage(data: object) -> None:
    for document in (data, GOOD | {"scope": data}, GOOD | {"params": data}):
        with suppress(RuleError):
            check_document(document, params=PARAMS)


# --- backtest -------------------------------------------------------------------------

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
    given_ = {"schedule": {}, "hold_minutes": 0} | changes
    rows = episodes(
        check(**given_),
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
    assert found(weekend, schedule=GOOD["schedule"]) == [(24 * 4 + 10, 1)]


def test_night_schedules_pass_midnight() -> None:
    night = {"begin": "22:00", "end": "06:00"}
    spans = [span(23), span(24 + 3), span(24 + 6), span(24 + 12)]
    assert [h for h, _ in found(spans, schedule=night)] == [23, 27]


def test_report() -> None:
    rows = episodes(
        check(schedule={}, hold_minutes=0),
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
        check(schedule={}, hold_minutes=0),
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
