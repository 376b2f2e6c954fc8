"""``manage.py decode_hj212``: the form outside checks rely on."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from polluters.domain.hj212 import crc16, encode_frame

BASE = Path(__file__).resolve().parents[2]
SEGMENT = (
    b"ST=32;CN=2011;PW=123456;MN=LD130133000015;CP=&&DataTime=20160824003817;"
    b"B01-Rtd=36.91;011-Rtd=231.0,011-Flag=N;060-Rtd=1.803,060-Flag=N&&"
)
WRONG = b"##0136" + SEGMENT + b"4980"
RIGHT = b"##0136" + SEGMENT + b"%04X" % crc16(SEGMENT)
MODBUS = (
    b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;"
    b"MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&0759"
)


def run(
    path: Path, capsys: pytest.CaptureFixture[str], *args: str
) -> list[dict[str, Any]]:
    call_command("decode_hj212", str(path), *args)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_frame_and_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "frames.bin"
    path.write_bytes(RIGHT + b"\r\n" + WRONG + b"\r\n" + MODBUS)
    right, wrong, modbus = run(path, capsys)
    assert right["ok"] is True
    assert (right["version"], right["st"], right["cn"], right["mn"]) == (
        2005,
        "32",
        "2011",
        "LD130133000015",
    )
    assert (right["qn"], right["flag"], right["pnum"], right["pno"]) == (None,) * 4
    assert right["data_time"] == "2016-08-24T00:38:17+08:00"
    assert right["items"][1] == {
        "code": "w01018",
        "values": {"Rtd": "231.0"},
        "flag": "N",
        "raw_code": "011",
    }
    assert wrong["error"] == "crc_mismatch"
    assert (wrong["expected"], wrong["got"]) == ("3C00", "4980")
    assert wrong["offset"] == len(RIGHT) + 2
    assert (modbus["expected"], modbus["crc_variant"]) == ("1C80", "modbus_high_first")


def test_error_has_exactly_the_promised_keys_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "frames.bin"
    path.write_bytes(WRONG)
    (wrong,) = run(path, capsys)
    assert list(wrong)[:5] == ["ok", "error", "expected", "got", "offset"]
    assert wrong["ok"] is False
    assert wrong["offset"] == 0


def test_keys_open_encrypted_frames(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "frames.bin"
    path.write_bytes(
        encode_frame(
            st="31",
            cn="2011",
            mn="1" * 24,
            qn="20260301080000123",
            version=2025,
            cp="DataTime=20260301080000;a34013-Rtd=1.5,a34013-Flag=N",
            key=b"0" * 16,
        )  # fmt: skip
    )
    (closed,) = run(path, capsys)
    assert closed["error"] == "crc_mismatch"
    (opened,) = run(path, capsys, "--key", (b"0" * 16).hex())
    assert opened["items"] == [
        {"code": "a34013", "values": {"Rtd": "1.5"}, "flag": "N"}
    ]
    assert opened["encrypted"] is True


@pytest.mark.parametrize("key", ["zz", "00"])
def test_a_wrong_key_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(CommandError, match="32 位"):
        call_command("decode_hj212", str(tmp_path / "none"), "--key", key)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="无法读取"):
        call_command("decode_hj212", str(tmp_path / "none"))


def test_standard_input_without_a_database() -> None:
    environment = dict(
        os.environ, DATABASE_URL="postgres://nobody@127.0.0.1:1/none", PYTHONUTF8="1"
    )
    result = subprocess.run(
        [sys.executable, str(BASE / "manage.py"), "decode_hj212"],
        input=b"\x00noise\r\n" + RIGHT + b"##0012QN=1;CN=2011FFFF" + RIGHT[:40],
        capture_output=True,
        env=environment,
        check=True,
        timeout=60,
    )
    lines = [json.loads(line) for line in result.stdout.decode().splitlines()]
    assert [line.get("error") for line in lines] == [None, "bad_length", "truncated"]
    assert lines[2]["offset"] == 8 + len(RIGHT) + 22
