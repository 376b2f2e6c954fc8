"""A history of honest tests that frauds are planted into."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.inspection.reports import issue
from vehicles.domain.inspection.shapes import VehicleTest

CYCLES = ("vmas", "transient")
GAS = (*CYCLES, "double_idle", "asm")


@dataclass(frozen=True, slots=True)
class Planted:
    """Tests with frauds in them, and the (report, rule) pairs that must be found."""

    tests: list[VehicleTest]
    truth: set[tuple[str, str]]


class Planter:
    """Changes a history of honest tests; a test is used for one plant at most."""

    def __init__(self, tests: list[VehicleTest], seed: int) -> None:
        self.tests = list(tests)
        self.rng = random.Random(seed)
        self.used: set[int] = set()
        self.truth: set[tuple[str, str]] = set()
        self.serial = 0

    def pick(self, count: int, fits: Callable[[VehicleTest], bool]) -> list[int]:
        """Return places of unused, passed tests that fit."""
        places = [
            place
            for place, test in enumerate(self.tests)
            if place not in self.used and test.verdict.overall == "pass" and fits(test)
        ]
        chosen = self.rng.sample(places, min(count, len(places)))
        self.used.update(chosen)
        return chosen

    def put(self, place: int, test: VehicleTest, rule: str) -> None:
        """Replace a test by its forged version."""
        self.tests[place] = test
        self.truth.add((test.report, rule))

    def add(self, test: VehicleTest, rule: str | None) -> VehicleTest:
        """Add a test with its own numbers; ``rule`` None is an innocent one."""
        self.serial += 1
        ended = test.ended_at or test.started_at
        assert ended is not None
        sequence = 2 + self.serial % 97
        report = issue(
            station_code=test.station, line=test.line, at=ended, sequence=sequence
        )
        made = replace(
            test, report=str(report), session=f"{test.session}-p{self.serial}"
        )
        self.used.add(len(self.tests))
        self.tests.append(made)
        if rule:
            self.truth.add((made.report, rule))
        return made

    def result(self) -> Planted:
        """Return the tests in order of their end."""
        order = sorted(self.tests, key=lambda test: test.ended_at or NEVER)
        return Planted(order, self.truth)


NEVER = datetime(2000, 1, 1, tzinfo=BEIJING)
ONE_DAY = timedelta(days=1)


def with_columns(curve: Curve, **changed: tuple[float | None, ...]) -> Curve:
    """Return a curve with some columns replaced."""
    return Curve({**curve.columns, **changed}, curve.phases, curve.rows)
