"""历史数据: any points over any span, as curves, table and export; raw frames behind."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import current_user, reader_required
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from bozhou_eco.common.tables import csv_response, xlsx_response
from polluters.domain.validity import flag_word
from polluters.models import Outlet, Period, Point, RawFrame
from polluters.selectors import curves as rows
from polluters.selectors.limits import in_force
from polluters.selectors.pages.live import names_of

MOST_POINTS = 8
LONGEST = timedelta(days=366)
YEAR = timedelta(days=365)
PERIODS = {"minute": Period.MINUTE, "hour": Period.HOUR, "day": Period.DAY}
WORDS = {"minute": "分钟数据", "hour": "小时均值", "day": "日均值"}
SPANS = {"24h": 1, "7d": 7, "30d": 30, "365d": 365}
SHOWN = 300
JOB = re.compile(r"[0-9a-f]{16,40}")
PASSWORD = re.compile(rb"(PW=)[^;&]*")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, with what had to be changed in it."""

    points: Sequence[Point]
    start: datetime
    end: datetime
    period: Period
    period_name: str
    auto: bool
    last_year: bool
    notes: Sequence[str]

    @property
    def grid(self) -> rows.Grid:
        """The grid the span is shown on."""
        return rows.grid(self.start, self.end, self.period)


def _moment(text: str | None, *, whole_day: bool) -> datetime | None:
    """Read a Beijing day or time; None of anything else."""
    try:
        full = parse_datetime(text or "")
        day = None if full else parse_date(text or "")
    except ValueError:
        return None
    if not clock.askable(full or day or clock.FIRST_DAY):
        return None
    if full is not None:
        return full if full.tzinfo else full.replace(tzinfo=clock.BEIJING)
    if day is None:
        return None
    begin = datetime(day.year, day.month, day.day, tzinfo=clock.BEIJING)
    return begin + timedelta(days=1) if whole_day else begin


def _span(request: HttpRequest, notes: list[str]) -> tuple[datetime, datetime]:
    now = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
    days = SPANS.get(request.GET.get("span", ""), 1)
    asked = request.GET
    end = _moment(asked.get("until"), whole_day=True) or now
    start = _moment(asked.get("since"), whole_day=False)
    for name, text, found in (
        ("起始", asked.get("since"), start),
        ("截止", asked.get("until"), end),
    ):
        if text and (found is None or (name == "截止" and found == now)):
            notes.append(f"{name}时间无法识别，应形如 2026-11-01T08:00")
    if start is None or asked.get("span"):
        start = end - timedelta(days=days)
    if start >= end:
        notes.append("起点不早于止点，已改为止点前 24 小时")
        start = end - timedelta(days=1)
    if end - start > LONGEST:
        notes.append("一次最多查询一年，已截取最近一年")
        start = end - LONGEST
    return clock.beijing(start), clock.beijing(end)


def read(request: HttpRequest) -> Asked:
    """Read points, span and period from the address; say what was changed."""
    notes: list[str] = []
    asked = map(whole, request.GET.getlist("p"))
    ids = list(dict.fromkeys(pk for pk in asked if pk is not None))
    if len(ids) > MOST_POINTS:
        notes.append(
            f"一次最多 {MOST_POINTS} 个点位，其余 {len(ids) - MOST_POINTS} 个未显示"
        )
    found = {
        point.pk: point
        for point in Point.objects.visible_to(current_user(request))
        .filter(pk__in=ids[:MOST_POINTS])
        .select_related("pollutant", "logger", "outlet__enterprise")
    }
    points = [found[pk] for pk in ids if pk in found]
    if len(found) < len(ids[:MOST_POINTS]):
        notes.append("部分点位不存在或不在您的范围内")
    start, end = _span(request, notes)
    name = request.GET.get("period", "")
    period = PERIODS.get(name) or rows.default_period(end - start)
    if period == Period.MINUTE and end - start > timedelta(days=93):
        notes.append("分钟数据一次最多画 93 天，已改用小时均值；导出不受此限")
        period = Period.HOUR
    period_name = next(key for key, value in PERIODS.items() if value == period)
    return Asked(
        points, start, end, period, period_name, name not in PERIODS,
        request.GET.get("last") == "1", notes,
    )  # fmt: skip


def label(point: Point) -> str:
    """Return how a point is called beside others: firm, outlet, factor."""
    name, symbol = names_of(point)
    basis = "（折算）" if point.converted else ""
    return f"{point.outlet.enterprise.short_name} {point.outlet.name} {symbol or name}{basis}"


@require_GET
@reader_required
def page(request: HttpRequest) -> HttpResponse:
    """Show the choice of points and span, the charts, and the newest rows as a table."""
    user = current_user(request)
    asked = read(request)
    outlets = list(
        Outlet.objects.visible_to(user)
        .filter(active=True)
        .select_related("enterprise")
        .order_by("enterprise__short_name", "code")
    )
    chosen = _outlet(request, outlets, asked.points)
    offered = (
        Point.objects.filter(outlet=chosen, active=True).select_related("pollutant")
        if chosen
        else []
    )
    known = {point.pk for point in asked.points}
    with transaction.atomic():
        table = list(
            rows.rows(asked.points, period=asked.period, on=asked.grid, newest=SHOWN)
            if asked.points
            else []
        )
    context = {
        "asked": asked,
        "outlets": outlets,
        "chosen": chosen,
        "offered": [(point, *names_of(point), point.pk in known) for point in offered],
        "columns": [(point, label(point)) for point in asked.points],
        "table": [(row.time, _cells(row, asked.points)) for row in table],
        "periods": WORDS.items(),
        "period_word": WORDS[asked.period_name],
        "spans": (("24h", "24 时"), ("7d", "7 日"), ("30d", "30 日"), ("365d", "一年")),
        "total": rows.count_rows(asked.points, period=asked.period, on=asked.grid)
        if asked.points
        else 0,
        "shown": SHOWN,
    }
    return render(request, "polluters/curves.html", context)


def _outlet(
    request: HttpRequest, outlets: Sequence[Outlet], points: Sequence[Point]
) -> Outlet | None:
    text = request.GET.get("outlet", "")
    wanted = whole(text)
    if wanted is None and points:
        wanted = points[0].outlet_id
    return next((one for one in outlets if one.pk == wanted), None)


def _cells(row: rows.Row, points: Sequence[Point]) -> list[dict[str, Any]]:
    cells = []
    for point, cell in zip(points, row.cells, strict=True):
        value, flag = cell or (None, "")
        cells.append(
            {
                "value": value,
                "flag": flag if flag not in ("", "N") else "",
                "word": flag_word(flag) if flag not in ("", "N") else "",
                "missing": cell is None,
                "point": point.pk,
            }
        )
    return cells


@require_GET
@reader_required
def data(request: HttpRequest) -> JsonResponse:
    """Return the chosen curves on one grid, with limits, flags and last year."""
    asked = read(request)
    on = asked.grid
    limits = in_force([p.pk for p in asked.points], on=clock.beijing(asked.end).date())
    body = {
        "start": on.start.timestamp(),
        "end": on.end.timestamp(),
        "step": on.step,
        "period": asked.period_name,
        "word": WORDS[asked.period_name],
        "notes": list(asked.notes),
        "curves": [],
    }
    for point in asked.points:
        limit = limits.get(point.pk)
        entry = _entry(rows.curve(point, period=asked.period, on=on), on)
        entry["limit"] = limit and {
            "low": limit.low,
            "high": limit.high,
            "text": limit.text,
            "kind": limit.kind,
            "averaging": limit.averaging,
        }
        if asked.last_year:
            before = rows.Grid(on.start - YEAR, on.end - YEAR, on.step)
            entry["last_year"] = rows.curve(point, period=asked.period, on=before).mean
        body["curves"].append(entry)  # type: ignore[attr-defined]
    response = JsonResponse(body)
    response["Cache-Control"] = "no-store"
    return response


def _entry(curve: rows.Curve, on: rows.Grid) -> dict[str, Any]:
    point, start = curve.point, on.start.timestamp()
    return {
        "point": point.pk,
        "label": label(point),
        "factor": point.pollutant.code,
        "unit": point.unit,
        "basis": "折算" if point.converted else "实测",
        "low": curve.low,
        "high": curve.high,
        "mean": curve.mean,
        "got": curve.got,
        "flags": [
            {
                "from": start + begin * on.step,
                "to": start + stop * on.step,
                "flag": flag,
                "word": flag_word(flag),
            }
            for begin, stop, flag in curve.flags
        ],
    }


@require_GET
@reader_required
def export(request: HttpRequest, form: str) -> HttpResponseBase:
    """Send all values of the span as CSV or Excel; it says how far it has come."""
    if form not in ("csv", "xlsx"):
        raise Http404("form")
    user, asked = current_user(request), read(request)
    if not asked.points:
        return HttpResponse(
            "请先选择点位", status=400, content_type="text/plain; charset=utf-8"
        )
    period = PERIODS.get(request.GET.get("period", ""), asked.period)
    total = rows.count_rows(asked.points, period=period, on=asked.grid)
    audit.record(
        actor=user,
        act="curves.export",
        subject=",".join(f"point:{point.pk}" for point in asked.points),
        detail={
            "period": asked.period_name,
            "since": asked.start.isoformat(),
            "until": asked.end.isoformat(),
            "values": total,
            "form": form,
        },
        kind="read",
    )
    head = ["时间"]
    for point in asked.points:
        head += [f"{label(point)}（{point.unit}）", "标记"]
    key = _job_key(user, request.GET.get("job", ""))
    lines = _lines(asked, period, key, max(total // len(asked.points), 1))
    name = f"历史数据_{asked.start:%Y%m%d%H%M}_{asked.end:%Y%m%d%H%M}"
    if form == "xlsx":
        return xlsx_response(f"{name}.xlsx", [(WORDS[asked.period_name], head, lines)])
    return csv_response(f"{name}.csv", head, lines)


def _lines(asked: Asked, period: Period, key: str, due: int) -> Iterator[list[object]]:
    done = 0
    with transaction.atomic():
        for row in rows.rows(asked.points, period=period, on=asked.grid):
            line: list[object] = [row.time]
            for cell in row.cells:
                line += [None, ""] if cell is None else [cell[0], cell[1] or "无效"]
            yield line
            done += 1
            if key and done % 2000 == 0:
                cache.set(key, min(done / due, 0.99), 600)
    if key:
        cache.set(key, 1.0, 600)


def _job_key(user: User, job: str) -> str:
    return f"export:{user.pk}:{job}" if JOB.fullmatch(job) else ""


@require_GET
@reader_required
def progress(request: HttpRequest) -> JsonResponse:
    """Return the share of an export that is written."""
    key = _job_key(current_user(request), request.GET.get("job", ""))
    return JsonResponse({"share": cache.get(key, 0.0) if key else 0.0})


@require_GET
@reader_required
def raw(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the frames as received around a moment; the device's password is hidden."""
    user = current_user(request)
    point = get_object_or_404(
        Point.objects.visible_to(user).select_related(
            "logger", "pollutant", "outlet__enterprise"
        ),
        pk=pk,
    )
    text = request.GET.get("at", "")
    try:
        at = datetime.fromtimestamp(float(text), clock.BEIJING)
    except (ValueError, OverflowError, OSError):
        at = clock.beijing(clock.now())
    if not clock.askable(at):
        at = clock.beijing(clock.now())
    around = max(
        timedelta(minutes=2 * point.logger.minute_interval), timedelta(minutes=2)
    )
    found = RawFrame.objects.filter(
        logger=point.logger_id,
        device_time__gte=at - around,
        device_time__lte=at + around,
    ).order_by("device_time")[:40]
    frames = [
        {
            "time": row.device_time,
            "received": row.received_at,
            "cn": row.cn,
            "notes": row.notes or [],
            "text": PASSWORD.sub(rb"\1******", bytes(row.body)).decode(
                "gb18030", "replace"
            ),
            "digest": bytes(row.digest).hex(),
        }
        for row in found
    ]
    audit.record(
        actor=user,
        act="frames.read",
        subject=point.outlet.subject_key,
        detail={"mn": point.logger.mn, "at": at.isoformat(), "frames": len(frames)},
        kind="read",
    )
    context = {"point": point, "at": at, "frames": frames, "around": around}
    return render(request, "polluters/raw.html", context)
