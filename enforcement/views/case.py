"""The page of one case, for the bureau and for the party."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from bozhou_eco.accounts.access import current_user, reader_required
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from enforcement.domain.kinds import CaseKind, Outcome, Source
from enforcement.domain.workflow import Stage, State
from enforcement.models import BasisChoice, Case, DiscretionRun, LenientTest
from enforcement.selectors.facts import (
    build_facts,
    case_owes,
    fines_in_force,
    open_obligations,
)
from enforcement.selectors.links import linked_cases
from enforcement.selectors.page import (
    clock_views,
    move_views,
    paper_views,
    people_views,
    stage_views,
    step_views,
    summary_pieces,
)
from enforcement.services.steps import verify_steps
from enforcement.views.common import case_for, is_party
from enforcement.views.registry import side_acts_for

STEPS_SHOWN = 12


@reader_required
def case_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a case: to the bureau all of it, to the party what concerns it."""
    case, user, now = case_for(request, pk), current_user(request), clock.now()
    audit.record(
        actor=user, act="case.read", subject=f"case:{case.pk}", kind="read", now=now
    )
    if is_party(user):
        return render(request, "enforcement/party_case.html", _party(case, user))
    return render(request, "enforcement/case.html", _page(request, case, user))


def _page(request: HttpRequest, case: Case, user: User) -> dict[str, object]:
    now = clock.now()
    facts = build_facts(case=case, actor=user, now=now)
    moves = move_views(case, user, facts)
    clocks = clock_views(case, now)
    everything = request.GET.get("steps") == "all"
    steps = step_views(case, None if everything else STEPS_SHOWN)
    if request.GET.get("steps") == "comments":
        steps = [step for step in step_views(case) if step.comment]
    fines = fines_in_force(case)
    today = clock.beijing(now).date()
    return {
        "case": case,
        "kind": CaseKind(case.kind).label,
        "state": State(case.state),
        "stage": Stage(case.stage),
        "source": Source(case.source).label,
        "outcome": Outcome(case.outcome).label if case.outcome else "",
        "stages": stage_views(case, now),
        "moves": moves,
        "main": next((m for m in moves if m.allowed_role), None),
        "clocks": clocks,
        "clock": next((c for c in clocks if c.running), None),
        "papers": paper_views(case),
        "people": people_views(case),
        "guests": case.guests.filter(ended_at=None).select_related(
            "user__organisation"
        ),
        "steps": steps,
        "steps_mode": request.GET.get("steps", ""),
        "more_steps": not everything and case.version > STEPS_SHOWN,
        "pieces": summary_pieces(case),
        "revisions": case.revisions.count() - 1,
        "files": case.files.select_related("sealed", "added_by").order_by("id"),
        "alerts": case.alert_links.select_related("alert"),
        "visits": case.visits.prefetch_related("officers"),
        "transfers": case.transfers.select_related("letter"),
        "rectifications": case.rectifications.select_related("inspected_by"),
        "replies": case.replies.all(),
        "links": linked_cases(case, user),
        "choice": BasisChoice.objects.filter(case=case)
        .select_related("basis", "act_basis")
        .first(),
        "run": DiscretionRun.objects.filter(case=case, current=True)
        .select_related("table")
        .first(),
        "lenient": LenientTest.objects.filter(case=case).first(),
        "fines": fines,
        "owed": case_owes(case, today, fines) if fines else None,
        "obligations": open_obligations(case, fines[0] if fines else None, facts.owed),
        "sides": side_acts_for(case, user),
        "faults": verify_steps(case),
    }


def _party(case: Case, user: User) -> dict[str, object]:
    papers = case.documents.filter(state="served").defer("context").order_by("id")
    fines = fines_in_force(case)
    today = clock.beijing(clock.now()).date()
    return {
        "case": case,
        "state": State(case.state),
        "papers": papers,
        "rectifications": case.rectifications.all(),
        "fines": fines,
        "owed": case_owes(case, today, fines) if fines else None,
        "sides": side_acts_for(case, user),
    }
