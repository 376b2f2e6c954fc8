"""Joint road checks: campaigns, the phone's form, one checked vehicle, transfers."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from bozhou_eco.common.problems import MEDIA_TYPE
from bozhou_eco.evidence.services import read_file
from vehicles.domain.plates import COLOR_NAMES
from vehicles.domain.roadside import Reading
from vehicles.forms import CampaignForm, ReceiptForm, ReplyForm, TransferForm
from vehicles.models import PoliceTransfer, RoadCampaign, RoadCheck
from vehicles.selectors import roadchecks as reads
from vehicles.services import plate_photos
from vehicles.services import roadcheck_transfers as transfers
from vehicles.services import roadchecks as acts
from vehicles.views.media import send_bytes
from vehicles.views.periods import read_period
from vehicles.views.reading import note_reading

PAGE_SIZE = 40
CHECKERS = (Role.OFFICER, Role.LEADER)


@require_GET
@bureau_required
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Campaigns, and the totals of a period as the bureau reports them."""
    user, period = current_user(request), read_period(request)
    rows = reads.campaigns_for(user)
    context = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "totals": reads.totals(user, period.first, period.last),
        "period": period,
        "may_check": user.has_role(*CHECKERS),
        "now": clock.now(),
    }
    return render(request, "vehicles/roadchecks.html", context)


@require_http_methods(["GET", "POST"])
@role_required(*CHECKERS)
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Plan a campaign."""
    today = clock.beijing(clock.now()).date()
    form = CampaignForm(request.POST or None, initial={"day": today})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = acts.plan_campaign(
            name=given["name"],
            place=given["place"],
            district=given["district"],
            begins_at=form.begins_at(),
            ecology=given["ecology"],
            police=given["police"],
            transport=given["transport"],
            actor=current_user(request),
            now=clock.now(),
        )
        return redirect("vehicles:campaign", pk=made.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "vehicles/campaign_new.html", {"form": form}, status=status)


def _campaign(request: HttpRequest, pk: int) -> RoadCampaign:
    found: RoadCampaign = get_object_or_404(
        reads.campaigns_for(current_user(request)), pk=pk
    )
    return found


@require_GET
@bureau_required
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign with the vehicles checked."""
    found = _campaign(request, pk)
    rows = reads.checks_for(current_user(request)).filter(campaign=found)
    if request.GET.get("verdict") in RoadCheck.Verdict.values:
        rows = rows.filter(verdict=request.GET["verdict"])
    context = {
        "campaign": found,
        "page": Paginator(rows.select_related("transfer"), PAGE_SIZE).get_page(
            request.GET.get("page")
        ),
        "verdict": request.GET.get("verdict", ""),
        "verdicts": RoadCheck.Verdict.choices,
        "may_check": current_user(request).has_role(*CHECKERS),
    }
    return render(request, "vehicles/campaign.html", context)


@require_POST
@role_required(*CHECKERS)
def campaign_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a campaign."""
    found = _campaign(request, pk)
    try:
        acts.end_campaign(campaign=found, actor=current_user(request), now=clock.now())
    except acts.RoadCheckRefusedError as error:
        messages.error(request, str(error))
    return redirect("vehicles:campaign", pk=pk)


@require_GET
@role_required(*CHECKERS)
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """The phone's form: one vehicle in under half a minute, also without signal."""
    found = _campaign(request, pk)
    context = {
        "campaign": found,
        "colors": [(c.value, name) for c, name in COLOR_NAMES.items()],
        "means": RoadCheck.Means.choices,
        "limit_k": reads.limit_k(clock.beijing(clock.now()).date()),
        "recent": reads.checks_for(current_user(request)).filter(campaign=found)[:10],
    }
    return render(request, "vehicles/roadcheck_record.html", context)


class CheckForm(forms.Form):
    """What the phone sends for one vehicle."""

    id = forms.UUIDField()
    plate = forms.CharField(max_length=20)
    plate_color = forms.CharField(max_length=14, required=False)
    plate_read = forms.CharField(max_length=20, required=False)
    at = forms.CharField(max_length=40)
    sent_at = forms.CharField(max_length=40, required=False)
    means = forms.ChoiceField(choices=RoadCheck.Means.choices)
    smoke_k = forms.FloatField(required=False)
    limit_k = forms.FloatField(required=False)
    ringelmann = forms.IntegerField(required=False)
    obd_fault = forms.CharField(max_length=120, required=False)
    verdict = forms.ChoiceField(choices=RoadCheck.Verdict.choices)
    note = forms.CharField(max_length=200, required=False)
    longitude = forms.FloatField(required=False)
    latitude = forms.FloatField(required=False)
    accuracy_m = forms.FloatField(required=False)

    def _moment(self, name: str) -> datetime | None:
        text = str(self.cleaned_data.get(name) or "")
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError as error:
            raise forms.ValidationError("时间格式有误") from error
        if found.tzinfo is None:
            raise forms.ValidationError("时间须带时区")
        return found

    def clean_at(self) -> datetime | None:
        """Return the time of the check."""
        return self._moment("at")

    def clean_sent_at(self) -> datetime | None:
        """Return the phone's clock."""
        return self._moment("sent_at")


def _problem(status: int, title: str, fields: dict[str, str]) -> JsonResponse:
    errors = [{"field": name, "detail": text} for name, text in fields.items()]
    body = {"title": title, "status": status, "errors": errors}
    body["detail"] = "；".join([title, *fields.values()]) if fields else title
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


@require_POST
@role_required(*CHECKERS)
def check_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one vehicle from the phone; sending it again is the same check."""
    found = _campaign(request, pk)
    form = CheckForm(request.POST)
    if not form.is_valid():
        wrong = {name: str(texts[0]) for name, texts in form.errors.items()}
        return _problem(422, "请更正标出的项目", wrong)
    photos = request.FILES.getlist("photos")
    if any((photo.size or 0) > acts.MOST_PHOTO_BYTES for photo in photos):
        return _problem(422, "请更正标出的项目", {"photos": "照片超过 15 MB"})
    given = _given(form.cleaned_data, photos)
    try:
        check, made = acts.record_check(
            campaign=found, given=given, actor=current_user(request), now=clock.now()
        )
    except acts.RoadCheckConflictError as error:
        return _problem(409, str(error), error.fields)
    except acts.RoadCheckRefusedError as error:
        return _problem(422, str(error), error.fields)
    body = {
        "id": str(check.pk),
        "plate": check.vehicle.plate,
        "verdict": check.get_verdict_display(),
        "at": check.at.isoformat(),
        "clock_ahead_s": check.clock_ahead_s,
        "url": f"/vehicles/roadchecks/checks/{check.pk}/",
    }
    return JsonResponse(body, status=201 if made else 200)


def _given(clean: dict[str, Any], photos: list[Any]) -> acts.Given:
    return acts.Given(
        id=clean["id"],
        plate=clean["plate"],
        plate_color=clean["plate_color"],
        at=clean["at"],
        sent_at=clean["sent_at"],
        plate_read=clean["plate_read"],
        longitude=clean["longitude"],
        latitude=clean["latitude"],
        accuracy_m=clean["accuracy_m"],
        reading=Reading(
            means=clean["means"],
            verdict=clean["verdict"],
            smoke_k=clean["smoke_k"],
            limit_k=clean["limit_k"],
            ringelmann=clean["ringelmann"],
            obd_fault=clean["obd_fault"],
            note=clean["note"],
        ),
        photos=[acts.Photo(str(photo.name), photo.read()) for photo in photos],
    )


@require_POST
@role_required(*CHECKERS)
def plate_ask(request: HttpRequest) -> HttpResponse:
    """Put a photo before the plate reader."""
    photo = request.FILES.get("photo")
    if photo is None or not photo.size:
        return _problem(422, "没有照片", {"photo": "请重新拍照"})
    if photo.size > plate_photos.MOST_BYTES:
        return _problem(422, "照片过大", {"photo": "照片超过 15 MB"})
    token = plate_photos.ask(content=photo.read())
    if token is None:
        return _problem(503, "识别服务未运行，请手工输入号牌", {})
    return JsonResponse({"token": token}, status=202)


@require_GET
@role_required(*CHECKERS)
def plate_answer(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """What the plate reader has found so far."""
    response = JsonResponse(plate_photos.result(str(token)))
    response["Cache-Control"] = "no-store"
    return response


def _check(request: HttpRequest, pk: uuid.UUID) -> RoadCheck:
    found: RoadCheck = get_object_or_404(reads.checks_for(current_user(request)), pk=pk)
    return found


def _page(
    request: HttpRequest,
    check: RoadCheck,
    form: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    transfer = (
        PoliceTransfer.objects.select_related("case", "sent_by")
        .filter(road_check=check)
        .first()
    )
    today = clock.beijing(clock.now()).date()
    if form is None and transfer is None:
        unit = f"{check.campaign.district.name}公安局交警大队"
        form = TransferForm(initial={"unit": unit})
    elif form is None and transfer is not None:
        form = (
            ReplyForm(initial={"replied_on": today})
            if transfer.receipt_at
            else ReceiptForm(initial={"received_on": today})
        )
    context = {
        "check": check,
        "transfer": transfer,
        "form": form,
        "photos": check.photos.select_related("sealed"),
        "sentence": transfers.describe(check),
        "may_check": current_user(request).has_role(Role.OFFICER),
    }
    return render(request, "vehicles/roadcheck.html", context, status=status)


@require_GET
@bureau_required
def check(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One checked vehicle: reading, photos, place, and what the police did."""
    found = _check(request, pk)
    note_reading(request, "roadcheck.read", f"roadcheck:{found.pk}")
    return _page(request, found)


@require_GET
@bureau_required
def check_photo(request: HttpRequest, pk: uuid.UUID, place: int) -> HttpResponse:
    """A sealed photo."""
    one = get_object_or_404(
        _check(request, pk).photos.select_related("sealed"), place=place
    )
    try:
        content = read_file(one.sealed)
    except FileNotFoundError as error:
        raise Http404("照片已到期删除或缺失") from error
    return send_bytes(request, content, one.sealed.media_type)


@require_POST
@role_required(Role.OFFICER)
@identity_required()
def check_transfer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand a violation to the traffic police, or register receipt and reply."""
    found = _check(request, pk)
    transfer = PoliceTransfer.objects.filter(road_check=found).first()
    kind = (
        TransferForm
        if transfer is None
        else ReplyForm
        if transfer.receipt_at
        else ReceiptForm
    )
    form = kind(request.POST)
    if not form.is_valid():
        return _page(request, found, form, 422)
    common: dict[str, Any] = {"actor": current_user(request), "now": clock.now()}
    try:
        if transfer is None:
            transfers.transfer_to_police(check=found, **form.cleaned_data, **common)
        elif transfer.receipt_at:
            transfers.register_reply(transfer=transfer, **form.cleaned_data, **common)
        else:
            transfers.register_receipt(transfer=transfer, **form.cleaned_data, **common)
    except acts.RoadCheckRefusedError as error:
        form.add_error(None, str(error))
        return _page(request, found, form, 422)
    return redirect("vehicles:roadcheck", pk=pk)
