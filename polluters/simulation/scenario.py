"""What goes wrong at which outlet, and when.

A scenario is a list of episodes per outlet; times count in seconds from the start of
the simulation. Episodes repeat with their period, so a long run keeps telling.
"""

from dataclasses import dataclass
from enum import StrEnum


class Scenario(StrEnum):
    """The names ``--scenario`` takes."""

    MIXED = "mixed"
    EXCEED = "exceed"
    OFFLINE = "offline"
    MAINTENANCE = "maintenance"
    FRAUD = "fraud"
    NORMAL = "normal"


class Effect(StrEnum):
    """What an episode does to an outlet."""

    EXCEED = "exceed"  # the treatment fails, the value climbs over its limit
    OFFLINE = "offline"  # no connection; data wait in the logger
    MAINTENANCE = "maintenance"  # flags M, then C with span-gas values
    CONSTANT = "constant"  # a frozen value
    SCALED = "scaled"  # a coefficient lowers the value
    DILUTED = "diluted"  # oxygen high, converted value not recomputed
    NO_FLOW = "no_flow"  # flow zero, concentrations as if nothing were


FRAUDS = (Effect.CONSTANT, Effect.SCALED, Effect.DILUTED, Effect.NO_FLOW)
# start, length, period in seconds.
TIMES = {
    Effect.EXCEED: (40.0, 5400.0, 6 * 3600.0),
    Effect.OFFLINE: (120.0, 900.0, 4 * 3600.0),
    Effect.MAINTENANCE: (90.0, 2700.0, 24 * 3600.0),
    Effect.CONSTANT: (60.0, 8 * 3600.0, 24 * 3600.0),
    Effect.SCALED: (60.0, 5 * 3600.0, 24 * 3600.0),
    Effect.DILUTED: (60.0, 4 * 3600.0, 24 * 3600.0),
    Effect.NO_FLOW: (60.0, 2 * 3600.0, 12 * 3600.0),
}


@dataclass(frozen=True, slots=True)
class Episode:
    """An effect that begins at ``start`` and returns every ``period`` seconds."""

    effect: Effect
    start: float
    length: float
    period: float

    def progress(self, seconds: float) -> float | None:
        """Return how far the episode is in seconds, or None outside of it."""
        since = seconds - self.start
        if since < 0:
            return None
        inside = since % self.period
        return inside if inside < self.length else None


def _episode(effect: Effect, shift: float = 0.0) -> Episode:
    start, length, period = TIMES[effect]
    return Episode(effect, start + shift, length, period)


def plan(scenario: Scenario, number: int) -> tuple[Episode, ...]:
    """Return the episodes of outlet ``number`` (0 …) in a scenario.

    ``mixed`` is an ordinary day: one outlet in fifteen exceeds, others drop off, are
    maintained or tampered with, most do nothing unusual.
    """
    shift = number * 7.0
    if scenario is Scenario.EXCEED:
        return (_episode(Effect.EXCEED, shift),) if number % 3 == 0 else ()
    if scenario is Scenario.OFFLINE:
        return (_episode(Effect.OFFLINE, shift),) if number % 2 == 0 else ()
    if scenario is Scenario.MAINTENANCE:
        return (_episode(Effect.MAINTENANCE, shift),)
    if scenario is Scenario.FRAUD:
        return (_episode(FRAUDS[number % 4], shift),)
    if scenario is Scenario.MIXED:
        mixed = {
            3: Effect.EXCEED,
            6: Effect.OFFLINE,
            9: Effect.MAINTENANCE,
            12: Effect.CONSTANT,
        }
        effect = mixed.get(number % 15)
        return (_episode(effect, shift),) if effect else ()
    return ()
