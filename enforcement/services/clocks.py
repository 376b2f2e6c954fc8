"""Start, stop, pause and lengthen the clocks of a case."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock as wall
from bozhou_eco.common.calendar import ONE, UnknownYearError
from enforcement.domain.deadlines import Pause, last_lawful_day, lengthened
from enforcement.domain.workflow import Refused
from enforcement.models import (
    Case,
    Clock,
    ClockExtension,
    ClockPause,
    DeadlineRule,
    Decision,
)
from enforcement.selectors.clocks import clock_rule
from enforcement.selectors.settings import deadline_rules, office_calendar
from enforcement.services.locking import lock_open
from enforcement.services.steps import add_step


def start_clock(
    *, case: Case, code: str, day: date, fixed: date | None = None
) -> Clock | None:
    """Start the clock of rule ``code`` on ``day``; a running one is left alone.

    The caller holds the row lock of ``case``, so none is started twice.
    ``fixed`` is a last day set by a document. A rule that the bureau has removed starts
    nothing and returns None.
    """
    rule = deadline_rules().get(code)
    if rule is None:
        return None
    found: Clock | None = running(case).filter(rule=rule).first()
    if found is not None:
        return found
    clock = Clock(
        case=case,
        rule=rule,
        started_on=day,
        length=rule.length,
        unit=rule.unit,
        fixed_day=fixed,
    )
    clock.last_day = _last_day(clock, ())
    clock.save(force_insert=True)
    return clock


def stop_clocks(
    *, case: Case, codes: Sequence[str], day: date, cancel: bool = False
) -> int:
    """Stop the running clocks of ``codes``; cancelled ones count neither way."""
    if not codes:
        return 0
    rows = running(case).filter(rule__code__in=codes)
    close_pauses(rows, day)
    if cancel:
        return rows.update(cancelled=True)
    return rows.update(stopped_on=day)


def running(case: Case) -> QuerySet[Clock]:
    """Return the clocks of ``case`` that have neither stopped nor been cancelled."""
    return Clock.objects.filter(case=case, stopped_on=None, cancelled=False)


def close_pauses(clocks: Iterable[Clock], day: date) -> None:
    """End the open pauses of ``clocks`` on ``day`` and compute the last days anew."""
    for pause in ClockPause.objects.filter(clock__in=clocks, end=None):
        pause.end = max(day, pause.start)
        pause.save(update_fields=["end"])
        recompute(pause.clock)


def recompute(clock: Clock) -> None:
    """Compute and save the last lawful day; None while paused or unknown."""
    pauses = [Pause(p.start, p.end, p.reason) for p in clock.pauses.all()]
    clock.last_day = _last_day(clock, pauses)
    clock.save(update_fields=["last_day"])
    follow_clock(clock)


def follow_clock(clock: Clock) -> None:
    """Let what hangs on a clock follow its last day once that is known.

    A fine is late after the last day of its payment clock, and the court may be asked
    once the period for a suit is over, also where a calendar was loaded only later.
    """
    if clock.last_day is None or clock.fixed_day is not None:
        return
    if clock.rule.code == "payment":
        Decision.objects.filter(
            case=clock.case_id, revoked_on=None, served_on=clock.started_on
        ).exclude(kind__in=[Decision.Kind.NONE, Decision.Kind.DAILY]).update(
            pay_by=clock.last_day
        )
    elif clock.rule.code == "suit" and not _asked_of_court(clock):
        start_clock(case=clock.case, code="court_request", day=clock.last_day)


def _asked_of_court(suit: Clock) -> bool:
    later = Clock.objects.filter(case=suit.case_id, started_on__gt=suit.started_on)
    return later.filter(rule__code="court_request").exists()


def _fixed(clock: Clock, day: date, pauses: Sequence[Pause]) -> date | None:
    """Return the day a document set, moved by the days that did not count."""
    for pause in pauses:
        if pause.end is None:
            return None
        first = max(pause.start, clock.started_on + ONE)
        if first <= day:
            day += max(pause.end - first, ONE * 0)
    return lengthened(clock_rule(clock), day, clock.extra, office_calendar())


def _last_day(clock: Clock, pauses: Sequence[Pause]) -> date | None:
    try:
        if clock.fixed_day is not None:
            return _fixed(clock, clock.fixed_day, pauses)
        return last_lawful_day(
            clock_rule(clock),
            clock.started_on,
            office_calendar(),
            pauses=pauses,
            extra=clock.extra,
        )
    except UnknownYearError:
        return None
    except OverflowError:  # a day far off that a pause moves past the calendar's end
        return date.max


def refresh_due(case: Case) -> None:
    """Set the case's nearest last day from its running clocks; the caller saves."""
    case.due_on = (
        running(case)
        .exclude(last_day=None)
        .exclude(rule__code__in=PARTY_CLOCKS)
        .order_by("last_day")
        .values_list("last_day", flat=True)
        .first()
    )


MOST_EXTENSION = 366
PARTY_CLOCKS = ("review_request", "suit", "court_request")
"""Periods that are the party's right or open later; they do not press the bureau."""


def change_state(
    *, case: Case, old: str, new: str, now: datetime, since: date | None
) -> None:
    """Stop, start, pause and resume clocks as ``case`` goes from ``old`` to ``new``.

    ``since`` is the day a document was served, from which the new state's period runs.
    """
    today = wall.beijing(now).date()
    rules = list(deadline_rules().values())
    suspending, resuming = new == "suspended", old == "suspended"
    if suspending:
        pause_all(case=case, day=today, reason="案件中止", actor=None)
        return
    if resuming:
        close_pauses(running(case), today)
    elif old != new:
        leaving = [rule.code for rule in rules if old in rule.states]
        stop_clocks(case=case, codes=leaving, day=today)
    for rule in rules:
        if new in rule.states and (old != new):
            start_clock(case=case, code=rule.code, day=since or today)
        _pause_in_state(case, rule, old, new, today)


def _pause_in_state(
    case: Case, rule: DeadlineRule, old: str, new: str, today: date
) -> None:
    entering = new in rule.paused_in and old not in rule.paused_in
    leaving = old in rule.paused_in and new not in rule.paused_in
    if not entering and not leaving:
        return
    rows = running(case).filter(rule=rule)
    if leaving:
        close_pauses(rows, today)
        return
    for clock in rows:
        _open_pause(clock, today, f"依规则不计入期限：{rule.name}", None)


def pause_all(*, case: Case, day: date, reason: str, actor: User | None) -> None:
    """Stop every running clock of ``case`` that does not stand still already."""
    for clock in running(case):
        _open_pause(clock, day, reason, actor)


def _open_pause(clock: Clock, day: date, reason: str, actor: User | None) -> None:
    if clock.pauses.filter(end=None).exists():
        return
    ClockPause.objects.create(clock=clock, start=day, reason=reason, actor=actor)
    recompute(clock)


@transaction.atomic
def pause_clock(*, clock: Clock, actor: User, now: datetime, reason: str) -> ClockPause:
    """Stop a clock for hearing, appraisal, monitoring or the like, with the reason."""
    case = lock_open(clock.case, actor)
    if not running(case).filter(pk=clock.pk).exists():
        raise Refused("期限已经终止，不能中止计时")
    if not reason.strip():
        raise Refused("请填写中止计时的理由")
    if clock.pauses.filter(end=None).exists():
        raise Refused("期限已经中止计时")
    today = wall.beijing(now).date()
    pause = ClockPause.objects.create(
        clock=clock, start=today, reason=reason[:240], actor=actor
    )
    recompute(clock)
    _note(case, "pause_clock", actor, now, reason, {"clock": clock.rule.code})
    return pause


@transaction.atomic
def resume_clock(*, clock: Clock, actor: User, now: datetime, note: str = "") -> Clock:
    """Let a stopped clock run on from today."""
    case = lock_open(clock.case, actor)
    if not clock.pauses.filter(end=None).exists():
        raise Refused("期限没有中止计时")
    close_pauses([clock], wall.beijing(now).date())
    clock.refresh_from_db()
    _note(case, "resume_clock", actor, now, note, {"clock": clock.rule.code})
    return clock


@transaction.atomic
def ask_extension(
    *, clock: Clock, days: int, reason: str, actor: User, now: datetime
) -> ClockExtension:
    """Ask for more time on a running clock; another person decides."""
    case = lock_open(clock.case, actor)
    if days < 1 or not reason.strip():
        raise Refused("请填写延长的天数和理由")
    if days > MOST_EXTENSION:
        raise Refused(f"一次最多延长 {MOST_EXTENSION}（按该期限的单位）")
    if clock.stopped_on or clock.cancelled:
        raise Refused("期限已经终止，不能延长")
    if clock.extensions.filter(state=ClockExtension.State.ASKED).exists():
        raise Refused("已有一项延长申请待批准")
    extension = ClockExtension.objects.create(
        clock=clock,
        days=days,
        reason=reason[:240],
        state=ClockExtension.State.ASKED,
        asked_by=actor,
        asked_at=now,
    )
    data: dict[str, object] = {"clock": clock.rule.code, "days": days}
    _note(case, "ask_extension", actor, now, reason, data)
    return extension


@transaction.atomic
def decide_extension(
    *, extension: ClockExtension, grant: bool, actor: User, now: datetime, note: str
) -> ClockExtension:
    """Grant or refuse more time; not by the person who asked."""
    case = lock_open(extension.clock.case, actor)
    extension = ClockExtension.objects.select_for_update().get(pk=extension.pk)
    if extension.state != ClockExtension.State.ASKED:
        raise Refused("该申请已经处理")
    if not actor.has_role("leader"):
        raise Refused("延长期限须由负责人批准")
    if extension.asked_by_id == actor.pk:
        raise Refused("申请人不能批准自己的延长申请")
    extension.state = (
        ClockExtension.State.GRANTED if grant else ClockExtension.State.REFUSED
    )
    extension.decided_by, extension.decided_at = actor, now
    extension.save(update_fields=["state", "decided_by", "decided_at"])
    if grant:
        clock = extension.clock
        clock.extra += extension.days
        clock.warned_at = clock.overdue_at = None
        clock.save(update_fields=["extra", "warned_at", "overdue_at"])
        recompute(clock)
    data: dict[str, object] = {"extension": extension.pk, "days": extension.days}
    act = "grant_extension" if grant else "refuse_extension"
    _note(case, act, actor, now, note, data)
    return extension


def _note(
    case: Case,
    act: str,
    actor: User,
    now: datetime,
    note: str,
    data: dict[str, object],
) -> None:
    add_step(case=case, action=act, actor=actor, now=now, note=note, data=data)
    refresh_due(case)
    case.save(update_fields=["version", "due_on"])
    audit.record(
        actor=actor, act=f"case.{act}", subject=f"case:{case.pk}", detail=data, now=now
    )
