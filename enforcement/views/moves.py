"""Taking an action: what it asks for, what is missing, and the move itself."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from enforcement.domain.documents import FORMS
from enforcement.domain.workflow import (
    Action,
    Move,
    ObstacleKind,
    Refused,
    State,
    find_move,
    obstacles,
)
from enforcement.forms import ActForm
from enforcement.models import Case, DiscretionRun
from enforcement.selectors.facts import build_facts
from enforcement.services.cases import Conflict, move_case
from enforcement.views.common import bureau_case

# Moves by which somebody decides, approves, signs for or ends a case.
BINDING = frozenset(
    {
        Action.APPROVE_FINDINGS, Action.NO_VIOLATION, Action.ORDER_ONLY,
        Action.CONFIRM_CORRECTED, Action.CORRECTION_FAILED, Action.APPROVE_LENIENT,
        Action.SPOT_PENALTY, Action.APPROVE_FILING, Action.REFUSE_FILING,
        Action.SUSPECT_CRIME, Action.APPROVE_REVIEW, Action.PASS_LEGAL,
        Action.PASS_TO_DISCUSSION, Action.CONCLUDE_DISCUSSION, Action.DECIDE,
        Action.DECIDE_NO_PENALTY, Action.DEFER, Action.APPLY_COURT,
        Action.END_ENFORCEMENT, Action.DECISION_REVOKED, Action.APPROVE_CLOSING,
        Action.WITHDRAW, Action.SUSPEND, Action.REOPEN,
    }
)  # fmt: skip


def _binds(request: HttpRequest, pk: int, action: str) -> bool:
    return request.method == "POST" and action in BINDING


@bureau_required
@identity_required(_binds)
def act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Show the form of an action with what is missing; on POST, take the action."""
    case, user = bureau_case(request, pk), current_user(request)
    try:
        move = find_move(State(case.state), Action(action))
    except (Refused, ValueError) as error:
        reason = error.reason if isinstance(error, Refused) else "没有这个操作"
        messages.error(request, reason)
        return redirect(case)
    if request.method != "POST":
        form = _form(move, initial=_initial(case, move))
        return render(request, "enforcement/act.html", _context(case, user, move, form))
    form = _form(move, data=request.POST)
    try:
        step = move_case(
            case=case,
            action=action,
            actor=user,
            now=clock.now(),
            note=form.typed_note,
            data=form.answers(),
            expected_version=_version(request),
        )
    except Refused as refusal:
        context = _context(case, user, move, form)
        context["refusal"] = refusal
        context["conflict"] = isinstance(refusal, Conflict)
        status = 409 if isinstance(refusal, Conflict) else 422
        return render(request, "enforcement/act.html", context, status=status)
    label = State(step.to_state).label
    messages.success(request, f"已{move.action.label}，现为“{label}”。")
    return redirect(case)


def _version(request: HttpRequest) -> int | None:
    return whole(request.POST.get("version", ""))


def _form(move: Move, **more: object) -> ActForm:
    return ActForm(move.fields, note=move.note, **more)  # type: ignore[arg-type]


def _initial(case: Case, move: Move) -> dict[str, object]:
    today = clock.beijing(clock.now()).date().isoformat()
    initial: dict[str, object] = {
        field.name: today
        for field in move.fields
        if field.kind.value == "date" and field.past
    }
    if move.action is Action.DECIDE:
        run = DiscretionRun.objects.filter(case=case, current=True).first()
        if run:
            initial["amount"] = run.amount
    if move.action is Action.RECORD_REPLY:
        initial |= _answered(case)
    if move.action is Action.HAND_OVER and case.unit_id:
        initial["unit"] = case.unit_id
    return initial


def _answered(case: Case) -> dict[str, object]:
    """Return what the other department has answered itself, for the officer to check."""
    found = (
        case.transfers.filter(state="received", joint=False)
        .exclude(replied_on=None)
        .order_by("-pk")
        .first()
    )
    if found is None or found.replied_on is None:
        return {}
    return {
        "reply_number": found.reply_number,
        "replied_on": found.replied_on.isoformat(),
        "result": found.result,
    }


def _context(case: Case, user: User, move: Move, form: ActForm) -> dict[str, object]:
    facts = build_facts(case=case, actor=user, now=clock.now())
    found = [
        obstacle
        for obstacle in obstacles(move, facts)
        if obstacle.kind is not ObstacleKind.FIELD
        and not (obstacle.kind is ObstacleKind.CONDITION and move.fields)
    ]
    return {
        "case": case,
        "move": move,
        "form": form,
        "found": found,
        "papers": [
            (kind, FORMS[kind], kind in facts.documents) for kind in move.documents
        ],
        "target": move.target,
        "state": State(case.state),
    }
