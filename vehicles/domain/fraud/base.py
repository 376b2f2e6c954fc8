"""What every rule is made of: findings, parameters, and the two ways to be fed.

A rule sees tests one by one in any order. What can be said from a test alone (or from
those before it) comes out of ``see``; what needs the whole picture comes out of
``finish``. Rules keep small records of what they saw, never whole curves.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from vehicles.domain.inspection.read import BEIJING, EPOCH
from vehicles.domain.inspection.shapes import VehicleTest


@dataclass(frozen=True, slots=True)
class Finding:
    """One suspicion: the report, the rule, how sure (0–1), and why with numbers.

    ``second`` points into the curve; ``related`` are other reports that the reason
    rests on; ``subject`` names a station, line or inspector when the finding is about
    more than one test, as in ``station:652701001``.
    """

    report: str
    rule: str
    score: float
    why: str
    second: float | None = None
    related: tuple[str, ...] = ()
    subject: str = ""
    numbers: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Params:
    """Base of a rule's parameters; ``source`` says where the numbers come from."""

    source: str = ""


class Rule(Protocol):
    """A rule with its memory."""

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Take a test; yield what can be said now."""
        ...

    def finish(self) -> Iterable[Finding]:
        """Yield what can only be said after all tests were seen."""
        ...


class SingleRule:
    """A rule that looks at one test at a time."""

    def __init__(self, params: Any) -> None:
        self.params = params

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield the findings of this test."""
        raise NotImplementedError

    def finish(self) -> Iterable[Finding]:
        """Nothing is left to say."""
        return ()


@dataclass(frozen=True, slots=True)
class Brief:
    """The part of a test that rules over several tests remember."""

    report: str
    session: str
    station: str
    line: str
    start: datetime
    end: datetime
    vin: str
    plate: str
    outcome: str
    category: str
    odometer: float | None
    attempt: int | None


def name_of(test: VehicleTest) -> str:
    """Return the report number, or the session while there is none."""
    return test.report or test.session


def vehicle_key(test: VehicleTest) -> str:
    """Return what identifies the vehicle: its VIN, else its plate and colour."""
    vin = test.vehicle.vin.upper()
    if len(vin) >= 6:
        return vin
    plate = test.vehicle.plate
    return f"{plate}/{test.vehicle.plate_color}" if plate else ""


def brief(test: VehicleTest) -> Brief:
    """Return what to remember of a test."""
    start = test.started_at or test.ended_at or EPOCH
    return Brief(
        name_of(test),
        test.session,
        test.station,
        test.line,
        start,
        test.ended_at or start,
        vehicle_key(test),
        test.vehicle.plate,
        test.verdict.overall,
        test.category,
        test.vehicle.odometer_km,
        test.attempt,
    )


def clock(moment: datetime) -> str:
    """Return a time for a reason: month, day and minute in Beijing time."""
    return f"{moment.astimezone(BEIJING):%m-%d %H:%M}"


def exceeds(value: float, bound: float) -> bool:
    """Return whether a value is above a bound, by more than binary fractions lose.

    110 kW are 10 % more than 100 kW, although 110 / 100 - 1 is a hair above 0.1.
    """
    return value - bound > 1e-9


def runs(flags: Iterable[bool]) -> Iterable[tuple[int, int]]:
    """Yield (start, length) of each run of True."""
    start = length = 0
    for index, value in enumerate([*flags, False]):
        if value:
            if not length:
                start = index
            length += 1
        elif length:
            yield start, length
            length = 0
