"""Severity rises at once and falls slowly; a flapping condition is one that stays."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.domain.flap import KEEP, Damping, add_turn, is_flapping, is_settled
from alerts.domain.severity import Severity, rank, settle, worst

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_ranks_and_words() -> None:
    assert [s.rank for s in Severity] == [3, 2, 1, 0]
    assert [s.label for s in Severity] == ["严重", "较重", "一般", "提示"]
    assert [s.css for s in Severity] == ["crit", "major", "minor", "info"]
    assert worst("info", "major", "minor") is Severity.MAJOR
    with pytest.raises(ValueError, match="fatal"):
        rank("fatal")


@pytest.mark.parametrize(
    ("old", "new", "age", "after"),
    [
        ("minor", "critical", 0, "critical"),
        ("critical", "minor", 4, "critical"),
        ("critical", "minor", 5, "minor"),
        ("major", "major", 0, "major"),
        ("info", "minor", 0, "minor"),
    ],
)
def test_settle(old: str, new: str, age: int, after: str) -> None:
    got = settle(old=old, new=new, old_since=NOW - age * MINUTE, now=NOW)
    assert got == after


def test_flapping_needs_enough_turns_in_the_window() -> None:
    damping = Damping(window=10 * MINUTE, limit=4, hold=10 * MINUTE)
    turns = [NOW - n * 3 * MINUTE for n in (3, 2, 1)]
    assert not is_flapping(turns, NOW, damping)
    assert is_flapping([*turns, NOW], NOW, damping)
    assert not is_flapping([*turns, NOW], NOW + 2 * MINUTE, damping)


def test_settled_after_the_hold() -> None:
    damping = Damping(hold=10 * MINUTE)
    assert not is_settled([NOW], NOW + 9 * MINUTE, damping)
    assert is_settled([NOW - MINUTE, NOW], NOW + 10 * MINUTE, damping)
    assert is_settled([], NOW, damping)


def test_turns_are_bounded() -> None:
    turns: list[datetime] = []
    for n in range(40):
        turns = add_turn(turns, NOW + n * MINUTE)
    assert len(turns) == KEEP
    assert turns[-1] == NOW + 39 * MINUTE


@pytest.mark.parametrize(
    ("age_s", "after"), [(299, "critical"), (300, "info"), (301, "info")]
)
def test_a_severity_falls_after_five_minutes(age_s: int, after: str) -> None:
    since = NOW - timedelta(seconds=age_s)
    assert settle(old="critical", new="info", old_since=since, now=NOW) == after


@pytest.mark.parametrize(
    ("oldest_s", "flaps"), [(599, True), (600, False), (601, False)]
)
def test_four_turns_within_ten_minutes_flap(oldest_s: int, flaps: bool) -> None:
    turns = [NOW - timedelta(seconds=s) for s in (oldest_s, 20, 10, 0)]
    assert is_flapping(turns, NOW, Damping()) is flaps
    assert not is_flapping(turns[1:], NOW, Damping())


def test_turns_to_come_do_not_count() -> None:
    turns = [NOW, NOW, NOW, NOW + timedelta(seconds=1)]
    assert not is_flapping(turns, NOW, Damping())
    assert is_flapping([NOW] * 4, NOW, Damping())


@pytest.mark.parametrize(("quiet_s", "settled"), [(599, False), (600, True)])
def test_ten_quiet_minutes_settle(quiet_s: int, settled: bool) -> None:
    turns = [NOW - timedelta(hours=1), NOW - timedelta(seconds=quiet_s)]
    assert is_settled(turns, NOW, Damping()) is settled


def test_the_last_twelve_turns_are_kept() -> None:
    turns = [NOW + n * MINUTE for n in range(12)]
    assert add_turn(turns[:11], turns[11]) == turns
    assert add_turn(turns, NOW) == [*turns[1:], NOW]
