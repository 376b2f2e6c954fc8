"""A stored clock as the domain knows it."""

from enforcement.domain.deadlines import Rule, Unit
from enforcement.models import Clock


def clock_rule(clock: Clock) -> Rule:
    """Return the rule as it was when the clock started."""
    rule = clock.rule
    return Rule(
        code=rule.code,
        name=rule.name,
        length=clock.length,
        unit=Unit(clock.unit),
        basis=rule.source,
        roll=rule.roll,
        statutory=rule.statutory,
        confirmed=not rule.to_be_confirmed,
    )
