"""环境空气: the city's days, the share of good ones, and the import of figures."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.common.tables import csv_response
from polluters.domain.airtable import COLUMNS, decode
from polluters.domain.compliance import later
from polluters.models import AirStation, AqiBreakpoint
from polluters.selectors import air as rows
from polluters.services import air
from polluters.views.exceedances import chosen_month

LARGEST = 4 << 20
ERRORS_SHOWN = 100


@require_GET
@bureau_required
def page(request: HttpRequest) -> HttpResponse:
    """Show a month day by day, and the year so far beside the year before."""
    month = chosen_month(request.GET.get("month", ""))
    today = clock.beijing(clock.now()).date()
    last = min(later(month, 1), date(month.year, 12, 31))
    until = min(today, last)
    year = rows.city_days(start=date(month.year, 1, 1), end=until)
    before = rows.city_days(start=date(month.year - 1, 1, 1), end=_a_year_before(until))
    days = [
        day
        for day in year
        if (day.day.year, day.day.month) == (month.year, month.month)
    ]
    versions = AqiBreakpoint.objects.order_by("valid_from").values_list(
        "version", "valid_from", "confirmed"
    )
    context = {
        "month": month,
        "back": later(month, -1),
        "on": later(month, 1),
        "days": days,
        "month_share": rows.good_share(days),
        "year_share": rows.good_share(year),
        "year_dustless": rows.good_share(year, without_dust=True),
        "before_share": rows.good_share(before),
        "dust_days": sum(day.dust for day in year),
        "first_days": sum(not day.reviewed for day in year),
        "versions": list(dict.fromkeys(versions)),
        "notes": sorted({n for d in days if d.computed for n in d.computed.notes}),
        "stations": AirStation.objects.filter(active=True).select_related("district"),
        "may_import": current_user(request).has_role(Role.OFFICER, Role.LEADER),
    }
    return render(request, "polluters/air.html", context)


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER, Role.LEADER)
def imports(request: HttpRequest) -> HttpResponse:
    """Check a table of days, then take it; every bad row is named with its reason."""
    context: dict[str, object] = {
        "columns": COLUMNS,
        "stations": AirStation.objects.filter(active=True),
        "shown": ERRORS_SHOWN,
    }
    status = 200
    if request.method == "POST":
        text, name, problem = _table(request)
        if problem:
            context["problem"], status = problem, 422
        else:
            done = air.import_days(
                text=text,
                name=name,
                store=request.POST.get("act") == "store",
                user=current_user(request),
                now=clock.now(),
            )
            context |= {"done": done, "text": text, "name": name}
            context["errors"] = done.errors[:ERRORS_SHOWN]
    return render(request, "polluters/air_import.html", context, status=status)


def _table(request: HttpRequest) -> tuple[str, str, str]:
    """Return text, name and what is wrong with the upload."""
    file = request.FILES.get("file")
    if file is None:
        text = request.POST.get("text", "")
        name = request.POST.get("name", "")[:60] or "表格"
        return (text, name, "") if text.strip() else ("", "", "请选择 CSV 文件")
    if (file.size or 0) > LARGEST:
        return "", "", "文件超过 4 MB，请分年导入"
    content = file.read()
    if content[:2] == b"PK":
        return "", "", "这是 Excel 文件，请另存为 CSV（UTF-8）后再选"
    return decode(content), (file.name or "表格")[:60], ""


@require_GET
@role_required(Role.OFFICER, Role.LEADER)
def template(request: HttpRequest) -> HttpResponseBase:
    """Send an empty table with one example row."""
    example = ["2026-03-01", "站点名称", 12, 25, 80, 35, 0.8, 96, "", "否", "审核值"]
    return csv_response("空气日数据模板.csv", COLUMNS, [example])
