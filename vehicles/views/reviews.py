"""Review of captures: queue, one capture beside its verdict panel, agreement."""

import json
import re
from collections.abc import Iterable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.common import clock
from bozhou_eco.common.calendar import add_months
from bozhou_eco.common.digits import whole
from vehicles.domain.plates import COLOR_NAMES, Color
from vehicles.models import Capture, CaptureFile, Review
from vehicles.selectors import captures as reads
from vehicles.services import presence
from vehicles.services.looked import really_opened
from vehicles.services.review_evidence import needed_evidence, never_confirmed
from vehicles.services.reviews import (
    REPEAT_MONTHS,
    Given,
    ReviewRefusedError,
    give_review,
    undo_review,
)

QUEUE_SIZE = 60
SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
EARLIER, MOST_OPENED = 30, 40
LEVEL_WORDS = ("清洁", "20%", "40%", "60%", "80%", "100%")
REASONS = ("水汽", "扬尘", "阴影", "路面水花", "车体或货物", "图像质量", "其他")

LOOKERS = (Role.REVIEWER, Role.OFFICER, Role.LEADER)
reviewers_only = role_required(*LOOKERS)


@require_GET
@reviewers_only
def review(request: HttpRequest) -> HttpResponse:
    """The queue with its first (or the asked-for) capture opened."""
    user = current_user(request)
    queue = list(reads.review_queue(user)[:QUEUE_SIZE])
    asked = request.GET.get("capture", "")
    chosen = next((one for one in queue if str(one.pk) == asked), None)
    if chosen is None and asked.isdecimal():
        chosen = reads.review_queue(user).filter(pk=asked[:9]).first()
    chosen = chosen or _free(queue, user) or (queue[0] if queue else None)
    context: dict[str, object] = {
        "queue": queue,
        "count": reads.waiting_count(user),
        "objected": reads.objected(user),
        "progress": reads.progress_of(user, len(queue), clock.now()),
        "chosen": chosen,
    }
    if chosen is not None:
        context.update(_panel(chosen, user))
    return render(request, "vehicles/review.html", context)


def _free(queue: Iterable[Capture], user: User) -> Capture | None:
    """The first capture that nobody else is looking at."""
    rows = list(queue)
    held = presence.held_by_others(capture_ids=[one.pk for one in rows], user=user)
    return next((one for one in rows if one.pk not in held), None)


@require_GET
@reviewers_only
def panel(request: HttpRequest, pk: int) -> HttpResponse:
    """One capture's evidence and verdict panel, for the page to swap in.

    ``leaving`` names the capture that was open before: it is free for others at once.
    """
    user = current_user(request)
    leaving = request.GET.get("leaving", "")
    if leaving.isdecimal():
        presence.let_go(capture_id=int(leaving[:9]), user=user)
    found = get_object_or_404(reads.captures_for(user), pk=pk)
    return render(request, "vehicles/_review_panel.html", _panel(found, user))


def _panel(capture: Capture, user: User) -> dict[str, object]:
    """What a reviewer sees. Nobody else's opinion is part of it before the decision."""
    files = reads.files_by_kind(capture)
    read = capture.plate if not capture.plate_problem else ""
    earlier = list(
        reads.earlier_of_vehicle(capture, plate=capture.plate, color="")[:EARLIER]
        if read
        else []
    )
    waiting = reads.waits_for(capture, user)
    frames = files.get("frame", [])
    darkest = max(frames, key=lambda one: one.opacity or 0.0, default=None)
    return {
        "capture": capture,
        "known": reads.known_vehicle(user, plate=read, color=capture.plate_color),
        "repeated": _repeated(capture, earlier),
        "frames": frames,
        "darkest": darkest,
        "clip": next(iter(files.get("clip", [])), None),
        "plate_file": next(iter(files.get("plate", [])), None),
        "never": never_confirmed(capture),
        "needed": json.dumps(needed_evidence(capture)),
        "levels": list(enumerate(LEVEL_WORDS)),
        "colors": [(str(color), COLOR_NAMES[color]) for color in Color],
        "reasons": REASONS,
        "earlier": earlier,
        "waiting": waiting,
        "may_judge": waiting and _may_judge(user),
        "integrity": _integrity(capture, files),
        "holder": _hold(capture, user, waits=waiting),
    }


def _may_judge(user: User) -> bool:
    """Whether this person reviews; who reads the audit log would not be blind."""
    return user.has_role(Role.REVIEWER) and not user.has_role(Role.AUDITOR)


def _hold(capture: Capture, user: User, *, waits: bool) -> str:
    """Hold a capture for one who may judge it; the name of another who does."""
    if not waits:
        presence.let_go(capture_id=capture.pk, user=user)
        return ""
    if _may_judge(user):
        return presence.hold(capture_id=capture.pk, user=user)
    held = presence.held_by_others(capture_ids=[capture.pk], user=user)
    return held.get(capture.pk, "")


def _repeated(capture: Capture, earlier: list[Capture]) -> bool:
    """Whether confirming it as read would make it the second within half a year."""
    day = clock.beijing(capture.captured_at).date()
    since = add_months(day, -REPEAT_MONTHS)
    return any(
        one.color_final == capture.plate_color
        and clock.beijing(one.captured_at).date() >= since
        for one in earlier
    )


def _integrity(
    capture: Capture, files: dict[str, list[CaptureFile]]
) -> list[dict[str, object]]:
    offset = capture.clock_offset
    return [
        {
            "text": "连续三帧与视频",
            "good": len(files.get("frame", [])) >= 3 and bool(files.get("clip")),
        },
        {
            "text": "号牌特写可辨",
            "good": bool(files.get("plate")) and not capture.plate_problem,
        },
        {
            "text": f"校时偏差 {abs(offset):.1f} s"
            if offset is not None
            else "校时偏差未知",
            "good": offset is not None and abs(offset) <= 5,
        },
        {"text": "点位备案有效", "good": not capture.register_gaps},
        {"text": "原件已封存", "good": bool(files.get("record"))},
    ]


@require_POST
@role_required(Role.REVIEWER)
@identity_required()  # every verdict, so that nobody learns by it to be the second
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a verdict; the answer names the undo address and the next capture."""
    user = current_user(request)
    found = get_object_or_404(reads.captures_for(user), pk=pk)
    level = request.POST.get("level", "")
    seconds = request.POST.get("seconds", "")
    said = [name for name in request.POST.get("opened", "").split(",") if name]
    given = Given(
        verdict=request.POST.get("verdict", ""),
        level=whole(level),
        plate=request.POST.get("plate", ""),
        plate_color=request.POST.get("color", ""),
        reason=request.POST.get("reason", ""),
        note=request.POST.get("note", ""),
        opened=really_opened(capture_id=pk, user=user, names=said[:MOST_OPENED]),
        seconds=float(seconds) if SECONDS.fullmatch(seconds) else None,
    )
    if given.verdict not in Review.Verdict.values:
        return JsonResponse({"detail": "结论不在可选范围内"}, status=400)
    try:
        made = give_review(capture=found, actor=user, given=given, now=clock.now())
    except ReviewRefusedError as error:
        return JsonResponse({"detail": str(error)}, status=409)
    presence.let_go(capture_id=found.pk, user=user)
    rows = list(reads.review_queue(user).exclude(pk=found.pk)[:QUEUE_SIZE])
    following = _free(rows, user) or next(iter(rows), None)
    return JsonResponse(
        {
            "undo": reverse("vehicles:review_undo", args=[made.pk]),
            "text": f"已将 {found.shown_plate} 判为「{made.get_verdict_display()}」",
            "next": following.pk if following else None,
        }
    )


@require_POST
@role_required(Role.REVIEWER)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own verdict back within eight seconds."""
    user = current_user(request)
    made = get_object_or_404(Review.objects.filter(reviewer=user), pk=pk)
    try:
        undo_review(review=made, actor=user, now=clock.now())
    except ReviewRefusedError as error:
        return JsonResponse({"detail": str(error)}, status=409)
    return JsonResponse({"capture": made.capture_id})


@require_POST
@reviewers_only
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep holding an opened capture; tells who else holds it."""
    user = current_user(request)
    found = get_object_or_404(reads.captures_for(user), pk=pk)
    waits = reads.waits_for(found, user)
    return JsonResponse({"by": _hold(found, user, waits=waits)})


@require_GET
@bureau_required
def agreement(request: HttpRequest) -> HttpResponse:
    """How far reviewers agree, over the last half year."""
    user, now = current_user(request), clock.now()
    since = now - timedelta(days=183)
    context = {
        "agreement": reads.agreement(user, since),
        "verdicts": [label for _, label in Review.Verdict.choices],
        "people": reads.reviewer_figures(user, since),
        "since": since,
    }
    return render(request, "vehicles/review_agreement.html", context)
