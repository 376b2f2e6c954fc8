"""Climbing the ladder until somebody answers."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.domain.escalation import Climb, Ladder, Rung, Target, climb, targets_of

NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
MINUTES = timedelta(minutes=1)
LADDER = Ladder(
    (
        Rung(0 * MINUTES, frozenset({Target.SUBSCRIBERS, Target.DUTY})),
        Rung(10 * MINUTES, frozenset({Target.DUTY, Target.BACKUP}), ("sms",)),
        Rung(20 * MINUTES, frozenset({Target.LEADER}), ("sms",)),
    ),
    repeat_every=30 * MINUTES,
    repeats=2,
)


def test_the_ladder_is_climbed_then_its_last_rung_repeated() -> None:
    climbs: list[Climb] = []
    step, now = 0, NOON
    while (found := climb(LADDER, step, now)) is not None:
        climbs.append(found)
        if found.again_at is None:
            break
        step, now = step + 1, found.again_at
    waits = [0, 10, 30, 60, 90]
    assert len(climbs) == 5
    assert [c.rung for c in climbs] == [*LADDER.rungs, LADDER.rungs[2], LADDER.rungs[2]]
    assert [(c.again_at - NOON) // MINUTES for c in climbs if c.again_at] == waits[1:]
    assert climbs[-1].again_at is None
    assert climb(LADDER, 5, NOON) is None
    assert climb(Ladder(()), 0, NOON) is None


def test_everyone_called_so_far() -> None:
    assert targets_of(LADDER.rungs, 0) == {Target.SUBSCRIBERS, Target.DUTY}
    assert targets_of(LADDER.rungs, 2) == set(Target)
    assert targets_of(LADDER.rungs, 9) == set(Target)


@pytest.mark.parametrize(
    ("step", "again_min"), [(0, 30), (7, 30), (8, None)], ids=["first", "eighth", "end"]
)
def test_a_single_rung_is_repeated_eight_times_every_half_hour(
    step: int, again_min: int | None
) -> None:
    ladder = Ladder((Rung(0 * MINUTES, frozenset({Target.DUTY})),))
    again = None if again_min is None else NOON + again_min * MINUTES
    assert climb(ladder, step, NOON) == Climb(ladder.rungs[0], step, again)
    assert climb(ladder, 9, NOON) is None


def test_a_ladder_without_repeats_ends_with_its_last_rung() -> None:
    ladder = Ladder(LADDER.rungs[:2], repeats=0)
    assert climb(ladder, 0, NOON) == Climb(LADDER.rungs[0], 0, NOON + 10 * MINUTES)
    assert climb(ladder, 1, NOON) == Climb(LADDER.rungs[1], 1, None)
    assert climb(ladder, 2, NOON) is None
