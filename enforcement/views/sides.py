"""Acts that leave the state as it is, each a form drawn from the registry."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from bozhou_eco.accounts.access import current_user, reader_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.common import clock
from enforcement.domain.given import parse, problems
from enforcement.domain.workflow import Refused
from enforcement.forms import ActForm
from enforcement.views.common import case_for
from enforcement.views.registry import SIDE_ACTS, Ask

# Side acts by which somebody decides or binds a party.
BINDING = frozenset(
    {"decide-extension", "approve-visit", "daily-fine", "publish", "seize", "invite"}
)


def _binds(request: HttpRequest, pk: int, code: str) -> bool:
    return request.method == "POST" and code in BINDING


@reader_required
@identity_required(_binds)
def side(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Show the form of a side act; on POST, do it."""
    case, user = case_for(request, pk), current_user(request)
    found = SIDE_ACTS.get(code)
    if found is None or not user.has_role(*found.roles):
        raise Http404
    ask = Ask(case, user, clock.now(), request.GET.dict())
    fields = found.fields(ask)
    context: dict[str, object] = {"case": case, "side": found}
    context |= found.around(ask)
    if request.method != "POST":
        form = ActForm(
            fields, note=found.note, initial=found.initial(ask), note_label=found.said
        )
        return render(request, "enforcement/side.html", {**context, "form": form})
    form = ActForm(fields, data=request.POST, note=found.note, note_label=found.said)
    try:
        given = parse(fields, form.answers())
        missing = problems(fields, given)
        if missing:
            raise Refused(missing[0], missing)
        found.run(ask, given, form.typed_note)
    except Refused as refusal:
        context |= {"form": form, "refusal": refusal}
        return render(request, "enforcement/side.html", context, status=422)
    messages.success(request, f"已{found.done or found.label}。")
    return redirect(f"{case.get_absolute_url()}#{found.anchor}")
