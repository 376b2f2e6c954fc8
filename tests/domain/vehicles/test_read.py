"""Reading a vehicle test from JSON of unknown origin, and writing it back."""

from datetime import UTC, date, datetime, timedelta
from math import inf, nan

import pytest

from vehicles.domain.inspection.fields import Spec
from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.read import (
    BEIJING,
    EPOCH,
    ReadError,
    as_json,
    parse_moment,
    read_process,
    read_test,
    read_value,
    rows_of,
)
from vehicles.domain.inspection.shapes import Ecu, Vehicle, VehicleTest

COLORS = ("blue", "yellow")
FUELS = ("A", "B", "AC")


@pytest.mark.parametrize(
    ("spec", "value", "read"),
    [
        (Spec("number", ""), 5, 5.0),
        (Spec("number", ""), " １.5 ", 1.5),
        (Spec("number", ""), "x", None),
        (Spec("number", ""), True, None),
        (Spec("number", ""), inf, None),
        (Spec("number", ""), nan, None),
        (Spec("number", ""), 99999, None),
        (Spec("number", ""), "99999", None),
        (Spec("number", ""), 99998, 99998.0),
        (Spec("number", "", not_detected=False), 99999, 99999.0),
        (Spec("number", "", not_detected=False), inf, None),
        (Spec("number", ""), [1], None),
        (Spec("integer", ""), 3.7, 3),
        (Spec("integer", ""), "4", 4),
        (Spec("integer", ""), "x", None),
        (Spec("integer", ""), 99999, None),
        (Spec("text", ""), " a ", "a"),
        (Spec("text", ""), 5, "5"),
        (Spec("text", ""), True, None),
        (Spec("text", ""), {}, None),
        (Spec("text", ""), [], None),
        (Spec("choice", "", choices=COLORS), "blue", "blue"),
        (Spec("choice", "", choices=COLORS), " BLUE ", "blue"),
        (Spec("choice", "", choices=COLORS), "蓝", "blue"),
        (Spec("choice", "", choices=COLORS), "green", None),
        (Spec("choice", "", choices=FUELS), "ac", "AC"),
        (Spec("choice", "", choices=FUELS), "柴油", "B"),
        (Spec("choice", "", choices=FUELS), "电", None),
        (Spec("choice", "", choices=("lugdown",)), "LUG_DOWN", "lugdown"),
        (Spec("choice", "", choices=("pass", "fail")), "不合格", "fail"),
        (Spec("flag", ""), True, True),
        (Spec("flag", ""), False, False),
        (Spec("flag", ""), 1, True),
        (Spec("flag", ""), " Y ", True),
        (Spec("flag", ""), "是", True),
        (Spec("flag", ""), 0, False),
        (Spec("flag", ""), "NO", False),
        (Spec("flag", ""), "否", False),
        (Spec("flag", ""), 2, None),
        (Spec("day", ""), "2026-11-27", date(2026, 11, 27)),
        (Spec("day", ""), "2026-11-27T08:00:00+08:00", date(2026, 11, 27)),
        (Spec("day", ""), date(2026, 11, 27), date(2026, 11, 27)),
        (Spec("day", ""), "27.11.2026", None),
        (Spec("list", "", of=str), [" a ", None, 5], ("a", "5")),
        (Spec("list", "", of=str), "a", None),
        (Spec("list", "", of=Ecu), [{"calid": "x"}, 5], (Ecu(calid="x"),)),
        (Spec("shape", "", of=Ecu), {"cvn": "y"}, Ecu(cvn="y")),
        (Spec("shape", "", of=Ecu), [], None),
        (Spec("number", ""), None, None),
    ],
)
def test_a_value_is_read_or_left_out(spec: Spec, value: object, read: object) -> None:
    found = read_value(spec, value)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-27T08:00:00", datetime(2026, 11, 27, tzinfo=UTC)),
        ("2026-11-27T08:00:00+00:00", datetime(2026, 11, 27, 8, tzinfo=UTC)),
        (
            datetime.fromisoformat("2026-11-27T08:00"),
            datetime(2026, 11, 27, tzinfo=UTC),
        ),
        ("noon", None),
    ],
    ids=["without", "with", "naive", "no-time"],
)
def test_a_time_without_an_offset_is_beijing_time(
    value: object, moment: datetime | None
) -> None:
    assert parse_moment(value) == moment
    assert read_value(Spec("moment", ""), value) == moment
    assert BEIJING.utcoffset(None) == timedelta(hours=8)
    assert datetime(1970, 1, 1, tzinfo=UTC) == EPOCH


def test_a_test_needs_a_report_or_a_session() -> None:
    assert read_test({"report": "R"}).report == "R"
    assert read_test({"session": "S"}).session == "S"
    for data, words in (({}, "缺少 report 或 session"), ([], "每行应是一个 JSON 对象")):
        with pytest.raises(ReadError, match=words):
            read_test(data)


def test_unknown_fields_and_values_that_do_not_fit_are_left_out() -> None:
    test = read_test(
        {"session": "S", "odd": 1, "attempt": "x", "vehicle": {"fuel": "b", "seats": 5}}
    )
    assert test == VehicleTest(session="S", vehicle=Vehicle(fuel="B", seats=5))


ROWS = [{"t": 0, "rpm": 800, "phase": "idle"}, {"t": 1, "rpm": 812.5}]


@pytest.mark.parametrize(
    "given",
    [
        ROWS,
        {"rows": ROWS},
        {"columns": {"t": [0, 1], "rpm": (800, 812.5), "phase": ["idle"], "x": 5}},
        [*ROWS, 5],
    ],
    ids=["list", "rows", "columns", "with-a-number"],
)
def test_process_data_come_as_rows_or_columns(given: object) -> None:
    curve = read_process(Spec("process", ""), given)
    assert curve == Curve({"t": (0.0, 1.0), "rpm": (800.0, 812.5)}, ("idle", ""), 2)
    assert rows_of(curve) == ROWS
    assert read_process(Spec("process", ""), curve) is curve


@pytest.mark.parametrize("given", [5, "x", {"rows": 5}, {}], ids=repr)
def test_other_things_are_no_process_data(given: object) -> None:
    assert read_process(Spec("process", ""), given) is None


def test_rows_leave_out_what_is_missing_and_write_whole_numbers_whole() -> None:
    curve = Curve({"rpm": (None, 2.0), "t": (0.5, 1.0)}, ("", "a"), 2)
    rows = rows_of(curve)
    assert rows == [{"t": 0.5}, {"t": 1, "rpm": 2, "phase": "a"}]
    assert list(rows[1]) == ["t", "rpm", "phase"]
    assert isinstance(rows[1]["t"], int)


def test_what_is_written_is_short_and_reads_back() -> None:
    test = VehicleTest(
        session="S",
        started_at=datetime(2026, 11, 27, tzinfo=UTC),
        attempt=1,
        vehicle=Vehicle(
            fuel="B",
            registered_on=date(2020, 1, 2),
            has_obd=False,
            aftertreatment=("x",),
        ),
        process=Curve({"t": (0.0,)}, ("",), 1),
    )
    plain = as_json(test)
    assert plain == {
        "session": "S",
        "started_at": "2026-11-27T08:00:00+08:00",
        "attempt": 1,
        "vehicle": {
            "fuel": "B",
            "registered_on": "2020-01-02",
            "has_obd": False,
            "aftertreatment": ["x"],
        },
        "process": {"rows": [{"t": 0}]},
    }
    assert read_test(plain) == test
