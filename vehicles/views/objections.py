"""Public 异议反馈: a driver sees the evidence of an own notice and states a case."""

from django import forms
from django.core import signing
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from bozhou_eco.common import clock
from bozhou_eco.evidence.services import read_file
from vehicles.models import Capture, CaptureFile
from vehicles.selectors import captures as reads
from vehicles.services.copies import marked_copy
from vehicles.services.objections import (
    ObjectionRefusedError,
    find_notice,
    raise_objection,
)
from vehicles.views.media import send_bytes

SALT = "vehicles.objection"
LASTS_S = 3600
TRIES, TRIES_LAST_S = 10, 3600


class FindForm(forms.Form):
    """What is printed on the notice."""

    plate = forms.CharField(label="号牌号码", max_length=16)
    number = forms.CharField(label="告知书编号", max_length=40)


class StateForm(forms.Form):
    """The driver's statement."""

    name = forms.CharField(label="姓名", max_length=40)
    phone = forms.RegexField(
        r"^1\d{10}$|^\d{3,4}-?\d{7,8}$",
        label="联系电话",
        error_messages={"invalid": "请填写手机号或带区号的座机"},
    )
    statement = forms.CharField(
        label="陈述与申辩", max_length=2000, min_length=10, widget=forms.Textarea
    )


def _too_many(request: HttpRequest) -> bool:
    key = f"objection-tries:{request.META.get('REMOTE_ADDR', '')}"
    cache.add(key, 0, TRIES_LAST_S)
    try:
        return cache.incr(key) > TRIES
    except ValueError:
        return False


@never_cache
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Ask for plate and notice number; a wrong pair gives nothing away."""
    form = FindForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        if _too_many(request):
            form.add_error(None, "查询次数过多，请一小时后再试。")
            status = 429
        else:
            found = find_notice(**form.cleaned_data)
            if found is not None:
                token = signing.dumps(found.pk, salt=SALT)
                return redirect("vehicles:objection_case", token=token)
            form.add_error(None, "号牌与告知书编号不符，或告知书不存在。")
            status = 404
    return render(
        request, "vehicles/objection_find.html", {"form": form}, status=status
    )


def _by_token(token: str) -> Capture:
    try:
        pk = signing.loads(token, salt=SALT, max_age=LASTS_S)
    except signing.BadSignature as error:
        raise Http404("链接已失效，请重新查询") from error
    found: Capture = get_object_or_404(
        Capture.objects.select_related("site", "camera"), pk=pk
    )
    return found


@never_cache
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, token: str) -> HttpResponse:
    """Evidence of one's own notice, and the form."""
    capture = _by_token(token)
    form = StateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            raise_objection(capture=capture, now=clock.now(), **form.cleaned_data)
            address = reverse("vehicles:objection_case", args=[token])
            return redirect(f"{address}?sent=1")
        except ObjectionRefusedError as error:
            form.add_error(None, str(error))
    stands = capture.state == Capture.State.CONFIRMED
    files = reads.files_by_kind(capture) if stands else {}
    context = {
        "capture": capture,
        "stands": stands,
        "notice": getattr(capture, "repair_notice", None),
        "sent": "sent" in request.GET,
        "token": token,
        "form": form,
        "frames": files.get("frame", []),
        "clip": next(iter(files.get("clip", [])), None),
        "objections": capture.objections.all(),
    }
    return render(request, "vehicles/objection_case.html", context)


@require_GET
def evidence(request: HttpRequest, token: str, file_pk: int) -> HttpResponse:
    """A marked copy of a frame, or the clip, for the holder of the notice."""
    capture = _by_token(token)
    if capture.state != Capture.State.CONFIRMED:
        raise Http404("该抓拍已不再作为证据")
    one = get_object_or_404(
        capture.files.filter(
            kind__in=(CaptureFile.Kind.FRAME, CaptureFile.Kind.CLIP)
        ).select_related("sealed"),
        pk=file_pk,
    )
    if one.kind == CaptureFile.Kind.FRAME:
        return send_bytes(request, marked_copy(capture, one), "image/jpeg")
    return send_bytes(request, read_file(one.sealed), one.sealed.media_type)
