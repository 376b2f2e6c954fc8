"""Encoding: what is written is read back; parts; answers; SM4 of 2025."""

from datetime import datetime, timedelta

import pytest

from polluters.domain.hj212 import (
    BEIJING,
    Frame,
    FrameError,
    Item,
    acknowledge_data,
    acknowledge_notice,
    acknowledge_request,
    decode_frame,
    encode_frame,
    encode_parts,
    iter_frames,
    report_result,
    sm4,
)

MN = "010000A8900016F000169DC0"
NOW = datetime(2026, 3, 1, 8, 0, 0, 123000, tzinfo=BEIJING)
KEY = b"0" * 16
OTHER = bytes(range(16))


def read(raw: bytes, **options: object) -> Frame:
    result = decode_frame(raw, **options)  # type: ignore[arg-type]
    assert isinstance(result, Frame), result
    return result


def test_standard_example_byte_for_byte() -> None:
    raw = encode_frame(
        st="32",
        cn="1062",
        pw="100000",
        mn=MN,
        qn="20160801085857223",
        needs_ack=True,
        params={"RtdInterval": "30"},
    )
    assert raw == (
        b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;"
        b"MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n"
    )


@pytest.mark.parametrize("version", [2005, 2017, 2025])
@pytest.mark.parametrize("needs_ack", [True, False])
def test_round_trip(version: int, needs_ack: bool) -> None:
    items = [
        Item("w01018", {"Min": "1.0", "Avg": "2.50", "Max": "3"}, "N"),
        Item("w21003", {"Avg": "0.4"}, "M", "A01", NOW.replace(microsecond=0)),
    ]
    raw = encode_frame(
        st="32",
        cn="2051",
        mn=MN,
        qn=NOW,
        version=version,
        needs_ack=needs_ack,
        params={"DataTime": NOW},
        items=items,
        rf=version == 2025,
    )
    result = read(raw)
    assert (result.version, result.needs_ack, result.rf) == (
        version,
        needs_ack,
        version == 2025,
    )
    assert result.data_time == NOW.replace(microsecond=0)
    assert result.sent_at == NOW
    assert [
        (i.code, i.values, i.flag, i.eflag, i.sample_time) for i in result.items
    ] == [(i.code, i.values, i.flag, i.eflag, i.sample_time) for i in items]
    assert result.items[0].raw_code == ("011" if version == 2005 else "w01018")


def test_long_cp_is_split_into_whole_items() -> None:
    items = [
        Item(f"a240{n:02d}", {"Min": "1.000", "Avg": "2.000", "Max": "3.000"}, "N")
        for n in range(60)
    ]
    frames = encode_parts(
        st="31", cn="2051", mn=MN, qn=NOW, params={"DataTime": NOW}, items=items
    )
    results = [read(raw) for raw in frames]
    assert len(results) == 5
    assert [(r.pnum, r.pno) for r in results] == [(5, n) for n in range(1, 6)]
    assert all(r.flag == 6 and not r.needs_ack for r in results)
    assert len({r.qn for r in results}) == 5
    assert {r.data_time for r in results} == {NOW.replace(microsecond=0)}
    assert [i.code for r in results for i in r.items] == [i.code for i in items]
    assert max(len(raw) - 12 for raw in frames) <= 1024
    assert all("segment_long" not in [n.code for n in r.notes] for r in results)


def test_short_cp_is_one_frame_without_part_numbers() -> None:
    (raw,) = encode_parts(
        st="31",
        cn="2051",
        mn=MN,
        qn=NOW,
        params={"DataTime": NOW},
        items=[Item("a34013", {"Avg": "1"}, "N")],
    )
    assert read(raw).pnum is None


def test_answers_repeat_the_qn_and_ask_for_nothing() -> None:
    upload = read(
        encode_frame(st="32", cn="2011", mn=MN, qn=NOW, needs_ack=True, params={})
    )
    for raw, cn, params in [
        (acknowledge_data(upload), "9014", {}),
        (acknowledge_notice(upload), "9013", {}),
        (acknowledge_request(upload), "9011", {"QnRtn": "1"}),
        (report_result(upload, 100), "9012", {"ExeRtn": "100"}),
    ]:
        answer = read(raw)
        assert (answer.cn, answer.params, answer.qn, answer.st, answer.flag) == (
            cn,
            params,
            upload.qn,
            "91",
            4,
        )


def test_too_long_a_segment_and_a_wrong_key_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 9999"):
        encode_frame(st="31", cn="2011", mn=MN, cp="x" * 10_000)
    with pytest.raises(ValueError, match="16 bytes"):
        encode_frame(st="31", cn="2011", mn=MN, cp="x", key=b"short")


def test_sm4_vector_of_gb_t_32907() -> None:
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    cipher = sm4.encrypt(key, key)
    assert cipher.hex() == "681edf34d206965e86b3e94f536e4246"
    assert sm4.decrypt(cipher + b"tail", key) == key + b"tail"


def encrypted(printed: bool, key: bytes = KEY, cn: str = "2011") -> bytes:
    return encode_frame(
        st="31",
        cn=cn,
        mn=MN,
        qn=NOW,
        version=2025,
        needs_ack=True,
        params={"DataTime": NOW},
        items=[Item(f"a2102{n}", {"Rtd": f"{n}.25"}, "N") for n in range(4, 9)],
        key=key,
        printed=printed,
    )


@pytest.mark.parametrize("printed", [False, True])
def test_encrypted_frames_open_with_the_current_and_the_previous_key(
    printed: bool,
) -> None:
    raw = encrypted(printed)
    for keys in ([KEY], [OTHER, KEY]):
        result = read(raw, keys=keys)
        assert result.encrypted
        assert [i.values["Rtd"] for i in result.items] == [
            "4.25", "5.25", "6.25", "7.25", "8.25",
        ]  # fmt: skip
        assert result.raw == raw[:-2]
        assert result.notes == [] or [n.code for n in result.notes] == ["unknown_codes"]
    for keys in ([], [OTHER], [b"short"]):
        closed = decode_frame(raw, keys=keys)
        assert isinstance(closed, FrameError)
        assert closed.error == "crc_mismatch"


@pytest.mark.parametrize("printed", [False, True])
def test_encrypted_frames_are_found_in_a_stream(printed: bool) -> None:
    plain = encode_frame(st="31", cn="2011", mn=MN, qn=NOW, params={"DataTime": NOW})
    stream = encrypted(printed) + plain + encrypted(printed) + plain
    found = list(iter_frames(stream))
    assert found == [
        part[:-2] for part in (encrypted(printed), plain, encrypted(printed), plain)
    ]


def test_a_plain_frame_is_not_mistaken_for_cipher_when_a_key_is_known() -> None:
    plain = encode_frame(
        st="31", cn="2011", mn=MN, qn=NOW, version=2025, params={"DataTime": NOW}
    )
    assert not read(plain, keys=[KEY]).encrypted


def test_cipher_that_happens_to_hold_marks_is_framed_by_length() -> None:
    key = next(
        bytes([n % 256, n // 256]) * 8
        for n in range(65_536)
        if any(
            mark
            in sm4.encrypt(b"DataTime=2026030108000", bytes([n % 256, n // 256]) * 8)
            for mark in (b"\r\n", b"##", b"&&")
        )
    )
    raw = encode_frame(
        st="31", cn="2011", mn=MN, qn=NOW, version=2025,
        cp="DataTime=20260301080000", key=key,
    )  # fmt: skip
    assert list(iter_frames(raw + raw)) == [raw[:-2], raw[:-2]]
    assert read(raw, keys=[key]).data_time == NOW - timedelta(microseconds=123000)
