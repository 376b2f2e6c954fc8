"""The watch list: entries, one entry with its history, add and remove, export."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import District, Role
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from vehicles.domain.watch import clean_until, lacks
from vehicles.forms import WatchForm, officers
from vehicles.models import WatchEntry, WatchEvent, WatchRule
from vehicles.selectors import watch as reads
from vehicles.services import watchlist as acts
from vehicles.services.exports import CSV_TYPE, EXCEL_TYPE, as_csv, as_excel
from vehicles.views.media import send_bytes

PAGE_SIZE = 50
KEEPERS = (Role.OFFICER, Role.LEADER)
STATES = (("open", "在册"), ("left", "已移出"), ("all", "全部"))
SOURCE_PAGES = {
    "capture": "vehicles:capture",
    "inspection": "vehicles:inspection",
    "road_check": "vehicles:roadcheck",
    "finding": "vehicles:finding",
    "loop": "vehicles:loop",
}


@require_GET
@bureau_required
def watch_list(request: HttpRequest) -> HttpResponse:
    """Entries by reason, state, plate, county and owner."""
    user = current_user(request)
    given = {key: str(value) for key, value in request.GET.items()}
    found = reads.entries_for(user, given)
    page = Paginator(found, PAGE_SIZE).get_page(given.get("page"))
    now = clock.now()
    standing = {
        entry.pk: lacks(one, now=now) for entry, one in reads.standings(list(page))
    }
    for entry in page:
        entry.lacks = standing[entry.pk]  # type: ignore[attr-defined]
    context = {
        "page": page,
        "given": given,
        "state": given.get("state", "open"),
        "states": STATES,
        "counts": reads.counts_by_trigger(user),
        "districts": District.objects.all(),
        "narrowed": any(given.get(k) for k in ("q", "trigger", "district", "owner")),
        "may_keep": user.has_role(*KEEPERS),
    }
    return render(request, "vehicles/watchlist.html", context)


def _entry(request: HttpRequest, pk: int) -> WatchEntry:
    rows = WatchEntry.objects.visible_to(current_user(request)).select_related(
        "vehicle__district", "owner"
    )
    found: WatchEntry = get_object_or_404(rows, pk=pk)
    return found


@require_GET
@bureau_required
def watch_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry: why, since when, what it lacks to leave, and its whole history."""
    found = _entry(request, pk)
    [(_, standing)] = reads.standings([found])
    events = list(found.events.select_related("actor"))
    for event in events:
        kind, _, key = event.source.partition(":")
        event.page = SOURCE_PAGES.get(kind, "") if key else ""  # type: ignore[attr-defined]
        event.key = key  # type: ignore[attr-defined]
    context = {
        "entry": found,
        "events": events,
        "lacks": lacks(standing, now=clock.now()),
        "clean_until": clean_until(standing),
        "passed_at": standing.passed_at,
        "rule": WatchRule.objects.filter(trigger=found.trigger).first(),
        "others": reads.open_of(found.vehicle).exclude(pk=found.pk),
        "officers": officers(),
        "may_keep": current_user(request).has_role(*KEEPERS),
        "matches": [e for e in events if e.kind == WatchEvent.Kind.MATCHED],
    }
    return render(request, "vehicles/watch_entry.html", context)


@require_http_methods(["GET", "POST"])
@role_required(*KEEPERS)
def watch_add(request: HttpRequest) -> HttpResponse:
    """List a vehicle by hand."""
    form = WatchForm(request.POST or None, initial={"plate": request.GET.get("plate")})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            entry = acts.enter_by_hand(
                plate=given["plate"],
                color=given["color"],
                reason=given["reason"],
                owner=given["owner"],
                actor=current_user(request),
                now=clock.now(),
            )
        except acts.WatchRefusedError as error:
            form.add_error("plate", str(error))
        else:
            messages.success(request, f"{entry.vehicle.plate} 已列入监管名单。")
            return redirect("vehicles:watch_entry", pk=entry.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "vehicles/watch_add.html", {"form": form}, status=status)


@require_POST
@role_required(*KEEPERS)
def watch_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Take an entry off the list, name its owner, or add a remark."""
    found, user, now = _entry(request, pk), current_user(request), clock.now()
    text = request.POST.get("text", "")
    try:
        if act == "leave":
            acts.leave(entry=found, reason=text, actor=user, now=now)
            messages.success(request, "已移出监管名单，履历保留。")
        elif act == "note":
            acts.note(entry=found, text=text, actor=user, now=now)
        else:
            chosen = request.POST.get("owner", "")
            owner = officers().filter(pk=whole(chosen) or 0).first()
            acts.assign(entry=found, owner=owner, actor=user, now=now)
    except acts.WatchRefusedError as error:
        messages.error(request, str(error))
    return redirect("vehicles:watch_entry", pk=found.pk)


HEADER = ("号牌号码", "号牌颜色", "VIN", "车型", "燃料", "排放阶段", "列入情形", "列入原因",
          "列入时间", "来源记录", "最近命中", "命中次数", "行政区")  # fmt: skip


@require_POST
@role_required(*KEEPERS)
@identity_required()
def watch_export(request: HttpRequest) -> HttpResponse:
    """The list as it is narrowed, for the traffic police; who took it is audited."""
    user = current_user(request)
    given = {key: str(value) for key, value in request.POST.items()}
    found = list(reads.entries_for(user, given))
    rows = [
        (
            *(e.vehicle.plate, e.vehicle.get_plate_color_display(), e.vehicle.vin),
            *(e.vehicle.vehicle_type, e.vehicle.get_fuel_display()),
            *(e.vehicle.get_stage_display(), e.get_trigger_display(), e.reason),
            *(
                e.since,
                e.source,
                e.matched_at,
                e.matches,
                str(e.vehicle.district or ""),
            ),
        )
        for e in found
    ]
    excel = given.get("format") == "xlsx"
    now = clock.now()
    audit.record(
        actor=user,
        act="watch.export",
        subject="watch-list",
        detail={"rows": len(rows), "format": "xlsx" if excel else "csv"},
        kind="export",
        now=now,
    )
    name = f"watchlist-{clock.beijing(now):%Y%m%d%H%M}"
    if excel:
        note = f"重点车辆监管名单库，{user} 于 {clock.beijing(now):%Y-%m-%d %H:%M} 导出"
        body = as_excel([("监管名单", HEADER, rows)], note)
        return send_bytes(request, body, EXCEL_TYPE, name=f"{name}.xlsx")
    return send_bytes(request, as_csv(HEADER, rows), CSV_TYPE, name=f"{name}.csv")
