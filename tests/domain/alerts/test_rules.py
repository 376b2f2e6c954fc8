"""Rule documents: refused with place and reason; YAML there and back."""

from contextlib import suppress
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

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


@settings(max_examples=50, deadline=None)
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


BASE = {key: GOOD[key] for key in ("code", "name", "kind", "severity")}
"""The least a rule says."""


def fault_of(**changes: Any) -> str:
    """The one fault of a changed rule, or "" if it is good."""
    try:
        check_document(BASE | {"params": {"n": 1}} | changes, params=PARAMS)
    except RuleError as refusal:
        (fault,) = refusal.faults
        return str(fault)
    return ""


def test_what_a_rule_does_not_say_has_a_default() -> None:
    document = check_document(BASE | {"params": {"n": 1}}, params=PARAMS)
    assert document == RuleDocument(
        code="nox-hour",
        name="氮氧化物小时均值",
        kind="exceedance",
        severity="major",
        scope={},
        params={"multiple": 1.0, "n": 1.0},
        schedule=Schedule(Days.ALL, "00:00", "24:00"),
        hold_minutes=0,
        merge_minutes=60,
        note="",
    )
    bare = RuleDocument("nox-hour", "氮氧化物小时均值", "exceedance", "major")
    assert (bare.hold_minutes, bare.merge_minutes) == (0, 60)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("ab", ""),
        ("a" * 60, ""),
        ("a", "code：只能用小写字母、数字和连字符，2–60 个字符"),
        ("-a", "code：只能用小写字母、数字和连字符，2–60 个字符"),
    ],
)
def test_a_code_has_two_to_sixty_characters(code: str, fault: str) -> None:
    assert fault_of(code=code) == fault


def test_a_code_of_sixty_one_is_too_long_twice_over() -> None:
    with pytest.raises(RuleError) as refusal:
        check(code="a" * 61)
    assert [fault.reason for fault in refusal.value.faults] == [
        "不能超过 60 字",
        "只能用小写字母、数字和连字符，2–60 个字符",
    ]


@pytest.mark.parametrize(
    ("name", "length", "fault"),
    [
        ("name", 100, ""),
        ("name", 101, "name：不能超过 100 字"),
        ("note", 2000, ""),
        ("note", 2001, "note：不能超过 2000 字"),
    ],
)
def test_texts_have_a_greatest_length(name: str, length: int, fault: str) -> None:
    assert fault_of(**{name: "字" * length}) == fault


def test_a_long_kind_is_unknown_and_too_long_from_sixty_one() -> None:
    for length, faults in ((60, 1), (61, 2)):
        with pytest.raises(RuleError) as refusal:
            check(kind="k" * length)
        assert len(refusal.value.faults) == faults


@pytest.mark.parametrize("name", ["hold_minutes", "merge_minutes"])
@pytest.mark.parametrize(
    ("minutes", "good"), [(0, True), (10_080, True), (10_081, False), (-1, False)]
)
def test_minutes_go_from_none_to_a_week(name: str, minutes: int, good: bool) -> None:
    fault = fault_of(**{name: minutes})
    assert fault == ("" if good else f"{name}：应在 0 到 10080 之间")


@pytest.mark.parametrize("name", ["hold_minutes", "merge_minutes"])
def test_yes_is_no_number_of_minutes(name: str) -> None:
    assert fault_of(**{name: True}) == f"{name}：应为整数"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (["1"] * 500, ""),
        (["1"] * 501, "scope.subjects：应为不超过 500 项的列表"),
        (["1" * 120], ""),
        (["1" * 121], "scope.subjects[0]：应为文字，数字请加引号"),
        (["1", ""], "scope.subjects[1]：应为文字，数字请加引号"),
        (["1"], ""),
    ],
    ids=["most", "too-many", "longest", "too-long", "empty", "shortest"],
)
def test_a_scope_has_five_hundred_items_of_one_to_120_characters(
    values: list[str], fault: str
) -> None:
    assert fault_of(scope={"subjects": values}) == fault


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (0.1, ""),
        (20, ""),
        (0.09, "params.multiple：限值倍数应在 0.1 到 20"),
        (20.01, "params.multiple：限值倍数应在 0.1 到 20"),
    ],
)
def test_a_parameter_may_be_its_bound(value: float, fault: str) -> None:
    assert fault_of(params={"n": 1, "multiple": value}) == fault


@pytest.mark.parametrize(
    ("clock", "good"),
    [("00:00", True), ("23:59", True), ("24:00", True), ("24:01", False),
     ("12:60", False), ("19:30", True), ("9:30", False)],
)  # fmt: skip
def test_a_clock_has_two_digits_each(clock: str, good: bool) -> None:
    for name in ("begin", "end"):
        fault = fault_of(schedule={name: clock})
        expected = "" if good else f'schedule.{name}：应写成 "08:00" 的形式并加引号'
        assert fault == expected


DAY_HOURS = Schedule(Days.ALL, "08:00", "20:00")
NIGHT_HOURS = Schedule(Days.ALL, "22:00", "06:00")
NO_HOURS = Schedule(Days.ALL, "08:00", "08:00")


@pytest.mark.parametrize(
    ("schedule", "clock", "inside"),
    [
        (DAY_HOURS, "07:59", False), (DAY_HOURS, "08:00", True),
        (DAY_HOURS, "19:59", True), (DAY_HOURS, "20:00", False),
        (NIGHT_HOURS, "21:59", False), (NIGHT_HOURS, "22:00", True),
        (NIGHT_HOURS, "05:59", True), (NIGHT_HOURS, "06:00", False),
        (NO_HOURS, "08:00", False), (NO_HOURS, "12:00", False),
        (Schedule(), "00:00", True), (Schedule(), "23:59", True),
    ],
)  # fmt: skip
def test_a_schedule_has_its_first_and_not_its_last_minute(
    schedule: Schedule, clock: str, inside: bool
) -> None:
    hour, minute = map(int, clock.split(":"))
    local = datetime(2026, 11, 23, hour, minute, tzinfo=BEIJING)
    assert schedule.covers(local, lambda _: True) is inside


@pytest.mark.parametrize(
    ("days", "worked", "inside"),
    [(Days.ALL, True, True), (Days.ALL, False, True), (Days.WORKING, True, True),
     (Days.WORKING, False, False), (Days.HOLIDAYS, True, False),
     (Days.HOLIDAYS, False, True)],
)  # fmt: skip
def test_a_schedule_asks_whether_the_day_is_worked(
    days: Days, worked: bool, inside: bool
) -> None:
    asked: list[date] = []

    def is_working_day(day: date) -> bool:
        asked.append(day)
        return worked

    local = datetime(2026, 11, 23, 12, tzinfo=BEIJING)
    assert Schedule(days).covers(local, is_working_day) is inside
    assert asked == ([] if days is Days.ALL else [date(2026, 11, 23)])


@pytest.mark.parametrize(("size", "good"), [(200_000, True), (200_001, False)])
def test_a_file_has_two_hundred_thousand_bytes_at_most(size: int, good: bool) -> None:
    text = yaml.safe_dump(BASE | {"params": {"n": 1}}, allow_unicode=True) + "#"
    text += "x" * (size - len(text.encode()))
    if good:
        assert len(read_yaml(text, params=PARAMS)) == 1
        return
    with pytest.raises(RuleError, match="不能超过 200 KB"):
        read_yaml(text, params=PARAMS)


@pytest.mark.parametrize(
    ("text", "place"),
    [("code: [a", "第 1 行第 9 列"), ("a: 1\n  b: 2", "第 2 行第 4 列")],
)
def test_a_slip_of_yaml_is_told_with_line_and_column_from_one(
    text: str, place: str
) -> None:
    with pytest.raises(RuleError) as refusal:
        read_yaml(text, params=PARAMS)
    assert refusal.value.faults[0].place == place


def test_one_rule_alone_in_a_list_is_named_without_a_number() -> None:
    with pytest.raises(RuleError) as refusal:
        read_yaml(write_yaml([check()]).replace("nox-hour", "BAD"), params=PARAMS)
    assert refusal.value.faults[0].place == "code"


def test_a_refined_kind_takes_the_parameters_of_its_base() -> None:
    document = check(kind="exceedance-hour")
    assert document.params == {"multiple": 1.5, "n": 2.0}


def test_only_the_code_that_is_there_twice_is_told() -> None:
    text = write_yaml([check(), check(code="other"), check()])
    with pytest.raises(RuleError) as refusal:
        read_yaml(text, params=PARAMS)
    assert [str(fault) for fault in refusal.value.faults] == ["code：“nox-hour”重复"]


def test_a_file_is_written_to_be_read_by_people() -> None:
    lines = write_yaml([check()]).splitlines()
    assert lines[:2] == ["- code: nox-hour", "  name: 氮氧化物小时均值"]
