"""Findings: the queue, one finding, the reviewer's verdict."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from vehicles.domain.fraud.registry import NAMES, RULES
from vehicles.models import Finding, Station
from vehicles.selectors import stations as reads
from vehicles.selectors.supervision import finding_groups
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.findings import give_verdict

PAGE_SIZE = 40


@require_GET
@bureau_required
def finding_list(request: HttpRequest) -> HttpResponse:
    """Findings that wait, by station and week within a budget; hit rates per rule."""
    user = current_user(request)
    given = {key: str(value) for key, value in request.GET.items()}
    grouped = given.get("state", "open") != "all"
    context = {
        "given": given,
        "narrowed": any(given.get(key) for key in ("station", "rule")),
        "names": NAMES,
        "stations": Station.objects.visible_to(user),
        "rates": reads.hit_rates(user),
    }
    if grouped:
        groups, budget = finding_groups(user, given)
        context |= {"groups": groups, "budget": budget}
    else:
        found = Paginator(reads.finding_queue(user, given), PAGE_SIZE)
        context["page"] = found.get_page(given.get("page"))
    return render(request, "vehicles/findings.html", context)


def _finding(request: HttpRequest, pk: int) -> Finding:
    found: Finding = get_object_or_404(
        Finding.objects.visible_to(current_user(request)).select_related(
            "station", "inspection__vehicle", "inspection__line", "verdict_by"
        ),
        pk=pk,
    )
    return found


@require_GET
@bureau_required
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding with its reason, numbers and source."""
    found = _finding(request, pk)
    info = RULES.get(found.rule)
    context = {
        "finding": found,
        "name": NAMES.get(found.rule, found.rule),
        "source": info.params.source if info else "",
        "verdicts": Finding.Verdict.choices,
    }
    return render(request, "vehicles/finding.html", context)


@require_POST
@role_required(Role.OFFICER, Role.REVIEWER, Role.LEADER)
def finding_verdict(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the reviewer's verdict."""
    found = _finding(request, pk)
    try:
        give_verdict(
            finding=found,
            verdict=request.POST.get("verdict", ""),
            note=request.POST.get("note", ""),
            actor=current_user(request),
            now=clock.now(),
        )
    except StationRefusalError as error:
        messages.error(request, error.message)
    return redirect("vehicles:finding", pk=found.pk)
