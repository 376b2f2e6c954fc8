"""What open pages ask for: the curve of a point and the cells after a lost connection."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import current_user, reader_required
from bozhou_eco.common import clock
from polluters.domain.validity import flag_word
from polluters.models import Period, Point
from polluters.selectors import history as series
from polluters.selectors.limits import InForce, in_force
from polluters.selectors.pages.outlet import outlet_page
from polluters.views.outlets import visible_outlet

SPANS = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "365d": timedelta(days=365),
}
GAP_CYCLES = 2.5


@require_GET
@reader_required
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a point's curve as JSON: minutes for a day, hour means for longer."""
    point = get_object_or_404(
        Point.objects.visible_to(current_user(request)).select_related(
            "pollutant", "logger"
        ),
        pk=pk,
    )
    name = request.GET.get("span", "24h")
    if name not in SPANS:
        raise Http404("span")
    end = clock.now()
    start = end - SPANS[name]
    limit = in_force([point.pk], on=clock.beijing(end).date()).get(point.pk)
    body: dict[str, Any] = {
        "point": point.pk,
        "name": point.pollutant.name,
        "short": point.pollutant.short or point.pollutant.name,
        "unit": point.unit,
        "basis": "折算" if point.converted else "实测",
        "span": name,
        "start": start.timestamp(),
        "end": end.timestamp(),
        "limit": _limit(limit),
    }
    if name == "365d":
        body["days"] = _means(point, Period.DAY, start, end)
    else:
        body["hours"] = _means(point, Period.HOUR, start, end)
    body |= _minutes(point, start, end) if name == "24h" else {"flags": []}
    response = JsonResponse(body)
    response["Cache-Control"] = "no-store"
    return response


def _limit(limit: InForce | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    return {
        "low": limit.low,
        "high": limit.high,
        "text": limit.text,
        "kind": limit.kind,
        "averaging": limit.averaging,
        "standard": limit.standard,
    }


def _minutes(point: Point, start: datetime, end: datetime) -> dict[str, Any]:
    samples = series.minutes(point, start=start, end=end)
    times: list[float] = []
    values: list[float | None] = []
    spans: list[dict[str, Any]] = []
    cycle = point.logger.minute_interval * 60
    for sample in samples:
        if times and sample.at - times[-1] > GAP_CYCLES * cycle:
            times.append(times[-1] + cycle)
            values.append(None)
        times.append(sample.at)
        values.append(sample.value)
        if sample.flag == "N":
            continue
        if (
            spans
            and spans[-1]["flag"] == sample.flag
            and sample.at - spans[-1]["to"] <= cycle
        ):
            spans[-1]["to"] = sample.at + cycle
        else:
            spans.append(
                {
                    "from": sample.at,
                    "to": sample.at + cycle,
                    "flag": sample.flag,
                    "word": flag_word(sample.flag),
                }
            )
    return {"minutes": {"times": times, "values": values}, "flags": spans}


def _means(
    point: Point, period: Period, start: datetime, end: datetime
) -> dict[str, Any]:
    step = 3600 if period == Period.HOUR else 86_400
    known, found = series.means(point, period=period, start=start, end=end)
    times: list[float] = []
    values: list[float | None] = []
    for at, value in zip(known, found, strict=True):
        if times and at - times[-1] > step:
            times.append(times[-1] + step)
            values.append(None)
        times.append(at)
        values.append(value)
    return {"times": times, "values": values}


@require_GET
@reader_required
def cells(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the live part of the outlet page anew, after a gap in the connection."""
    found = visible_outlet(request, pk)
    page = outlet_page(outlet=found, user=current_user(request), now=clock.now())
    return render(
        request, "polluters/_outlet_live.html", {"page": page, "outlet": found}
    )
