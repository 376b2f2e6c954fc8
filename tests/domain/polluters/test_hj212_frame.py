"""The parts of a decoded frame: times, notes, numbers as sent, and plain values."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from polluters.domain.hj212 import BEIJING, sm4
from polluters.domain.hj212.frame import (
    Arranged,
    Frame,
    FrameError,
    Item,
    Note,
    format_qn,
    format_time,
    parse_qn,
    parse_time,
)
from polluters.domain.hj212.plain import plain_error, plain_frame, plain_item
from polluters.domain.hj212.topics import DIGEST_SIGNS


def frame(**fields: object) -> Frame:
    values: dict[str, object] = {
        "raw": b"", "version": 2017, "qn": "20260301080000123", "st": "31", "cn": "2011",
        "pw": "x", "mn": "M1", "flag": 5, "needs_ack": True, "pnum": None, "pno": None,
        "rf": False, "data_time": None, "begin_time": None, "end_time": None, "params": {},
        "made": None, "notes": [],
    }  # fmt: skip
    return Frame(**(values | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("20260301080000", datetime(2026, 3, 1, 8, tzinfo=BEIJING)),
        ("2026030108000", None), ("202603010800000", None), ("2026030108000x", None),
        ("20261301080000", None), ("２０２６０３０１０８００００", None), ("", None),
    ],
)  # fmt: skip
def test_a_time_has_fourteen_digits(text: str, wanted: datetime | None) -> None:
    assert parse_time(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("20260301080000123", datetime(2026, 3, 1, 8, 0, 0, 123000, tzinfo=BEIJING)),
        ("2026030108000012", None), ("202603010800001234", None), ("2026030108000012x", None),
        ("20261301080000123", None), ("２０２６０３０１０８００００１２３", None), ("1617957600465", None),
    ],
)  # fmt: skip
def test_a_number_of_a_frame_has_seventeen_digits(
    text: str, wanted: datetime | None
) -> None:
    assert parse_qn(text) == wanted
    assert frame(qn=text).sent_at == wanted
    assert frame(qn=None).sent_at is None


def test_times_are_written_in_beijing_time() -> None:
    moment = datetime(2026, 3, 1, 0, 0, 0, 123_999, tzinfo=UTC)
    assert format_time(moment) == "20260301080000"
    assert format_qn(moment) == "20260301080000123"
    assert format_qn(moment.replace(microsecond=7000)) == "20260301080000007"
    assert format_qn(moment.replace(microsecond=999)) == "20260301080000000"


def test_a_note_in_words() -> None:
    assert str(Note("time_form", "words")) == "time_form: words"
    assert str(Note("time_form", "")) == "time_form"


def test_a_number_is_kept_exactly_as_sent() -> None:
    item = Item(
        "a21026",
        {"Rtd": "1.50", "Info": "x", "Avg": "5"},
        numbers={"Rtd": 1.5, "Info": 1.0},
    )
    assert item.decimal("Rtd") == Decimal("1.50")
    assert item.decimal("Avg") is None
    assert item.decimal("Info") is None


class Plan:
    """Makes one item each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def fill(self, values: list[str], numbers: list[float]) -> list[Item]:
        self.asked += 1
        return [Item("a21026", {"Rtd": values[0]}, numbers={"Rtd": numbers[0]})]

    def places(self) -> list[tuple[str, dict[str, int]]]:
        return []


def test_items_are_made_once() -> None:
    plan = Plan()
    one = frame(arranged=Arranged(plan, ["5"], [5.0], True))
    assert one.items is one.items
    assert plan.asked == 1
    assert frame().items == []
    made = [Item("a34013", {})]
    assert frame(made=made, arranged=Arranged(plan, ["5"], [5.0], True)).items is made
    assert (frame().encrypted, frame().crc_variant) == (False, None)


def test_plain_values_leave_out_what_is_absent() -> None:
    moment = datetime(2026, 3, 1, 8, tzinfo=BEIJING)
    item = Item("w01018", {"Rtd": "5"}, "N", "A01", moment, "011")
    assert plain_item(item) == {
        "code": "w01018", "values": {"Rtd": "5"}, "flag": "N", "eflag": "A01",
        "sample_time": "2026-03-01T08:00:00+08:00", "raw_code": "011",
    }  # fmt: skip
    for raw in ("", "w01018"):
        bare = Item("w01018", {}, raw_code=raw)
        assert plain_item(bare) == {"code": "w01018", "values": {}, "flag": None}
    plain = plain_frame(frame())
    assert plain == {
        "ok": True, "version": 2017, "qn": "20260301080000123", "st": "31", "cn": "2011",
        "mn": "M1", "flag": 5, "needs_ack": True, "pnum": None, "pno": None, "rf": False,
        "data_time": None, "params": {}, "items": [], "notes": [], "offset": 0,
    }  # fmt: skip


def test_plain_values_tell_what_is_there() -> None:
    moment = datetime(2026, 3, 1, 8, tzinfo=BEIJING)
    for times in ({"begin_time": moment}, {"end_time": moment}):
        plain = plain_frame(frame(**times))
        assert {plain["begin_time"], plain["end_time"]} == {
            None,
            "2026-03-01T08:00:00+08:00",
        }
    told = plain_frame(
        frame(
            data_time=moment, crc_variant="x", encrypted=True, notes=[Note("a", "b")]
        ),
        offset=9,
    )
    assert (told["data_time"], told["crc_variant"], told["encrypted"], told["offset"]) == (
        "2026-03-01T08:00:00+08:00", "x", True, 9,
    )  # fmt: skip
    assert told["notes"] == ["a: b"]


def test_a_plain_error_tells_what_it_knows() -> None:
    assert plain_error(FrameError("truncated")) == {
        "ok": False,
        "error": "truncated",
        "offset": 0,
    }
    whole = FrameError(
        "bad_length",
        "words",
        5,
        b"",
        "1C80",
        "0000",
        "x",
        103,
        101,
        "M1",
        "2011",
        "31",
        "Q",
    )
    assert plain_error(whole, offset=7) == {
        "ok": False, "error": "bad_length", "expected": "1C80", "got": "0000",
        "crc_variant": "x", "declared": 103, "actual": 101, "offset": 7, "detail": "words",
        "mn": "M1", "cn": "2011", "st": "31", "qn": "Q",
    }  # fmt: skip
    assert plain_error(FrameError("x", declared=0))["declared"] == 0


# SM4.

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")


def test_whole_groups_of_sixteen_are_sealed_and_the_tail_stays_plain() -> None:
    # GB/T 32907 example 1.
    cipher = "681edf34d206965e86b3e94f536e4246"
    for tail in (b"", b"tail", b"x" * 15):
        sealed = sm4.encrypt(KEY + tail, KEY)
        assert sealed == bytes.fromhex(cipher) + tail
        assert sm4.decrypt(sealed, KEY) == KEY + tail
    assert sm4.encrypt(b"short", KEY) == sm4.decrypt(b"short", KEY) == b"short"
    assert [sm4.valid_key(b"x" * n) for n in (15, 16, 17)] == [False, True, False]


def test_the_printed_form_holds_whole_groups_and_the_tail_after_it() -> None:
    data = bytes(range(16))
    listed = b"{" + b",".join(b"0x%02X" % n for n in range(16)) + b"}"
    assert sm4.print_form(data) == listed
    assert sm4.print_form(data + b"tail") == listed + b"tail"
    assert sm4.print_form(b"short") == b"short"
    assert sm4.read_print_form(listed + b"tail") == data + b"tail"
    assert sm4.read_print_form(b"x" + listed) is None
    assert sm4.read_print_form(b"{0x0}") is None


def test_a_digest_has_thirty_two_signs() -> None:
    assert DIGEST_SIGNS == 32
