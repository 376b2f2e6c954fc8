"""Figures of casework over a period, recomputed from dated facts to any day."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)

from bozhou_eco.accounts.models import District, User
from bozhou_eco.common.clock import BEIJING
from enforcement.domain.figures import DEFINITIONS, Figure, Period, share
from enforcement.domain.kinds import VALID_OUTCOMES, CaseKind, Outcome, Source
from enforcement.domain.workflow import Stage
from enforcement.models import (
    Case,
    Clock,
    Decision,
    Ending,
    Inspection,
    LenientTest,
    StageSpan,
)
from enforcement.selectors.medians import medians_by_stage
from enforcement.selectors.settings import deadline_rules

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
    """Return the clues that ended in a period, merged and withdrawn ones left out.

    What was reopened after the period still counts in it.
    """
    return _cases(user).filter(pk__in=endings(user, period).values("case"))


def endings(user: User, period: Period) -> QuerySet[Ending]:
    """Return the ends in a period as they stood when it was over."""
    start, end = bounds(period)
    rows = Ending.objects.filter(
        _within(user, "district"), ended_at__gte=start, ended_at__lt=end
    )
    stood = Q(reopened_at=None) | Q(reopened_at__gte=end)
    return rows.filter(stood).exclude(outcome__in=UNCOUNTED)


def clocks(user: User, period: Period) -> QuerySet[Clock]:
    """Return the clocks that stopped in a period."""
    theirs = [rule.pk for code, rule in deadline_rules().items() if code in PARTY]
    return (
        Clock.objects.filter(
            _within(user, "case__district"),
            stopped_on__range=(period.first, period.last),
            cancelled=False,
        )
        .exclude(last_day=None)
        .exclude(rule__in=theirs)
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
    """Return the approvals of a period not to punish that stood at its end."""
    return stood_by(
        LenientTest.objects.filter(
            _within(user, "case__district"),
            approved_on__range=(period.first, period.last),
        ),
        period.last,
    )


def stood_by(rows: QuerySet[LenientTest], day: date) -> QuerySet[LenientTest]:
    """Leave out approvals whose decision was set aside by the end of ``day``."""
    aside = Decision.objects.filter(
        case=OuterRef("case"),
        kind=Decision.Kind.NONE,
        decided_on=OuterRef("approved_on"),
        revoked_on__lte=day,
    )
    standing = Decision.objects.filter(
        case=OuterRef("case"),
        kind=Decision.Kind.NONE,
        decided_on=OuterRef("approved_on"),
    ).filter(Q(revoked_on=None) | Q(revoked_on__gt=day))
    return rows.filter(~Exists(aside) | Exists(standing))


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


class Tally:
    """Cases of a period counted in one pass, by kind, district, source and officer."""

    def __init__(self, user: User, period: Period) -> None:
        start, end = bounds(period)
        opened_in = Q(opened_at__gte=start)
        filed_in = Q(filed_on__range=(period.first, period.last))
        ended_in = Q(ended_at__gte=start, ended_at__lt=end)
        unended = Q(ended_at=None) | Q(ended_at__gte=end)
        self.rows = list(
            Case.objects.filter(_within(user, "district"), opened_at__lt=end)
            .order_by()
            .values("kind", "district", "source", "handler")
            .annotate(
                opened=Count(Value(1), filter=opened_in),
                filed=Count(Value(1), filter=filed_in),
                open=Count(Value(1), filter=unended),
                late=Count(Value(1), filter=Q(ended_at=None, due_on__lt=period.last)),
                done=Count(Value(1), filter=ended_in),
            )
        )
        self.ends = list(
            endings(user, period)
            .order_by()
            .values_list("outcome")
            .annotate(n=Count(Value(1)), c=Count(Value(1), filter=Q(filed=True)))
            .order_by("-n")
        )

    def total(self, name: str) -> int:
        """Return the sum of a count."""
        return sum(row[name] for row in self.rows)

    def by(self, key: str) -> dict[Any, tuple[int, int]]:
        """Return clues opened and cases filed by ``key``, most first."""
        found: dict[Any, tuple[int, int]] = {}
        for row in self.rows:
            clues, cases = found.get(row[key], (0, 0))
            found[row[key]] = (clues + row["opened"], cases + row["filed"])
        kept = {key: pair for key, pair in found.items() if any(pair)}
        return dict(sorted(kept.items(), key=lambda item: -item[1][0]))


def figures(user: User, period: Period, tally: Tally | None = None) -> list[Figure]:
    """Return every figure of the page for what ``user`` may see."""
    everything = Count(Value(1))
    counted = tally or Tally(user, period)
    hits = sum(n for outcome, n, _ in counted.ends if outcome in VALID_OUTCOMES)
    off_site = sum(row["filed"] for row in counted.rows if row["source"] in OFF_SITE)
    ends = sum(n for _, n, _ in counted.ends)
    return [
        _ratio(
            "off_site_checks",
            inspections(user, period).aggregate(
                top=Count(Value(1), filter=Q(mode=Inspection.Mode.OFF_SITE)),
                bottom=everything,
            ),
        ),
        _ratio("off_site_cases", {"top": off_site, "bottom": counted.total("filed")}),
        _ratio("hit_rate", {"top": hits, "bottom": ends}),
        _ratio(
            "on_time",
            clocks(user, period).aggregate(
                top=Count(Value(1), filter=Q(stopped_on__lte=F("last_day"))),
                bottom=everything,
            ),
        ),
        _total("clues", counted.total("opened")),
        _total("cases", counted.total("filed")),
        _total("fined", decisions(user, period).aggregate(v=Sum("amount"))["v"]),
        _total("exempted", lenient(user, period).aggregate(v=Sum("exempted"))["v"]),
    ]


def stage_hours(user: User, period: Period) -> list[tuple[Stage, float | None, int]]:
    """Return the median hours and the number of stays per stage."""
    found = medians_by_stage(*bounds(period), user.district_ids())
    return [(stage, *found.get(stage.value, (None, 0))) for stage in Stage]


def breakdown(
    user: User, period: Period, tally: Tally | None = None
) -> dict[str, list[tuple[str, int, int]]]:
    """Return clues opened and cases filed by kind, district and outcome."""
    counted = tally or Tally(user, period)
    kinds, outcomes = dict(CaseKind.choices()), dict(Outcome.choices())
    places = dict(District.objects.values_list("pk", "name"))
    return {
        "kind": [(kinds.get(k, k), *pair) for k, pair in counted.by("kind").items()],
        "district": [
            (places.get(k, "全州"), *pair) for k, pair in counted.by("district").items()
        ],
        "outcome": [(outcomes.get(k, "未记录"), n, c) for k, n, c in counted.ends],
    }


def officer_load(
    user: User, period: Period, tally: Tally | None = None
) -> list[tuple[str, int, int, int]]:
    """Return per officer: open cases, of these overdue, and cases ended in the period."""
    counted = tally or Tally(user, period)
    load: dict[int, tuple[int, int, int]] = {}
    for row in counted.rows:
        if row["handler"] is not None:
            a, b, c = load.get(row["handler"], (0, 0, 0))
            load[row["handler"]] = (a + row["open"], b + row["late"], c + row["done"])
    names = User.objects.in_bulk([pk for pk, counts in load.items() if any(counts)])
    rows = [(person.name, *load[pk]) for pk, person in names.items()]
    return sorted(rows, key=lambda row: -row[1])[:50]
