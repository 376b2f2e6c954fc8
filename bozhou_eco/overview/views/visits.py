"""现场核查 on the phone: the list, one visit, what the phone sends."""

import math
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bozhou_eco.accounts.access import current_user, role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from bozhou_eco.common.parsers import read_json
from bozhou_eco.overview.selectors import visits as reads
from enforcement.domain.fieldwork import Change
from enforcement.domain.workflow import Refused
from enforcement.models import SiteVisit
from enforcement.selectors.fieldwork import photo_rows, visit_for
from enforcement.services import fieldwork as writes

officer_required = role_required(Role.OFFICER)
SIGN_LABELS = (
    ("officer1", "执法人员一"), ("officer2", "执法人员二"), ("party", "当事人代表"),
)  # fmt: skip


class BadSendingError(ValueError):
    """A sending that cannot be read; the text names the field."""


def _visit(request: HttpRequest, pk: int) -> SiteVisit:
    visit = visit_for(current_user(request), pk)
    if visit is None:
        raise Http404
    return visit


@require_GET
@officer_required
def visit_list(request: HttpRequest) -> HttpResponse:
    """The open visits of the signed-in officer, in the order of the route."""
    rows = reads.today_list(current_user(request))
    today = clock.beijing(clock.now()).date()
    return render(request, "overview/visits.html", {"rows": rows, "today": today})


@require_GET
@officer_required
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """One visit with its task pack; the service worker keeps this page."""
    found = _visit(request, pk)
    draft = writes.draft_of(found, now=clock.now())
    pack = reads.pack_of(found, draft, list(found.officers.all()))
    context = {"visit": found, "pack": pack, "signers": SIGN_LABELS}
    return render(request, "overview/visit.html", context)


@require_POST
@officer_required
def sync(request: HttpRequest, pk: int) -> HttpResponse:
    """Take what a phone wrote; 422 with every reason when it cannot be taken."""
    found = _visit(request, pk)
    now = clock.now()
    try:
        sending = read_sending(request.body)
        answer = writes.sync_visit(
            visit=found, sending=sending, actor=current_user(request), now=now
        )
    except BadSendingError as error:
        return refusal(str(error), (str(error),), 400)
    except Refused as error:
        return refusal(error.reason, error.missing, 422)
    answer["photos"] = list(photo_rows(found))
    return JsonResponse(answer)


@require_http_methods(["POST", "PUT"])
@officer_required
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """Announce a photo (POST, JSON) or send a piece of it (PUT, ``?id=&start=``)."""
    found, user, now = _visit(request, pk), current_user(request), clock.now()
    try:
        if request.method == "POST":
            row = writes.register_photo(
                visit=found, **read_photo(request.body), actor=user, now=now
            )
        else:
            held = found.photos.filter(pk=_uuid(request.GET.get("id"), "id")).first()
            if held is None:
                raise Http404
            row = writes.add_piece(
                photo=held,
                start=_whole(request.GET.get("start"), "start"),
                data=request.body,
                actor=user,
                now=now,
            )
    except BadSendingError as error:
        return refusal(str(error), (str(error),), 400)
    except Refused as error:
        return refusal(error.reason, error.missing, 422)
    return JsonResponse(
        {"id": str(row.pk), "received": row.received, "sealed": row.file_id is not None}
    )


def refusal(text: str, missing: tuple[str, ...], status: int) -> JsonResponse:
    """Return problem details (RFC 9457) with every reason."""
    body = {
        "title": "未能同步",
        "detail": text,
        "missing": list(missing),
        "status": status,
    }
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = read_json(raw.decode())
    except ValueError as error:
        raise BadSendingError(f"内容不是 JSON，或不能保存：{error}") from None
    if not isinstance(body, dict):
        raise BadSendingError("内容应为 JSON 对象")
    return body


def _uuid(value: object, name: str) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise BadSendingError(f"{name} 应为 UUID") from None


def _whole(value: object, name: str) -> int:
    number = None if isinstance(value, bool) else whole(str(value))
    if number is None:
        raise BadSendingError(f"{name} 应为非负整数")
    return number


def _time(value: object, name: str) -> datetime:
    try:
        found = parse_datetime(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadSendingError(f"{name} 应为带时区的时间")
    return found


def _place(value: object) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadSendingError("place 应为经纬度与精度")
    place: dict[str, float] = {}
    for name in ("latitude", "longitude", "accuracy_m"):
        given = value.get(name)
        if given is None:
            continue
        if not isinstance(given, int | float) or not math.isfinite(given):
            raise BadSendingError(f"place.{name} 应为数字")
        place[name] = float(given)
    return place


def read_sending(raw: bytes) -> writes.Sending:
    """Read the JSON of a sync; `BadSendingError` names the field that is wrong."""
    body = _body(raw)
    changes = body.get("changes", [])
    if not isinstance(changes, list) or not all(isinstance(c, dict) for c in changes):
        raise BadSendingError("changes 应为列表")
    arrived = body.get("arrived_at")
    return writes.Sending(
        id=_uuid(body.get("id"), "id"),
        sent_at=_time(body.get("sent_at"), "sent_at"),
        changes=[
            Change(
                field=str(change.get("field", ""))[:80],
                value=change.get("value"),
                base=_whole(change.get("base", 0), f"changes[{number}].base"),
                at=_time(change.get("at"), f"changes[{number}].at"),
            )
            for number, change in enumerate(changes)
        ],
        arrived_at=_time(arrived, "arrived_at") if arrived else None,
        place=_place(body.get("place")),
        finish=body.get("finish") is True,
        entry_code=str(body.get("entry_code") or "")[:60],
    )


def read_photo(raw: bytes) -> dict[str, Any]:
    """Read the JSON that announces a photo."""
    body = _body(raw)
    return {
        "photo": _uuid(body.get("id"), "id"),
        "code": str(body.get("code", ""))[:40],
        "sha256": str(body.get("sha256", "")).lower(),
        "size": _whole(body.get("size"), "size"),
        "taken_at": _time(body.get("taken_at"), "taken_at"),
        "sent_at": _time(body.get("sent_at"), "sent_at"),
        "place": _place(body.get("place")),
    }
