"""统计分析: compliance month by month, ranks, hours of the day; print and Excel."""

from collections.abc import Sequence
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.audit import services as audit
from bozhou_eco.common.tables import xlsx_response
from polluters.domain.compliance import Month, Rank, later
from polluters.selectors.masses import FORMULAS
from polluters.selectors.pages.statistics import Statistics, statistics
from polluters.selectors.pages.tonnage import Tonnage, Totals, totals
from polluters.views.exceedances import chosen_month

LEVELS = 3
SHOWN = 20
MASS_HEAD = (
    "因子", "编码", "本月（t）", "上月（t）", "环比", "去年同月（t）", "同比", "本年累计（t）",
    "许可量（t）", "许可量使用", "替代量（t）", "缺失小时", "比较区间",
)  # fmt: skip


def heat_level(count: int, hottest: int) -> int:
    """Return 0 to 3: how strongly a cell is drawn; the number stands in it too."""
    return -(-count * LEVELS // hottest) if hottest and count else 0


@require_GET
@bureau_required
def page(request: HttpRequest) -> HttpResponse:
    """Show a month beside the month and the year before."""
    month = chosen_month(request.GET.get("month", ""))
    user = current_user(request)
    found = statistics(user=user, month=month)
    tonnage = totals(user=user, month=month)
    context = {
        "found": found,
        "tonnage": tonnage,
        "biggest": tonnage.enterprises[:SHOWN],
        "formulas": FORMULAS,
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
    sheets = [*_sheets(found, month), *_masses(totals(user=user, month=month))]
    return xlsx_response(f"统计分析_{month:%Y-%m}.xlsx", sheets)


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


def _masses(
    found: Totals,
) -> list[tuple[str, list[str], list[list[object]]]]:
    """Return a sheet a level, and one that says what the figures rest on."""
    until = found.until
    span = f"{found.first} 至 {until}" if until else ""

    def lines(rows: Sequence[Tonnage]) -> list[list[object]]:
        return [
            [
                row.name, row.factor, row.code, row.now, row.before, row.month_change,
                row.year_before, row.year_change, row.year, row.quota, row.share,
                row.substituted, row.missing, span,
            ]
            for row in rows
        ]  # fmt: skip

    notes: list[list[object]] = [[text] for text in FORMULAS.values()]
    notes.append(["本月未结束时，上月与去年同月取同样天数；替代量另列，不计入实测量"])
    return [
        ("排放量 企业", ["企业", *MASS_HEAD], lines(found.enterprises)),
        ("排放量 行政区", ["行政区", *MASS_HEAD], lines(found.districts)),
        ("排放量 合计", ["范围", *MASS_HEAD], lines(found.factors)),
        ("排放量 算法", ["说明"], notes),
    ]
