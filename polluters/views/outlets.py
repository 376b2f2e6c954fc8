"""The page of one outlet, its data table and the export."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import current_user, reader_required
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.tables import csv_response
from polluters.models import Outlet, Period
from polluters.selectors.pages import data as data_pages
from polluters.selectors.pages.outlet import outlet_page

PERIODS = {"minute": Period.MINUTE, "hour": Period.HOUR, "day": Period.DAY}
ROWS = 300  # five hours of minutes a page
LONGEST = {
    Period.MINUTE: timedelta(days=3),
    Period.HOUR: timedelta(days=93),
    Period.DAY: timedelta(days=800),
}


def visible_outlet(request: HttpRequest, pk: int) -> Outlet:
    """Return an outlet in the person's scope, else 404."""
    rows = Outlet.objects.visible_to(current_user(request))
    found: Outlet = get_object_or_404(
        rows.select_related("enterprise__district", "enterprise__organisation"), pk=pk
    )
    return found


@require_GET
@reader_required
def outlet(request: HttpRequest, pk: int) -> HttpResponse:
    """Show whether an exceedance is real, and why."""
    now = clock.now()
    found = visible_outlet(request, pk)
    page = outlet_page(outlet=found, user=current_user(request), now=now)
    year = clock.beijing(now).year
    context = {
        "page": page,
        "outlet": found,
        "firm": found.enterprise,
        "key_unit": year in found.enterprise.key_years,
        "now": now,
        "tab": "live",
    }
    return render(request, "polluters/outlet.html", context)


def _day(text: str | None, default: date) -> date:
    try:
        day = parse_date(text or "")
    except ValueError:
        return default
    return day if day and clock.askable(day) else default


def _span(request: HttpRequest) -> dict[str, Any]:
    """Read period and days from the address; a span is cut to what fits a page."""
    name = request.GET.get("period", "hour")
    period = PERIODS.get(name, Period.HOUR)
    today = clock.beijing(clock.now()).date()
    until = _day(request.GET.get("until"), today)
    default = until - (timedelta(0) if period == Period.MINUTE else timedelta(days=6))
    since = min(_day(request.GET.get("since"), default), until)
    cut = until - since >= LONGEST[period]
    if cut:
        since = until - LONGEST[period] + timedelta(days=1)
    begin = datetime.combine(since, time.min, tzinfo=clock.BEIJING)
    end = datetime.combine(until, time.min, tzinfo=clock.BEIJING) + timedelta(days=1)
    return {
        "period": period,
        "period_name": next(key for key, value in PERIODS.items() if value == period),
        "since": since,
        "until": until,
        "start": begin,
        "end": end,
        "cut": cut,
        "longest": LONGEST[period].days,
    }


@require_GET
@reader_required
def data(request: HttpRequest, pk: int) -> HttpResponse:
    """Show minutes, hours or days as a table."""
    found, span = visible_outlet(request, pk), _span(request)
    table = data_pages.table(
        outlet=found, period=span["period"], start=span["start"], end=span["end"]
    )
    context = {
        "outlet": found,
        "firm": found.enterprise,
        "table": table,
        "page": Paginator(table.rows, ROWS).get_page(request.GET.get("page")),
        "span": span,
        "tab": "data",
    }
    return render(request, "polluters/outlet_data.html", context)


@require_GET
@reader_required
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the same table as CSV; reading data out of the platform is audited."""
    found, span = visible_outlet(request, pk), _span(request)
    table = data_pages.table(
        outlet=found, period=span["period"], start=span["start"], end=span["end"]
    )
    audit.record(
        actor=current_user(request),
        act="outlet.export",
        subject=found.subject_key,
        detail={
            "period": span["period_name"],
            "since": str(span["since"]),
            "until": str(span["until"]),
            "rows": len(table.rows),
        },
        kind="read",
    )
    name = f"{found.code}_{span['period_name']}_{span['since']}_{span['until']}.csv"
    head = ["时间"]
    for column in table.columns:
        head += [column.title, "标记"]
    return csv_response(name, head, map(_line, table.rows))


def _line(row: data_pages.Row) -> list[object]:
    """Return a line of the export: a number and its mark for each factor."""
    line: list[object] = [row.time]
    for cell in row.cells:
        line += [float(cell.text) if cell.text else None, cell.flag]
    return line
