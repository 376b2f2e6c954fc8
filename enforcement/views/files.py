"""Evidence and attachments: add, look at, check."""

from datetime import datetime
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.sniff import HEAD, media_type_of
from enforcement.domain.place import read_number
from enforcement.domain.workflow import Refused
from enforcement.models import Case, CaseFile
from enforcement.selectors.settings import int_setting
from enforcement.services.content import add_file, check_file
from enforcement.views.common import bureau_case
from enforcement.views.papers import send_sealed

INLINE = ("image/jpeg", "image/png", "application/pdf", "video/mp4")


@bureau_required
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add files to the evidence; each is sealed as it arrives."""
    case, user = bureau_case(request, pk), current_user(request)
    context: dict[str, object] = {
        "case": case,
        "kinds": CaseFile.Kind.choices,
        "limit": int_setting("max_file_mb", 200),
        "typed": request.POST,
    }
    if request.method != "POST":
        return render(request, "enforcement/add_file.html", context)
    uploads = request.FILES.getlist("file")
    if not uploads:
        context["refusal"] = Refused("请选择文件")
        return render(request, "enforcement/add_file.html", context, status=422)
    try:
        place = [
            read_number(request.POST.get(name, ""))
            for name in ("latitude", "longitude", "accuracy")
        ]
        taken_at = _moment(request.POST.get("taken_at", ""))
        for upload in uploads:
            add_file(
                case=case,
                source=cast(BinaryIO, upload.file),
                name=upload.name or "文件",
                media_type=_type_of(upload),
                size=upload.size or 0,
                kind=request.POST.get("kind", ""),
                title=request.POST.get("title", ""),
                actor=user,
                now=clock.now(),
                taken_at=taken_at,
                latitude=place[0],
                longitude=place[1],
                accuracy_m=place[2],
                provider=request.POST.get("provider", ""),
                device=request.POST.get("device", ""),
                ends_at=_moment(request.POST.get("ends_at", "")),
                stated_sha256=request.POST.get("sha256", ""),
            )
    except Refused as refusal:
        context["refusal"] = refusal
        return render(request, "enforcement/add_file.html", context, status=422)
    messages.success(request, f"已加入 {len(uploads)} 个文件并封存。")
    return redirect(f"{case.get_absolute_url()}#evidence")


def _type_of(upload: UploadedFile[Any]) -> str:
    head = upload.read(HEAD)
    upload.seek(0)
    return media_type_of(head, upload.content_type or "")


def _moment(raw: str) -> datetime | None:
    if not raw.strip():
        return None
    try:
        return datetime.fromisoformat(raw).replace(tzinfo=clock.BEIJING)
    except ValueError as error:
        raise Refused("取得时间格式有误") from error


def _file(request: HttpRequest, pk: int) -> CaseFile:
    cases = Case.objects.visible_to(current_user(request))
    rows = CaseFile.objects.filter(case__in=cases).select_related("sealed", "case")
    return get_object_or_404(rows, pk=pk)


@bureau_required
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a piece of evidence; the reading is recorded."""
    row = _file(request, pk)
    audit.record(
        actor=current_user(request),
        act="case.read_file",
        subject=f"case:{row.case_id}",
        detail={"file": row.pk, "sha256": row.sealed.sha256},
        kind="read",
        now=clock.now(),
    )
    inline = row.sealed.media_type in INLINE
    return send_sealed(row.sealed, attachment=not inline)


@bureau_required
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Read every file of a case back and compare it with its seal."""
    case = bureau_case(request, pk)
    rows = list(case.files.select_related("sealed"))
    broken = [row.title for row in rows if not check_file(file=row, now=clock.now())]
    if broken:
        messages.error(request, f"哈希不一致或文件缺失：{'、'.join(broken)}")
    else:
        messages.success(request, f"{len(rows)} 个文件逐一校验，哈希一致。")
    return redirect(f"{case.get_absolute_url()}#evidence")
