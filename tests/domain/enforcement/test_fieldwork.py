"""Merging of what phones wrote; what is missing; the route; the clock of a phone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.domain.fieldwork import (
    Change,
    Item,
    deviation,
    merge,
    obstacles,
    route,
    true_time,
    wrong_value,
)

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ITEMS = [
    Item("bypass", "治理", "旁路铅封"),
    Item("reading", "监控", "比对", kind="reading"),
]


def change(field: str, value: object, base: int = 0) -> Change:
    return Change(field, value, base, AT)


def test_first_writing_is_taken() -> None:
    fields, conflicts = merge({}, [change("conclusion", "正常")], by="甲")
    assert fields["conclusion"]["v"] == "正常"
    assert fields["conclusion"]["n"] == 1
    assert conflicts == []


def test_a_field_written_by_somebody_else_is_a_conflict_and_is_kept() -> None:
    held, _ = merge({}, [change("conclusion", "甲写的")], by="甲")
    fields, [conflict] = merge(held, [change("conclusion", "乙写的")], by="乙")
    assert fields["conclusion"]["v"] == "甲写的"
    assert (conflict.mine, conflict.theirs, conflict.by) == ("乙写的", "甲写的", "甲")
    settled, none = merge(fields, [change("conclusion", "乙写的", conflict.n)], by="乙")
    assert settled["conclusion"]["v"] == "乙写的"
    assert none == []


def test_equal_values_and_repeats_are_no_conflict() -> None:
    held, _ = merge({}, [change("found", True)], by="甲")
    fields, conflicts = merge(
        held, [change("found", True), change("found", True, 7)], by="乙"
    )
    assert fields == held
    assert conflicts == []


@given(
    st.lists(
        st.tuples(st.sampled_from("甲乙"), st.sampled_from("abc"), st.integers(0, 3)),
        max_size=30,
    )
)
def test_two_phones_that_settle_their_conflicts_lose_nothing(acts) -> None:
    """Whatever the order, a value is stored, or its writer was shown the other one."""
    fields: dict = {}
    for who, name, value in acts:
        before = fields.get(name)
        fields, conflicts = merge(fields, [change(name, value)], by=who)
        if conflicts:
            assert fields[name] == before
            fields, again = merge(fields, [change(name, value, conflicts[0].n)], by=who)
            assert again == []
        assert fields[name]["v"] == value


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)), st.integers(0, 86_400))
def test_a_phone_whose_clock_is_wrong_still_tells_the_time(wrong, ago) -> None:
    sent = AT + wrong
    assert true_time(sent - timedelta(seconds=ago), sent, AT) == AT - timedelta(
        seconds=ago
    )


def test_nothing_happened_in_the_future() -> None:
    assert true_time(AT + timedelta(hours=2), AT, AT) == AT


def test_what_is_missing_is_said_item_by_item() -> None:
    fields, _ = merge({}, [change("a:bypass", {"answer": "no", "note": ""})], by="甲")
    missing = obstacles(ITEMS, fields, set())
    assert "第 1 项“旁路铅封”不符合，未写说明" in missing
    assert "第 1 项“旁路铅封”不符合，未拍照" in missing
    assert "第 2 项“比对”未填写现场示值" in missing
    assert "未填写核查情况" in missing
    assert "执法人员一未签名" in missing


def test_a_complete_visit_lacks_nothing() -> None:
    given = {
        "a:bypass": {"answer": "no", "note": "铅封断裂"},
        "a:reading": {"site": "77.9"},
        "conclusion": "铅封断裂",
        "found": True,
        "sign:officer1": {"name": "甲"},
        "sign:officer2": {"name": "乙"},
        "sign:party": {"name": "拒签"},
    }
    fields, _ = merge({}, [change(k, v) for k, v in given.items()], by="甲")
    assert obstacles(ITEMS, fields, {"bypass"}) == []


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("a:nothing", {"answer": "yes"}, "没有这一项"),
        ("a:bypass", {"answer": "maybe"}, "答案应为"),
        ("a:bypass", "yes", "应为答案与说明"),
        ("a:bypass", {"note": "x" * 2001}, "最多 2000 字"),
        ("a:reading", {"site": "七"}, "应为数字"),
        ("found", "是", "应为是或否"),
        ("conclusion", 3, "应为文字"),
        ("sign:boss", {"name": "x"}, "签名缺少姓名"),
        ("other", 1, "没有这一项"),
    ],
)
def test_what_cannot_stand_is_refused_in_words(
    field: str, value: object, why: str
) -> None:
    assert why in wrong_value(field, value, {"bypass", "reading"})


def test_deviation_is_relative_to_the_platform() -> None:
    assert deviation("77.9", 78.6) == pytest.approx(-0.89, abs=0.01)
    assert deviation("x", 78.6) is None
    assert deviation("1", 0) is None


def test_the_route_goes_to_the_nearest_next_and_unknown_places_last() -> None:
    places = [(82.9, 44.6), None, (82.1, 44.9), (82.5, 44.7)]
    assert route((82.07, 44.9), places) == [2, 3, 0, 1]
