"""One CALID and CVN on unlike vehicles: who is unlike, who is spared, what is usual."""

import pytest

from tests.domain.vehicles.tests_lab import car, inspected, reports, told
from vehicles.domain.fraud.base import Finding
from vehicles.domain.fraud.calid import CalidParams, SharedCalid
from vehicles.domain.inspection.shapes import Ecu, Obd, VehicleTest


def plugged(
    number: int, calid: str = "CAL-1", cvn: str = "C0FFEE", minute: float = 0, **more
) -> VehicleTest:
    """Return a test of a vehicle of a make of its own, with one control unit."""
    unit = more.pop("unit", "engine")
    report = more.pop("report", f"R{number}")
    given = {"brand": f"B{number}", "model": f"M{number}", **more}
    return inspected(
        report,
        minute=minute,
        vehicle=car(**({"number": number} | given)),
        obd=Obd(ecus=(Ecu(unit, calid, cvn),)),
    )


def shared(*tests: VehicleTest, **params) -> list[Finding]:
    return told(SharedCalid(CalidParams(**params)), *tests)


def crowd(*sizes: int, alone: int = 0) -> list[VehicleTest]:
    """Return groups of unlike vehicles with one code each, and vehicles with their own."""
    groups = list(sizes) + [1] * alone
    tests, number = [], 0
    for group, size in enumerate(groups):
        for _ in range(size):
            number += 1
            tests.append(plugged(number, f"CAL-{group}", f"C0FFE{group:03d}"))
    return tests


A = {"brand": "X", "model": "M1", "fuel": "A"}


@pytest.mark.parametrize(
    ("one", "other", "unlike"),
    [
        (A, {**A, "brand": "Y"}, True),
        (A, {"brand": "Y", "fuel": "B", "vin": "LBORT000000000001"}, False),
        (A, {**A, "brand": "x", "model": "m1", "fuel": "B"}, False),
        ({"brand": "X", "model": ""}, {"brand": "X", "model": "", "fuel": "B"}, True),
        ({**A, "engine_model": "e1"}, {"brand": "Y", "engine_model": "E1"}, False),
        ({**A, "engine_model": "E1"}, {"brand": "Y", "engine_model": "E2"}, True),
        (
            {**A, "displacement_l": 2.0},
            {**A, "model": "M2", "displacement_l": 1.9},
            False,
        ),
        (
            {**A, "displacement_l": 2.0},
            {**A, "model": "M2", "displacement_l": 1.89},
            True,
        ),
        (
            {**A, "displacement_l": 1.89},
            {**A, "model": "M2", "displacement_l": 2.0},
            True,
        ),
        (
            {**A, "displacement_l": 2.0},
            {**A, "model": "M2", "displacement_l": 2.0, "fuel": "B"},
            True,
        ),
        (
            {**A, "displacement_l": 2.0},
            {"brand": "Y", "model": "M2", "displacement_l": 2.0},
            True,
        ),
        ({**A, "displacement_l": 2.0}, {**A, "model": "M2"}, True),
        ({**A, "displacement_l": 2.0}, {**A, "model": ""}, False),
        (A, {**A, "model": "M2"}, True),
        (A, {**A, "model": ""}, False),
    ],
    ids=[
        "another maker",
        "the same VIN",
        "the same model in other letters",
        "one maker, no model, other fuels",
        "the same engine",
        "another engine",
        "one maker, litres five percent apart",
        "one maker, litres further apart",
        "the same the other way round",
        "one maker, equal litres, other fuels",
        "equal litres of another maker",
        "litres of one only, two models",
        "litres of one only, one model",
        "one maker, two models",
        "one maker, one model unknown",
    ],
)
def test_only_vehicles_that_may_not_share_software_count(one, other, unlike) -> None:
    found = shared(plugged(1, **one), plugged(2, **other))
    assert reports(found) == (["R2"] if unlike else [])


@pytest.mark.parametrize(
    ("vins", "more", "unlike"),
    [
        (("ABCDEFG1X", "ABCDEFG1Y"), {}, False),
        (("ABCDEFG1X", "ABCDEFG2X"), {}, True),
        (("ABC1", "ABC2"), {"model": "M", "displacement_l": 2.0}, False),
        (("ABC111", "ABC222"), {"displacement_l": 2.0}, False),
        (("ABC111", "ABX111"), {"displacement_l": 2.0}, True),
        (("ABCDEFG1X", "ZBCDEFG2X"), {"brand": "X", "model": ""}, False),
    ],
    ids=[
        "unnamed: eight characters of the VIN",
        "unnamed: another eighth character",
        "one model of one maker",
        "named by model: three characters of the VIN",
        "named by model: another third character",
        "named by brand: the VIN does not matter",
    ],
)
def test_the_vin_names_the_maker_where_the_brand_is_missing(vins, more, unlike) -> None:
    named = bool(more)
    models = ("M1", "M2") if named else ("", "")
    tests = [
        plugged(n, **{"vin": vin, "brand": "", "model": model, **more})
        for n, (vin, model) in enumerate(zip(vins, models, strict=True), 1)
    ]
    assert bool(shared(*tests)) is unlike


@pytest.mark.parametrize(
    ("calid", "cvn", "unit", "counted"),
    [
        ("ABCD", "C0FFEE", "engine", True),
        ("abcd", "c0ffee", "", True),
        ("A-B-C", "C0FFEE", "engine", False),
        ("ABCD", "C0F", "engine", False),
        ("0000", "C0FFEE", "engine", False),
        ("0001", "C0FFEE", "engine", True),
        ("null", "C0FFEE", "engine", False),
        ("ABCD", "None", "engine", False),
        ("unknown", "C0FFEE", "engine", False),
        ("ABCD", "C0FFEE", "aftertreatment", False),
        ("ABCD", "C0FFEE", "other", False),
    ],
)
def test_codes_that_say_nothing_and_other_units_are_left_out(
    calid, cvn, unit, counted
) -> None:
    first = plugged(1, "ABCD" if calid == "abcd" else calid, cvn.upper(), unit=unit)
    found = shared(first, plugged(2, calid, cvn, unit=unit))
    assert reports(found) == (["R2"] if counted else [])


def test_two_vehicles_are_told_with_what_they_share() -> None:
    (found,) = shared(plugged(1), plugged(2))
    assert (found.rule, found.score) == ("calid_cvn_shared", 0.82)
    assert found.related == ("R1",)
    assert found.numbers == {"vehicles": 2, "kinds": 2}
    assert found.why == (
        "CALID CAL-1、CVN C0FFEE 出现在 2 辆车的 2 份报告中，涉及 2 类不同车型（B1/M1、B2/M2）"
    )


def test_of_three_the_earliest_is_the_owner_of_four_none_is() -> None:
    tests = [plugged(n, minute=-n) for n in (1, 2, 3)]
    assert reports(shared(*tests)) == ["R1", "R2"]
    assert reports(shared(*tests, plugged(4))) == ["R1", "R2", "R3", "R4"]
    assert [item.score for item in shared(*tests)] == [0.93, 0.93]


def test_certainty_ends_below_one_and_four_models_and_twenty_reports_are_named() -> (
    None
):
    found = shared(*crowd(22, alone=20))
    assert len(found) == 22
    assert {item.score for item in found} == {0.99}
    assert {len(item.related) for item in found} == {20}
    assert found[0].why.endswith(
        "涉及 22 类不同车型（B1/M1、B10/M10、B11/M11、B12/M12）"
    )


X = {"brand": "X", "model": "M"}


def owners(times: int, others: int) -> list[VehicleTest]:
    """Return two X/M with the code ``times`` tests each, and others with their own."""
    mine = [plugged(n, report=f"X{n}-{k}", **X) for n in (1, 2) for k in range(times)]
    own = [plugged(20 + k, "CAL-2", report=f"O{k}", **X) for k in range(others)]
    return [*mine, *own, plugged(3), plugged(4)]


@pytest.mark.parametrize(
    ("others", "spared"), [(0, True), (2, True), (3, False)],
    ids=["all carry it", "half of them", "fewer than half"],
)  # fmt: skip
def test_the_model_that_carries_the_code_elsewhere_is_spared(others, spared) -> None:
    found = reports(shared(*owners(1, others)))
    assert found == (["R3", "R4"] if spared else ["X1-0", "X2-0", "R3", "R4"])


def test_one_vehicle_alone_is_no_owner_and_two_owners_are_none() -> None:
    twice = [plugged(1, report=f"X{k}", **X) for k in range(2)]
    assert len(shared(*twice, plugged(2), plugged(3))) == 4
    pairs = [plugged(n, **X) for n in (1, 2)] + [
        plugged(n, brand="Y", model="N") for n in (3, 4)
    ]
    assert len(shared(*pairs)) == 4


def test_an_owner_is_judged_by_all_its_kinds_together() -> None:
    engine = {"engine_model": "E1"}
    tests = [plugged(1, **X, **engine), plugged(2, brand="Y", model="N", **engine)]
    own = [plugged(5 + k, "CAL-2", report=f"O{k}", **X, **engine) for k in range(2)]
    found = shared(*tests, *own, plugged(3), plugged(4))
    assert reports(found) == ["R3", "R4"]
    more = plugged(9, "CAL-2", report="O9", brand="Y", model="N", **engine)
    assert len(shared(*tests, *own, more, plugged(3), plugged(4))) == 4


@pytest.mark.parametrize(
    ("sizes", "alone", "named"),
    [
        ((2, 2, 10), 5, 12),
        ((2, 2, 10), 9, 10),
        ((2, 2, 9), 7, 0),
        ((2, 2, 8), 8, 10),
        ((2, 2, 2, 2, 2), 10, 5),
        ((2, 2, 2, 3, 3), 8, 7),
        ((2, 2, 2, 3, 4), 8, 0),
    ],
    ids=[
        "19 vehicles are too few to know",
        "five times the usual size stands out",
        "a little less does not",
        "at 60 percent sharing nothing is usual",
        "half of them share",
        "12 of 20 is 60 percent",
        "13 of 21 is more",
    ],
)
def test_where_most_share_only_outliers_count(sizes, alone, named) -> None:
    assert len(shared(*crowd(*sizes, alone=alone))) == named


def test_the_least_number_of_unlike_groups_is_a_parameter() -> None:
    assert shared(plugged(1), plugged(2), unlike_least=3) == []
    assert len(shared(*(plugged(n) for n in (1, 2, 3)), unlike_least=3)) == 2
