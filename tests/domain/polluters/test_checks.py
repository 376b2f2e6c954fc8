"""Every check of the catalogue: silent before, exactly this finding after."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polluters.domain.checks import CATALOGUE
from polluters.domain.checks.build import build_station
from polluters.domain.checks.collect import Block, read_block
from polluters.domain.checks.engine import run_checks
from polluters.domain.checks.head import read_head
from tests.domain.polluters.readings_lab import Lab, honest, spoil

FIXTURES = Path(__file__).parents[2] / "data" / "checks"


@pytest.mark.parametrize("medium", ["gas", "water"])
def test_honest_data_give_no_finding(medium: str) -> None:
    assert honest(medium).check() == []


def test_every_check_has_its_fixture() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(CATALOGUE)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_check_finds_exactly_what_was_planted(code: str) -> None:
    fixture = json.loads((FIXTURES / f"{code}.json").read_text())
    lab = honest(fixture["medium"])
    for act in fixture["acts"]:
        spoil(lab, act)
    found = [finding.as_json() for finding in lab.check()]
    assert code in {finding["check"] for finding in found}
    assert found == fixture["findings"]


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_words_have_no_unfilled_place(code: str) -> None:
    for finding in json.loads((FIXTURES / f"{code}.json").read_text())["findings"]:
        assert "{" not in finding["why"]
        assert "—" not in finding["why"]
        assert "nan" not in finding["why"]


def spoiled() -> Lab:
    """Return gas frames with four anomalies and one changed value."""
    lab = honest("gas")
    for code in ("step", "missing", "converted_mismatch", "changed", "clock_skew"):
        acts = json.loads((FIXTURES / f"{code}.json").read_text())["acts"]
        for act in acts:
            moved = {**act, "from": act["from"] + 150, "to": act["to"] + 150}
            spoil(lab, act if code in ("step", "missing") else moved)
    return lab


LAB = spoiled()
FRAMES = LAB.frames()
FOUND = LAB.check(FRAMES)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.floats(0, 0.5))
def test_order_and_repeats_of_frames_change_no_finding(seed: int, share: float) -> None:
    source = random.Random(seed)
    frames = [*FRAMES, *source.sample(FRAMES, int(share * len(FRAMES)))]
    source.shuffle(frames)
    assert FOUND
    assert LAB.check(frames) == FOUND


@settings(max_examples=5, deadline=None)
@given(st.integers(1, 40))
def test_reading_in_pieces_changes_no_finding(pieces: int) -> None:
    spec = read_head(LAB.head())[LAB.mn]
    total = Block()
    for start in range(pieces):
        total.extend(read_block(b"\r\n".join(FRAMES[start::pieces]) + b"\r\n", {}))
    assert run_checks(build_station(spec, total.pieces[LAB.mn])) == FOUND


def test_late_arrival_is_neither_a_gap_nor_a_wrong_clock() -> None:
    lab = honest("gas")
    resume = lab.rows[560].sent
    for index, row in enumerate(lab.rows[500:560]):
        row.sent = resume.replace(microsecond=0)
        spoil(
            lab,
            {"do": "sent", "from": 500 + index, "to": 501 + index, "seconds": index},
        )
    assert lab.check() == []


def test_no_finding_rests_on_flagged_values() -> None:
    lab = honest("gas")
    spoil(lab, {"do": "set", "from": 500, "to": 512, "codes": ["a21026"], "value": 0.0})
    spoil(lab, {"do": "flag", "from": 500, "to": 512, "codes": ["a21026"], "flag": "M"})
    assert lab.check() == []


def test_batch_values_held_for_four_hours_are_not_constant() -> None:
    lab = honest("water")
    for index, row in enumerate(lab.rows):
        row.sampled.clear()
        first = lab.rows[index // 24 * 24]
        for code in ("w01018", "w01017", "w21003", "w21001"):
            row.values[code] = first.values[code]
    assert lab.check() == []


def test_real_stop_is_no_declared_stop_running() -> None:
    lab = honest("gas")
    for row in lab.rows[500:700]:
        row.values |= {
            "a00000": 0.0, "a19001": 20.8, "a01012": 22.0, "a34013": 0.1,
            "a21026": 0.0, "a21002": 0.2,
        }  # fmt: skip
        row.flags = dict.fromkeys(row.flags, "F")
    lab.convert()
    assert lab.check() == []


def test_bad_frames_are_counted_and_change_nothing() -> None:
    broken = [FRAMES[0][:-1] + b"0", b"##0012 nothing", b"\x00\xff" * 40]
    block = read_block(b"\r\n".join([*broken, *FRAMES]) + b"\r\n", {})
    spec = read_head(LAB.head())[LAB.mn]
    assert sum(block.refused.values()) >= 1
    assert run_checks(build_station(spec, block.pieces[LAB.mn])) == FOUND


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (None, "JSON 对象"),
        ([], "JSON 对象"),
        ({}, "JSON 对象"),
        ({"loggers": {}}, "JSON 对象"),
        ({"loggers": []}, "loggers 为空"),
        ({"loggers": [{}]}, r"loggers\[0\] 缺少 mn"),
        ({"loggers": ["x"]}, r"loggers\[0\] 应为对象"),
        ({"loggers": [{"mn": "A"}, {"mn": "A"}]}, r"loggers\[1\] 的 mn A 重复"),
        ({"loggers": [{"mn": "A", "points": {}}]}, r"loggers\[0\].points 应为列表"),
    ],
)
def test_unfit_head_is_refused_with_a_reason(head: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_head(head)


def test_what_of_a_head_cannot_be_used_is_said() -> None:
    notes: list[str] = []
    found = read_head(
        {
            "loggers": [
                {
                    "mn": "A", "medium": "废水", "ref_o2": 30, "interval_s": "x",
                    "points": [
                        {}, "w01018", {"code": "w21003", "range": [5, 1], "limit": "x"},
                        {"code": "w21011", "limit": {"kind": "国标", "value": 0.5}},
                    ],
                },
                {"mn": "B", "medium": "soil"},
            ]
        },
        notes,
    )  # fmt: skip
    assert (found["A"].medium, found["A"].reference, found["B"].medium) == (
        "water", None, "gas",
    )  # fmt: skip
    assert set(found["A"].points) == {"w01018", "w21003", "w21011"}
    assert found["A"].points["w21011"].limits[0].high == 0.5
    said = "；".join(notes)
    for words in ("ref_o2 30", "interval_s 不是数字", "points[0] 缺少 code", "[5, 1]",
                  "limit 应为对象", "medium 应为"):  # fmt: skip
        assert words in said
    assert len(notes) == 6
