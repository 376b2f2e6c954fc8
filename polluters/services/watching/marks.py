"""How marks are made: late, missing, after an exceedance was known, beyond allowance."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bozhou_eco.common import clock
from polluters.domain.checks.finding import Hit, factor_name, moment
from polluters.domain.marks import Flagged, MarkView, hours_in, unmarked
from polluters.domain.matters import MARKS
from polluters.domain.rulebook import SHARED_ALLOWANCE
from polluters.domain.validity import flag_word
from polluters.models import Exceedance, Mark, MarkKind
from polluters.selectors import marks as reads
from polluters.selectors import rulebook
from polluters.selectors.rulebook import Book
from polluters.services.watching.kit import (
    Place,
    keep,
    lasting,
    make_hit,
    midnight,
    places,
    since,
    stamp,
)

BACK = timedelta(days=40)
FLAG_BACK = timedelta(days=7)


def look(*, now: datetime) -> int:
    """Look at how marks were made; return how many findings were new."""
    book, scopes = rulebook.load(), rulebook.scopes()
    today = clock.beijing(now).date()
    year = midnight(date(today.year, 1, 1))
    start = min(year, now - BACK)
    listed = places()
    marks = reads.marks_between(
        [place.outlet.pk for place in listed], begin=start, end=now
    )
    runs = reads.flagged_runs(begin=now - FLAG_BACK, end=now)
    known = _exceedances(now)
    kinds = list(MarkKind.objects.filter(active=True))
    new = 0
    for place in listed:
        own = marks.get(place.outlet.pk, [])
        bound = rulebook.must_mark(place.outlet.enterprise, scopes, on=today)
        recent = [mark for mark in own if mark.begin > now - BACK]
        hits = _backdated(recent, known.get(place.outlet.pk, ()), book)
        if bound:
            hits += _late(recent, now)
            hits += _unmarked(place, own, runs, book, now)
            hits += _allowances(own, kinds, year, now)
            hits += _too_long(recent, now)
        seen = lasting(frozenset(MARKS), start=now - BACK, gone="标记已补正或时段已过")
        new += keep(place, hits, look=seen, book=book, now=now)
    return new


def _name(mark: Mark) -> str:
    return f"“{mark.kind.name}”标记"


def _late(marks: Sequence[Mark], now: datetime) -> list[Hit]:
    return [
        make_hit(
            "late_mark", mark.begin, mark.end or now, code=f"m{mark.pk}",
            score=(mark.made_at - mark.deadline).total_seconds() / 3600,
            mark=_name(mark), made=stamp(mark.made_at), deadline=stamp(mark.deadline),
            source=mark.get_origin_display(),
        )
        for mark in marks
        if mark.late and mark.origin in (Mark.Origin.NATIONAL, Mark.Origin.ENTERPRISE)
    ]  # fmt: skip


def _unmarked(
    place: Place,
    marks: Sequence[Mark],
    runs: Sequence[Flagged],
    book: Book,
    now: datetime,
) -> list[Hit]:
    points = {point.pk: point for point in place.points}
    own = [run for run in runs if run.point in points]
    views = [reads.view_of(mark) for mark in marks]
    missing = unmarked(
        own, views, now=now, hour=book["mark_deadline_hour"],
        least=timedelta(hours=book["mark_least_h"]),
    )  # fmt: skip
    hits = [
        make_hit("unmarked", run.begin, run.end, flag=run.flag, point=run.point)
        for run in missing
    ]
    found = []
    for group in _together(hits):
        begin = min(clock.beijing(moment(hit.begin)) for hit in group)
        end = max(clock.beijing(moment(hit.end)) for hit in group)
        names = {points[int(str(hit.data["point"]))].pollutant.code for hit in group}
        deadline = midnight(begin.date()) + timedelta(
            days=1, hours=book["mark_deadline_hour"]
        )
        found.append(
            make_hit(
                "unmarked", begin, end, factor="、".join(map(factor_name, sorted(names))),
                flag=flag_word(str(group[0].data["flag"])), deadline=stamp(deadline),
            )
        )  # fmt: skip
    return found


def _together(hits: Sequence[Hit]) -> list[list[Hit]]:
    """Return hits that overlap or touch, of whatever factor, as groups."""
    groups: list[list[Hit]] = []
    for hit in sorted(hits, key=lambda one: one.begin):
        last = groups[-1] if groups else None
        if last is not None and hit.begin <= max(one.end for one in last):
            last.append(hit)
        else:
            groups.append([hit])
    return groups


def _exceedances(now: datetime) -> dict[int, list[Exceedance]]:
    found: dict[int, list[Exceedance]] = {}
    rows = Exceedance.objects.filter(time__gt=now - BACK, live=True).select_related(
        "point"
    )
    for row in rows:
        found.setdefault(row.point.outlet_id, []).append(row)
    return found


def _backdated(
    marks: Sequence[Mark], known: Sequence[Exceedance], book: Book
) -> list[Hit]:
    """Return marks made long after their beginning over hours known to be over."""
    least = timedelta(hours=book["mark_backdate_h"])
    hits = []
    for mark in marks:
        delay = mark.made_at - mark.begin
        if mark.origin == Mark.Origin.LOGGER or delay < least or not mark.kind.exempts:
            continue
        over = [
            row
            for row in known
            if mark.begin <= row.time < (mark.end or mark.made_at)
            and row.found_at < mark.made_at
            and mark.point_id in (None, row.point_id)
        ]
        if over:
            first = min(row.found_at for row in over)
            hits.append(
                make_hit(
                    "backdated_mark", mark.begin, mark.end or mark.made_at,
                    code=f"m{mark.pk}", score=float(len(over)), mark=_name(mark),
                    made=stamp(mark.made_at), delay=since(mark.begin, mark.made_at),
                    known=stamp(first),
                )
            )  # fmt: skip
    return hits


def _allowances(
    marks: Sequence[Mark], kinds: Sequence[MarkKind], year: datetime, now: datetime
) -> list[Hit]:
    views = [reads.view_of(mark) for mark in marks if mark.legal]
    hits = []
    pooled = [kind for kind in kinds if kind.code in SHARED_ALLOWANCE]
    single = [[kind] for kind in kinds if kind.code not in SHARED_ALLOWANCE]
    for group in (*single, pooled):
        allowed = max((kind.yearly_hours or 0 for kind in group), default=0)
        codes = {kind.code for kind in group}
        own: list[MarkView] = [view for view in views if view.kind in codes]
        used = hours_in(own, year, now)
        if not allowed or used <= allowed:
            continue
        name = "启停、烘炉、故障与事故" if len(group) > 1 else group[0].name
        hits.append(
            make_hit(
                "mark_allowance", year, now, code=f"k{group[0].code}"[:20],
                score=used / allowed, mark=f"{name}标记", year=str(year.year),
                used=used, allowed=allowed, source=group[0].source,
            )
        )  # fmt: skip
    return hits


def _too_long(marks: Sequence[Mark], now: datetime) -> list[Hit]:
    hits = []
    for mark in marks:
        allowed, end = mark.kind.each_hours, mark.end or now
        if mark.origin == Mark.Origin.LOGGER or not allowed:
            continue
        hours = (end - mark.begin) / timedelta(hours=1)
        if hours > allowed:
            hits.append(
                make_hit(
                    "mark_too_long", mark.begin, end, code=f"m{mark.pk}",
                    score=hours / allowed, mark=_name(mark), allowed=allowed,
                    source=mark.kind.source,
                )
            )  # fmt: skip
    return hits
