"""Reading a body that departs from the standard: what is repaired, and the notes."""

from datetime import datetime

import pytest

from polluters.domain.hj212 import BEIJING
from polluters.domain.hj212.tolerant import (
    Body,
    note_codes,
    read_tolerantly,
    standard_code,
)


def read(text: str) -> tuple[Body, list[str]]:
    body = read_tolerantly(text)
    return body, [note.code for note in body.notes]


def values(body: Body) -> dict[str, dict[str, str]]:
    return {item.code: item.values for item in body.items}


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("011", "w01018"), ("a21026", "a21026"), ("a99999", "a99999"), ("O3", "O3"),
        ("i11001", "i11001"), ("A21026", None), ("W01018", None), ("1abc", None),
        ("a" * 24, "a" * 24), ("a" * 25, None), ("a-b", None), ("", None), ("é1", None),
    ],
)  # fmt: skip
def test_a_code_as_sent_becomes_that_of_the_standard(
    raw: str, wanted: str | None
) -> None:
    assert standard_code(raw) == wanted


def test_notes_on_codes_and_their_media() -> None:
    notes, media = note_codes([("011", "w01018"), ("a21026", "a21026"), ("X1", "X1")])
    assert [(n.code, n.text) for n in notes] == [
        ("old_codes", "2005 版编码已转换：011→w01018"),
        ("unknown_codes", "编码表以外的因子：X1"),
    ]
    assert media == {"air", "water"}
    assert note_codes([("a21026", "a21026")]) == ([], frozenset({"air"}))


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("PolId=1", []),
        ("PolId=1;", ["trailing_separator"]),
        ("PolId=1, ", ["trailing_separator"]),
        (";PolId=1", ["stray_separator"]),
        ("PolId=1;;X=2", ["stray_separator"]),
        ("PolId=1; ,X=2", ["stray_separator", "comma_for_semicolon"]),
        ("PolId=1,X=2", ["comma_for_semicolon"]),
        ("PolId =1", ["whitespace"]),
        ("PolId= 1", ["whitespace"]),
        ("PolId=1;PolId=2", ["repeated_parameter"]),
        ("x", ["stray_text"]),
    ],
)
def test_separators_and_blanks_are_noted(text: str, notes: list[str]) -> None:
    assert read(text)[1] == notes


def test_of_a_parameter_sent_twice_both_are_kept_but_of_times_the_first() -> None:
    body, _ = read("PolId=1;PolId=2;PolId=3")
    assert body.params == {"PolId": "1,2,3"}
    body, notes = read("DataTime=20260301080000;DataTime=20260301090000")
    assert body.params == {"DataTime": "20260301080000"}
    assert body.data_time == datetime(2026, 3, 1, 8, tzinfo=BEIJING)
    assert notes == ["repeated_parameter"]


@pytest.mark.parametrize(
    ("text", "params", "items", "notes"),
    [
        ("PolId=1,2", {"PolId": "1,2"}, {}, ["separator_in_value"]),
        ("PolId=1;2;3", {"PolId": "1;2;3"}, {}, ["separator_in_value"]),
        ("i11001-Info=a,b", {}, {"i11001": {"Info": "a,b"}}, ["separator_in_value"]),
        ("a21026-Avg=1;x", {}, {"a21026": {"Avg": "1;x"}},
         ["separator_in_value", "not_a_number"]),
        ("a21026-Avg=1,a21026-Flag=N;x", {}, {"a21026": {"Avg": "1"}}, ["stray_text"]),
        ("PolId=1;i11001-Info=//a;b,c=d//;X=2", {"PolId": "1", "X": "2"},
         {"i11001": {"Info": "//a;b,c=d//"}}, []),
        ("i11001-Info=//a//;i11002-Info=//b//", {},
         {"i11001": {"Info": "//a//"}, "i11002": {"Info": "//b//"}}, []),
        ("i11001-Info=//a;b", {}, {"i11001": {"Info": "//a;b"}}, []),
    ],
)  # fmt: skip
def test_separators_inside_a_value_belong_to_it(
    text: str,
    params: dict[str, str],
    items: dict[str, dict[str, str]],
    notes: list[str],
) -> None:
    body, codes = read(text)
    assert (body.params, values(body)) == (params, items)
    assert codes == notes


@pytest.mark.parametrize(
    ("text", "wanted", "notes"),
    [
        ("BeginTime=20260301000000EndTime=20260302000000",
         {"BeginTime": "20260301000000", "EndTime": "20260302000000"},
         ["separator_missing"]),
        ("PolId=5Name=x", {"PolId": "5", "Name": "x"}, ["separator_missing"]),
        ("Text=abc=d", {"Text": "", "abc": "d"}, ["separator_missing"]),
        ("Text=?abc=d", {"Text": "?abc=d"}, []),
    ],
)  # fmt: skip
def test_a_lost_separator_is_put_back(
    text: str, wanted: dict[str, str], notes: list[str]
) -> None:
    body, codes = read(text)
    assert body.params == wanted
    assert codes == notes


def test_a_lost_separator_after_a_flag_and_after_a_number() -> None:
    body, notes = read("a21026-Avg=1,a21026-Flag=Na34013-Avg=-2.5a19001-Avg=3")
    assert [(i.code, i.values["Avg"], i.flag) for i in body.items] == [
        ("a21026", "1", "N"), ("a34013", "-2.5", None), ("a19001", "3", None),
    ]  # fmt: skip
    assert notes == ["separator_missing"] * 2
    text, _ = read("i11001-Info=5a21026-Avg=3")
    assert values(text) == {"i11001": {"Info": "5a21026-Avg=3"}}


@pytest.mark.parametrize(
    ("text", "note", "words"),
    [
        ("a21026-avg=1", "suffix_case", "-avg 应写作 -Avg"),
        ("a21026-xyz=1", "unknown_suffix", "未知后缀 a21026-xyz"),
        ("A21026-Avg=1", "code_case", "A21026 应写作 a21026"),
        ("a21026-Avg=1,21026-Max=2", "code_letter_missing", "21026 应写作 a21026"),
        ("a21026-Avg=1;Max=2", "bare_attribute", "Max 缺少因子编码，归入 a21026"),
        ("a21026-Avg=1,a34013-Avg=2", "comma_for_semicolon", "a34013 前应为分号"),
        ("PolId=1,a34013-Avg=2", "comma_for_semicolon", "a34013 前应为分号"),
        ("a21026-Avg=1;a21026-Max=2", "item_split", "a21026 的属性分散在多处"),
        ("a21026-Avg=1,a21026-Avg=2", "duplicate_attribute", "a21026-Avg 重复，未取 '2'"),
        ("a21026-Avg=1,a21026-Flag=N,a21026-Flag=C", "duplicate_attribute",
         "a21026-Flag 重复，未取 'C'"),
        ("a21026-Avg=1,a21026-Flag=n", "flag_case", "a21026-Flag=n 应为大写"),
        ("a21026-Avg=1,a21026-Flag=P", "old_flag", "a21026-Flag=P 为 2005 版标记"),
        ("a21026-Avg=1,a21026-Flag=QQ", "unknown_flag", "a21026-Flag='QQ' 未定义"),
        ("a21026-Avg=1,a21026-Flag=", "empty_value", "a21026-Flag 为空"),
        ("a21026-Avg=", "empty_value", "a21026-Avg 为空"),
        ("a21026-Avg=1e999", "not_a_number", "a21026-Avg='1e999' 不是数"),
        ("a21026-Avg=1e1234", "not_a_number", "a21026-Avg='1e1234' 不是数"),
    ],
)  # fmt: skip
def test_a_departure_of_an_item_is_noted_in_words(
    text: str, note: str, words: str
) -> None:
    body, _ = read(text)
    assert (note, words) in [(n.code, n.text) for n in body.notes]
    assert len(body.notes) == len(set(body.notes))


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("N", "N"),
        ("n", "N"),
        ("P", "P"),
        ("0", "0"),
        ("QQQQQQQQQQ", "QQQQQQQQ"),
        ("", None),
    ],
)
def test_a_flag_is_kept_as_far_as_it_says_something(
    text: str, flag: str | None
) -> None:
    [item] = read(f"a21026-Avg=1,a21026-Flag={text}")[0].items
    assert item.flag == flag


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0), ("+1.5", 1.5), ("-.5", -0.5), ("1.", 1.0), ("1e3", 1000.0),
        ("1E-3", 0.001), ("1_0", None), ("١", None), (".", None), ("0x1", None),
        ("1,5", None), ("nan", None),
    ],
)  # fmt: skip
def test_numbers_are_those_of_the_standard(text: str, number: float | None) -> None:
    [item] = read(f"a21026-Avg={text}")[0].items
    assert item.numbers == ({"Avg": number} if number is not None else {})


def test_text_of_unknown_suffixes_is_no_error() -> None:
    body, notes = read("i11001-Info=word;a21026-xyz=word;a34013-SN=x1")
    assert notes == ["unknown_suffix"]
    assert [item.numbers for item in body.items] == [{}, {}, {}]
    body, _ = read("a21026-xyz=5;i11001-Info=7")
    assert [item.numbers for item in body.items] == [{"xyz": 5.0}, {"Info": 7.0}]


@pytest.mark.parametrize(
    ("text", "moment", "note"),
    [
        ("20260301080000", "20260301080000", None),
        ("202603010800", "20260301080000", "time_form"),
        ("20260301080000123", "20260301080000", "time_form"),
        ("202603010800001", "20260301080000", "time_form"),
        ("2026-03-01 08:00:00", "20260301080000", "time_form"),
        ("2026030108000012", None, "bad_time"),
        ("202603010800001234", None, "bad_time"),
        ("2026030108", None, "bad_time"),
        ("20261301080000", None, "bad_time"),
        ("", None, "bad_time"),
    ],
)
def test_a_time_is_forgiven_its_form(
    text: str, moment: str | None, note: str | None
) -> None:
    body, notes = read(f"DataTime={text}")
    assert (f"{body.data_time:%Y%m%d%H%M%S}" if body.data_time else None) == moment
    assert notes == ([note] if note else [])
    assert body.problem == ("" if moment else f"DataTime={text!r} 不是时间")


def test_every_time_that_is_none_is_told() -> None:
    body, _ = read("BeginTime=x;EndTime=y")
    assert body.problem == "BeginTime='x' 不是时间；EndTime='y' 不是时间"


def test_a_sample_time_that_is_none_stays_as_text() -> None:
    body, notes = read("w01018-SampleTime=later,w01018-Avg=1")
    [item] = body.items
    assert item.sample_time is None
    assert item.values == {"SampleTime": "later", "Avg": "1"}
    assert notes == ["bad_time"]
    [good] = read("w01018-SampleTime=20260301080000,w01018-Avg=1,w01018-EFlag=A;x=1")[
        0
    ].items
    assert good.sample_time == datetime(2026, 3, 1, 8, tzinfo=BEIJING)
    assert (good.eflag, good.values) == ("A", {"Avg": "1"})
    twice = read("w01018-EFlag=A,w01018-EFlag=B")
    assert twice[0].items[0].eflag == "A"
    assert twice[1] == ["duplicate_attribute"]


def test_a_letter_is_put_back_only_within_its_item() -> None:
    body, notes = read("a21026-Avg=1;21026-Max=2")
    assert [item.code for item in body.items] == ["a21026", "21026"]
    assert "code_letter_missing" not in notes
    assert body.items[1].raw_code == "21026"
