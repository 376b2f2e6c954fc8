"""Stations: monitoring, one station, one test with its curves."""

import json
import uuid

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import (
    bureau_required,
    current_user,
    reader_required,
)
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import FACT_ROLES
from bozhou_eco.common import clock
from bozhou_eco.evidence.services import read_file
from vehicles.domain.codes import Method
from vehicles.domain.fraud.registry import NAMES
from vehicles.domain.inspection.judge import compare
from vehicles.domain.inspection.limits import applicable
from vehicles.domain.inspection.process import COLUMNS, phase_label
from vehicles.models import Finding, Inspection, Station
from vehicles.selectors import stations as reads
from vehicles.selectors.gate import limits, open_locks
from vehicles.services.inspection_bundles import inspection_bundle
from vehicles.services.tests_parts import process_of, whole_test
from vehicles.views.media import send_bytes
from vehicles.views.reading import note_reading


@require_GET
@reader_required
def station_list(request: HttpRequest) -> HttpResponse:
    """All stations now."""
    rows = reads.stations_now(current_user(request), clock.now())
    totals = {
        "stations": len(rows),
        "busy": sum(row.busy for row in rows),
        "lines": sum(row.lines for row in rows),
        "today": sum(row.today for row in rows),
        "failed": sum(row.failed for row in rows),
        "locks": sum(row.locks for row in rows),
        "findings": sum(row.findings for row in rows),
    }
    live = request.headers.get("HX-Request") == "true"
    page = "vehicles/_stations_now.html" if live else "vehicles/stations.html"
    context = {"rows": rows, "totals": totals, "now": clock.now()}
    return render(request, page, context)


@require_GET
@reader_required
def station(request: HttpRequest, code: str) -> HttpResponse:
    """One station: lines, instruments, locks, latest tests, findings."""
    user = current_user(request)
    found = get_object_or_404(
        Station.objects.visible_to(user).select_related("district"), code=code
    )
    context = {
        "station": found,
        "lines": found.lines.prefetch_related("instruments"),
        "locks": open_locks(found),
        "tests": reads.recent_tests(found),
        "today": clock.beijing(clock.now()).date(),
        "findings": [
            {"row": row, "name": NAMES.get(row.rule, row.rule)}
            for row in Finding.objects.visible_to(user).filter(station=found)[:20]
        ],
    }
    return render(request, "vehicles/station.html", context)


def _inspection(request: HttpRequest, pk: int) -> Inspection:
    found: Inspection = get_object_or_404(
        Inspection.objects.visible_to(current_user(request)).select_related(
            "station__district", "line", "vehicle"
        ),
        pk=pk,
    )
    return found


@require_GET
@reader_required
def inspection(request: HttpRequest, pk: int) -> HttpResponse:
    """One test: parts, results beside limits, curves, findings."""
    found = _inspection(request, pk)
    note_reading(request, "inspection.read", f"inspection:{found.pk}")
    test = whole_test(found, process=None)
    rated = test.registration.rated_power_kw or test.vehicle.rated_power_kw
    chosen = applicable(
        limits(found.method),
        method=found.method,
        variant=found.variant or "a",
        on=clock.beijing(found.started_at).date(),
    )
    shown = Finding.objects.visible_to(current_user(request)).filter(inspection=found)
    context = {
        "test": found,
        "document": test,
        "results": compare(test.results, chosen, rated),
        "findings": [
            {"row": row, "name": NAMES.get(row.rule, row.rule)} for row in shown
        ],
        "rows": process_of(found).rows,
        "second": request.GET.get("second", ""),
        "files": found.files.exclude(sealed=None),
        "refused": found.refused.all(),
        "may_export": current_user(request).has_role(*FACT_ROLES),
    }
    return render(request, "vehicles/inspection.html", context)


@require_GET
@bureau_required
@identity_required()
def bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """The test as a sealed bundle with its verifier."""
    content = inspection_bundle(
        inspection=_inspection(request, pk),
        actor=current_user(request),
        now=clock.now(),
    )
    name = f"inspection-{pk}.zip"
    return send_bytes(request, content, "application/zip", name=name)


@require_GET
@reader_required
def inspection_file(request: HttpRequest, pk: int, file: str) -> HttpResponse:
    """A sealed photo, video or report of a test."""
    found = _inspection(request, pk)
    try:
        key = uuid.UUID(file)
    except ValueError:
        raise Http404 from None
    row = get_object_or_404(found.files.select_related("sealed"), pk=key)
    if row.sealed is None:
        raise Http404
    answer = HttpResponse(read_file(row.sealed), content_type=row.media_type)
    answer["Content-Disposition"] = f'inline; filename="{row.pk}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@require_GET
@reader_required
def inspection_curve(request: HttpRequest, pk: int) -> JsonResponse:
    """The process data of a test for its charts."""
    found = _inspection(request, pk)
    curve = process_of(found)
    names = [name for name in COLUMNS if name != "t" and curve.has(name)]
    known = found.method in set(Method)
    labels = [
        phase_label(Method(found.method), code) if known else code
        for code in curve.phases
    ]
    body = {
        "t": list(curve.times()),
        "phases": labels,
        "columns": [
            {
                "name": name,
                "label": COLUMNS[name].label,
                "unit": COLUMNS[name].unit,
                "values": list(curve.columns[name]),
            }
            for name in names
        ],
    }
    return JsonResponse(json.loads(json.dumps(body)))
