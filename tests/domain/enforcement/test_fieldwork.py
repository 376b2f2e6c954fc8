"""Merging of what phones wrote; what is missing; the route; the clock of a phone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.domain.fieldwork import (
    Change,
    Conflict,
    Item,
    clock_offset,
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


def test_each_writing_counts_one_more_and_tells_who_and_when() -> None:
    fields: dict = {}
    for n, (who, value) in enumerate([("甲", "a"), ("乙", "b"), ("甲", "c")]):
        fields, none = merge(fields, [change("conclusion", value, n)], by=who)
        assert none == []
        assert fields["conclusion"] == {
            "v": value,
            "n": n + 1,
            "by": who,
            "at": "2026-11-23T02:00:00+00:00",
        }
    _, [conflict] = merge(fields, [change("conclusion", "d", 2)], by="乙")
    assert conflict == Conflict(
        "conclusion", "d", "c", "甲", "2026-11-23T02:00:00+00:00", 3
    )


def test_a_conflict_stops_neither_what_comes_before_nor_after() -> None:
    held, _ = merge({}, [change("b", 1)], by="甲")
    fields, conflicts = merge(
        held, [change("a", 1), change("b", 2), change("c", 3)], by="乙"
    )
    assert {name: field["v"] for name, field in fields.items()} == {
        "a": 1,
        "b": 1,
        "c": 3,
    }
    assert [one.field for one in conflicts] == ["b"]


def test_the_clock_of_a_phone_is_behind_by_what_is_missing() -> None:
    now = AT + timedelta(seconds=90)
    assert clock_offset(AT, now) == timedelta(seconds=90)
    assert clock_offset(now, AT) == timedelta(seconds=-90)


@pytest.mark.parametrize(
    ("field", "value", "good"),
    [
        ("a:bypass", {"answer": "", "note": "x" * 2000}, True),
        ("a:bypass", {"note": "x" * 2001}, False),
        ("a:bypass", {"note": 5}, False),
        ("a:bypass", {}, True),
        ("a:bypass", {"answer": "yes"}, True),
        ("a:bypass", {"answer": "no"}, True),
        ("a:bypass", {"answer": "na"}, True),
        ("a:reading", {"site": "77.9"}, True),
        ("a:reading", {"site": 77.9}, True),
        ("a:reading", {"site": ""}, True),
        ("a:reading", {"site": None}, False),
        ("found", True, True),
        ("found", 1, False),
        ("conclusion", "x" * 2000, True),
        ("conclusion", "x" * 2001, False),
        ("statement", "x" * 2000, True),
        ("statement", 5, False),
        ("sign:party", {"name": "拒签"}, True),
        ("sign:party", {"name": 5}, False),
        ("sign:party", "拒签", False),
        ("sign:officer1", {"name": "甲"}, True),
        ("sign:officer3", {"name": "甲"}, False),
    ],
)
def test_what_may_stand_in_a_field(field: str, value: object, good: bool) -> None:
    assert (wrong_value(field, value, {"bypass", "reading"}) == "") is good


@pytest.mark.parametrize("length", [39, 40, 41])
def test_an_unknown_item_is_named_by_forty_characters(length: int) -> None:
    shown = "长" * min(length, 40)
    assert wrong_value("长" * length, 1, ()) == f"没有这一项：{shown}"
    assert wrong_value("a:" + "长" * length, {}, ()) == f"清单中没有这一项：{shown}"


@pytest.mark.parametrize(
    ("answer", "photo", "lacks"),
    [
        ({"answer": "yes"}, False, []),
        ({"answer": "na"}, False, []),
        ({}, False, ["未作答"]),
        ({"answer": ""}, True, ["未作答"]),
        ({"answer": "no", "note": "断"}, True, []),
        ({"answer": "no", "note": "断"}, False, ["不符合，未拍照"]),
        ({"answer": "no", "note": " "}, True, ["不符合，未写说明"]),
        ({"answer": "no"}, False, ["不符合，未写说明", "不符合，未拍照"]),
    ],
)
def test_a_no_is_explained_and_photographed(
    answer: dict, photo: bool, lacks: list[str]
) -> None:
    stored = {"a:bypass": {"v": answer}}
    missing = obstacles(ITEMS[:1], stored, {"bypass"} if photo else set())
    assert [text for text in missing if "旁路" in text] == [
        f"第 1 项“旁路铅封”{what}" for what in lacks
    ]


@pytest.mark.parametrize(
    ("answer", "done"),
    [({"site": "0"}, True), ({"answer": "na"}, True), ({"answer": "yes"}, False), ({}, False),
     ({"site": ""}, False)],
)  # fmt: skip
def test_a_reading_is_given_or_does_not_apply(answer: dict, done: bool) -> None:
    missing = obstacles(ITEMS, {"a:reading": {"v": answer}}, set())
    assert ("第 2 项“比对”未填写现场示值" in missing) is not done


def test_what_an_empty_visit_lacks() -> None:
    assert obstacles([], {"conclusion": {"v": " "}}, set()) == [
        "未填写核查情况",
        "未选择是否发现问题",
        "执法人员一未签名",
        "执法人员二未签名",
        "当事人代表未签名；拒绝签名的在签名处注明“拒签”",
    ]
    found_nothing = obstacles([], {"found": {"v": False}}, set())
    assert "未选择是否发现问题" not in found_nothing


@pytest.mark.parametrize(
    ("site", "platform", "per_cent"),
    [
        ("110", 100, 10),
        ("90", 100, -10),
        (55, 50, 10),
        ("1", None, None),
        ("2", -1, -300),
    ],
)
def test_deviation_in_per_cent(
    site: object, platform: float | None, per_cent: float | None
) -> None:
    assert deviation(site, platform) == (
        None if per_cent is None else pytest.approx(per_cent)
    )


def test_a_route_without_a_start_begins_with_the_first_place() -> None:
    places = [None, (82.0, 44.0), (85.0, 44.0), (82.1, 44.0)]
    assert route(None, places) == [1, 3, 2, 0]
    assert route(None, []) == []
    assert route((82.0, 44.0), [None, None]) == [0, 1]


@pytest.mark.parametrize(
    ("east", "north", "first"),
    [(0.14, 0.1, 0), (0.15, 0.1, 1), (-0.14, 0.1, 0), (-0.15, 0.1, 1), (0.14, -0.1, 0),
     (0.15, -0.1, 1)],
)  # fmt: skip
def test_a_degree_of_longitude_is_shorter_by_the_cosine(
    east: float, north: float, first: int
) -> None:
    """0.14° × 0.71 = 0.0994° is nearer than 0.1° of latitude, 0.15° (0.1065°) is not."""
    here = (82.0, 44.0)
    places: list = [(82.0 + east, 44.0), (82.0, 44.0 + north)]
    assert route(here, places)[0] == first
