"""Quiet and office hours hold back low severities until their end, nothing else."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from alerts.domain.quiet import (
    Quiet,
    Season,
    held_until,
    is_office_time,
    next_office_time,
)

BEIJING = ZoneInfo("Asia/Shanghai")
NIGHT = Quiet(time(22, 30), time(9, 30))
NAP = Quiet(time(14), time(15, 30))
SUMMER = Season(
    "夏季", (5, 1), (9, 30), ((time(9, 30), time(13, 30)), (time(16), time(20)))
)
WINTER = Season(
    "冬季", (10, 1), (4, 30), ((time(10), time(14)), (time(15, 30), time(19, 30)))
)
SEASONS = (SUMMER, WINTER)


def at(hour: int, minute: int = 0, day: int = 23, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING)


@pytest.mark.parametrize("severity", ["critical", "major"])
def test_high_severities_always_go_at_once(severity: str) -> None:
    for hour in range(24):
        assert held_until(severity, at(hour), quiet=NIGHT, seasons=SEASONS) is None


@pytest.mark.parametrize("severity", ["minor", "info"])
@pytest.mark.parametrize(
    ("moment", "until"),
    [
        (at(22, 29), None),
        (at(22, 30), at(9, 30, day=24)),
        (at(23, 59), at(9, 30, day=24)),
        (at(0, 0), at(9, 30)),
        (at(9, 29), at(9, 30)),
        (at(9, 30), None),
    ],
)
def test_the_night_holds_low_ones(
    severity: str, moment: datetime, until: datetime | None
) -> None:
    assert held_until(severity, moment, quiet=NIGHT) == until


def test_a_pause_by_day_and_no_quiet_at_all() -> None:
    assert held_until("minor", at(14, 10), quiet=NAP) == at(15, 30)
    assert held_until("minor", at(15, 30), quiet=NAP) is None
    assert held_until("minor", at(3), quiet=Quiet(time(0), time(0))) is None
    assert held_until("minor", at(3), quiet=None) is None


def test_seasons_follow_the_year_and_pass_it() -> None:
    assert WINTER.covers(date(2026, 12, 31))
    assert WINTER.covers(date(2027, 1, 1))
    assert WINTER.covers(date(2026, 4, 30))
    assert not WINTER.covers(date(2026, 5, 1))
    assert SUMMER.covers(date(2026, 5, 1))


@pytest.mark.parametrize(
    ("moment", "working", "office"),
    [
        (at(10), True, True),
        (at(9, 59), True, False),
        (at(13, 59), True, True),
        (at(14), True, False),
        (at(10), False, False),
        (at(9, 30, day=1, month=7), True, True),
        (at(15, 30, day=1, month=7), True, False),
    ],
)
def test_office_time(moment: datetime, working: bool, office: bool) -> None:
    assert is_office_time(moment, SEASONS, working_day=working) is office


def test_round_the_clock_without_seasons() -> None:
    assert is_office_time(at(3), (), working_day=False)


def test_the_next_office_time_skips_days_off() -> None:
    days = [date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24)]
    friday = at(19, 30, day=20)
    assert next_office_time(friday, SEASONS, days) == at(10, day=23)
    assert next_office_time(at(14, 30), SEASONS, days) == at(15, 30)
    assert next_office_time(at(11), SEASONS, days) == at(11)
    assert next_office_time(at(20), SEASONS, days[:2]) == at(20)


def test_quiet_and_office_hours_together() -> None:
    days = [date(2026, 11, 23), date(2026, 11, 24)]
    got = held_until("minor", at(23), quiet=NIGHT, seasons=SEASONS, working_days=days)
    assert got == at(10, day=24)


@pytest.mark.parametrize("seconds", [1, 59])
def test_silence_ends_on_the_minute(seconds: int) -> None:
    moment = at(23).replace(second=seconds, microsecond=5)
    assert held_until("minor", moment, quiet=NIGHT) == at(9, 30, day=24)


def test_the_end_of_a_silence_is_the_next_one_even_at_the_end_itself() -> None:
    assert NIGHT.ends_after(at(9, 30)) == at(9, 30, day=24)
    assert NIGHT.ends_after(at(9, 29)) == at(9, 30)


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [(time(13, 59), False), (time(14), True), (time(15, 29), True),
     (time(15, 30), False)],
)  # fmt: skip
def test_a_pause_by_day_has_its_first_and_not_its_last_minute(
    moment: time, quiet: bool
) -> None:
    assert NAP.covers(moment) is quiet


@pytest.mark.parametrize(
    ("day", "summer", "winter"),
    [
        (date(2026, 4, 30), False, True),
        (date(2026, 5, 1), True, False),
        (date(2026, 9, 30), True, False),
        (date(2026, 10, 1), False, True),
    ],
    ids=str,
)
def test_a_season_has_its_first_and_its_last_day(
    day: date, summer: bool, winter: bool
) -> None:
    assert SUMMER.covers(day) is summer
    assert WINTER.covers(day) is winter


def test_a_season_of_one_day_is_that_day_only() -> None:
    one = Season("一天", (5, 1), (5, 1), ((time(9), time(10)),))
    days = [date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 2)]
    assert [one.covers(day) for day in days] == [False, True, False]


def test_a_day_of_no_season_has_no_office_time() -> None:
    assert not is_office_time(at(11), (SUMMER,), working_day=True)
    days = [date(2026, 11, 23)]
    assert next_office_time(at(11), (SUMMER,), days) == at(11)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at(13, 59), at(13, 59)),
        (at(14), at(15, 30)),
        (at(19, 29), at(19, 29)),
        (at(19, 30), at(10, day=24)),
        (at(9, 59), at(10)),
        (at(10), at(10)),
    ],
)
def test_the_moment_of_closing_waits_for_the_next_opening(
    moment: datetime, opens: datetime
) -> None:
    days = [date(2026, 11, 24), date(2026, 11, 23)]
    assert next_office_time(moment, SEASONS, days) == opens


@pytest.mark.parametrize(
    ("quiet", "until"),
    [
        (Quiet(time(10), time(11)), at(11)),
        (Quiet(time(10), time(14)), at(15, 30)),
        (Quiet(time(7), time(9)), at(10)),
    ],
    ids=["quiet-after-opening", "quiet-over-the-morning", "quiet-before-opening"],
)
def test_an_opening_inside_the_silence_waits_for_its_end(
    quiet: Quiet, until: datetime
) -> None:
    days = [date(2026, 11, 23), date(2026, 11, 24)]
    got = held_until("info", at(8), quiet=quiet, seasons=SEASONS, working_days=days)
    assert got == until


def test_seasons_alone_hold_low_ones_to_the_opening() -> None:
    days = [date(2026, 11, 23)]
    got = held_until("info", at(8), quiet=None, seasons=SEASONS, working_days=days)
    assert got == at(10)
    assert (
        held_until("info", at(11), quiet=None, seasons=SEASONS, working_days=days)
        is None
    )


def test_hours_that_leave_no_time_at_all_hold_for_two_days_at_most() -> None:
    """Silence over all office hours: the third opening is taken, silent or not."""
    days = [date(2026, 11, day) for day in range(23, 28)]
    whole = Quiet(time(9), time(20))
    got = held_until("info", at(8), quiet=whole, seasons=SEASONS, working_days=days)
    assert got == at(10, day=25)
