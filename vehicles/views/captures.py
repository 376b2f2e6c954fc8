"""Captures: list, one capture with its evidence, files, bundle, transfer package."""

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Exists
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.evidence.services import read_file
from vehicles.models import Capture, CaptureFile, Objection, Site
from vehicles.selectors import captures as reads
from vehicles.services.bundles import capture_bundle
from vehicles.services.copies import marked_copy, small_copy
from vehicles.services.looked import note_look
from vehicles.services.notice_letter import NoNoticeError, notice_letter
from vehicles.services.objections import ObjectionRefusedError, answer_objection
from vehicles.views.media import send_bytes
from vehicles.views.reading import note_reading
from vehicles.views.reviews import LOOKERS

PAGE_SIZE = 40
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FILTERS = ("state", "site", "level", "q", "since")


@require_GET
@bureau_required
def capture_list(request: HttpRequest) -> HttpResponse:
    """Captures by state, site, level, plate and day."""
    user = current_user(request)
    given = {key: str(value) for key, value in request.GET.items()}
    found = reads.filtered(reads.captures_for(user), given).annotate(
        objected=Exists(reads.waiting_objections())
    )
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(given.get("page")),
        "given": given,
        "narrowed": any(given.get(k) for k in (*FILTERS, "objection")),
        "states": Capture.State.choices,
        "sites": Site.objects.visible_to(user),
        "objected": reads.objected(user),
    }
    return render(request, "vehicles/captures.html", context)


def _capture(request: HttpRequest, pk: int) -> Capture:
    return get_object_or_404(reads.captures_for(current_user(request)), pk=pk)


@require_GET
@bureau_required
def capture(request: HttpRequest, pk: int) -> HttpResponse:
    """One capture: evidence, both votes, people's opinions once settled, what followed."""
    user = current_user(request)
    found = _capture(request, pk)
    note_reading(request, "capture.read", f"capture:{found.pk}")
    waits = not found.settled and reads.waits_for(found, user)
    context = {
        "capture": found,
        "files": reads.files_by_kind(found),
        "waits": waits and user.has_role(*LOOKERS),
        "may_export": not (waits and user.has_role(Role.REVIEWER)),
        "may_answer": user.has_role(Role.LEGAL, Role.LEADER),
        "known": reads.known_vehicle(
            user,
            plate=found.plate_final or found.plate,
            color=found.color_final or found.plate_color,
        ),
        "transfer": getattr(found, "transfer", None),
        "reviews": found.reviews.select_related("reviewer") if found.settled else [],
        "earlier": reads.earlier_of_vehicle(
            found, plate=found.plate_final, color=found.color_final
        )
        if found.plate_final
        else [],
        "objections": found.objections.all(),
        "notice": getattr(found, "repair_notice", None),
    }
    return render(request, "vehicles/capture.html", context)


@require_GET
@bureau_required
def capture_file(request: HttpRequest, pk: int, file_pk: int) -> HttpResponse:
    """A sealed original, or with ``?copy=1`` a marked copy of a picture."""
    found = _capture(request, pk)
    one = get_object_or_404(found.files.select_related("sealed"), pk=file_pk)
    try:
        content = read_file(one.sealed)
    except FileNotFoundError as error:
        raise Http404("文件已到期删除或缺失") from error
    note_look(one=one, user=current_user(request))
    if request.GET.get("copy") and one.kind == CaptureFile.Kind.FRAME:
        return send_bytes(request, marked_copy(found, one), "image/jpeg")
    note_reading(
        request,
        "capture.read_file",
        f"capture:{found.pk}",
        file=one.pk,
        sha256=one.sealed.sha256,
    )
    response = send_bytes(request, content, one.sealed.media_type)
    response["X-Content-SHA256"] = one.sealed.sha256
    return response


@require_GET
@bureau_required
def thumbnail(request: HttpRequest, pk: int) -> HttpResponse:
    """A small picture of the vehicle and its plume, for lists."""
    found = _capture(request, pk)
    frames = found.files.filter(kind=CaptureFile.Kind.FRAME).select_related("sealed")
    one = max(frames, key=lambda frame: frame.opacity or 0.0, default=None)
    if one is None:
        raise Http404("没有画面")
    try:
        return send_bytes(request, small_copy(one), "image/jpeg")
    except FileNotFoundError as error:
        raise Http404("文件已到期删除或缺失") from error


@require_GET
@bureau_required
@identity_required()
def bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """The sealed bundle with its verifier; not for those who are yet to judge.

    Its chain tells of a decision that a blind re-reader must not know.
    """
    user, found = current_user(request), _capture(request, pk)
    if user.has_role(Role.REVIEWER) and reads.waits_for(found, user):
        raise PermissionDenied("这条抓拍等您复核，复核后方可下载证据包")
    content = capture_bundle(capture=found, actor=user, now=clock.now())
    name = f"capture-{found.pk}.zip"
    return send_bytes(request, content, "application/zip", name=name)


@require_GET
@bureau_required
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """The notice for the driver, to be printed and sent."""
    found = _capture(request, pk)
    try:
        content = notice_letter(
            capture=found,
            address=request.build_absolute_uri(reverse("vehicles:objection")),
            actor=current_user(request),
            now=clock.now(),
        )
    except NoNoticeError as error:
        raise Http404(str(error)) from error
    return send_bytes(request, content, WORD, name=f"notice-{found.pk}.docx")


@require_POST
@bureau_required
def check_files(request: HttpRequest, pk: int) -> HttpResponse:
    """Read every original back and compare it with its seal."""
    found = _capture(request, pk)
    states = [reads.intact(one) for one in found.files.select_related("sealed")]
    audit.record(
        actor=current_user(request),
        act="capture.check",
        subject=f"capture:{found.pk}",
        detail={"files": len(states), "broken": states.count(False)},
        kind="read",
    )
    context = {"total": len(states), "broken": states.count(False)}
    return render(request, "vehicles/_capture_checked.html", context)


@require_POST
@bureau_required
@identity_required()
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer an objection."""
    objection = get_object_or_404(
        Objection.objects.filter(capture__in=reads.captures_for(current_user(request))),
        pk=pk,
    )
    try:
        answer_objection(
            objection=objection,
            upheld=request.POST.get("upheld") == "1",
            answer=str(request.POST.get("answer", ""))[:2000],
            actor=current_user(request),
            now=clock.now(),
        )
    except ObjectionRefusedError as error:
        raise PermissionDenied(str(error)) from error
    return redirect("vehicles:capture", pk=objection.capture_id)
