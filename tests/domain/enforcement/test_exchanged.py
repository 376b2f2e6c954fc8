"""Rows of other systems, kinds of clues, check-lists, figures, names of steps."""

from datetime import date
from decimal import Decimal

import pytest

from enforcement.domain.acts import SIDE_ACTS, action_name
from enforcement.domain.checklists import items_for
from enforcement.domain.exchange import (
    AUTHORITY_CONTENTS,
    COLUMNS,
    INWARD,
    OUTWARD,
    Content,
    read_rows,
)
from enforcement.domain.figures import DEFINITIONS, share
from enforcement.domain.kinds import (
    VALID_OUTCOMES,
    CaseKind,
    Outcome,
    Source,
    kind_of_alert,
)
from enforcement.domain.workflow import Action

TODAY = date(2026, 5, 6)
PENALTY = {
    "number": "C-1", "external_ref": "X1", "event": "decided", "on": "2026-05-06",
    "amount": "12000.50", "text": " 已决定 ",
}  # fmt: skip
CHECK = {
    "external_ref": "X2", "mode": "on_site", "kind": "routine", "on": "2026-05-01",
    "subject_name": "某厂", "means": "现场", "found": False,
}  # fmt: skip


def read(content: Content, *rows: object):
    return read_rows(content, rows, TODAY)


def test_every_content_has_its_direction() -> None:
    assert set(OUTWARD) | set(INWARD) == set(Content)
    assert not set(OUTWARD) & set(INWARD)
    assert set(COLUMNS) == set(INWARD)
    assert set(AUTHORITY_CONTENTS) == {Content.TRANSFER, Content.REPLY}


def test_a_good_row_comes_through_typed() -> None:
    (row,), problems = read(Content.PENALTY, PENALTY)
    assert problems == []
    assert row == {
        "number": "C-1", "external_ref": "X1", "event": "decided", "on": TODAY,
        "amount": Decimal("12000.50"), "reference": None, "text": "已决定", "place": 1,
    }  # fmt: skip
    (row,), _ = read(Content.CHECK, CHECK)
    assert row["found"] is False


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"number": ""}, "缺少 number"), ({"number": None}, "缺少 number"),
        ({"event": "lost"}, "event 应为"), ({"on": "2026-05-07"}, "on 晚于今天"),
        ({"on": "06.05.2026"}, "on 不是日期"), ({"amount": "viel"}, "amount 不是金额"),
        ({"amount": "-0.01"}, "amount 超出范围"), ({"amount": "1e12"}, "amount 超出范围"),
        ({"amount": "NaN"}, "amount 超出范围"), ({"amount": "Infinity"}, "amount 超出范围"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_told_by_row_and_name(change: dict, told: str) -> None:
    good, problems = read(Content.PENALTY, PENALTY, {**PENALTY, **change}, PENALTY)
    assert [row["place"] for row in good] == [1, 3]
    (problem,) = problems
    assert problem.startswith("第 2 行：")
    assert told in problem


@pytest.mark.parametrize("amount", ["0", "999999999999.99", 5, None, ""])
def test_amounts_within_bounds_or_none(amount: object) -> None:
    good, problems = read(Content.PENALTY, {**PENALTY, "amount": amount})
    assert (len(good), problems) == (1, [])


@pytest.mark.parametrize("value", ["true", 1, 0, "否"])
def test_yes_and_no_are_booleans(value: object) -> None:
    good, problems = read(Content.CHECK, {**CHECK, "found": value})
    assert (good, len(problems)) == ([], 1)


def test_rows_that_are_none_and_all_faults_at_once() -> None:
    good, problems = read(Content.CHECK, "x", {}, None)
    assert good == []
    assert problems[0] == "第 1 行应为对象"
    assert problems[1].count("缺少") == sum(c.required for c in COLUMNS[Content.CHECK])
    assert problems[2] == "第 3 行应为对象"
    long = {**PENALTY, "text": "长" * 3000}
    assert len(read(Content.PENALTY, long)[0][0]["text"]) == 2000


@pytest.mark.parametrize(
    ("alert", "kind", "source"),
    [
        ("water_exceedance", CaseKind.WASTEWATER, Source.ALERT),
        ("exceedance", CaseKind.EXHAUST, Source.ALERT),
        ("black_smoke", CaseKind.SMOKE, Source.CAPTURE),
        ("capture", CaseKind.SMOKE, Source.CAPTURE),
        ("watch_hit", CaseKind.SMOKE, Source.CAPTURE),
        ("station_silent", CaseKind.STATION, Source.STATION),
        ("inspection_fraud", CaseKind.STATION, Source.STATION),
        ("road_check", CaseKind.ROAD_CHECK, Source.ROAD_CHECK),
        ("offline", CaseKind.MONITORING, Source.ALERT),
    ],
)
def test_an_alert_starts_a_clue_of_its_kind(
    alert: str, kind: CaseKind, source: Source
) -> None:
    assert kind_of_alert(alert) == (kind, source)


def test_sources_and_outcomes() -> None:
    assert {s for s in Source if s.off_site} == {
        Source.ALERT, Source.CAPTURE, Source.STATION,
    }  # fmt: skip
    assert {s for s in Source if s.upstream} == {
        Source.SUPERVISION, Source.REGION, Source.HOTLINE, Source.COMPLAINT,
    }  # fmt: skip
    assert set(Outcome) - VALID_OUTCOMES == {
        Outcome.FALSE_ALARM, Outcome.NO_VIOLATION, Outcome.NOT_FILED, Outcome.WITHDRAWN,
        Outcome.MERGED,
    }  # fmt: skip


@pytest.mark.parametrize("kind", list(CaseKind), ids=str)
def test_every_kind_has_a_check_list_without_doubles(kind: CaseKind) -> None:
    codes = [item.code for item in items_for(kind)]
    assert len(codes) == len(set(codes)) >= 4
    assert "history" in codes
    assert all(item.otherwise for item in items_for(kind))


def test_lists_follow_the_kind() -> None:
    assert items_for(CaseKind.EXHAUST) == items_for(CaseKind.WASTEWATER)
    assert items_for(CaseKind.ROAD_CHECK) == items_for(CaseKind.SMOKE)
    assert items_for(CaseKind.DUST) == items_for(CaseKind.OTHER)
    three = {items_for(k) for k in (CaseKind.EXHAUST, CaseKind.SMOKE, CaseKind.STATION)}
    assert len(three) == 3


def test_shares_in_per_cent() -> None:
    assert share(1, 3) == 33.3
    assert share(0, 5) == 0.0
    assert share(3, 0) is None
    for code, row in DEFINITIONS.items():
        assert code == row.code
        assert (row.unit == "%") is bool(row.denominator)


def test_every_step_has_a_name() -> None:
    assert action_name(Action.DECIDE.value) == Action.DECIDE.label
    assert action_name("comment") == SIDE_ACTS["comment"] == "批注"
    assert action_name("no_such_step") == "no_such_step"
    assert not set(SIDE_ACTS) & {action.value for action in Action}


def test_these_cells_may_be_empty_and_the_others_not() -> None:
    assert {
        content: [column.name for column in columns if not column.required]
        for content, columns in COLUMNS.items()
    } == {
        Content.REPLY: ["letter", "reference"],
        Content.PENALTY: ["amount", "reference", "text"],
        Content.CHECK: ["number", "district", "result"],
    }


@pytest.mark.parametrize(
    ("content", "name"),
    [(content, c.name) for content, columns in COLUMNS.items() for c in columns],
    ids=lambda part: str(part),
)
def test_an_empty_cell_is_told_if_it_is_needed(content: Content, name: str) -> None:
    rows = {
        Content.REPLY: {"number": "C", "act": "reply", "on": "2026-05-01", "text": "a"},
        Content.PENALTY: PENALTY,
        Content.CHECK: CHECK,
    }
    column = next(c for c in COLUMNS[content] if c.name == name)
    for empty in (None, ""):
        good, problems = read(content, {**rows[content], name: empty})
        expected = [f"第 1 行：缺少 {name}"] if column.required else []
        assert problems == expected
        assert len(good) == (not column.required)


@pytest.mark.parametrize(("length", "kept"), [(1999, 1999), (2000, 2000), (2001, 2000)])
def test_a_text_is_kept_to_two_thousand_characters(length: int, kept: int) -> None:
    good, _ = read(Content.PENALTY, {**PENALTY, "text": "长" * length})
    assert good[0]["text"] == "长" * kept


def test_days_up_to_today_are_taken() -> None:
    good, problems = read(Content.PENALTY, {**PENALTY, "on": "2020-01-01"})
    assert (good[0]["on"], problems) == (date(2020, 1, 1), [])


@pytest.mark.parametrize(
    ("top", "bottom", "per_cent"),
    [
        (1, 8, 12.5),
        (2, 3, 66.7),
        (1, 6, 16.7),
        (5, 5, 100.0),
        (0, 0, None),
        (1, 1, 100.0),
    ],
)
def test_a_share_has_one_decimal(top: int, bottom: int, per_cent: float | None) -> None:
    assert share(top, bottom) == per_cent
