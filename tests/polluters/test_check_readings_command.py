"""``manage.py check_readings``: a file in, findings as JSON lines out, no database."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from polluters.domain.checks import CATALOGUE
from tests.domain.polluters.readings_lab import Lab, honest, spoil

STEP = {"do": "scale", "from": 500, "to": 560, "codes": ["a21026"], "factor": 2.2}
CONVERT = {"do": "convert", "from": 0, "to": 0}


def write(path: Path, *labs: Lab, junk: bytes = b"") -> Path:
    loggers = [logger for lab in labs for logger in lab.head()["loggers"]]
    lines = [json.dumps({"loggers": loggers}, ensure_ascii=False).encode()]
    frames = [frame for lab in labs for frame in lab.frames()]
    path.write_bytes(b"\n".join([*lines, junk, *frames]) + b"\n")
    return path


def check(path: Path, **options: object) -> tuple[list[dict[str, str]], str]:
    out, errors = StringIO(), StringIO()
    call_command("check_readings", str(path), stdout=out, stderr=errors, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()], errors.getvalue()


def test_it_works_on_two_loggers(tmp_path: Path) -> None:
    gas, water = honest("gas"), honest("water")
    spoil(gas, STEP)
    spoil(gas, CONVERT)
    found, errors = check(write(tmp_path / "frames.txt", gas, water, junk=b"##x"))
    assert [(f["mn"], f["code"], f["check"]) for f in found] == [
        (gas.mn, "a21026", "step")
    ]
    assert set(found[0]) == {"mn", "code", "check", "from", "to", "severity", "why"}
    assert found[0]["from"] == "2026-03-05T11:20:00+08:00"
    assert "2304 帧已检查" in errors


def test_processes_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gas = honest("gas")
    spoil(gas, STEP)
    spoil(gas, CONVERT)
    path = write(tmp_path / "frames.txt", gas, honest("water"))
    alone, _ = check(path, workers=1)
    monkeypatch.setattr("polluters.management.commands.check_readings.BLOCK", 60_000)
    together, errors = check(path, workers=2)
    assert together == alone
    assert alone
    assert "2304 帧已检查" in errors


def test_unknown_logger_and_missing_one_are_said(tmp_path: Path) -> None:
    gas, water = honest("gas"), honest("water")
    path = tmp_path / "frames.txt"
    head = json.dumps({"loggers": [*gas.head()["loggers"], {"mn": "NOBODY"}]})
    path.write_bytes(b"\n".join([head.encode(), *gas.frames(), *water.frames()]))
    found, errors = check(path)
    assert found == []
    assert "NOBODY：没有报文" in errors
    assert "1 个 MN 不在首行中，未检查" in errors


def test_head_must_be_readable(tmp_path: Path) -> None:
    path = tmp_path / "frames.txt"
    path.write_bytes(b"##0012\n")
    with pytest.raises(CommandError, match="直接以报文开始"):
        check(path)
    for body, words in (
        (b"", "文件为空"),
        (b"{\n", "不是完整的 JSON"),
        (b"\xff\xfe\n", "不是 UTF-8"),
        (b"[1]\n", "首行无法使用"),
    ):
        path.write_bytes(body)
        with pytest.raises(CommandError, match=words):
            check(path)
    with pytest.raises(CommandError, match="无法读取"):
        check(tmp_path / "absent.txt")


def test_every_check_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "checks.md").read_text()
    assert [code for code in CATALOGUE if f"| `{code}` |" not in text] == []
