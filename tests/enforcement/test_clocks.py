"""Stopping, going on, lengthening and warning of clocks."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from alerts.models import Alert
from enforcement.domain.workflow import Refused
from enforcement.models import Clock, HolidayYear
from enforcement.selectors.settings import forget_settings, office_calendar
from enforcement.services import clocks
from enforcement.services.cases import move_case
from enforcement.services.clocks import stop_clocks
from enforcement.services.sweeps import alert_key, sweep_deadlines


@pytest.fixture
def clock(clue, people, now):
    move_case(case=clue, action="take_up", actor=people["duty"], now=now)
    return clue.clocks.get(rule__code="check")


def test_pause_and_resume(clock, people, now):
    assert clock.last_day == date(2026, 11, 25)
    clocks.pause_clock(clock=clock, actor=people["duty"], now=now, reason="待监测")
    clock.refresh_from_db()
    assert clock.last_day is None
    clocks.resume_clock(clock=clock, actor=people["duty"], now=now + timedelta(days=7))
    clock.refresh_from_db()
    assert clock.last_day == date(2026, 12, 1)
    clock.case.refresh_from_db()
    assert clock.case.due_on == date(2026, 12, 1)


def test_a_pause_without_a_reason_is_refused(clock, people, now):
    with pytest.raises(Refused, match="理由"):
        clocks.pause_clock(clock=clock, actor=people["duty"], now=now, reason=" ")
    assert clock.pauses.count() == 0


def test_a_stranger_to_the_district_cannot_pause(clock, people, now):
    with pytest.raises(Refused, match="管辖"):
        clocks.pause_clock(clock=clock, actor=people["charlie"], now=now, reason="x")
    assert clock.pauses.count() == 0


def ask(clock, people, now, days=3):
    return clocks.ask_extension(
        clock=clock, days=days, reason="待鉴定", actor=people["duty"], now=now
    )


def test_extension_is_granted_by_another(clock, people, now):
    extension = ask(clock, people, now)
    clocks.decide_extension(
        extension=extension, grant=True, actor=people["lead"], now=now, note="同意"
    )
    clock.refresh_from_db()
    assert (clock.extra, clock.last_day) == (3, date(2026, 11, 30))


def test_extension_by_oneself_or_without_the_role_is_refused(clock, people, now):
    extension = ask(clock, people, now)
    with pytest.raises(Refused, match="须由负责人批准"):
        clocks.decide_extension(
            extension=extension, grant=True, actor=people["alice"], now=now, note=""
        )
    people["duty"].roles = ["officer", "leader"]
    people["duty"].save()
    with pytest.raises(Refused, match="申请人不能批准"):
        clocks.decide_extension(
            extension=extension, grant=True, actor=people["duty"], now=now, note=""
        )
    clock.refresh_from_db()
    assert clock.extra == 0


def test_near_and_overdue_are_each_told_once(clock, people, now):
    told = [sweep_deadlines(now=now + timedelta(days=d)) for d in (0, 2, 2, 3, 3)]
    assert [t["near"] for t in told] == [0, 1, 0, 0, 0]
    assert [t["overdue"] for t in told] == [0, 0, 0, 1, 0]
    alert = Alert.objects.get(key=alert_key(clock))
    assert alert.severity == "major"
    assert "超期" in alert.summary


def test_the_warning_goes_when_the_act_is_done(clock, people, now):
    sweep_deadlines(now=now + timedelta(days=3))
    move_case(
        case=clock.case,
        action="end_online",
        actor=people["duty"],
        now=now + timedelta(days=3),
        note="误报",
        data={"reason": "false_alarm"},
    )
    assert sweep_deadlines(now=now + timedelta(days=3))["cleared"] == 1
    assert sweep_deadlines(now=now + timedelta(days=3))["cleared"] == 0
    assert Alert.objects.get(key=alert_key(clock)).returned_at is not None


def test_an_unknown_year_waits_for_its_table(clue, people, now):
    late = now.replace(month=12, day=31)
    move_case(case=clue, action="take_up", actor=people["duty"], now=late)
    clock = Clock.objects.get(case=clue, rule__code="check")
    assert clock.last_day is None
    rows = "\n".join(f"2027-01-0{n},rest" for n in (1, 2, 3))
    HolidayYear.objects.create(year=2027, table=f"date,kind\n{rows}", source="测试")
    forget_settings()
    assert sweep_deadlines(now=late)["dated"] >= 1
    clock.refresh_from_db()
    assert clock.last_day == date(2027, 1, 5)


def late(clock, people, now, working_days):
    """Return the morning so many working days after the last day."""
    day = clock.last_day
    calendar = office_calendar()
    for _ in range(working_days):
        day = calendar.add_working_days(day, 1)
    return datetime.combine(day, time(1), UTC)


def test_the_overdue_ladder_calls_the_next_person_up(clock, people, now):
    case = clock.case
    sweep_deadlines(now=late(clock, people, now, 1))
    clock.refresh_from_db()
    assert clock.rung == 1
    sweep_deadlines(now=late(clock, people, now, 1) + timedelta(hours=2))
    sweep_deadlines(now=late(clock, people, now, 2))
    sweep_deadlines(now=late(clock, people, now, 6))
    clock.refresh_from_db()
    assert clock.rung == 3
    notes = list(
        case.steps.filter(action="overdue")
        .order_by("seq")
        .values_list("note", flat=True)
    )
    assert len(notes) == 3
    assert "承办人" in notes[0]
    assert "负责人" in notes[1]
    assert notes[2].endswith("督办至州局负责人")
    alert = Alert.objects.get(key=alert_key(clock))
    assert alert.severity == "critical"


def test_a_clock_that_was_met_is_not_pressed(clock, people, now):
    sweep_deadlines(now=late(clock, people, now, 1))
    stop_clocks(case=clock.case, codes=[clock.rule.code], day=clock.last_day)
    assert sweep_deadlines(now=late(clock, people, now, 6))["raised"] == 0
