"""Figures of casework over a period, recomputed from dated facts to any day."""

from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import BEIJING
from enforcement.domain.figures import DEFINITIONS, Figure, Period, share
from enforcement.domain.kinds import VALID_OUTCOMES, CaseKind, Outcome, Source
from enforcement.domain.workflow import Stage
from enforcement.models import (
    Case,
    Clock,
    Decision,
    Inspection,
    LenientTest,
    StageSpan,
)
from enforcement.selectors.medians import medians_by_stage

OFF_SITE = [source.value for source in Source if source.off_site]
UNCOUNTED = [Outcome.MERGED.value, Outcome.WITHDRAWN.value]
PARTY = ("review_request", "suit", "court_request")


def bounds(period: Period) -> tuple[datetime, datetime]:
    """Return the moments at which a period begins and at which it is over."""
    start = datetime.combine(period.first, time(0), BEIJING)
    return start, datetime.combine(period.last + timedelta(days=1), time(0), BEIJING)


def _cases(user: User) -> QuerySet[Case]:
    rows: QuerySet[Case] = Case.objects.visible_to(user)
    return rows


def _within(user: User, path: str) -> Q:
    ids = user.district_ids()
    return Q() if ids is None else Q(**{f"{path}__in": ids})


def inspections(user: User, period: Period) -> QuerySet[Inspection]:
    """Return the checks of a period."""
    rows: QuerySet[Inspection] = Inspection.objects.visible_to(user)
    return rows.filter(done_on__range=(period.first, period.last))


def opened(user: User, period: Period) -> QuerySet[Case]:
    """Return the clues registered in a period."""
    start, end = bounds(period)
    return _cases(user).filter(opened_at__gte=start, opened_at__lt=end)


def filed(user: User, period: Period) -> QuerySet[Case]:
    """Return the cases filed in a period."""
    return _cases(user).filter(filed_on__range=(period.first, period.last))


def ended(user: User, period: Period) -> QuerySet[Case]:
    """Return the clues that ended in a period, merged and withdrawn ones left out."""
    start, end = bounds(period)
    rows = _cases(user).filter(ended_at__gte=start, ended_at__lt=end)
    return rows.exclude(outcome__in=UNCOUNTED)


def clocks(user: User, period: Period) -> QuerySet[Clock]:
    """Return the clocks that stopped in a period."""
    return (
        Clock.objects.filter(
            _within(user, "case__district"),
            stopped_on__range=(period.first, period.last),
            cancelled=False,
        )
        .exclude(last_day=None)
        .exclude(rule__code__in=PARTY)
    )


def decisions(user: User, period: Period) -> QuerySet[Decision]:
    """Return the fines decided in a period and not revoked by its end."""
    return (
        Decision.objects.filter(
            _within(user, "case__district"),
            decided_on__range=(period.first, period.last),
        )
        .filter(Q(revoked_on=None) | Q(revoked_on__gt=period.last))
        .exclude(kind=Decision.Kind.NONE)
    )


def lenient(user: User, period: Period) -> QuerySet[LenientTest]:
    """Return the approvals of a period not to punish."""
    return LenientTest.objects.filter(
        _within(user, "case__district"),
        approved_on__range=(period.first, period.last),
    )


def spans(user: User, period: Period) -> QuerySet[StageSpan]:
    """Return the stays in a stage that ended in a period."""
    start, end = bounds(period)
    return StageSpan.objects.filter(
        _within(user, "district"), left_at__gte=start, left_at__lt=end
    )


def _ratio(code: str, counted: dict[str, Any]) -> Figure:
    top, bottom = counted["top"] or 0, counted["bottom"] or 0
    return Figure(DEFINITIONS[code], share(top, bottom), top, bottom)


def _total(code: str, value: Any) -> Figure:
    return Figure(DEFINITIONS[code], float(value or 0), float(value or 0))


def figures(user: User, period: Period) -> list[Figure]:
    """Return every figure of the page for what ``user`` may see."""
    everything = Count("pk")
    hits = Count("pk", filter=Q(outcome__in=VALID_OUTCOMES))
    filed_rows = filed(user, period)
    return [
        _ratio(
            "off_site_checks",
            inspections(user, period).aggregate(
                top=Count("pk", filter=Q(mode=Inspection.Mode.OFF_SITE)),
                bottom=everything,
            ),
        ),
        _ratio(
            "off_site_cases",
            filed_rows.aggregate(
                top=Count("pk", filter=Q(source__in=OFF_SITE)), bottom=everything
            ),
        ),
        _ratio("hit_rate", ended(user, period).aggregate(top=hits, bottom=everything)),
        _ratio(
            "on_time",
            clocks(user, period).aggregate(
                top=Count("pk", filter=Q(stopped_on__lte=F("last_day"))),
                bottom=everything,
            ),
        ),
        _total("clues", opened(user, period).count()),
        _total("cases", filed_rows.count()),
        _total("fined", decisions(user, period).aggregate(v=Sum("amount"))["v"]),
        _total("exempted", lenient(user, period).aggregate(v=Sum("exempted"))["v"]),
    ]


def stage_hours(user: User, period: Period) -> list[tuple[Stage, float | None, int]]:
    """Return the median hours and the number of stays per stage."""
    found = medians_by_stage(*bounds(period), user.district_ids())
    return [(stage, *found.get(stage.value, (None, 0))) for stage in Stage]


def breakdown(user: User, period: Period) -> dict[str, list[tuple[str, int, int]]]:
    """Return clues opened and cases filed by kind, district and outcome."""
    return {
        "kind": _by(user, period, "kind", dict(CaseKind.choices())),
        "district": _by(user, period, "district__name", {}),
        "outcome": _outcomes(user, period),
    }


def _by(
    user: User, period: Period, name: str, words: dict[str, str]
) -> list[tuple[str, int, int]]:
    clue = dict(
        opened(user, period).order_by().values_list(name).annotate(n=Count("pk"))
    )
    case = dict(
        filed(user, period).order_by().values_list(name).annotate(n=Count("pk"))
    )
    keys = sorted(set(clue) | set(case), key=lambda key: -clue.get(key, 0))
    return [
        (words.get(key, key or "全州"), clue.get(key, 0), case.get(key, 0))
        for key in keys
    ]


def _outcomes(user: User, period: Period) -> list[tuple[str, int, int]]:
    words = dict(Outcome.choices())
    rows = (
        ended(user, period)
        .order_by()
        .values_list("outcome")
        .annotate(n=Count("pk"), c=Count("pk", filter=Q(filed_on__isnull=False)))
        .order_by("-n")
    )
    return [(words.get(key, "未记录"), n, c) for key, n, c in rows]


def officer_load(user: User, period: Period) -> list[tuple[str, int, int, int]]:
    """Return per officer: open cases, of these overdue, and cases ended in the period."""
    start, end = bounds(period)
    rows = (
        _cases(user)
        .exclude(handler=None)
        .filter(Q(ended_at=None) | Q(ended_at__gte=start, ended_at__lt=end))
        .order_by()
        .values_list("handler__name")
        .annotate(
            open=Count("pk", filter=Q(ended_at=None)),
            late=Count("pk", filter=Q(ended_at=None, due_on__lt=period.last)),
            done=Count("pk", filter=Q(ended_at__gte=start, ended_at__lt=end)),
        )
        .order_by("-open")
    )
    return [tuple(row) for row in rows[:50]]
