"""排放量与许可: a year by factor, a month by day, a day by hour with its formula."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import current_user, reader_required
from bozhou_eco.common import clock
from polluters.models import DailyMass, Enterprise, Point
from polluters.selectors import masses as rows
from polluters.services import masses as sums
from polluters.views.exceedances import chosen_month

FIRST_YEAR = 2000


@require_GET
@reader_required
def mass_list(request: HttpRequest) -> HttpResponse:
    """Show the year's masses against the quotas."""
    user, today = current_user(request), clock.beijing(clock.now()).date()
    text = request.GET.get("year", "")
    year = int(text) if text.isdecimal() and len(text) == 4 else today.year
    year = min(max(year, FIRST_YEAR), today.year)
    listed = rows.year_rows(user, year=year, today=today)
    context = {
        "rows": listed,
        "year": year,
        "years": range(today.year, today.year - 5, -1),
        "with_quota": sum(row.quota is not None for row in listed),
        "tight": sum(
            row.forecast is not None and row.forecast.runs_out is not None
            for row in listed
        ),
        "formulas": rows.FORMULAS,
    }
    return render(request, "polluters/masses.html", context)


@require_GET
@reader_required
def mass_days(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Show a factor of an enterprise in a month, by point and day."""
    user = current_user(request)
    firm = get_object_or_404(Enterprise.objects.visible_to(user), pk=pk)
    month = chosen_month(request.GET.get("month", ""))
    listed = list(
        DailyMass.objects.filter(
            point__outlet__enterprise=firm, point__pollutant__code=code,
            day__year=month.year, day__month=month.month,
        )
        .select_related("point__outlet", "point__pollutant")
        .order_by("day", "point_id")
    )  # fmt: skip
    point = (
        Point.objects.filter(outlet__enterprise=firm, pollutant__code=code)
        .select_related("pollutant")
        .first()
    )
    if point is None:
        raise Http404
    context = {
        "firm": firm,
        "point": point,
        "month": month,
        "rows": listed,
        "measured": sum(row.measured for row in listed),
        "substituted": sum(row.substituted for row in listed),
    }
    return render(request, "polluters/mass_days.html", context)


@require_GET
@reader_required
def mass_day(request: HttpRequest, pk: int, day: str) -> HttpResponse:
    """Show the hours behind a day's mass, with the formula and what stands in."""
    user = current_user(request)
    point = get_object_or_404(
        Point.objects.visible_to(user).select_related(
            "pollutant", "outlet__enterprise__district"
        ),
        pk=pk,
    )
    chosen = _day(day)
    mass = DailyMass.objects.filter(point=point, day=chosen).first()
    hours = sums.hours_of(point=point, day=chosen)
    context = {
        "point": point,
        "day": chosen,
        "mass": mass,
        "rows": rows.hour_rows(point, day=chosen, mass=hours),
        "flow": rows.flow_point(point.outlet),
        "formula": rows.FORMULAS[point.outlet.medium],
    }
    return render(request, "polluters/mass_day.html", context)


def _day(text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not clock.askable(day):
        raise Http404
    return day
