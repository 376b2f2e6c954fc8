"""Vehicle tests in a few words, for the tests of the fraud rules.

Every builder gives a lawful default; a test names only what its rule looks at.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from vehicles.domain.fraud.base import Finding, Rule
from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.inspection.shapes import Vehicle, VehicleTest, Verdict

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=BEIJING)
STATION = "652701001"


def after(minutes: float = 0.0, *, days: float = 0.0) -> datetime:
    """Return a moment so long after 09:00 of 2 March 2026."""
    return MORNING + timedelta(minutes=minutes, days=days)


def car(number: int = 1, **more: Any) -> Vehicle:
    """Return a petrol car with a VIN and a plate of its own."""
    given = {
        "vin": f"LBORT{number:012d}",
        "plate": f"新E{number:05d}",
        "plate_color": "blue",
        "fuel": "A",
        **more,
    }
    return Vehicle(**given)


def inspected(
    report: str = "R1",
    *,
    minute: float = 0.0,
    lasts: float = 10.0,
    outcome: str = "pass",
    **more: Any,
) -> VehicleTest:
    """Return a VMAS test that began at that minute of the morning."""
    given = {
        "report": report,
        "session": f"S-{report}",
        "station": STATION,
        "line": "1",
        "method": "vmas",
        "started_at": after(minute),
        "ended_at": after(minute + lasts),
        "vehicle": car(),
        "verdict": Verdict(overall=outcome),
        **more,
    }
    return VehicleTest(**given)


def curve(
    phases: Sequence[str] | str = "cycle", **columns: Sequence[float | None]
) -> Curve:
    """Return process data; one phase's name stands for all rows."""
    rows = max(map(len, columns.values()))
    named = (phases,) * rows if isinstance(phases, str) else tuple(phases)
    return Curve({name: tuple(them) for name, them in columns.items()}, named, rows)


def told(rule: Rule, *tests: VehicleTest) -> list[Finding]:
    """Return all that a rule says of these tests, at once and at the end."""
    found = [item for test in tests for item in rule.see(test)]
    return [*found, *rule.finish()]


def reports(found: Sequence[Finding]) -> list[str]:
    """Return which reports the findings are about."""
    return [item.report for item in found]
