"""Clocks: what cannot be paused, resumed or lengthened, and what the sweeps pass over."""

import itertools
from datetime import UTC, date, datetime, time, timedelta

import pytest

from alerts.models import Alert
from enforcement.models import Clock, DeadlineRule
from enforcement.selectors.settings import forget_settings
from enforcement.services import clocks, sweeps
from enforcement.services.cases import move_case
from tests.enforcement.refusing import put, refused, told

DAY = timedelta(days=1)


@pytest.fixture
def clock(clue, people, now):
    move_case(case=clue, action="take_up", actor=people["duty"], now=now)
    clue.refresh_from_db()
    return clue.clocks.get(rule__code="check")


@pytest.fixture
def act(clock, people, now):
    """Call a service of clocks on the clock, as the officer on duty."""
    good = {
        "pause_clock": {"reason": "待监测"},
        "resume_clock": {},
        "ask_extension": {"days": 3, "reason": "待鉴定"},
    }

    def call(name, **changes):
        fields = {"clock": clock, "actor": people["duty"], "now": now, **good[name]}
        return getattr(clocks, name)(**{**fields, **changes})

    return call


def test_a_period_that_the_bureau_has_removed_starts_nothing(clue, now):
    DeadlineRule.objects.filter(code="seizure").delete()
    forget_settings()
    day = now.date()
    assert clocks.start_clock(case=clue, code="seizure", day=day) is None
    assert not clue.clocks.filter(rule__code="seizure").exists()
    first = clocks.start_clock(case=clue, code="preservation", day=day)
    assert clocks.start_clock(case=clue, code="preservation", day=day + DAY) == first
    assert clocks.stop_clocks(case=clue, codes=[], day=day) == 0
    assert clocks.stop_clocks(case=clue, codes=["seizure"], day=day) == 0


def test_a_clock_is_paused_once_and_resumed_once(clock, act, now):
    with refused("没有中止计时"):
        act("resume_clock")
    act("pause_clock")
    with refused("已经中止计时"):
        act("pause_clock")
    act("resume_clock", now=now + 2 * DAY)
    [pause] = clock.pauses.all()
    assert (pause.end - pause.start).days == 2
    with refused("没有中止计时"):
        act("resume_clock", now=now + 3 * DAY)
    assert (told(clock.case, "pause_clock"), told(clock.case, "resume_clock")) == (
        (1, 1), (1, 1),
    )  # fmt: skip


@pytest.mark.parametrize("cancel", [False, True], ids=["stopped", "cancelled"])
def test_what_is_over_is_neither_paused_nor_lengthened(clock, act, now, cancel):
    clocks.stop_clocks(case=clock.case, codes=["check"], day=now.date(), cancel=cancel)
    clock.refresh_from_db()
    assert (clock.cancelled, clock.stopped_on is None) == (cancel, cancel)
    with refused("期限已经终止，不能中止计时"):
        act("pause_clock")
    with refused("期限已经终止，不能延长"):
        act("ask_extension")


def test_an_extension_is_asked_for_once_and_decided_once(clock, people, act, now):
    for changes in ({"days": 0}, {"reason": " "}):
        with refused("延长的天数和理由"):
            act("ask_extension", **changes)
    asked = act("ask_extension")
    with refused("已有一项延长申请待批准"):
        act("ask_extension")

    def decide(extension, *, grant):
        return clocks.decide_extension(
            extension=extension, grant=grant, actor=people["lead"], now=now, note="x"
        )

    before = clock.last_day
    done = decide(asked, grant=False)
    clock.refresh_from_db()
    assert (done.state, done.decided_by) == ("refused", people["lead"])
    assert (clock.extra, clock.last_day) == (0, before)
    with refused("该申请已经处理"):
        decide(asked, grant=True)
    # refused once, it may be asked for again
    clock.warned_at = clock.overdue_at = now
    clock.save()
    decide(act("ask_extension"), grant=True)
    clock.refresh_from_db()
    assert (clock.extra, clock.warned_at, clock.overdue_at) == (3, None, None)
    assert clock.last_day > before


def test_a_suspension_leaves_a_pause_as_it_began(clock, people, act, now):
    act("pause_clock")
    case = clock.case
    case.refresh_from_db()
    move_case(
        case=case, action="suspend", actor=people["lead"], now=now + DAY, note="x"
    )
    [pause] = clock.pauses.all()
    assert (pause.reason, pause.end) == ("待监测", None)
    move_case(
        case=case, action="resume", actor=people["lead"], now=now + 3 * DAY, note="x"
    )
    [pause] = clock.pauses.all()
    assert (pause.end - pause.start).days == 3
    clock.refresh_from_db()
    assert (clock.last_day, clock.stopped_on) == (date(2026, 11, 27), None)


def test_the_period_of_a_case_stands_still_in_hearing_and_before_the_police(clue, now):
    """From one such state into another it goes on standing still."""
    total = clocks.start_clock(case=clue, code="case_total", day=now.date())
    other = clocks.start_clock(case=clue, code="seizure", day=now.date())
    before = total.last_day
    ways = (
        "investigating",
        "notified",
        "hearing",
        "crime",
        "investigating",
        "reviewing",
    )
    standing = []
    for n, (old, new) in enumerate(itertools.pairwise(ways)):
        at = now + n * DAY
        clocks.change_state(case=clue, old=old, new=new, now=at, since=None)
        standing.append(total.pauses.filter(end=None).count())
    assert standing == [0, 1, 1, 0, 0]
    [pause] = total.pauses.all()
    assert "办案期限" in pause.reason
    assert (pause.end - pause.start).days == 2
    total.refresh_from_db()
    assert (total.last_day - before).days == 2
    assert not other.pauses.exists()


# --- sweeps --------------------------------------------------------------------------


def morning(day):
    return datetime.combine(day, time(1), UTC)


def test_a_clock_that_stands_still_is_not_pressed_further(clock, people, act, now):
    """Warned of as overdue, then paused: nobody is called up until it runs again."""
    late = morning(clock.last_day + DAY)
    assert sweeps.sweep_deadlines(now=late)["raised"] == 1
    act("pause_clock", now=late)
    assert sweeps.sweep_deadlines(now=late + 20 * DAY)["raised"] == 0
    clock.refresh_from_db()
    assert (clock.rung, clock.last_day) == (1, None)


def test_the_first_rung_calls_the_officer_by_name(clock, people, now):
    put(clock.case, handler=people["alice"])
    sweeps.sweep_deadlines(now=morning(clock.last_day + DAY))
    step = clock.case.steps.get(action="overdue")
    assert step.note.endswith("督办至承办人核查员甲")


def test_what_ended_since_it_was_listed_is_left_alone(clock, now):
    """Two sweeps at once, or an officer who was faster: no warning comes after."""
    late = morning(clock.last_day + DAY)
    clocks.stop_clocks(case=clock.case, codes=["check"], day=now.date())
    assert sweeps._warn(clock.pk, late) == ""  # noqa: SLF001
    assert sweeps._climb(clock.pk, [0], late) == 0  # noqa: SLF001
    assert not Alert.objects.filter(key=sweeps.alert_key(clock)).exists()


def test_a_day_that_was_set_is_near_when_two_thirds_are_gone(clock, people, now):
    start = now.date()
    fixed = clocks.start_clock(
        case=clock.case, code="upstream", day=start, fixed=start + 9 * DAY
    )
    clocks.stop_clocks(case=clock.case, codes=["check"], day=start)
    near = [
        sweeps.sweep_deadlines(now=morning(start + n * DAY))["near"] for n in (5, 6, 7)
    ]
    assert near == [0, 1, 0]
    alert = Alert.objects.get(key=sweeps.alert_key(fixed))
    assert "将于 2026-12-02 到期" in alert.summary


def test_a_clock_whose_year_is_unknown_goes_on_waiting(clue, people, now):
    eve = now.replace(month=12, day=31)
    move_case(case=clue, action="take_up", actor=people["duty"], now=eve)
    waiting = Clock.objects.get(case=clue, rule__code="check")
    for _ in range(2):
        told_ = sweeps.sweep_deadlines(now=eve + 30 * DAY)
        assert (told_["dated"], told_["overdue"]) == (0, 0)
    waiting.refresh_from_db()
    assert (waiting.last_day, waiting.overdue_at) == (None, None)


def test_the_ladder_counts_plain_days_in_a_year_without_a_table(clock):
    sweeps.sweep_deadlines(now=morning(clock.last_day + DAY))
    sweeps.sweep_deadlines(now=morning(date(2027, 1, 20)))
    clock.refresh_from_db()
    assert clock.rung == 3
    note = clock.case.steps.filter(action="overdue").latest("seq").note
    assert "超期 56 天，督办至" in note
    assert "超期 56 天" in Alert.objects.get(key=sweeps.alert_key(clock)).summary
