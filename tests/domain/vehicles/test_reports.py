"""Report numbers: region, serial, Beijing time, line and sequence in 24 digits."""

from datetime import UTC, datetime

import pytest

from vehicles.domain.inspection.reports import (
    BEIJING,
    ReportNumber,
    ReportNumberError,
    issue,
    parse,
)

AT = datetime(2026, 11, 27, 8, 5, 9, tzinfo=BEIJING)


def test_a_number_is_issued_in_beijing_time() -> None:
    at = datetime(2026, 11, 27, 0, 5, 9, tzinfo=UTC)
    made = issue(station_code="652701123", line="3", at=at)
    assert made == ReportNumber("652701", "23", at, "03", 1)
    assert str(made) == "652701" + "23" + "261127080509" + "03" + "01"


def test_a_number_comes_apart_again() -> None:
    parts = parse("652701232611270805091227")
    assert parts == ReportNumber("652701", "23", AT, "12", 27)
    assert str(parts) == "652701232611270805091227"


@pytest.mark.parametrize("sequence", [1, 99])
def test_a_sequence_goes_from_one_to_ninety_nine(sequence: int) -> None:
    made = issue(station_code="652701001", line="12", at=AT, sequence=sequence)
    assert str(made).endswith(f"12{sequence:02d}")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sequence": 0}, "序号 0 超出 01～99"),
        ({"sequence": 100}, "序号 100 超出 01～99"),
        ({"station_code": "65270100"}, "检验机构编号“65270100”应为 9 位数字"),
        ({"station_code": "65270100A"}, "检验机构编号“65270100A”应为 9 位数字"),
        ({"line": "123"}, "检测线编号“123”应为 1～2 位数字"),
        ({"line": ""}, "检测线编号“”应为 1～2 位数字"),
    ],
)
def test_a_part_that_does_not_fit_is_named(change: dict, words: str) -> None:
    given = {"station_code": "652701001", "line": "1", "at": AT} | change
    with pytest.raises(ReportNumberError) as refusal:
        issue(**given)
    assert str(refusal.value) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("65270123261127080509120", "报告编号应为 24 位数字"),
        ("6527012326112708050912071", "报告编号应为 24 位数字"),
        ("652701232613270805091207", "报告编号第 9～20 位不是有效时间"),
    ],
)
def test_another_text_is_no_number(text: str, words: str) -> None:
    with pytest.raises(ReportNumberError) as refusal:
        parse(text)
    assert str(refusal.value) == words
