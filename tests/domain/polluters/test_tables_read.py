"""Tables of the national platform and of daily air figures, cell by cell."""

from datetime import date, datetime, timedelta

import pytest

from polluters.domain.airtable import MOST, decode, read_table
from polluters.domain.hj212 import BEIJING
from polluters.domain.national import BadFileError, Line, lines_of, read_lines

HEAD = "污染源编码,排放口编号,因子编码,时间,均值,折算值,标记,有效\n"
TODAY = date(2026, 3, 10)
AIR = "日期,站点,SO2,NO2,PM10,PM2.5,CO,O3,AQI,沙尘,状态\n"
GOOD = "2026-03-09,站A,5,20,80,40,0.6,90,75,否,初值"


def line(**cells: str) -> Line:
    return Line(7, cells)


def test_a_file_is_read_by_its_head() -> None:
    body = (
        HEAD + "S1,DA001,a21026,2026-03-01 08:00,12.5,,,1\n\n ,,\nS2,DA002,a1,x,1,,,\n"
    ).encode()
    rows = list(lines_of(body, "mean"))
    assert [row.number for row in rows] == [2, 5]
    assert rows[0]["source_code"] == "S1"
    assert rows[0]["nothing"] == ""
    assert (
        list(lines_of(body.decode().encode("gb18030"), "mean"))[0]["outlet"] == "DA001"
    )
    english = b"source_code,OUTLET,factor,time,value\nS1,DA001,a,t,1\n"
    assert next(lines_of(english, "mean"))["outlet"] == "DA001"


def test_a_file_without_its_columns_is_refused() -> None:
    for body, told in (
        (b"", "文件为空"), (b"\xff\xff\xff\xff", "编码"),
        ("污染源编码,时间\n".encode(), "排放口编号、因子编码、均值"),
    ):  # fmt: skip
        with pytest.raises(BadFileError, match=told):
            list(lines_of(body, "mean"))


def test_bad_lines_are_told_by_number_and_the_others_taken() -> None:
    body = (HEAD + "S1,D,a,t,1,,,\n,D,a,t,2,,,\nS3,D,a,t,x,,,\n").encode()
    taken, problems = read_lines(
        body, "mean", lambda row: (row.text("source_code"), row.number_of("value"))
    )
    assert taken == [("S1", 1.0)]
    assert problems == ["第 3 行：污染源编码为空", "第 4 行：均值不是数字：x"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.5", 12.5),
        ("", None),
        ("-", None),
        ("—", None),
        ("-3", -3.0),
        ("1e3", 1000.0),
    ],
)
def test_numbers(text: str, value: float | None) -> None:
    assert line(value=text).number_of("value") == value


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1,2", "十"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="均值不是"):
        line(value=text).number_of("value")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.95", 0.95),
        ("95%", 0.95),
        ("100％", 1.0),
        ("0", 0.0),
        ("1", 1.0),
        ("", None),
        ("%", None),
    ],
)
def test_shares(text: str, value: float | None) -> None:
    found = line(effective=text).share_of("effective")
    assert found == (pytest.approx(value) if value is not None else None)


@pytest.mark.parametrize("text", ["1.01", "-0.01", "101%", "95"])
def test_a_share_beyond_its_bounds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="有效传输率应在"):
        line(effective=text).share_of("effective")


def test_moments_are_beijing_time_and_24_is_the_next_day() -> None:
    first = datetime(2026, 3, 1, tzinfo=BEIJING)
    assert line(time="2026/03/01 00:00").moment("time") == first
    assert line(time="2026-03-01 24:00").moment("time") == first + timedelta(days=1)
    assert line(time="2026-03-01T24:00").moment("time") == first + timedelta(days=1)
    assert line(time="2026-02-28T16:00+00:00").moment("time") == first
    assert line().moment("time") is None
    with pytest.raises(ValueError, match="时间不是时间"):
        line(time="2026-02-30").moment("time")


def test_yes_and_no() -> None:
    assert [line(valid=t).yes("valid") for t in ("是", "TRUE", "1", "有效")] == [
        True
    ] * 4
    assert [line(valid=t).yes("valid") for t in ("否", "No", "0", "无效")] == [
        False
    ] * 4
    assert line().yes("valid") is None
    with pytest.raises(ValueError, match="应为 1 或 0"):
        line(valid="maybe").yes("valid")


# --- daily air --------------------------------------------------------------------
def air(*rows: str, head: str = AIR) -> tuple[list, list]:
    return read_table(head + "\n".join(rows), stations=["站A", "站B"], today=TODAY)


def test_a_day_is_read_whole() -> None:
    (row,), errors = air(GOOD)
    assert errors == []
    assert (row.line, row.day, row.station) == (2, date(2026, 3, 9), "站A")
    assert row.values == {
        "so2": 5, "no2": 20, "pm10": 80, "pm25": 40, "co": 0.6, "o3": 90,
    }  # fmt: skip
    assert (row.aqi, row.dust, row.origin) == (75, False, "first")
    (row,), _ = air("2026/03/10,站B,,,,,,,80.6,是,")
    assert (row.aqi, row.dust, row.origin, row.values["so2"]) == (
        81,
        True,
        "reviewed",
        None,
    )


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (("2026-03-09", "2026-02-30"), "日期"), (("2026-03-09", "2026-03-11"), "日期"),
        (("站A", "站C"), "站点"), ((",5,", ",x,"), "SO2"), ((",5,", ",-1,"), "SO2"),
        ((",5,", ",nan,"), "SO2"), ((",80,", ",10000,"), "PM10"), ((",75,", ",501,"), "AQI"),
        (("否", "也许"), "沙尘"), (("初值", "草稿"), "状态"),
        ((",5,20,80,40,0.6,90,75,", ",,,,,,,,"), "SO2"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named(change: tuple[str, str], column: str) -> None:
    rows, errors = air(GOOD.replace(*change))
    assert rows == []
    assert [(error.line, error.column) for error in errors] == [(2, column)]


def test_the_bounds_themselves_are_taken() -> None:
    for name, place in (("SO2", 2), ("CO", 6), ("O3", 7)):
        cells = GOOD.split(",")
        cells[place] = str(MOST[name])
        assert air(",".join(cells))[1] == []
    assert air(GOOD.replace(",75,", ",500,"))[1] == []
    assert air(GOOD.replace(",5,", ",0,"))[1] == []


def test_the_same_day_twice_is_told_with_its_line() -> None:
    rows, errors = air(GOOD, "", GOOD, GOOD.replace("初值", "审核值"))
    assert len(rows) == 2
    assert [(error.line, error.text) for error in errors] == [(4, "与第 2 行重复")]


def test_a_table_needs_its_columns() -> None:
    for head in ("日期,SO2\n", "站点,SO2\n", "日期,站点\n", ""):
        rows, errors = air(GOOD, head=head)
        assert rows == []
        assert errors[0].column == "表头"
    rows, errors = air("2026-03-09,站A,75", head="日期,站点,AQI\n")
    assert (len(rows), errors) == (1, [])


def test_older_office_programs_are_understood() -> None:
    assert decode("日期".encode("gb18030")) == "日期"
    assert decode("\ufeff日期".encode()) == "日期"
