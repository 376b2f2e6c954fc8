"""统计分析: compliance month by month, ranks, hours of the day; print and Excel."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.audit import services as audit
from bozhou_eco.common.tables import xlsx_response
from polluters.domain.compliance import Month, Rank, later
from polluters.selectors.pages.statistics import Statistics, statistics
from polluters.views.exceedances import chosen_month

LEVELS = 3


def heat_level(count: int, hottest: int) -> int:
    """Return 0 to 3: how strongly a cell is drawn; the number stands in it too."""
    return -(-count * LEVELS // hottest) if hottest and count else 0


@require_GET
@bureau_required
def page(request: HttpRequest) -> HttpResponse:
    """Show a month beside the month and the year before."""
    month = chosen_month(request.GET.get("month", ""))
    found = statistics(user=current_user(request), month=month)
    context = {
        "found": found,
        "month": month,
        "back": later(month, -1),
        "on": later(month, 1),
        "heat": [
            (day, [(n, heat_level(n, found.hottest)) for n in line])
            for day, line in found.heat
        ],
        "hours": range(24),
        "most": max((m.hours + m.days for m in found.trend), default=0) or 1,
        "tables": (
            ("行政区排名", found.districts),
            ("行业排名", found.industries),
            ("企业排名", found.enterprises[:15]),
        ),
    }
    return render(request, "polluters/statistics.html", context)


@require_GET
@bureau_required
def export(request: HttpRequest) -> HttpResponseBase:
    """Send the same figures as Excel, a sheet a table."""
    user, month = current_user(request), chosen_month(request.GET.get("month", ""))
    found = statistics(user=user, month=month)
    audit.record(
        actor=user, act="statistics.export", subject=f"{month:%Y-%m}", kind="read"
    )
    return xlsx_response(f"统计分析_{month:%Y-%m}.xlsx", _sheets(found, month))


def _sheets(
    found: Statistics, month: date
) -> list[tuple[str, list[str], list[list[object]]]]:
    head = ["超标小时", "超标日", "最大倍数", "上月", "去年同月"]
    sheets = [
        (
            "月度趋势",
            [
                "月份",
                "超标小时",
                "超标日",
                "事件",
                "涉及企业",
                "最大倍数",
                "重复率",
                "整改用时中位数（h）",
            ],
            [_month(one) for one in found.trend],
        ),
        ("行政区", ["行政区", *head], [_rank(one) for one in found.districts]),
        ("行业", ["行业", *head], [_rank(one) for one in found.industries]),
        ("企业", ["企业", *head], [_rank(one) for one in found.enterprises]),
        (
            "小时热力",
            [f"{month:%Y-%m}", *(f"{hour} 时" for hour in range(24))],
            [[day, *line] for day, line in found.heat],
        ),
    ]
    return sheets


def _month(one: Month) -> list[object]:
    return [
        f"{one.first:%Y-%m}", one.hours, one.days, one.events, one.enterprises,
        one.peak, one.repeat_share, one.mend_hours,
    ]  # fmt: skip


def _rank(one: Rank) -> list[object]:
    return [one.name, one.hours, one.days, one.peak, one.month_before, one.year_before]
