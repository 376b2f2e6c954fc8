"""Early warning: a limit that will be reached, an unusual hour, an odd combination.

Only valid values count, and nothing is said of a plant that stands or is marked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from bozhou_eco.common import clock
from polluters.domain.checks.finding import UNITS, Hit, factor_name
from polluters.domain.checks.series import is_pollutant
from polluters.domain.multivariate import find_odd
from polluters.domain.seasonal import learn
from polluters.domain.trend import will_exceed
from polluters.models import Limit, Mean, Period, Point, Quality, Reading
from polluters.selectors import rulebook
from polluters.selectors.marks import effective_marks
from polluters.selectors.rulebook import Book
from polluters.services.findings import Look
from polluters.services.watching.kit import Place, keep, make_hit, places

HOUR = timedelta(hours=1)
STALE = timedelta(minutes=30)
TREND = frozenset(("will_exceed",))
LEVEL = frozenset(("unusual_level",))
JOINT = frozenset(("odd_hour",))
LEAST_WEEKS = 2
NEAR = 0.5
Pair = tuple[datetime, tuple[float | None, float | None]]


def _look(checks: frozenset[str], now: datetime) -> Look:
    return Look(
        checks, now - timedelta(hours=12), now - timedelta(hours=6), lasting=True,
        gone="趋势或水平已恢复",
    )  # fmt: skip


def _unit(point: Point) -> str:
    """Return a unit as people read it."""
    return UNITS.get(point.unit, point.unit)


def look_ahead(*, now: datetime) -> int:
    """Say which limits will be reached within hours; return how many were new."""
    book = rulebook.load()
    new = 0
    for place in places():
        marks = effective_marks([place.outlet.pk], begin=now - HOUR, end=now + HOUR)
        hits = [] if marks else _trends(place, book, now)
        new += keep(place, hits, look=_look(TREND, now), book=book, now=now)
    return new


def _bounds(points: Sequence[Point], now: datetime) -> dict[int, float]:
    """Return the lowest hourly limit in force of each point, without conditions."""
    day = clock.beijing(now).date()
    found: dict[int, float] = {}
    for limit in Limit.objects.filter(
        point__in=points, kind__in=Limit.ENFORCEABLE, averaging="hour",
        high__isnull=False, valid_from__lte=day, condition={},
    ):  # fmt: skip
        high = limit.high
        if high is not None and (limit.valid_to is None or limit.valid_to >= day):
            found[limit.point_id] = min(found.get(limit.point_id, high), high)
    return found


def _trends(place: Place, book: Book, now: datetime) -> list[Hit]:
    bounds = _bounds(place.points, now)
    window = timedelta(hours=book["trend_window_h"])
    rows: dict[int, list[Pair]] = {}
    for key, time, value, converted in Reading.objects.filter(
        point__in=bounds, period=Period.MINUTE, time__gte=now - window, time__lte=now,
        flag="N", value__isnull=False,
        quality__in=(0, Quality.LATE.value, Quality.BACKFILL.value),
    ).order_by("time").values_list("point_id", "time", "value", "converted"):  # fmt: skip
        rows.setdefault(key, []).append((time, (value, converted)))
    hits = []
    for point in place.points:
        own = rows.get(point.pk, [])
        hit = _trend(point, own, bounds.get(point.pk), book, now)
        if hit is not None:
            hits.append(hit)
    return hits


def _trend(
    point: Point,
    rows: Sequence[Pair],
    limit: float | None,
    book: Book,
    now: datetime,
) -> Hit | None:
    if limit is None or not rows or now - rows[-1][0] > STALE:
        return None
    pairs = [(time, two[1] if point.converted else two[0]) for time, two in rows]
    known = [(time, value) for time, value in pairs if value is not None]
    if not known:
        return None
    last = known[-1][0]
    forecast = will_exceed(
        [(time - last) / HOUR for time, _ in known],
        [value for _, value in known],
        limit=limit,
        horizon=book["trend_horizon_h"],
        least=30,
    )
    if forecast is None or forecast.level < NEAR * limit:
        return None
    return make_hit(
        "will_exceed", last, now, code=point.pollutant.code,
        score=1 / max(forecast.hours, 0.1), text=forecast.text(_unit(point)),
        hours=forecast.hours, early=forecast.early, late=forecast.late,
    )  # fmt: skip


def look_at_levels(*, now: datetime) -> int:
    """Compare the last closed hour with what its hour of the week usually brings."""
    book = rulebook.load()
    hour = now.replace(minute=0, second=0, microsecond=0) - HOUR
    start = hour - timedelta(weeks=book["season_weeks"])
    new = 0
    for place in places():
        marked = effective_marks([place.outlet.pk], begin=hour, end=hour + HOUR)
        points = [p for p in place.points if is_pollutant(p.pollutant.code)]
        hits = [] if marked else _levels(points, hour, start, book)
        new += keep(place, hits, look=_look(LEVEL, now), book=book, now=now)
    return new


def _levels(
    points: Sequence[Point], hour: datetime, start: datetime, book: Book
) -> list[Hit]:
    series: dict[int, list[tuple[int, float]]] = {}
    for key, time, value in Mean.objects.filter(
        point__in=points, period=Period.HOUR, time__gte=start, time__lte=hour,
        valid=True, computed__isnull=False,
    ).order_by("time").values_list("point_id", "time", "computed"):  # fmt: skip
        assert value is not None  # by the question
        series.setdefault(key, []).append((int(time.timestamp()), value))
    now = int(hour.timestamp())
    hits = []
    for point in points:
        rows = series.get(point.pk, [])
        enough = len(rows) >= LEAST_WEEKS * 7 * 20
        if not enough or rows[-1][0] != now:
            continue
        base = learn([t for t, _ in rows[:-1]], [v for _, v in rows[:-1]])
        odd = base.judge(now, rows[-1][1], bar=book["season_bar"])
        if odd is not None:
            hits.append(
                make_hit(
                    "unusual_level", hour, hour + HOUR, code=point.pollutant.code,
                    score=abs(odd.score), text=odd.text(_unit(point)),
                )
            )  # fmt: skip
    return hits


def look_at_states(*, now: datetime) -> int:
    """Look for hours of the last day in which the factors together were odd."""
    book = rulebook.load()
    start = now - timedelta(days=book["joint_days"])
    new = 0
    for place in places():
        marks = effective_marks([place.outlet.pk], begin=start, end=now)
        spans = [(m.begin, m.end) for m in marks.get(place.outlet.pk, ())]
        hits = _states(place, start, now, spans)
        whole = Look(
            JOINT, now - timedelta(days=3), now - timedelta(days=2), lasting=True,
            gone="组合已恢复",
        )  # fmt: skip
        new += keep(place, hits, look=whole, book=book, now=now)
    return new


def _states(
    place: Place,
    start: datetime,
    now: datetime,
    marked: Sequence[tuple[datetime, datetime]],
) -> list[Hit]:
    codes = {point.pk: point.pollutant.code for point in place.points}
    table: dict[datetime, dict[str, float]] = {}
    for point, time, value in Mean.objects.filter(
        point__in=codes, period=Period.HOUR, time__gte=start, time__lt=now,
        valid=True, computed__isnull=False,
    ).values_list("point_id", "time", "computed"):  # fmt: skip
        assert value is not None  # by the question
        table.setdefault(time, {})[codes[point]] = value
    names = sorted({name for row in table.values() for name in row})
    hours = [
        time
        for time, row in sorted(table.items())
        if len(row) == len(names)
        and not any(begin < time + HOUR and time < end for begin, end in marked)
    ]
    if not hours or len(names) < 2:
        return []
    rows = np.array([[table[time][name] for name in names] for time in hours])
    hits = []
    for odd in find_odd(names, rows):
        time = hours[odd.index]
        if now - time > timedelta(hours=26):
            continue
        drivers = "、".join(
            f"{factor_name(code)} {value:.4g}（平时 {usual:.4g}，占 {share:.0%}）"
            for code, share, value, usual in odd.drivers
        )
        hits.append(
            make_hit("odd_hour", time, time + HOUR, score=odd.score, drivers=drivers)
        )
    return _joined(hits)


def _joined(hits: Sequence[Hit]) -> list[Hit]:
    """Return neighbouring odd hours as one, with the words of the strongest."""
    joined: list[Hit] = []
    for hit in sorted(hits, key=lambda one: one.begin):
        last = joined[-1] if joined else None
        if last is None or hit.begin > last.end + 3600:
            joined.append(hit)
            continue
        best = max((last, hit), key=lambda one: one.score)
        joined[-1] = Hit("", "odd_hour", last.begin, hit.end, best.score, best.data)
    return joined
