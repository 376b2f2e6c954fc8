"""Rows of the registration list: what is read, what is refused, and the words for it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from vehicles.domain.registration import (
    BEIJING,
    read_moment,
    read_registration,
    read_remote_obd,
)
from vehicles.domain.tables import Sheet, TableError

TODAY = date(2026, 11, 27)
HEADER = (
    "号牌号码",
    "号牌颜色",
    "VIN",
    "燃料种类",
    "排放标准",
    "总质量(kg)",
    "初次登记日期",
)
GOOD = ("新E·12345", "黄", "LTYD1TC4XMA000123", "柴油", "国五", "31000", "2019/5/6")


def rows_of(*rows, merged=None):
    sheet = Sheet(HEADER, tuple(enumerate(rows, 2)), merged or {})
    return read_registration(sheet, today=TODAY)


def test_a_good_row_is_read_in_full():
    [row] = rows_of(GOOD)
    assert row.errors == []
    assert row.values == {
        "plate": "新E12345",
        "plate_color": "yellow",
        "plate_type": "01",
        "vin": "LTYD1TC4XMA000123",
        "fuel": "B",
        "stage": 5,
        "gross_mass_kg": 31000.0,
        "registered_on": date(2019, 5, 6),
    }


def test_full_width_is_read_and_noted():
    [row] = rows_of(("新Ｅ１２３４５", "黄色", "", "B", "5", "３１０００", "20190506"))
    assert row.errors == []
    assert row.values["plate"] == "新E12345"
    assert row.values["gross_mass_kg"] == 31000
    assert any("号牌号码" in note and "全角" in note for note in row.notes)
    assert any("总质量" in note for note in row.notes)


@pytest.mark.parametrize(
    ("place", "cell", "words"),
    [
        (0, "新E12", "不足"),
        (0, "新E12I45", "I 和 O"),
        (0, "", "号牌为空"),
        (1, "紫", "不是号牌颜色"),
        (1, "渐变绿", "号牌应为"),
        (2, "LTYD1TC4XMA00012", "17 位"),
        (2, "LTYD1TC4XMAO00123", "17 位"),
        (3, "煤", "燃料代码表"),
        (4, "国九", "排放阶段"),
        (5, "31", "以吨填写"),
        (5, "abc", "不是数字"),
        (6, "2019-13-40", "不是日期"),
        (6, "2030-01-01", "在将来"),
    ],
)
def test_a_bad_cell_refuses_the_row_and_names_the_column(place, cell, words):
    bad = list(GOOD)
    bad[place] = cell
    [row] = rows_of(tuple(bad))
    assert any(words in error for error in row.errors), row.errors
    assert all("：" in error for error in row.errors)


def test_merged_rows_and_repeats_are_named():
    first, second, third = rows_of(GOOD, GOOD, GOOD, merged={3: "A3:A4"})
    assert first.errors == []
    assert "合并单元格 A3:A4" in second.errors[0]
    assert "与第 2 行重复" in third.errors[0]


@pytest.mark.parametrize(
    "written", ["国Ⅴ", "国V", "国五", "GB5", "5", "国5", "国五阶段"]
)
def test_stages_are_read_however_written(written):
    row = list(GOOD)
    row[4] = written
    assert rows_of(tuple(row))[0].values["stage"] == 5


def test_a_header_without_plates_is_refused_as_a_whole():
    with pytest.raises(TableError, match="号牌号码"):
        read_registration(Sheet(("颜色",), ((2, ("黄",)),)), today=TODAY)
    with pytest.raises(TableError, match="重复"):
        read_registration(Sheet(("号牌", "车牌号"), ()), today=TODAY)


def test_remote_states():
    now = datetime(2026, 11, 27, 12, tzinfo=BEIJING)
    header = ("号牌号码", "在线状态", "故障码", "更新时间", "拆除报警")
    rows = (
        (2, ("新E12345", "在线", "P20EE", "2026-11-27 08:00", "否")),
        (3, ("新E12346", "也许", "", "2026-11-27 08:00", "")),
        (4, ("新E12347", "离线", "", "2026-11-28 08:00", "")),
    )
    good, unclear, future = read_remote_obd(Sheet(header, rows), now=now)
    assert good.values["online"] is True
    assert good.values["tamper"] is False
    assert good.values["at"] == datetime(2026, 11, 27, 8, tzinfo=BEIJING)
    assert any("是 或 否" in error for error in unclear.errors)
    assert future.errors == ["更新时间：在将来"]


def told(heading: str, cell: object) -> list[str]:
    """The errors of a row with one more column."""
    sheet = Sheet(("号牌号码", heading), ((2, ("新E12345", cell)),))
    [row] = read_registration(sheet, today=TODAY)
    return row.errors


def value(heading: str, cell: object) -> object:
    """What a column is read as."""
    sheet = Sheet(("号牌号码", heading), ((2, ("新E12345", cell)),))
    [row] = read_registration(sheet, today=TODAY)
    assert row.errors == []
    [read] = [v for name, v in row.values.items() if not name.startswith("plate")]
    return read


@pytest.mark.parametrize(
    ("written", "stage"),
    [
        ("国0", 0), ("0", 0), ("国Ⅰ", 1), ("国I", 1), ("国一", 1), ("1", 1),
        ("国Ⅱ", 2), ("国II", 2), ("国二", 2), ("国Ⅲ", 3), ("国III", 3), ("第三阶段", 3),
        ("国Ⅳ", 4), ("国IV", 4), ("国四", 4), ("国Ⅴ", 5), ("gb v", 5), ("国五", 5),
        ("国Ⅵ", 6), ("国VI", 6), ("国六b", 6), ("国6A", 6), ("国 六", 6),
    ],
)  # fmt: skip
def test_a_stage_in_every_way_of_writing(written: str, stage: int) -> None:
    assert value("排放阶段", written) == stage


@pytest.mark.parametrize("written", ["国7", "国56", "国IX", "黄标", "国VV", "国六七"])
def test_another_word_is_no_stage(written: str) -> None:
    assert told("排放阶段", written) == [
        f"排放阶段：“{written}”不是排放阶段，应为国0 至国六"
    ]


@pytest.mark.parametrize(
    ("heading", "low", "high", "bad"),
    [
        ("总质量", 50, 120_000, "总质量：{} 超出 50～120000 kg，请核对是否误以吨填写"),
        ("额定功率", 1, 1_500, "额定功率：{} 超出 1～1500 kw，请核对单位是否为千瓦"),
    ],
)
def test_a_number_may_be_its_bound(heading: str, low: int, high: int, bad: str) -> None:
    for good in (low, high, f"{high:,}"):
        assert value(heading, good) == float(str(good).replace(",", ""))
    for wrong in (low - 0.5, high + 0.5):
        assert told(heading, wrong) == [bad.format(f"{wrong:g}")]


@pytest.mark.parametrize("cell", ["31,000 KG", "31000kg", "３１０００", 31000, 31000.0])
def test_a_mass_is_read_with_its_unit(cell: object) -> None:
    assert value("总质量", cell) == 31_000


@pytest.mark.parametrize(
    ("heading", "longest"),
    [
        ("发动机号", 40), ("品牌", 40), ("车辆型号", 60), ("发动机型号", 60),
        ("车辆类型", 6), ("环保信息公开编号", 40), ("用车单位", 120), ("所有人", 80),
        ("行政区", 40),
    ],
)  # fmt: skip
def test_a_text_has_a_greatest_length(heading: str, longest: int) -> None:
    assert value(heading, "字" * longest) == "字" * longest
    assert told(heading, "字" * (longest + 1)) == [f"{heading}：超过 {longest} 个字符"]


@pytest.mark.parametrize(
    ("heading", "cell", "read"),
    [
        ("后处理装置", "SCR、DPF+DOC egr/x;y", ["SCR", "DPF", "DOC", "egr", "x", "y"]),
        ("后处理装置", "a" * 10 + "," + "b" * 11, ["a" * 10, "b" * 10]),
        ("使用性质", "f", "F"),
        ("使用性质", "货运", "F"),
        ("燃料种类", "柴油", "B"),
        ("联系电话", "138 1234 5678", "13812345678"),
        ("联系电话", "13812345678.0", "13812345678"),
        ("联系电话", "0909-2222222", "0909-2222222"),
        ("VIN", "ltyd1tc4x-ma000123", "LTYD1TC4XMA000123"),
        ("初次登记日期", "2019-5-6", date(2019, 5, 6)),
        ("初次登记日期", "2019.05.06", date(2019, 5, 6)),
        ("初次登记日期", "2019年5月6日", date(2019, 5, 6)),
        ("初次登记日期", "2019-05-06 08:00:00", date(2019, 5, 6)),
        ("初次登记日期", 43586, date(2019, 5, 1)),
        ("初次登记日期", "43586.0", date(2019, 5, 1)),
        ("初次登记日期", date(2019, 5, 6), date(2019, 5, 6)),
        ("初次登记日期", datetime.fromisoformat("2019-05-06T07:00"), date(2019, 5, 6)),
        ("初次登记日期", TODAY, TODAY),
        ("初次登记日期", "1950-01-01", date(1950, 1, 1)),
        ("检验有效期至", "2031-12-31", date(2031, 12, 31)),
    ],
)
def test_a_cell_is_read_in_its_usual_forms(
    heading: str, cell: object, read: object
) -> None:
    assert value(heading, cell) == read


@pytest.mark.parametrize(
    ("heading", "cell", "words"),
    [
        ("初次登记日期", "2026-11-28", "初次登记日期：2026-11-28 在将来"),
        ("初次登记日期", "1949-12-31", "初次登记日期：1949-12-31 早于 1950 年"),
        ("初次登记日期", "435", "初次登记日期：“435”不是日期，应写作 2020-01-31"),
        ("联系电话", "138", "联系电话：应为手机号或带区号的座机"),
        ("使用性质", "乱", "使用性质：“乱”不在使用性质代码表中"),
        ("总质量", "重", "总质量：“重”不是数字"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_in_full(
    heading: str, cell: object, words: str
) -> None:
    assert told(heading, cell) == [words]


@pytest.mark.parametrize(
    ("cell", "type_code", "color"),
    [("2", "02", "blue"), ("02.0", "02", "blue"), ("15.0", None, None), ("1", "01", "yellow"),
     ("023", "02", "blue")],
)  # fmt: skip
def test_a_type_of_plate_has_two_digits(
    cell: str, type_code: str | None, color: str | None
) -> None:
    sheet = Sheet(("号牌号码", "号牌种类"), ((2, ("新E12345", cell)),))
    [row] = read_registration(sheet, today=TODAY)
    if type_code is None:
        assert row.errors == ["号牌号码：普通汽车号牌的号牌种类不能是 15"]
    else:
        assert (row.values["plate_type"], row.values["plate_color"]) == (
            type_code,
            color,
        )


def test_rows_are_counted_as_in_the_file_and_short_ones_are_filled_up() -> None:
    sheet = Sheet(
        ("号牌号码", "号牌颜色", "品牌"),
        (
            (3, ("新E12345", "蓝", "x")),
            (5, ("新E12345", "黄")),
            (8, ("新E12345", "蓝")),
            (9, ()),
            (10, ()),
        ),
    )
    first, other, again, empty, also = read_registration(sheet, today=TODAY)
    assert (first.number, first.errors, first.values["brand"]) == (3, [], "x")
    assert (other.errors, "brand" in other.values) == ([], False)
    assert again.errors == ["号牌号码：与第 3 行重复"]
    assert empty.errors == also.errors == ["号牌号码：号牌为空"]


NOW = datetime(2026, 11, 27, 12, tzinfo=BEIJING)
OBD = ("号牌号码", "在线状态", "更新时间", "故障码", "故障描述", "拆除报警")


def remote(*cells: object):
    [row] = read_remote_obd(Sheet(OBD, ((2, ("新E12345", *cells)),)), now=NOW)
    return row


@pytest.mark.parametrize(
    ("ahead_s", "errors"),
    [(0, []), (300, []), (301, ["更新时间：在将来"]), (-9999, [])],
)
def test_a_state_may_be_five_minutes_ahead(ahead_s: int, errors: list[str]) -> None:
    assert remote("在线", NOW + timedelta(seconds=ahead_s)).errors == errors


def test_a_state_needs_its_time_and_whether_it_is_online() -> None:
    assert remote("", "").errors == ["更新时间：未填写", "在线状态：未填写"]
    assert remote("离线", "").errors == ["更新时间：未填写"]
    assert remote("", NOW).errors == ["在线状态：未填写"]
    assert remote("也许", "").errors == ["在线状态：“也许”应为 是 或 否"]


@pytest.mark.parametrize(("place", "longest"), [(0, 120), (1, 160)])
def test_codes_and_faults_have_a_greatest_length(place: int, longest: int) -> None:
    label = OBD[3 + place]
    for length in (longest, longest + 1):
        cells = [""] * 2
        cells[place] = "P" * length
        row = remote("在线", NOW, *cells)
        assert row.errors == (
            [] if length == longest else [f"{label}：超过 {longest} 个字符"]
        )


@pytest.mark.parametrize(
    ("word", "tamper"), [("报警", True), ("y", True), ("未报警", False), ("0", False)]
)
def test_yes_and_no_in_their_words(word: str, tamper: bool) -> None:
    assert remote("在线", NOW, "", "", word).values["tamper"] is tamper


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-11-27 08:05:09", datetime(2026, 11, 27, 8, 5, 9, tzinfo=BEIJING)),
        ("2026/11/27 8:05", datetime(2026, 11, 27, 8, 5, tzinfo=BEIJING)),
        ("20261127080509", datetime(2026, 11, 27, 8, 5, 9, tzinfo=BEIJING)),
        ("2026-11-27T08:05:09", datetime(2026, 11, 27, 8, 5, 9, tzinfo=BEIJING)),
        ("2026-11-27", datetime(2026, 11, 27, tzinfo=BEIJING)),
        (datetime.fromisoformat("2026-11-27T08:00"), datetime(2026, 11, 27, 8, tzinfo=BEIJING)),
        (datetime(2026, 11, 27, 0, tzinfo=UTC), datetime(2026, 11, 27, 8, tzinfo=BEIJING)),
    ],
)  # fmt: skip
def test_a_moment_without_an_offset_is_beijing_time(
    cell: object, moment: datetime
) -> None:
    assert read_moment(cell) == moment
    assert BEIJING.utcoffset(None) == timedelta(hours=8)


def test_full_width_is_noted_by_column() -> None:
    sheet = Sheet(("号牌号码", "品牌"), ((2, ("新E１２３４５", "Ａ")),))
    [row] = read_registration(sheet, today=TODAY)
    assert row.notes == [
        "品牌：全角字符已转为半角（A）",
        "号牌号码：全角字符已转为半角（新E12345）",
    ]
