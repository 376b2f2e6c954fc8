"""What a station keeps about itself: checks borne out by readings, files by their bytes."""

import pytest

from vehicles.domain.codes import Method
from vehicles.domain.inspection import checks
from vehicles.domain.inspection.checks import (
    ENDINGS,
    MEDIA_TYPES,
    SIGNATURES,
    Reading,
    agrees,
    fits_type,
    known_methods,
)
from vehicles.domain.inspection.fields import specs

SHARES = {"gas": 5.0, "zero": 0.0}


def reading(expected, measured, tolerance=None) -> Reading:
    return Reading("CO", expected, measured, "%", tolerance)


@pytest.mark.parametrize(
    ("rows", "passed", "verdict"),
    [
        ([reading(100, 105)], True, True),
        ([reading(100, 95)], True, True),
        ([reading(100, 105.01)], True, False),
        ([reading(100, 94.99)], True, False),
        ([reading(-100, -105)], True, True),
        ([reading(100, 101, 0.5)], True, False),
        ([reading(100, 100.5, 0.5)], True, True),
        ([reading(100, 106, 50)], True, False),
        ([reading(0, 0.3, 0.5)], True, True),
        ([reading(0, 0.1)], True, False),
        ([reading(100, 100), reading(100, 200)], True, False),
        ([reading(None, 5), reading(100, 100)], True, True),
        ([reading(100, 200)], False, True),
        ([], True, None),
        ([], False, None),
        ([reading(None, 5)], True, None),
        ([reading(5, None)], True, None),
    ],
)
def test_a_verdict_is_borne_out_by_its_readings(rows, passed, verdict) -> None:
    assert agrees("gas", passed, rows, SHARES) is verdict


def test_without_a_tolerance_of_its_kind_nothing_is_judged() -> None:
    assert agrees("leak", True, [reading(1, 9)], SHARES) is None
    assert agrees("leak", False, [reading(1, 9)], SHARES) is True
    assert agrees("zero", True, [reading(7, 7)], SHARES) is True
    assert agrees("zero", True, [reading(7, 7.1)], SHARES) is False


def test_words_that_are_no_method_are_told() -> None:
    assert known_methods([*Method, "none"]) == []
    assert known_methods(["VMAS?", "none", ""]) == ["VMAS?", ""]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_file_is_what_it_says_from_head_to_end(media_type: str) -> None:
    ((offset, mark),) = SIGNATURES[media_type]
    head = b"\0" * offset + mark + b"rest"
    tail = b"x" * 20 + ENDINGS.get(media_type, b"")
    assert fits_type(media_type, head, tail)
    assert fits_type(media_type, head, tail + b"\r\n\0 ")
    assert not fits_type(media_type, b"\1" + head, tail)
    assert not fits_type(media_type, head[:-5] if offset == 0 else head[:4], tail) or (
        len(mark) == 0
    )
    if media_type in ENDINGS:
        assert not fits_type(media_type, head, tail + b"PK\3\4")
        assert not fits_type(media_type, head, tail[:-1])


@pytest.mark.parametrize(
    ("tolerance", "measured", "verdict"),
    [
        (5.0, 105, True), (5.0, 105.01, False), (4.99, 105, False), (0.0, 100, True),
        (0.0, 100.1, False), (None, 105, True), (None, 94.9, False),
    ],
)  # fmt: skip
def test_the_stricter_tolerance_counts(
    tolerance: float | None, measured: float, verdict: bool
) -> None:
    assert agrees("gas", True, [reading(100, measured, tolerance)], SHARES) is verdict


@pytest.mark.parametrize(
    ("measured", "verdict"), [(0.5, True), (0.51, False), (-0.5, True)]
)
def test_around_nothing_only_the_stations_tolerance_can_be_kept(
    measured: float, verdict: bool
) -> None:
    assert agrees("gas", True, [reading(0, measured, 0.5)], SHARES) is verdict
    assert agrees("gas", True, [reading(0, 0)], SHARES) is True


def test_a_check_that_failed_needs_no_proof_but_a_reading() -> None:
    assert agrees("gas", False, [reading(None, 1)], SHARES) is None
    assert agrees("gas", False, [reading(1, None)], SHARES) is None
    assert agrees("gas", False, [reading(1, 1)], SHARES) is True


LENGTHS = {
    "LineEntry": {"name": 40},
    "InstrumentEntry": {"line": 4, "maker": 80, "model": 80},
    "StaffEntry": {"name": 40},
    "Reading": {"name": 40, "unit": 20},
    "CheckEntry": {"serial": 40, "operator": 20, "bottle": 60},
    "RepairEntry": {"plate": 20, "number": 40, "shop": 120, "shop_code": 20},
    "FileEntry": {"kind": 12, "name": 120, "sha256": 64},
}
REQUIRED = {
    "LineEntry": "",
    "InstrumentEntry": "line kind",
    "StaffEntry": "name duty",
    "Reading": "name measured",
    "CheckEntry": "serial kind at passed",
    "RepairEntry": "plate number shop shop_code came_at left_at items",
    "FileEntry": "kind name media_type size sha256",
}


@pytest.mark.parametrize("name", LENGTHS)
def test_an_entry_has_its_lengths_and_what_it_needs(name: str) -> None:
    known = specs(getattr(checks, name))
    texts = {field: spec.length for field, spec in known.items() if spec.kind == "text"}
    assert texts == LENGTHS[name]
    needed = [field for field, spec in known.items() if spec.required]
    assert needed == REQUIRED[name].split()


def test_a_number_of_an_entry_has_its_bounds() -> None:
    found = {
        (name, field): (spec.least, spec.most)
        for name in LENGTHS
        for field, spec in specs(getattr(checks, name)).items()
        if spec.kind in ("number", "integer")
    }
    million = (-1_000_000, 1_000_000)
    assert found == {
        ("Reading", "expected"): million,
        ("Reading", "measured"): million,
        ("Reading", "tolerance"): (0, 1_000_000),
        ("FileEntry", "size"): (1, 4_000_000_000),
    }


def test_a_film_begins_at_its_fifth_byte_and_may_end_anyhow() -> None:
    assert fits_type("video/mp4", b"\0\0\0\x18ftypmp42", b"anything")
    assert not fits_type("video/mp4", b"ftyp\0\0\0\x18", b"anything")
    assert not fits_type("video/mp4", b"\0\0\0ftypmp42", b"anything")
    assert not fits_type("application/pdf", b" %PDF-1.7", b"%%EOF")
    assert not fits_type("application/pdf", b"%PDF-1.7", b"%%EO")


def test_a_picture_begins_with_its_first_byte() -> None:
    assert fits_type("image/png", b"\x89PNG\r\n\x1a\n..", b"..IEND\xaeB`\x82")
    assert not fits_type("image/png", b"\0\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82")
    assert fits_type("image/jpeg", b"\xff\xd8\xff\xe0", b"..\xff\xd9")
    assert not fits_type("image/jpeg", b"\0\xff\xd8\xff", b"\xff\xd9")
    assert fits_type("application/pdf", b"%PDF-1.7", b"%%EOF\r\n")
