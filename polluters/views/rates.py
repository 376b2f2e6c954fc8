"""有效传输率: ranking, drill-down to the missing hour, monthly 通报."""

from datetime import date, timedelta
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import bureau_required, current_user, reader_required
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from polluters.domain.rates import total
from polluters.models import Point
from polluters.selectors import rates, rulebook
from polluters.services import bulletin

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def chosen_day(text: str) -> date:
    """Return the day asked for, yesterday if it is none; a month is its first day."""
    try:
        chosen = parse_date(f"{text}-01" if len(text) == 7 else text) if text else None
    except ValueError:
        chosen = None
    if chosen is None or not clock.askable(chosen):
        return clock.beijing(clock.now()).date() - timedelta(days=1)
    return chosen


def _span(request: HttpRequest) -> str:
    span = request.GET.get("span", "month")
    return span if span in rates.SPANS else "month"


@require_GET
@reader_required
def rate_list(request: HttpRequest) -> HttpResponse:
    """Rank outlets, enterprises or districts by their rate, the lowest first."""
    user, now = current_user(request), clock.now()
    by = request.GET.get("by", "enterprise")
    by = by if by in rates.LEVELS else "enterprise"
    span, day = _span(request), chosen_day(request.GET.get("day", ""))
    found = rates.point_rates(user, span=span, day=day, now=now)
    groups = rates.grouped(found, by)
    start, end = rates.span_bounds(span, day)
    context = {
        "groups": groups,
        "whole": total(one.rate for one in found),
        "whole_before": total(one.before for one in found),
        "by": by,
        "levels": rates.LEVELS.items(),
        "span": span,
        "spans": [(code, word) for code, (word, _) in rates.SPANS.items()],
        "day": day,
        "start": start,
        "end": end - timedelta(days=1),
        "target": rulebook.number("rate_target"),
        "may_publish": user.has_role("officer", "leader", "reviewer", "legal"),
    }
    return render(request, "polluters/rates.html", context)


@require_GET
@reader_required
def rate_point(request: HttpRequest, pk: int) -> HttpResponse:
    """Show every hour of a month of one point, down to the missing one."""
    user, now = current_user(request), clock.now()
    point = get_object_or_404(
        Point.objects.visible_to(user).select_related(
            "pollutant", "outlet__enterprise__district"
        ),
        pk=pk,
    )
    month = chosen_day(request.GET.get("month", "")).replace(day=1)
    start, end = rates.span_bounds("month", month)
    cells = rates.hour_cells(point, start=start, end=end, now=now)
    days = [cells[at : at + 24] for at in range(0, len(cells), 24)]
    found = rates.point_rates(
        user, span="month", day=month, now=now, outlet=point.outlet_id
    )
    own = next((one for one in found if one.point == point), None)
    context = {
        "point": point,
        "month": month,
        "days": days,
        "own": own,
        "lacking": [cell for cell in cells if cell.mark not in "NF-"][:200],
        "hours": range(24),
    }
    return render(request, "polluters/rate_point.html", context)


def _send(
    request: HttpRequest, user: User, kind: str, make: object, ending: str
) -> HttpResponse:
    month = chosen_day(request.GET.get("day", "")).replace(day=1)
    now = clock.now()
    paper = bulletin.collect(user=user, month=month, now=now)
    body = make(paper)  # type: ignore[operator]
    audit.record(
        actor=user,
        act="polluters.export_rates",
        subject=f"rates:{month:%Y-%m}",
        detail={"form": ending},
        now=now,
    )
    name = quote(f"有效传输率通报-{month:%Y-%m}.{ending}")
    answer = HttpResponse(body, content_type=kind)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return answer


@require_GET
@bureau_required
def rate_sheet(request: HttpRequest) -> HttpResponse:
    """Return the month's 通报 as a workbook."""
    return _send(request, current_user(request), SHEET, bulletin.as_sheet, "xlsx")


@require_GET
@bureau_required
def rate_word(request: HttpRequest) -> HttpResponse:
    """Return the month's 通报 as a Word document."""
    return _send(request, current_user(request), WORD, bulletin.as_word, "docx")
