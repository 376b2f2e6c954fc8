"""Frames and errors as plain values, and a stream cut anywhere."""

import pytest

from polluters.domain.hj212 import Frame, FrameError, decode_frame, encode_frame
from polluters.domain.hj212.plain import decode_stream, plain_error, plain_frame

CP = "DataTime=20260301080000;a21026-Rtd=12.3,a21026-Flag=N;a34013-Rtd=4,a34013-SampleTime=20260301075900"


def frame(**more: object) -> bytes:
    fields = {
        "st": "31", "cn": "2011", "mn": "0" * 24, "qn": "20260301080000123",
        "version": 2017, "cp": CP, **more,
    }  # fmt: skip
    return encode_frame(**fields)  # type: ignore[arg-type]


def test_a_frame_tells_what_it_is_and_keeps_its_password() -> None:
    found = decode_frame(frame())
    assert isinstance(found, Frame)
    plain = plain_frame(found, offset=7)
    assert (plain["ok"], plain["cn"], plain["offset"]) == (True, "2011", 7)
    assert plain["data_time"] == "2026-03-01T08:00:00+08:00"
    assert plain["items"][0] == {
        "code": "a21026",
        "values": {"Rtd": "12.3"},
        "flag": "N",
    }
    assert plain["items"][1]["sample_time"] == "2026-03-01T07:59:00+08:00"
    assert not {"pw", "password", "begin_time", "crc_variant", "encrypted"} & set(plain)


def test_a_period_and_a_sealed_frame_are_told() -> None:
    key = bytes(range(16))
    sealed = decode_frame(frame(version=2025, key=key, printed=False), keys=[key])
    assert isinstance(sealed, Frame)
    assert plain_frame(sealed)["encrypted"] is True
    asked = decode_frame(
        frame(cn="2051", cp="BeginTime=20260301000000,EndTime=20260301010000")
    )
    assert isinstance(asked, Frame)
    plain = plain_frame(asked)
    assert plain["begin_time"] == "2026-03-01T00:00:00+08:00"
    assert plain["end_time"] == "2026-03-01T01:00:00+08:00"


def test_an_error_tells_what_it_knows() -> None:
    raw = frame()
    broken = decode_frame(raw[:-6] + b"0000\r\n")
    assert isinstance(broken, FrameError)
    plain = plain_error(broken, offset=3)
    assert plain["ok"] is False
    assert (plain["error"], plain["got"], plain["offset"]) == (
        "crc_mismatch",
        "0000",
        3,
    )
    assert plain["expected"] == raw[-6:-2].decode()
    assert "declared" not in plain


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_a_stream_may_be_cut_anywhere(size: int) -> None:
    raw = frame()
    body = raw + b"noise" + raw[:-6] + b"0000\r\n" + raw + raw[:20]
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    found = list(decode_stream(chunks))
    good = [one["offset"] for one in found if one["ok"]]
    assert good == [0, 2 * len(raw) + 5]
    errors = [one["error"] for one in found if not one["ok"]]
    assert "crc_mismatch" in errors
    assert errors[-1] == "truncated"
