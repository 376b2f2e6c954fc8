"""What all rules share: names of tests and vehicles, memories, clocks, runs."""

from datetime import UTC, datetime

import pytest

from tests.domain.vehicles.tests_lab import after, car, inspected
from vehicles.domain.fraud.base import (
    Finding,
    SingleRule,
    brief,
    clock,
    exceeds,
    name_of,
    runs,
    vehicle_key,
)
from vehicles.domain.inspection.shapes import Vehicle


def test_a_test_is_named_by_its_report_else_by_its_session() -> None:
    assert name_of(inspected("R7")) == "R7"
    assert name_of(inspected("", session="S9")) == "S9"


@pytest.mark.parametrize(
    ("vehicle", "key"),
    [
        (Vehicle(vin="abc123", plate="新E1", plate_color="blue"), "ABC123"),
        (Vehicle(vin="abc12", plate="新E1", plate_color="blue"), "新E1/blue"),
        (Vehicle(vin="abc12"), ""),
        (Vehicle(), ""),
    ],
    ids=["six characters", "five characters", "no plate", "nothing"],
)
def test_a_vehicle_is_its_vin_from_six_characters_on_else_its_plate(
    vehicle, key
) -> None:
    assert vehicle_key(inspected(vehicle=vehicle)) == key


@pytest.mark.parametrize(
    ("started", "ended", "start", "end"),
    [
        (after(0), after(9), after(0), after(9)),
        (after(0), None, after(0), after(0)),
        (None, after(9), after(9), after(9)),
        (
            None,
            None,
            datetime(1970, 1, 1, tzinfo=UTC),
            datetime(1970, 1, 1, tzinfo=UTC),
        ),
    ],
    ids=["both", "no end", "no start", "neither"],
)
def test_a_missing_time_is_taken_from_the_other(started, ended, start, end) -> None:
    held = brief(inspected(started_at=started, ended_at=ended))
    assert (held.start, held.end) == (start, end)


def test_a_memory_holds_what_rules_over_several_tests_need() -> None:
    held = brief(
        inspected(
            "R2",
            vehicle=car(3, odometer_km=1234.0),
            outcome="fail",
            category="periodic",
            attempt=2,
            line="4",
        )
    )
    assert (held.report, held.session, held.station) == ("R2", "S-R2", "652701001")
    assert (held.line, held.vin, held.plate) == ("4", "LBORT000000000003", "新E00003")
    assert (held.outcome, held.category) == ("fail", "periodic")
    assert (held.odometer, held.attempt) == (1234.0, 2)


def test_reasons_give_beijing_time() -> None:
    assert clock(datetime(2026, 3, 1, 16, 5, tzinfo=UTC)) == "03-02 00:05"


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ([], []),
        ([False, False], []),
        ([True], [(0, 1)]),
        ([True, True, False, True], [(0, 2), (3, 1)]),
        ([False, True, True, True], [(1, 3)]),
        ([False, True, False, False, True, True, False], [(1, 1), (4, 2)]),
    ],
    ids=["nothing", "none", "one", "first and last", "to the end", "two inside"],
)
def test_runs_are_told_by_start_and_length(flags, found) -> None:
    assert list(runs(flags)) == found


@pytest.mark.parametrize(
    ("value", "bound", "above"),
    [(0.1, 0.1, False), (110 / 100 - 1, 0.1, False), (0.1001, 0.1, True), (3, 2, True),
     (2, 3, False), (2 + 1e-6, 2, True)],
    ids=["equal", "equal but for the fraction", "above", "whole", "below", "a little"],
)  # fmt: skip
def test_a_value_at_its_bound_does_not_exceed_it(value, bound, above) -> None:
    assert exceeds(value, bound) is above


def test_a_rule_over_single_tests_has_nothing_to_add_and_no_view_of_its_own() -> None:
    rule = SingleRule(None)
    assert list(rule.finish()) == []
    with pytest.raises(NotImplementedError):
        rule.see(inspected())


def test_a_finding_says_no_more_than_it_was_given() -> None:
    plain = Finding("R1", "rule", 0.5, "why")
    assert (plain.second, plain.related, plain.subject) == (None, (), "")
    assert plain.numbers == {}
