"""A station's words beside the platform's."""

import pytest

from vehicles.domain.inspection.dialects import SEED, translate

XZ = {(kind, theirs): ours for vendor, kind, theirs, ours in SEED if vendor == "XZ"}


@pytest.mark.parametrize(
    ("vendor", "kind", "words"),
    [
        ("XZ", "plate_color", "blue yellow white black green yellow_green"),
        ("YH", "plate_color", "blue yellow white black green other"),
        ("JINHUA", "plate_color", "blue yellow black white green other"),
        ("V4", "plate_color", "blue yellow white black green"),
        (
            "XZ",
            "method",
            "double_idle asm vmas lugdown free_acceleration ringelmann transient",
        ),
        ("XZ-B", "method", "double_idle asm vmas lugdown free_acceleration ringelmann"),
        ("XZ", "category", "periodic registration comparison spot_check transfer"),
        (
            "JS",
            "category",
            "periodic registration transfer comparison road_recheck spot_check",
        ),
        ("XZ", "outcome", "fail pass exempt"),
        ("JS", "outcome", "fail pass aborted invalid"),
    ],
)
def test_a_vendors_words_in_the_order_of_its_codes(
    vendor: str, kind: str, words: str
) -> None:
    rows = [row for row in SEED if row[:2] == (vendor, kind)]
    assert " ".join(row[3] for row in rows) == words
    codes = [row[2] for row in rows]
    assert all(code.isdigit() for code in codes)
    assert len(set(codes)) == len(codes)


def test_a_document_is_translated_field_by_field_and_left_as_it_was() -> None:
    document = {
        "method": 3,
        "vehicle": {"plate_color": "1", "fuel": "P", "brand": "1"},
        "verdict": {"overall": "1", "obd": "1", "tailpipe": 0},
        "instruments": [{"kind": "1"}, {"outcome": "2"}],
        "process": {"method": "1"},
        "attempt": 1,
    }
    copy = {**document}
    assert translate(document, XZ) == {
        "method": "vmas",
        "vehicle": {"plate_color": "blue", "fuel": "P", "brand": "1"},
        "verdict": {"overall": "pass", "obd": "1", "tailpipe": "fail"},
        "instruments": [{"kind": "1"}, {"outcome": "exempt"}],
        "process": {"method": "1"},
        "attempt": 1,
    }
    assert document == copy


@pytest.mark.parametrize("value", [True, None, 1.0, "9", ["1"]], ids=repr)
def test_what_is_no_word_of_the_table_stays(value: object) -> None:
    odd = XZ | {("method", "True"): "asm", ("method", "1.0"): "asm"}
    assert translate({"method": value}, odd) == {"method": value}


def test_without_a_dialect_a_document_is_itself() -> None:
    document = {"method": 1}
    assert translate(document, {}) is document
    assert translate([{"method": 1}], XZ) == [{"method": "double_idle"}]
