"""Marks of a month, marks that have effect on judging, and hours that were flagged."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db import connection
from django.db.models import F, Q, QuerySet

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.domain.judge import Exemption
from polluters.domain.marks import Flagged, MarkView, has_effect, runs_of
from polluters.models import Mark, Outlet
from polluters.selectors import rulebook
from polluters.selectors.exceedances import month_bounds

FAR = datetime(9999, 1, 1, tzinfo=clock.BEIJING)
# The flag other than N that most values of an hour carry, where they are the greater part.
FLAGGED_SQL = """
SELECT m.point_id, m.time, f.key
FROM polluters_mean m
CROSS JOIN LATERAL (
    SELECT key, value::int AS count FROM jsonb_each_text(m.flags)
    ORDER BY value::int DESC, key LIMIT 1
) f
WHERE m.period = 2 AND m.time >= %s AND m.time < %s
  AND m.flags <> '{}'::jsonb AND f.key <> 'N' AND f.count * 2 >= m.got
ORDER BY m.point_id, m.time
"""


def marks_of_month(
    user: User, *, month: date, origin: str = "", group: str = "", late: bool = False
) -> QuerySet[Mark]:
    """Return the marks of a month that ``user`` may see, newest first."""
    start, end = month_bounds(month)
    rows = (
        Mark.objects.visible_to(user)
        .filter(Q(end__isnull=True) | Q(end__gt=start), begin__lt=end)
        .select_related(
            "outlet__enterprise__district", "point__pollutant", "kind", "made_by"
        )
        .order_by("-begin", "-pk")
    )
    if origin:
        rows = rows.filter(origin=origin)
    if group:
        rows = rows.filter(kind__group=group)
    if late:
        rows = rows.exclude(origin=Mark.Origin.LOGGER).filter(made_at__gt=F("deadline"))
    return rows


def view_of(mark: Mark) -> MarkView:
    """Return a stored mark as the rules see it; needs its kind."""
    return MarkView(
        kind=mark.kind.code,
        name=mark.kind.name,
        point=mark.point_id,
        begin=mark.begin,
        end=mark.end or FAR,
        made_at=mark.made_at,
        deadline=mark.deadline,
        legal=mark.legal,
        from_logger=mark.origin == Mark.Origin.LOGGER,
        exempts=mark.kind.exempts,
        stops=mark.kind.stops,
    )


def marks_between(
    outlets: Iterable[int], *, begin: datetime, end: datetime
) -> dict[int, list[Mark]]:
    """Return standing marks that touch a span, by outlet."""
    found: dict[int, list[Mark]] = {}
    rows = (
        Mark.objects.filter(
            Q(end__isnull=True) | Q(end__gt=begin),
            outlet__in=list(outlets),
            begin__lt=end,
            withdrawn_at=None,
        )
        .select_related("kind", "outlet__enterprise")
        .order_by("begin", "pk")
    )
    for mark in rows:
        found.setdefault(mark.outlet_id, []).append(mark)
    return found


def effective_marks(
    outlets: Iterable[int], *, begin: datetime, end: datetime
) -> dict[int, list[MarkView]]:
    """Return the marks that change what is judged or due, by outlet."""
    rows = marks_between(outlets, begin=begin, end=end)
    if not rows:
        return {}
    scopes = rulebook.scopes()
    own_counts = bool(rulebook.number("own_marks_exempt"))
    found: dict[int, list[MarkView]] = {}
    for outlet, marks in rows.items():
        for mark in marks:
            day = clock.beijing(mark.begin).date()
            enterprise = mark.outlet.enterprise
            view = view_of(mark)
            in_scope = rulebook.must_mark(enterprise, scopes, on=day)
            if has_effect(view, in_scope=in_scope, own_counts=own_counts):
                found.setdefault(outlet, []).append(view)
    return found


def exemptions(
    marks: Mapping[int, Sequence[MarkView]], *, outlet: int, point: int
) -> list[Exemption]:
    """Return what exempts a point from judging."""
    return [
        Exemption(
            clock.beijing(mark.begin),
            clock.beijing(min(mark.end, FAR)),
            f"标记：{mark.name}",
            "国家平台标记" if mark.legal else "企业或执法人员说明",
        )
        for mark in marks.get(outlet, ())
        if mark.exempts and mark.concerns(point)
    ]


def flagged_runs(
    *, begin: datetime, end: datetime, outlet: Outlet | None = None
) -> list[Flagged]:
    """Return runs of hours that loggers flagged as not normal."""
    with connection.cursor() as cursor:
        cursor.execute(FLAGGED_SQL, [begin, end])
        runs = runs_of(cursor.fetchall())
    if outlet is None:
        return runs
    own = set(outlet.points.values_list("pk", flat=True))
    return [run for run in runs if run.point in own]


def in_effect(mark: Mark, *, in_scope: bool) -> bool:
    """Return whether one mark changes what is judged or due."""
    own_counts = bool(rulebook.number("own_marks_exempt"))
    return has_effect(view_of(mark), in_scope=in_scope, own_counts=own_counts)
