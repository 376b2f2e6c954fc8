"""Tables of air days and of the national platform: bounds, lengths of what is quoted."""

from datetime import date, datetime

import pytest

from polluters.domain import airtable, national
from polluters.domain.airtable import RowError, read_table
from polluters.domain.hj212 import BEIJING
from polluters.domain.national import PERIODS, BadFileError, Line, lines_of, read_lines

TODAY = date(2026, 3, 10)
AIR = "日期,站点,SO2,NO2,PM10,PM2.5,CO,O3,AQI,沙尘,状态\n"
ORDER = (
    "日期",
    "站点",
    "SO2",
    "NO2",
    "PM10",
    "PM2.5",
    "CO",
    "O3",
    "AQI",
    "沙尘",
    "状态",
)


def air(**cells: str) -> tuple[list[airtable.AirRow], list[RowError]]:
    row = {"日期": "2026-03-09", "站点": "站A", "SO2": "5"} | cells
    line = ",".join(row.get(name, "") for name in ORDER)
    return read_table(AIR + line, stations=["站A"], today=TODAY)


@pytest.mark.parametrize(
    ("name", "most"),
    [("SO2", 5000), ("NO2", 5000), ("PM10", 9999), ("PM2.5", 5000), ("CO", 200), ("O3", 2000),
     ("AQI", 500)],
)  # fmt: skip
def test_beyond_its_bound_a_figure_is_a_slip(name: str, most: int) -> None:
    assert air(**{name: str(most)})[1] == []
    assert air(**{name: "0"})[1] == []
    [error] = air(**{name: f"{most}.1"})[1]
    assert error == RowError(2, name, f"{most}.1 超出可能范围（{most}）")
    [negative] = air(**{name: "-0.1"})[1]
    assert negative.text == "“-0.1”应为不小于 0 的数"
    [word] = air(**{name: "x" * 30})[1]
    assert word.text == f"“{'x' * 20}”不是数字"
    assert air(**{name: "inf"})[1][0].column == name


@pytest.mark.parametrize(
    ("cells", "column", "text"),
    [
        ({"日期": "2026-03-11"}, "日期", "2026-03-11 在今天之后"),
        ({"日期": "x"}, "日期", "“x”不是日期，应形如 2026-03-01"),
        ({"站点": "站B"}, "站点", "“站B”未登记，请先在后台登记空气站"),
        ({"SO2": ""}, "SO2", "六项浓度与 AQI 全部为空"),
        ({"沙尘": "?"}, "沙尘", "应为 是 或 否"), ({"状态": "?"}, "状态", "应为 初值 或 审核值"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_told(
    cells: dict[str, str], column: str, text: str
) -> None:
    assert air(**cells) == ([], [RowError(2, column, text)])


@pytest.mark.parametrize(
    ("cells", "aqi", "dust", "origin"),
    [
        ({"日期": "2026-03-10", "AQI": "80.4"}, 80, False, "reviewed"),
        ({"AQI": "80.6", "沙尘": "是"}, 81, True, "reviewed"),
        ({"AQI": "-", "沙尘": "y", "状态": "初值"}, None, True, "first"),
        ({"SO2": "", "AQI": "50", "沙尘": "0"}, 50, False, "reviewed"),
        ({"状态": "审核值", "沙尘": "否"}, None, False, "reviewed"),
    ],
)  # fmt: skip
def test_a_good_row_is_read(
    cells: dict[str, str], aqi: int | None, dust: bool, origin: str
) -> None:
    [row], errors = air(**cells)
    assert errors == []
    assert (row.line, row.aqi, row.dust, row.origin) == (2, aqi, dust, origin)
    assert row.values["no2"] is None


def test_twenty_thousand_rows_are_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    assert airtable.MOST_ROWS == 20_000
    monkeypatch.setattr(airtable, "MOST_ROWS", 4)
    rows = [f"2026-03-0{n},站A,5" for n in range(1, 6)]
    found, errors = read_table(
        "日期,站点,SO2\n" + "\n".join(rows), stations=["站A"], today=TODAY
    )
    assert [row.line for row in found] == [2, 3, 4]
    assert errors == [RowError(5, "行数", "一次最多 4 行，其余未读")]


def test_a_day_twice_is_told_with_its_first_line() -> None:
    lines = [
        "2026-03-01,站A,5,初值",
        "2026-03-01,站A,6,审核值",
        "2026-03-01,站A,7,初值",
    ]
    found, errors = read_table(
        "日期,站点,SO2,状态\n" + "\n".join(lines), stations=["站A"], today=TODAY
    )
    assert len(found) == 2
    assert errors == [RowError(4, "日期", "与第 2 行重复")]


@pytest.mark.parametrize(
    ("head", "good"),
    [("日期,站点,SO2", True), ("日期,站点,AQI", True), ("日期,站点", False), ("日期,SO2", False),
     ("站点,AQI", False), (" 日期 , 站点 ,SO2", True), ("", False)],
)  # fmt: skip
def test_a_table_needs_a_day_a_station_and_a_figure(head: str, good: bool) -> None:
    found, errors = read_table(f"{head}\n", stations=["站A"], today=TODAY)
    assert found == []
    assert (errors == []) is good
    if not good:
        assert (errors[0].line, errors[0].column) == (1, "表头")


# The national platform.


def line(text: str, key: str = "value") -> Line:
    return Line(7, {key: text})


def test_lengths_of_periods() -> None:
    assert PERIODS == {"hour": 2, "小时": 2, "day": 3, "日": 3, "month": 4, "月": 4,
                       "quarter": 5, "季": 5}  # fmt: skip
    assert national.MOST_ROWS == 200_000


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0", 0.0),
        ("1", 1.0),
        ("0%", 0.0),
        ("100%", 1.0),
        ("12.5％", 0.125),
        ("", None),
        ("-%", None),
    ],
)
def test_a_share_lies_between_nothing_and_all(text: str, wanted: float | None) -> None:
    assert line(text, "effective").share_of("effective") == wanted


@pytest.mark.parametrize("text", ["1.0001", "-0.0001", "100.1%", "-1%"])
def test_beyond_it_a_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="有效传输率应在 0 至 1 之间或带百分号"):
        line(text, "effective").share_of("effective")


def test_what_is_refused_is_quoted_in_part() -> None:
    for call, most in (
        (lambda: line("x" * 50).number_of("value"), 20),
        (lambda: line("x" * 50, "time").moment("time"), 30),
        (lambda: line("x" * 50, "valid").yes("valid"), 20),
    ):
        with pytest.raises(ValueError, match=f"：{'x' * most}$"):
            call()
    with pytest.raises(ValueError, match="other为空"):
        line("").text("other")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-03-01 24:00", datetime(2026, 3, 2, tzinfo=BEIJING)),
        ("2026/03/31T24:00", datetime(2026, 4, 1, tzinfo=BEIJING)),
        ("2026-03-01 24:00:00", datetime(2026, 3, 2, tzinfo=BEIJING)),
        ("2026-03-01 08:30", datetime(2026, 3, 1, 8, 30, tzinfo=BEIJING)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=BEIJING)), ("", None),
        ("2026-03-01T00:30+00:00", datetime(2026, 3, 1, 8, 30, tzinfo=BEIJING)),
    ],
)  # fmt: skip
def test_a_moment_is_in_beijing_and_24_is_the_next_day(
    text: str, wanted: datetime | None
) -> None:
    assert line(text, "time").moment("time") == wanted


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31 24:00", "2200-01-01"])
def test_a_year_that_is_a_slip_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="时间年份有误"):
        line(text, "time").moment("time")
    assert line("2199-12-31 24:00", "time").moment("time") is not None
    assert line("1990-01-01", "time").moment("time") is not None


def test_what_cannot_be_stored_or_read_is_told_by_line_or_file() -> None:
    head = "source_code,outlet,factor,time,value\n"
    body = (head + "a,b,c,d,1\na,b\0,c,d,2\n").encode()
    taken, problems = read_lines(body, "mean", lambda row: row.number_of("value"))
    assert (taken, problems) == ([1.0], ["第 3 行：含有空字符（NUL）"])
    for long in (head + "a" * 200_000, "a" * 200_000):
        with pytest.raises(BadFileError, match="不是可读的 CSV"):
            list(lines_of(long.encode(), "mean"))


def test_rows_are_numbered_from_the_head_on_and_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    head = "source_code,outlet,factor,time,value\n"
    body = (head + "a,b,c,d,1\n\na,b,c,d,x\n").encode()
    taken, problems = read_lines(body, "mean", lambda row: row.number_of("value"))
    assert taken == [1.0]
    assert problems == ["第 4 行：均值不是数字：x"]
    monkeypatch.setattr(national, "MOST_ROWS", 3)
    assert len(list(lines_of((head + "a,b,c,d,1\n" * 2).encode(), "mean"))) == 2
    with pytest.raises(BadFileError, match="行数超过 3"):
        list(lines_of((head + "a,b,c,d,1\n" * 3).encode(), "mean"))


def test_a_cell_without_end_is_an_error_of_its_line() -> None:
    lines = f"{AIR}2026-03-01,站A,50\n{'9' * 200_000}\n"
    found, errors = read_table(lines, stations=["站A"], today=TODAY)
    assert [(one.line, one.column) for one in errors][-1] == (3, "行")
    assert "不是可读的 CSV" in errors[-1].text
    found, errors = read_table("日" * 200_000, stations=["站A"], today=TODAY)
    assert (found, errors[0].column) == ([], "行")
