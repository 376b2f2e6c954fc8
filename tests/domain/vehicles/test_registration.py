"""Rows of the registration list: what is read, what is refused, and the words for it."""

from datetime import date, datetime, timedelta

import pytest

from vehicles.domain.masking import mask_name, mask_phone
from vehicles.domain.registration import BEIJING, read_registration, read_remote_obd
from vehicles.domain.roadside import Reading, faults, true_time
from vehicles.domain.tables import Sheet, TableError
from vehicles.domain.watch import Standing, exit_words, lacks

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


def test_masks():
    assert mask_name("张三丰") == "张＊＊"
    assert mask_name("博乐某某运输有限公司") == "博乐某某运输有限公司"
    assert mask_phone("13812345678") == "138＊＊＊＊5678"
    assert mask_name("") == mask_phone("") == ""


def standing(**more):
    at = datetime(2026, 5, 20, 12, tzinfo=BEIJING)
    values = {"trigger": "captured", "needs_retest": True, "clean_months": 6}
    return Standing(**(values | {"last_trigger_at": at} | more))


def test_exit_wants_both_retest_and_clean_months():
    now = datetime(2026, 11, 27, 12, tzinfo=BEIJING)
    early = now - timedelta(days=30)
    passed = datetime(2026, 6, 1, 12, tzinfo=BEIJING)
    assert lacks(standing(), now=now) == ["复检合格"]
    assert lacks(standing(passed_at=passed), now=early) == ["无新增异常至 2026-11-20"]
    assert lacks(standing(passed_at=passed), now=now) == []
    before = datetime(2026, 5, 1, 12, tzinfo=BEIJING)
    assert "复检合格" in lacks(standing(passed_at=before), now=now)
    assert exit_words(standing()) == "复检合格，连续 6 个月无新增异常"


def test_overdue_leaves_by_a_new_date_or_a_test():
    now = datetime(2026, 11, 27, 12, tzinfo=BEIJING)
    late = standing(trigger="overdue", needs_retest=False, clean_months=0)
    assert lacks(late, now=now) == []
    old = standing(
        trigger="overdue",
        needs_retest=False,
        clean_months=0,
        inspection_until=date(2026, 5, 1),
    )
    assert lacks(old, now=now) == ["检验有效期更新"]


def test_readings_that_contradict_themselves():
    assert faults(Reading("smoke_meter", "pass", 1.0, 1.2)) == {}
    assert "不合格" in faults(Reading("smoke_meter", "pass", 3.0, 1.2))["verdict"]
    assert "依据" in faults(Reading("smoke_meter", "fail", 1.0, 1.2))["note"]
    assert "smoke_k" in faults(Reading("smoke_meter", "pass"))
    assert "smoke_k" in faults(Reading("smoke_meter", "pass", 3000.0, 1.2))
    assert "obd_fault" in faults(Reading("obd", "pass"))
    assert "verdict" in faults(Reading("obd", "", obd_fault="无"))


def test_a_phone_a_day_wrong_is_corrected():
    now = datetime(2026, 11, 27, 12, tzinfo=BEIJING)
    times = true_time(now + timedelta(days=1, minutes=-3), now + timedelta(days=1), now)
    assert times.at == now - timedelta(minutes=3)
    assert times.fault == ""
    assert times.ahead_s == 86400
    assert "将来" in true_time(now + timedelta(hours=1), None, now).fault
    slow = true_time(now - timedelta(seconds=20), now - timedelta(seconds=8), now)
    assert slow.at == now - timedelta(seconds=20)
