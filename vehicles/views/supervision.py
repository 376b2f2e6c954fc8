"""Supervision of stations: ranking, and what the bureau does on a station's page."""

import secrets
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from vehicles.models import (
    Complaint,
    Finding,
    GasComparison,
    Line,
    Lock,
    MarketNotice,
    SiteCheck,
    SoftwareSeen,
    Station,
    VideoCheck,
)
from vehicles.selectors import supervision as reads
from vehicles.services import notices
from vehicles.services import supervision as writes
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.stations import decide_methods, lift_lock, set_lock
from vehicles.services.tests_complaints import answer_complaint

Act = Callable[[Station, HttpRequest, User], str]


@require_GET
@bureau_required
def ranking(request: HttpRequest) -> HttpResponse:
    """All stations by risk, each with the reasons its points come from."""
    rows = reads.ranking(current_user(request), clock.now())
    return render(request, "vehicles/ranking.html", {"rows": rows})


@require_GET
@bureau_required
def supervise(request: HttpRequest, code: str) -> HttpResponse:
    """What supervision knows of a station, and what can be done."""
    user, now = current_user(request), clock.now()
    station = _station(request, code)
    mine = {"station": station}
    context = {
        "station": station,
        "card": reads.card(station, now),
        "quota": reads.quota(station, now),
        "asked": reads.asked_lines(station),
        "locks": Lock.objects.filter(station=station).select_related(
            "line", "instrument", "set_by", "lifted_by"
        )[:12],
        "complaints": Complaint.objects.filter(
            inspection__station=station
        ).select_related("inspection")[:10],
        "signatories": station.staff.filter(duty="signatory"),
        "software": SoftwareSeen.objects.filter(**mine),
        "site_checks": SiteCheck.objects.filter(**mine).prefetch_related("officers")[
            :6
        ],
        "items": writes.ITEMS,
        "gases": GasComparison.objects.filter(**mine).select_related("instrument")[:10],
        "analysers": station.instruments.filter(
            kind__in=("gas_analyser", "nox_analyser")
        ),
        "notices": MarketNotice.objects.filter(**mine).select_related("transfer")[:6],
        "confirmed": Finding.objects.visible_to(user).filter(
            **mine, verdict="confirmed"
        )[:20],
        "today": clock.beijing(now).date(),
        "acting": user.has_role(*ACTING),
    }
    return render(request, "vehicles/supervision.html", context)


ACTING = (Role.OFFICER, Role.REVIEWER, Role.LEADER)


def _station(request: HttpRequest, code: str) -> Station:
    found: Station = get_object_or_404(
        Station.objects.visible_to(current_user(request)).select_related("district"),
        code=code,
    )
    return found


def _number(request: HttpRequest, name: str) -> float:
    try:
        return float(request.POST.get(name, ""))
    except ValueError:
        raise StationRefusalError("请填写数字", status=400, field=name) from None


def _key(request: HttpRequest) -> int:
    key = whole(request.POST.get("id", ""))
    if key is None:
        raise Http404
    return key


def _lock(station: Station, request: HttpRequest, user: User) -> str:
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise StationRefusalError("请填写锁定原因", status=400, field="reason")
    number = request.POST.get("line", "")
    line = get_object_or_404(station.lines, number=number) if number else None
    set_lock(station=station, line=line, reason=reason, actor=user, now=clock.now())
    return "已锁定" if station.binding else "已登记；该机构未登记依据，锁定只作提示"


def _unlock(station: Station, request: HttpRequest, user: User) -> str:
    lock = get_object_or_404(Lock, pk=_key(request), station=station)
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise StationRefusalError("请填写解除原因", status=400, field="reason")
    lift_lock(lock=lock, actor=user, now=clock.now(), reason=reason)
    return "已解除"


def _methods(station: Station, request: HttpRequest, user: User) -> str:
    line = get_object_or_404(Line, pk=_key(request), station=station)
    granted = request.POST.get("granted") == "yes"
    decide_methods(line=line, granted=granted, actor=user, now=clock.now())
    return "已批准变更" if granted else "未批准变更"


def _complaint(station: Station, request: HttpRequest, user: User) -> str:
    found = get_object_or_404(Complaint, pk=_key(request), inspection__station=station)
    answer_complaint(
        complaint=found,
        granted=request.POST.get("granted") == "yes",
        answer=request.POST.get("answer", ""),
        actor=user,
        now=clock.now(),
    )
    return "已答复"


def _draw(station: Station, request: HttpRequest, user: User) -> str:
    made = writes.draw_videos(
        station=station, now=clock.now(), seed=secrets.token_hex(8)
    )
    return f"抽取 {len(made)} 次检验" if made else "本月抽审数已足，或没有可抽的检验"


def _video(station: Station, request: HttpRequest, user: User) -> str:
    check = get_object_or_404(VideoCheck, pk=_key(request), station=station)
    writes.judge_video(
        check=check,
        verdict=request.POST.get("verdict", ""),
        note=request.POST.get("note", ""),
        actor=user,
        now=clock.now(),
    )
    return "已记录抽审结论"


def _site(station: Station, request: HttpRequest, user: User) -> str:
    check = get_object_or_404(SiteCheck, pk=_key(request), station=station)
    items = {name: request.POST.get(f"item_{name}", "") for name in writes.ITEMS}
    writes.fill_site_check(
        check=check,
        items=items,
        note=request.POST.get("note", ""),
        actor=user,
        now=clock.now(),
    )
    return "已完成双随机检查"


def _gas(station: Station, request: HttpRequest, user: User) -> str:
    made = writes.compare_gas(
        station=station,
        serial=request.POST.get("serial", ""),
        gas=request.POST.get("gas", "CO"),
        standard=_number(request, "standard"),
        reading=_number(request, "reading"),
        unit=request.POST.get("unit", "%"),
        bottle=request.POST.get("bottle", ""),
        actor=user,
        now=clock.now(),
    )
    return f"误差 {made.error_pct:+.1f}%，{'合格' if made.passed else '不合格'}"


def _notice(station: Station, request: HttpRequest, user: User) -> str:
    chosen = [pk for pk in request.POST.getlist("findings") if whole(pk)]
    findings = list(
        Finding.objects.visible_to(user).filter(pk__in=chosen[:50], station=station)
    )
    made = notices.send_notice(
        station=station,
        number=request.POST.get("number", ""),
        matter=request.POST.get("matter", ""),
        findings=findings,
        case_number=request.POST.get("case_number", "").strip(),
        actor=user,
        now=clock.now(),
    )
    return f"已抄告，文号 {made.number}，线索 {made.case_number}"


def _answer(station: Station, request: HttpRequest, user: User) -> str:
    notice = get_object_or_404(MarketNotice, pk=_key(request), station=station)
    notices.answer_notice(
        notice=notice,
        receipt=request.POST.get("receipt", ""),
        answer=request.POST.get("answer", ""),
        actor=user,
        now=clock.now(),
    )
    return "已登记"


def _software(station: Station, request: HttpRequest, user: User) -> str:
    row = get_object_or_404(SoftwareSeen, pk=_key(request), station=station)
    writes.file_software(software=row, actor=user, now=clock.now())
    return "已备案"


ACTS: dict[str, Act] = {
    "lock": _lock,
    "unlock": _unlock,
    "methods": _methods,
    "complaint": _complaint,
    "draw": _draw,
    "video": _video,
    "site": _site,
    "gas": _gas,
    "notice": _notice,
    "answer": _answer,
    "software": _software,
}


@require_POST
@role_required(*ACTING)
def station_act(request: HttpRequest, code: str, act: str) -> HttpResponse:
    """Do one act of supervision; what speaks against it is said on the page."""
    station = _station(request, code)
    if act not in ACTS:
        raise Http404
    try:
        messages.success(request, ACTS[act](station, request, current_user(request)))
    except StationRefusalError as error:
        messages.error(request, error.message)
    return redirect("vehicles:supervision", code=code)


@require_POST
@role_required(Role.OFFICER, Role.LEADER)
def site_draw(request: HttpRequest) -> HttpResponse:
    """Draw a station and its officers by lot."""
    try:
        check = writes.draw_site_check(
            now=clock.now(), seed=secrets.token_hex(8), actor=current_user(request)
        )
    except StationRefusalError as error:
        messages.error(request, error.message)
        return redirect("vehicles:ranking")
    visible = Station.objects.visible_to(current_user(request))
    names = "、".join(user.name for user in check.officers.all())
    messages.success(request, f"抽中 {check.station.name}；检查人员 {names}")
    if visible.filter(pk=check.station_id).exists():
        return redirect("vehicles:supervision", code=check.station.code)
    return redirect("vehicles:ranking")
