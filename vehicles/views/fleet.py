"""Fleet statistics, and the loop of test, repair and retest with its clock."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.accounts.models import District, Role
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.columns import columns
from vehicles.domain.codes import FUELS, METHOD_NAMES, STAGES
from vehicles.forms import RepairForm
from vehicles.models import RepairLoop
from vehicles.selectors import fleet as reads
from vehicles.services.exports import EXCEL_TYPE, as_excel
from vehicles.services.loops import LoopRefusedError, note_repair
from vehicles.views.media import send_bytes
from vehicles.views.periods import read_period

PAGE_SIZE = 50
LOOP_STATES = (
    ("open", "在途"),
    ("late", "超期"),
    ("closed", "已闭环"),
    ("all", "全部"),
)


@require_GET
@bureau_required
def fleet(request: HttpRequest) -> HttpResponse:
    """Emission tests by month, fuel, stage, age, county or method: chart and table."""
    user, period = current_user(request), read_period(request)
    given = {key: str(value) for key, value in request.GET.items()}
    by = given.get("by") if given.get("by") in reads.GROUPS else "month"
    found = reads.narrowed(reads.months_for(user, period.first, period.last), given)
    rows = reads.grouped(found, str(by))
    shown = reads.measured(rows)
    if given.get("format") == "xlsx":
        return _export(request, rows, shown, str(by))
    total = reads.summed(rows)
    trend = rows if by == "month" else reads.grouped(found, "month")
    context: dict[str, Any] = {
        "rows": rows,
        "total": total,
        "measured": [
            {"name": name, "label": label, "unit": unit} for name, label, unit in shown
        ],
        "table": [
            {"row": row, "means": [row.mean(name) for name, _, _ in shown]}
            for row in [*rows, total]
        ],
        "bars": columns([(row.label, row.tests, row.failed) for row in rows]),
        "trend": columns([(row.label, row.tests, row.failed) for row in trend]),
        "by": by,
        "groups": reads.GROUPS.items(),
        "group_name": reads.GROUPS[str(by)],
        "given": given,
        "period": period,
        "fuels": FUELS.items(),
        "stages": STAGES.items(),
        "ages": reads.AGES[:-1],
        "methods": [(method.value, name) for method, name in METHOD_NAMES.items()],
        "districts": District.objects.all(),
        "upto": reads.summed_at(),
        "narrowed": any(
            given.get(k) for k in ("fuel", "stage", "age", "district", "method")
        ),
    }
    return render(request, "vehicles/fleet.html", context)


def _export(
    request: HttpRequest,
    rows: list[reads.Row],
    shown: list[tuple[str, str, str]],
    by: str,
) -> HttpResponse:
    user, now, period = current_user(request), clock.now(), read_period(request)
    header = [
        *(
            reads.GROUPS[by],
            "检验次数",
            "合格",
            "不合格",
            "合格率",
            "初检",
            "初检合格率",
        ),
        *(f"{label} 均值 {unit}".strip() for _, label, unit in shown),
    ]
    body = [
        (
            *(row.label, row.tests, row.passed, row.failed, row.pass_share),
            *(row.first, row.first_share),
            *(row.mean(name) for name, _, _ in shown),
        )
        for row in rows
    ]
    audit.record(
        actor=user,
        act="fleet.export",
        subject="fleet",
        detail={"by": by, "from": str(period.first), "to": str(period.last)},
        kind="export",
        now=now,
    )
    note = f"期间 {period.first} 至 {period.last}，{user} 于 {clock.beijing(now):%Y-%m-%d %H:%M} 导出"
    book = as_excel([("检验统计", header, body)], note)
    return send_bytes(request, book, EXCEL_TYPE, name=f"fleet-{by}.xlsx")


@require_GET
@bureau_required
def loop_list(request: HttpRequest) -> HttpResponse:
    """Failed vehicles on their way to a passed retest, nearest deadline first."""
    user, period, now = current_user(request), read_period(request), clock.now()
    given = {key: str(value) for key, value in request.GET.items()}
    today = clock.beijing(now).date()
    page = Paginator(reads.loops_for(user, given, today), PAGE_SIZE).get_page(
        given.get("page")
    )
    repairs = reads.repairs_of(page)
    for loop in page:
        record = repairs.get(loop.vehicle_id)
        fits = record is not None and record.left_at >= loop.failed_at
        loop.record = record if fits else None  # type: ignore[attr-defined]
        loop.left = (loop.due_on - today).days  # type: ignore[attr-defined]
        loop.took = (loop.closed_at or now) - loop.failed_at  # type: ignore[attr-defined]
    context = {
        "page": page,
        "given": given,
        "state": given.get("state", "open"),
        "states": LOOP_STATES,
        "origins": RepairLoop.Origin.choices,
        "figures": reads.loop_figures(user, period.first, period.last, today),
        "period": period,
        "narrowed": any(given.get(key) for key in ("q", "origin")),
    }
    return render(request, "vehicles/loops.html", context)


@require_http_methods(["GET", "POST"])
@bureau_required
def loop(request: HttpRequest, pk: int) -> HttpResponse:
    """One loop: failure, repair, retests, its clock; an officer notes a repair."""
    user, now = current_user(request), clock.now()
    found = get_object_or_404(
        RepairLoop.objects.visible_to(user).select_related(
            "vehicle", "station", "district"
        ),
        pk=pk,
    )
    may = user.has_role(Role.OFFICER) and found.closed_at is None
    today = clock.beijing(now).date()
    form = RepairForm(request.POST or None, initial={"repaired_on": today})
    status = 200
    if request.method == "POST":
        status = 422
        if may and form.is_valid():
            try:
                note_repair(loop=found, actor=user, now=now, **form.cleaned_data)
            except LoopRefusedError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "已登记维修。")
                return redirect("vehicles:loop", pk=pk)
        elif not may:
            form.add_error(None, "当前角色或状态不能登记维修")
    kind, _, key = found.source.partition(":")
    context = {
        "loop": found,
        "form": form,
        "may": may,
        "tests": found.vehicle.inspections.filter(
            started_at__gte=found.failed_at, state="done"
        )
        .select_related("station")
        .defer("document")
        .order_by("started_at")[:30],
        "repairs": found.vehicle.repairs.filter(left_at__gte=found.failed_at),
        "left": (found.due_on - today).days,
        "source_kind": kind,
        "source_key": key,
    }
    return render(request, "vehicles/loop.html", context, status=status)
