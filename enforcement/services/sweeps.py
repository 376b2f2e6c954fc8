"""What happens by itself: clocks that run near or out, clocks that wait for a table."""

from datetime import datetime

from django.db import transaction

from alerts.services import clear_alert, raise_alert
from bozhou_eco.common.clock import beijing
from enforcement.domain.deadlines import ClockState, Pause, standing
from enforcement.models import Case, Clock, Document
from enforcement.selectors.clocks import clock_rule
from enforcement.selectors.settings import office_calendar, setting
from enforcement.services.acts import record_act
from enforcement.services.clocks import PARTY_CLOCKS, recompute, refresh_due

BATCH = 500


def alert_key(clock: Clock) -> str:
    """Return the key under which a clock's warning is raised."""
    return f"case:{clock.case_id}:clock:{clock.pk}"


def sweep_deadlines(*, now: datetime) -> dict[str, int]:
    """Warn of clocks that are near, then overdue; clear what was done meanwhile.

    Each warning is told once: near ones as 一般, overdue ones as 较重, a statutory period
    that ran out as 严重. What stays overdue climbs the ladder of the setting
    ``overdue_ladder``: the officer, the unit's leader, the bureau's leader.
    """
    told = {"near": 0, "overdue": 0, "cleared": 0, "dated": date_waiting(now=now)}
    rows = (
        Clock.objects.filter(stopped_on=None, cancelled=False, overdue_at=None)
        .exclude(last_day=None)
        .exclude(rule__code__in=PARTY_CLOCKS)
        .order_by("last_day", "pk")
        .values_list("pk", flat=True)[:BATCH]
    )
    for pk in rows:
        state = _warn(pk, now)
        if state in told:
            told[state] += 1
    told["raised"] = climb_ladder(now=now)
    told["cleared"] = _clear_done(now)
    return told


@transaction.atomic
def _warn(pk: int, now: datetime) -> str:
    clock = (
        Clock.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("case__district", "case__organisation", "rule")
        .filter(pk=pk, stopped_on=None, cancelled=False)
        .first()
    )
    if clock is None or clock.last_day is None:
        return ""
    state = _state(clock, now)
    if state is ClockState.OVERDUE and clock.overdue_at is None:
        clock.overdue_at = now
        severity = "critical" if clock.rule.statutory else "major"
        _raise(clock, severity, f"{clock.rule.name}已于 {clock.last_day} 超期", now)
    elif state is ClockState.NEAR and clock.warned_at is None:
        clock.warned_at = now
        _raise(clock, "minor", f"{clock.rule.name}将于 {clock.last_day} 到期", now)
    else:
        return ""
    clock.save(update_fields=["warned_at", "overdue_at"])
    return state.value


def climb_ladder(*, now: datetime) -> int:
    """Tell the next person up of clocks that stay overdue; returns how many rungs."""
    rungs = ladder()
    rows = (
        Clock.objects.filter(stopped_on=None, cancelled=False, rung__lt=len(rungs))
        .exclude(overdue_at=None)
        .order_by("overdue_at", "pk")
        .values_list("pk", flat=True)[:BATCH]
    )
    return sum(_climb(pk, rungs, now) for pk in list(rows))


def ladder() -> list[int]:
    """Return after how many working days overdue each rung is told."""
    words = setting("overdue_ladder", "0 2 5").replace(",", " ").split()
    return sorted(int(word) for word in words if word.isdigit())[: len(RUNGS)]


RUNGS = (
    ("承办人", "major"),
    ("办理单位负责人", "major"),
    ("州局负责人", "critical"),
)
"""Whom each rung of the ladder calls, and the least severity of its alert."""


@transaction.atomic
def _climb(pk: int, rungs: list[int], now: datetime) -> int:
    clock = (
        Clock.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("rule", "case__district", "case__handler", "case__unit")
        .filter(pk=pk, stopped_on=None, cancelled=False)
        .first()
    )
    if clock is None or clock.last_day is None:
        return 0
    today = beijing(now).date()
    try:
        late, unit = (
            office_calendar().working_days_between(clock.last_day, today),
            "个工作日",
        )
    except LookupError:
        late, unit = (today - clock.last_day).days, "天"
    reached = sum(late >= days for days in rungs)
    if reached <= clock.rung:
        return 0
    clock.rung = reached
    clock.save(update_fields=["rung"])
    case = Case.objects.select_for_update().get(pk=clock.case_id)
    called = _called(clock, reached)
    record_act(
        case=case,
        action="overdue",
        actor=None,
        now=now,
        note=f"{clock.rule.name}超期 {late} {unit}，督办至{called}",
        data={"clock": clock.rule.code, "rung": reached, "late": late},
    )
    severity = "critical" if clock.rule.statutory else RUNGS[reached - 1][1]
    text = f"{clock.rule.name}已超期 {late} {unit}，督办至{called}"
    _raise(clock, severity, text, now)
    return 1


def _called(clock: Clock, rung: int) -> str:
    name, case = RUNGS[rung - 1][0], clock.case
    if rung == 1 and case.handler:
        return f"{name}{case.handler.name}"
    if rung == 2 and case.unit:
        return f"{case.unit}负责人"
    return name


def _state(clock: Clock, now: datetime) -> ClockState:
    today = beijing(now).date()
    assert clock.last_day is not None
    if today > clock.last_day:
        return ClockState.OVERDUE
    if clock.fixed_day is not None:
        total = max((clock.last_day - clock.started_on).days, 1)
        used = (today - clock.started_on).days
        return ClockState.NEAR if used * 3 >= total * 2 else ClockState.RUNNING
    return standing(
        clock_rule(clock),
        clock.started_on,
        now,
        office_calendar(),
        pauses=[Pause(p.start, p.end, p.reason) for p in clock.pauses.all()],
        extra=clock.extra,
    ).state


def _raise(clock: Clock, severity: str, text: str, now: datetime) -> None:
    case = clock.case
    raise_alert(
        key=alert_key(clock),
        kind="case",
        severity=severity,
        summary=f"{case.display_number} {text}",
        explanation={
            "期限": clock.rule.name,
            "依据": clock.rule.source,
            "起算日": clock.started_on.isoformat(),
            "末日": str(clock.last_day),
        },
        subject_key=f"case:{case.pk}",
        subject_name=case.display_number,
        district=case.district,
        organisation=None,
        evidence_url=case.get_absolute_url(),
        occurred_at=now,
        now=now,
    )


def _clear_done(now: datetime) -> int:
    """Clear warnings whose clock has been stopped since; returns how many."""
    rows = (
        Clock.objects.exclude(warned_at=None, overdue_at=None)
        .exclude(stopped_on=None, cancelled=False)
        .filter(cleared_at=None)
        .order_by("pk")[:BATCH]
    )
    count = 0
    for clock in rows:
        with transaction.atomic():
            clear_alert(key=alert_key(clock), now=now, reason="期限事项已办理")
            clock.cleared_at = now
            clock.save(update_fields=["cleared_at"])
        count += 1
    return count


def date_waiting(*, now: datetime) -> int:
    """Give clocks their last day whose year has been loaded since; returns how many."""
    rows = (
        Clock.objects.filter(stopped_on=None, cancelled=False, last_day=None)
        .exclude(pauses__end=None, pauses__isnull=False)
        .order_by("pk")[:BATCH]
    )
    count = 0
    for row in rows:
        with transaction.atomic():
            case = Case.objects.select_for_update().get(pk=row.case_id)
            clock = Clock.objects.select_related("rule").get(pk=row.pk)
            recompute(clock)
            if clock.last_day is None:
                continue
            refresh_due(case)
            case.save(update_fields=["due_on"])
        count += 1
    return count


def waiting_pdfs(*, limit: int = 20) -> list[int]:
    """Return issued documents whose PDF was never made, oldest first."""
    rows = Document.objects.filter(pdf=None).exclude(state=Document.State.DRAFT)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
