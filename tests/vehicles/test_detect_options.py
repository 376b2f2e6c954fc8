"""``detect_smoke``: what it is asked with is checked, and what it prints can be used."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from vehicles.vision.detector import _named


def grey(path: Path) -> Path:
    cv2.imwrite(str(path), np.full((80, 120, 3), 120, np.uint8))
    return path


@pytest.mark.parametrize(
    "option",
    ["--threshold=5", "--threshold=nan", "--threshold=x", "--size=0", "--size=33",
     "--size=-32", "--size=100000"],
)  # fmt: skip
def test_values_that_cannot_be_are_refused(tmp_path: Path, option: str) -> None:
    name = option.partition("=")[0]
    with pytest.raises(CommandError, match=name):
        call_command("detect_smoke", str(grey(tmp_path / "a.png")), option)


@pytest.mark.parametrize("option", ["smoke_model", "vehicles_model"])
def test_a_file_that_is_no_model_is_told_before_any_picture(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "weights.txt"
    wrong.write_text("no weights")
    with pytest.raises(CommandError, match=r"weights\.txt.*不能运行"):
        call_command(
            "detect_smoke", str(grey(tmp_path / "a.png")), **{option: str(wrong)}
        )
    assert capsys.readouterr().out == ""


def test_an_error_of_one_file_leaves_the_others_their_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.tif").write_bytes(b"II*\0" + bytes(60))
    names = [str(tmp_path / "b.tif"), str(grey(tmp_path / "图 1.png"))]
    call_command("detect_smoke", *names, no_plates=True)
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert "不受支持" in first["error"] or "损坏" in first["error"]
    assert "error" not in second
    for line in (first, second):
        assert {"file", "model", "vehicles", "smoke", "plates"} <= set(line)


def test_a_box_in_the_padding_beside_a_picture_is_none() -> None:
    rows = np.array(
        [[0, 0, 0, 262, 0.3, 0], [3, 4, 50, 60, 0.9, 0], [9, 7, 40, 7.5, 0.6, 1]],
        np.float32,
    )
    [kept] = _named(rows, {0: "car", 1: "smoke"})
    assert kept.box == (3.0, 4.0, 50.0, 60.0)
