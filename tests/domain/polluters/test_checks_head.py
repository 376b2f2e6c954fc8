"""The head line of a file to be checked: what is read, what is noted, what is refused."""

from typing import Any

import pytest

from polluters.domain.checks.collect import LoggerSpec
from polluters.domain.checks.head import read_head
from polluters.domain.checks.series import PointLimit


def head(**entry: Any) -> tuple[LoggerSpec, list[str]]:
    """Return what is read of one logger, and the notes."""
    notes: list[str] = []
    found = read_head({"loggers": [{"mn": "M1", **entry}]}, notes)
    return found["M1"], notes


def limits(limit: Any, *, code: str = "a21026", **entry: Any) -> tuple[PointLimit, ...]:
    spec, _ = head(points=[{"code": code, "limit": limit}], **entry)
    return spec.points[code].limits


def test_a_whole_head_line_is_read() -> None:
    spec, notes = head(
        mn=" M1 ", outlet="DA001", medium="废气", ref_o2=9, interval_s="600",
        time_label="end", keys=["00" * 16],
        plans=[["2026-03-02T10:00:00+08:00", "2026-03-02T11:00:00+08:00"]],
        points=[{"code": "a21026", "unit": "mg/m3", "range": [0, 500], "limit": 100}],
    )  # fmt: skip
    assert notes == []
    assert (spec.mn, spec.outlet, spec.medium, spec.reference) == (
        "M1",
        "DA001",
        "gas",
        9,
    )
    assert (spec.interval, spec.label_end, spec.keys) == (600, True, (b"\0" * 16,))
    assert spec.plans == ((1_772_416_800, 1_772_420_400),)
    point = spec.points["a21026"]
    assert (point.unit, point.low, point.high) == ("mg/m3", 0, 500)
    assert point.limits == (PointLimit(100.0, None, True, "", "hour"),)


def test_what_is_missing_gets_a_cautious_default() -> None:
    spec, notes = head()
    assert spec == LoggerSpec("M1", "", "gas", None, 60, {}, (), (), False)
    assert notes == []
    assert head(time_label="begin")[0].label_end is False


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "loggers"), ([], "loggers"), ({"loggers": {}}, "loggers"),
        ({"loggers": []}, "为空"), ({"loggers": ["M1"]}, r"loggers\[0\] 应为对象"),
        ({"loggers": [{}]}, r"loggers\[0\] 缺少 mn"),
        ({"loggers": [{"mn": " "}]}, "缺少 mn"), ({"loggers": [{"mn": True}]}, "缺少 mn"),
        ({"loggers": [{"mn": ["M1"]}]}, "缺少 mn"),
        ({"loggers": [{"mn": "M1", "points": {}}]}, r"loggers\[0\].points 应为列表"),
        ({"loggers": [{"mn": "M1"}, {"mn": "M1 "}]}, r"loggers\[1\] 的 mn M1 重复"),
        ({"loggers": [{"mn": "M1", "plans": [["x", "y"]]}]}, "plans 中的时间无法识别"),
        ({"loggers": [{"mn": "M1", "keys": ["xx"]}]}, "keys 应为 32 位十六进制"),
    ],
)  # fmt: skip
def test_what_is_no_head_line_is_refused_with_its_place(
    data: object, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        read_head(data)


def test_a_number_may_name_a_logger_and_two_are_read() -> None:
    found = read_head({"loggers": [{"mn": 17, "points": None}, {"mn": "M2"}]})
    assert list(found) == ["17", "M2"]


@pytest.mark.parametrize(
    ("given", "read", "noted"),
    [
        (9, 9.0, False), ("9.5", 9.5, False), (0, None, True), (0.1, 0.1, False),
        (20.9, 20.9, False), (21, None, True), (-1, None, True), (None, None, False),
        ("", None, False), ("x", None, True), (True, None, True),
        (float("nan"), None, True), ("inf", None, True), ([], None, True),
    ],
)  # fmt: skip
def test_the_reference_oxygen_lies_between_0_and_21(
    given: object, read: float | None, noted: bool
) -> None:
    spec, notes = head(ref_o2=given)
    assert spec.reference == read
    assert bool(notes) is noted
    assert all("loggers[0].ref_o2" in note for note in notes)


@pytest.mark.parametrize(
    ("given", "read", "noted"),
    [(300, 300, 0), ("60", 60, 0), (0, 60, 1), (-5, 60, 1), (1, 1, 0), (0.5, 0, 0),
     (None, 60, 0), ("x", 60, 1)],
)  # fmt: skip
def test_an_interval_is_over_zero(given: object, read: int, noted: int) -> None:
    spec, notes = head(interval_s=given)
    assert spec.interval == read
    assert len(notes) == noted


@pytest.mark.parametrize(
    ("given", "codes", "medium", "noted"),
    [
        ("gas", ["w01018"], "gas", 0), (" AIR ", [], "gas", 0), ("废水", [], "water", 0),
        ("waste_water", ["a21026"], "water", 0), (None, ["w01018"], "water", 0),
        (None, ["a21026"], "gas", 0), (None, ["a21026", "w01018"], "water", 0),
        ("soil", ["w01018"], "water", 1), ("soil", [], "gas", 1),
    ],
)  # fmt: skip
def test_the_medium_is_said_or_guessed_from_the_codes(
    given: str | None, codes: list[str], medium: str, noted: int
) -> None:
    spec, notes = head(medium=given, points=codes)
    assert spec.medium == medium
    assert len(notes) == noted


def test_points_may_be_plain_codes_and_old_ones_are_turned() -> None:
    spec, notes = head(points=["a21026", {"code": " 011 "}, {}, 5, {"code": ""}])
    assert list(spec.points) == ["a21026", "w01018"]
    assert notes == [
        f"loggers[0].points[{place}] 缺少 code，已略过" for place in (2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("given", "read", "noted"),
    [
        ([0, 500], (0, 500), 0), (["0", "5"], (0, 5), 0), ([None, 500], (None, 500), 0),
        ([0, None], (0, None), 0), ([5, 5], (None, None), 1), ([4.9, 5], (4.9, 5), 0),
        ([6, 5], (None, None), 1), ([0], (None, None), 1), ([0, 1, 2], (None, None), 1),
        ("05", (None, None), 1), (7, (None, None), 1), (None, (None, None), 0),
        (["x", 5], (None, 5), 1),
    ],
)  # fmt: skip
def test_a_range_is_two_numbers_in_order(
    given: object, read: tuple[float | None, float | None], noted: int
) -> None:
    spec, notes = head(points=[{"code": "a21026", "range": given}])
    point = spec.points["a21026"]
    assert (point.low, point.high) == read
    assert len(notes) == noted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (100, [(100, None)]), ("x", []), (True, []), (None, []),
        ({"value": 100}, [(100, None)]), ({"value": "100"}, [(100, None)]),
        ({"value": [6, 9]}, [(9, 6)]), ({"low": 6, "high": 9}, [(9, 6)]),
        ({"value": [6, None], "high": 8}, [(8, 6)]), ({"value": [None, 9], "low": 5}, [(9, 5)]),
        ({"value": [6, 9], "low": 1, "high": 99}, [(9, 6)]), ({"low": 6}, [(None, 6)]),
        ({"value": True}, []), ({}, []), ({"value": [1, 2, 3]}, []), ({"value": "69"}, [(69, None)]),
        ([{"value": 50}, 60, None], [(50, None), (60, None)]),
        ({"value": 50, "kind": "超低"}, []), ({"value": 50, "kind": "warning"}, []),
        ({"value": 50, "kind": "许可限值"}, [(50, None)]),
        ({"value": 50, "kind": "standard"}, [(50, None)]),
    ],
)  # fmt: skip
def test_limits_that_bind_are_read_in_every_form(
    given: object, wanted: list[tuple[float | None, float | None]]
) -> None:
    assert [(one.high, one.low) for one in limits(given)] == wanted


def test_a_limit_keeps_its_kind_and_its_averaging_time() -> None:
    [one] = limits({"value": 50, "kind": "许可限值", "averaging": "day"})
    assert (one.kind, one.averaging) == ("许可限值", "day")
    assert limits(50)[0].averaging == "hour"


def test_a_limit_that_is_no_object_is_noted() -> None:
    _, notes = head(points=[{"code": "a21026", "limit": ["x", 5, None]}])
    assert notes == ["loggers[0].points[0].limit 应为对象：x，已略过"]


@pytest.mark.parametrize(
    ("code", "reference", "converted"),
    [("a21026", 9, True), ("a21026", None, False), ("a19001", 9, False),
     ("w01018", 9, False)],
)  # fmt: skip
def test_a_limit_of_gas_binds_the_converted_value(
    code: str, reference: float | None, converted: bool
) -> None:
    [one] = limits(50, code=code, ref_o2=reference)
    assert one.converted is converted


def test_plans_are_pairs_or_objects() -> None:
    begin, end = "2026-03-02T10:00:00+08:00", "2026-03-02T11:00:00+08:00"
    for plan in ([begin, end], {"from": begin, "to": end}):
        assert head(plans=[plan])[0].plans == ((1_772_416_800, 1_772_420_400),)
    assert head(plans=[5, [begin], [begin, end, end]])[0].plans == ()
    assert head(plans="x")[0].plans == head(keys="x")[0].keys == ()
