"""Lines in, findings out: what is read, what is refused, what is told once."""

import json

import pytest

from vehicles.domain.fraud.base import Finding
from vehicles.domain.fraud.registry import Checker
from vehicles.domain.fraud.stream import Unreadable, as_line, check_lines

PASSED = {
    "report": "R1",
    "session": "S1",
    "started_at": "2026-03-02T09:00:00+08:00",
    "ended_at": "2026-03-02T09:10:00+08:00",
    "vehicle": {"plate": "新E00001", "fuel": "A"},
    "verdict": {"overall": "pass"},
}
ELECTRIC = {"session": "S2", "method": "vmas", "vehicle": {"fuel": "C"}}


def checked(*lines: object) -> list[Finding | Unreadable]:
    codes = ("ev_tailpipe", "smoke_after_pass")
    written = [one if isinstance(one, str) else json.dumps(one) for one in lines]
    return list(check_lines(written, Checker(codes)))


def capture(**more: object) -> dict[str, object]:
    return {"capture": {"plate": "新E00001", "at": "2026-03-03T09:10:00", **more}}


@pytest.mark.parametrize(
    ("level", "words"),
    [(3, "林格曼 3 级"), (1.5, "林格曼 1.5 级"), (None, "冒黑烟"), (True, "冒黑烟"),
     ("3", "冒黑烟")],
    ids=["whole", "half", "unknown", "no number", "text"],
)  # fmt: skip
def test_a_capture_meets_the_pass_before_it(level, words) -> None:
    (found,) = checked(PASSED, capture(ringelmann=level))
    assert (found.report, found.rule) == ("R1", "smoke_after_pass")
    assert found.why.endswith(words)


@pytest.mark.parametrize(
    "more", [{"plate": ""}, {"plate": None}, {"at": None}, {"at": "yesterday"}],
    ids=["empty plate", "no plate", "no time", "no moment"],
)  # fmt: skip
def test_a_capture_needs_a_plate_and_a_time(more) -> None:
    assert checked(PASSED, capture(**more)) == [Unreadable(2, "抓拍缺少 plate 或 at")]


def test_lines_are_counted_from_one_with_the_blank_ones() -> None:
    found = checked("", "  ", "{", "[1]", "{}", {"capture": 1})
    assert [item.line for item in found] == [3, 4, 5, 6]
    assert found[0].reason.startswith("不是 JSON：")
    assert [item.reason for item in found[1:]] == [
        "每行应是一个 JSON 对象",
        "缺少 report 或 session",
        "缺少 report 或 session",
    ]


def test_a_test_is_told_once_by_each_rule_for_each_subject() -> None:
    assert [item.report for item in checked(ELECTRIC, ELECTRIC)] == ["S2"]
    other = {**ELECTRIC, "session": "S3"}
    assert [item.report for item in checked(ELECTRIC, other)] == ["S2", "S3"]


@pytest.mark.parametrize(
    ("more", "extra"),
    [
        ({}, {}),
        ({"second": 0.0}, {"second": 0.0}),
        ({"related": ("R2", "R3")}, {"related": ["R2", "R3"]}),
        ({"subject": "line:1"}, {"subject": "line:1"}),
        ({"numbers": {"rows": 3}}, {}),
    ],
    ids=["plain", "at second 0", "related", "about a line", "numbers stay inside"],
)
def test_a_finding_is_printed_with_what_it_has(more, extra) -> None:
    plain = {"report": "R1", "rule": "rule", "score": 0.5, "why": "why"}
    assert as_line(Finding("R1", "rule", 0.5, "why", **more)) == plain | extra
