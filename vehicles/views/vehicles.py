"""Vehicle files: list with near plates, one file with its timeline, imports."""

import hashlib
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import District, Role
from bozhou_eco.common import clock
from vehicles.domain import plates
from vehicles.domain.codes import FUELS, STAGES
from vehicles.domain.masking import mask_name, mask_phone
from vehicles.domain.registration import LABELS, OBD_LABELS
from vehicles.domain.tables import TableError
from vehicles.forms import ImportForm
from vehicles.ingest.tables import read_table
from vehicles.models import Vehicle, VehicleImport
from vehicles.selectors import vehicles as reads
from vehicles.services.exports import CSV_TYPE, as_csv
from vehicles.services.imports import import_registration, import_remote_obd
from vehicles.services.vehicles import OWNER_ROLES, VehicleRefusedError, reveal_owner
from vehicles.views.media import send_bytes
from vehicles.views.reading import note_reading

PAGE_SIZE = 50
STATES = (
    ("listed", "在监管名单"),
    ("failed", "不合格未复检"),
    ("overdue", "检验逾期"),
    ("remote", "远程 OBD 故障"),
    ("unregistered", "无登记信息"),
)
IMPORTERS = (Role.OFFICER, Role.LEADER)


@require_GET
@bureau_required
def file_list(request: HttpRequest) -> HttpResponse:
    """Vehicle files in reach; a plate typed in also shows those that look like it."""
    user = current_user(request)
    given = {key: str(value) for key, value in request.GET.items()}
    today = clock.beijing(clock.now()).date()
    found = reads.files_for(user, given, today)
    filters = ("q", "state", "fuel", "stage", "district", "plate_color")
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(given.get("page")),
        "given": given,
        "narrowed": any(given.get(key) for key in filters),
        "near": reads.near_plates(user, given.get("q", "")),
        "states": STATES,
        "fuels": FUELS.items(),
        "stages": STAGES.items(),
        "districts": District.objects.all(),
        "today": today,
        "may_import": user.has_role(*IMPORTERS),
    }
    return render(request, "vehicles/files.html", context)


def _file(request: HttpRequest, pk: int) -> Vehicle:
    rows = Vehicle.objects.visible_to(current_user(request)).select_related("district")
    found: Vehicle = get_object_or_404(rows, pk=pk)
    return found


@require_GET
@bureau_required
def vehicle_file(request: HttpRequest, pk: int) -> HttpResponse:
    """One vehicle (一车一档): registration, standing, and its timeline."""
    user, found = current_user(request), _file(request, pk)
    note_reading(request, "vehicle.read", f"vehicle:{found.pk}")
    kind = request.GET.get("kind", "")
    context = {
        "vehicle": found,
        "owner": mask_name(found.owner_name),
        "phone": mask_phone(found.owner_phone),
        "may_reveal": user.has_role(*OWNER_ROLES) and bool(found.owner_name),
        "moments": reads.timeline(user, found, kind),
        "kinds": reads.KINDS.items(),
        "kind": kind,
        "totals": reads.totals(user, found),
        "today": clock.beijing(clock.now()).date(),
    }
    return render(request, "vehicles/file.html", context)


@require_POST
@role_required(*OWNER_ROLES)
@identity_required()
def vehicle_owner(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the owner in the clear; the reading is audited."""
    found = _file(request, pk)
    try:
        name, phone = reveal_owner(
            vehicle=found,
            reason=request.POST.get("reason", ""),
            actor=current_user(request),
            now=clock.now(),
        )
    except VehicleRefusedError as error:
        context = {"vehicle": found, "error": str(error), "may_reveal": True}
        return render(request, "vehicles/_owner.html", context, status=422)
    context = {"vehicle": found, "owner": name, "phone": phone, "shown": True}
    response = render(request, "vehicles/_owner.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@bureau_required
def vehicle_by_plate(request: HttpRequest) -> HttpResponse:
    """Lead from a plate to its file; without one, to the list searched for it."""
    plain = plates.normalise(request.GET.get("plate", ""))[:20]
    rows = Vehicle.objects.visible_to(current_user(request)).filter(plate=plain)
    color = request.GET.get("color", "")
    if color:
        rows = rows.filter(plate_color=color)
    if rows.count() == 1:
        return redirect("vehicles:file", pk=rows.get().pk)
    return redirect(f"{reverse('vehicles:files')}?{urlencode({'q': plain})}")


@require_http_methods(["GET", "POST"])
@role_required(*IMPORTERS)
def vehicle_import(request: HttpRequest) -> HttpResponse:
    """Try or carry out the import of a list."""
    form = ImportForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                made = _import(request, form)
                return redirect("vehicles:import_result", pk=made.pk)
            except TableError as error:
                form.add_error("file", str(error))
        status = 422
    context = {
        "form": form,
        "imports": VehicleImport.objects.select_related("actor")[:20],
    }
    return render(request, "vehicles/import.html", context, status=status)


def _import(request: HttpRequest, form: ImportForm) -> VehicleImport:
    given = form.cleaned_data
    upload = given["file"]
    content = upload.read()
    act = (
        import_remote_obd
        if given["kind"] == VehicleImport.Kind.REMOTE_OBD
        else import_registration
    )
    made = act(
        sheet=read_table(upload.name, content),
        name=upload.name,
        sha256=hashlib.sha256(content).hexdigest(),
        dry_run=not given["carry_out"],
        actor=current_user(request),
        now=clock.now(),
    )
    word = "试运行完成，未写入" if made.dry_run else "已写入档案"
    messages.success(request, f"{word}：{made.rows} 行，{made.refused} 行有误。")
    return made


@require_GET
@role_required(*IMPORTERS)
def import_result(request: HttpRequest, pk: int) -> HttpResponse:
    """What an import did, with every refused row and why; as CSV with ``?format=csv``."""
    found = get_object_or_404(VehicleImport.objects.select_related("actor"), pk=pk)
    if request.GET.get("format") == "csv":
        rows = [(e["row"], e["plate"], "；".join(e["texts"])) for e in found.errors]
        body = as_csv(("行号", "号牌", "原因"), rows)
        return send_bytes(request, body, CSV_TYPE, name=f"import-errors-{found.pk}.csv")
    return render(request, "vehicles/import_result.html", {"done": found})


@require_GET
@role_required(*IMPORTERS)
def import_template(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty list with the headings that are understood."""
    if kind not in VehicleImport.Kind.values:
        raise Http404
    labels = OBD_LABELS if kind == VehicleImport.Kind.REMOTE_OBD else LABELS
    body = as_csv(list(labels.values()), [])
    return send_bytes(request, body, CSV_TYPE, name=f"{kind}-template.csv")
