"""What the interface takes is what its published guide says, field by field."""

import re
from pathlib import Path

import pytest

from vehicles.domain.codes import Method
from vehicles.domain.inspection import shapes
from vehicles.domain.inspection.fields import Spec, specs
from vehicles.domain.inspection.process import (
    COLUMNS,
    CYCLE_ROWS,
    PHASES,
    REQUIRED_COLUMNS,
    phase_label,
)
from vehicles.domain.inspection.results import RESULT_FIELDS, Results

GUIDE = (Path(__file__).parents[3] / "docs/api-stations.md").read_text(encoding="utf-8")
RECORDS = {
    **{name: getattr(shapes, name) for name in (
        "VehicleTest", "Vehicle", "Registration", "Staff", "Environment", "Instrument",
        "Appearance", "Obd", "Ecu", "Monitor", "Verdict",
    )},
    "Results": Results,
}  # fmt: skip


def rows_under(heading: str) -> list[list[str]]:
    """The cells of the first table after a heading of the guide."""
    part = GUIDE.split(heading, 1)[1]
    table = re.search(r"(?:^\|.*\n)+", part, re.MULTILINE)
    assert table
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def bounds(text: str) -> tuple[float | None, float | None]:
    found = re.match(r"(-?[\d.e+]+)～(-?[\d.e+]+)", text)
    return (float(found[1]), float(found[2])) if found else (None, None)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_holds_what_the_guide_says(name: str) -> None:
    known = specs(RECORDS[name])
    rows = rows_under(f"### {name}\n")
    assert [row[0].split("`")[1] for row in rows] == list(known)
    for row, spec in zip(rows, known.values(), strict=True):
        assert (spec.label, spec.required) == (row[1], row[0].endswith("*"))
        assert (spec.least, spec.most) == bounds(row[3])
        if spec.least is not None:
            assert row[3].endswith(spec.unit)


def test_a_column_has_the_range_the_guide_says() -> None:
    rows = rows_under("examples/stations/ringelmann.json")
    assert {row[0].strip("`"): (row[1], row[2], *bounds(row[3])) for row in rows} == {
        name: (one.label, one.unit, one.least, one.most)
        for name, one in COLUMNS.items()
    }


@pytest.mark.parametrize("method", list(Method), ids=str)
def test_a_method_has_the_columns_phases_and_results_the_guide_says(
    method: Method,
) -> None:
    [row] = [r for r in rows_under("### 方法、必需列与阶段") if f"`{method}`" in r[0]]
    assert re.findall(r"`(\w+)`", row[1]) == list(REQUIRED_COLUMNS[method])
    assert re.findall(r"`(\w+)`\((\d+)\)", row[2]) == [
        (phase.code, str(phase.seconds)) for phase in PHASES[method]
    ]
    assert re.findall(r"`(\w+)`", row[3]) == list(RESULT_FIELDS[method])
    assert f"循环为 {CYCLE_ROWS} 行" in GUIDE


def test_what_is_measured_counts_and_what_only_prepares_does_not() -> None:
    rest = {
        phase.code
        for phases in PHASES.values()
        for phase in phases
        if not phase.sampled
    }
    assert rest == {
        "prepare", "high_hold", "low_hold", "accelerate_5025", "hold_5025", "settle_5025",
        "accelerate_2540", "hold_2540", "settle_2540", "accelerate", "finish", "blow",
    }  # fmt: skip
    assert phase_label(Method.LUGDOWN, "point_80") == "80% 点"
    assert phase_label(Method.LUGDOWN, "cycle") == "cycle"


LENGTHS = {
    "VehicleTest": {"report": 24, "session": 40, "station": 9, "line": 4,
                    "software_version": 40},
    "Vehicle": {"plate": 20, "plate_type": 2, "vin": 20, "engine_number": 40, "brand": 40,
                "model": 60, "engine_model": 60, "vehicle_type": 6},
    "Registration": {"vin": 20, "fuel": 2},
    "Staff": {"driver": 20, "inspector": 20, "signatory": 20},
    "Environment": {},
    "Instrument": {"serial": 40},
    "Appearance": {"inspector": 20},
    "Obd": {"standard": 20, "vin": 20, "inspector": 20},
    "Ecu": {"calid": 40, "cvn": 40},
    "Monitor": {"name": 40},
    "Verdict": {},
    "Results": {},
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_a_text_has_the_length_of_its_column(name: str) -> None:
    texts = {k: s.length for k, s in specs(RECORDS[name]).items() if s.kind == "text"}
    assert texts == LENGTHS[name]


def test_only_a_mileage_may_be_99999() -> None:
    plain = {
        (name, field)
        for name, record in RECORDS.items()
        for field, spec in specs(record).items()
        if not spec.not_detected
    }
    assert plain == {("Vehicle", "odometer_km")}
    assert not any(
        spec.read_only for record in RECORDS.values() for spec in specs(record).values()
    )
    assert Spec("text", "x").read_only is False
