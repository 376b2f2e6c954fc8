"""Pages for people of other departments: the parts sent to them, receipt, answer."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from bozhou_eco.accounts.access import current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from enforcement.domain.given import parse, problems
from enforcement.domain.workflow import Field, FieldKind, Refused
from enforcement.forms import ActForm
from enforcement.models import Transfer
from enforcement.selectors.parts import parts_for
from enforcement.services.documents import ensure_pdf
from enforcement.services.partners import answer_part, sign_part
from enforcement.views.files import INLINE
from enforcement.views.papers import send_sealed

partner_required = role_required(Role.PARTNER)
PAGE = 40
ANSWER = (
    Field("number", "回函文号", required=False, most=60),
    Field("replied_on", "回函日期", FieldKind.DATE),
    Field("result", "处理结果", FieldKind.LONG),
)


@partner_required
def parts(request: HttpRequest) -> HttpResponse:
    """List what was sent to the viewer's department, unanswered first."""
    rows = parts_for(current_user(request)).select_related("case", "letter")
    waiting = request.GET.get("state") != "all"
    if waiting:
        rows = rows.filter(state__in=["sent", "received"], replied_on=None)
    page = Paginator(rows.order_by("-sent_on", "-pk"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "waiting": waiting,
        "today": clock.beijing(clock.now()).date(),
    }
    return render(request, "enforcement/parts.html", context)


def _part(request: HttpRequest, pk: int) -> Transfer:
    rows = parts_for(current_user(request)).select_related("case__district", "letter")
    return get_object_or_404(rows, pk=pk)


@partner_required
def part(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one part: the letter, what is asked, the evidence sent along; answer it."""
    found, user, now = _part(request, pk), current_user(request), clock.now()
    audit.record(
        actor=user, act="case.read_part", subject=f"case:{found.case_id}",
        detail={"transfer": found.pk}, kind="read", now=now,
    )  # fmt: skip
    context: dict[str, object] = {
        "part": found,
        "files": found.files.select_related("sealed"),
        "form": ActForm(ANSWER, initial={"replied_on": clock.beijing(now).date()}),
        "answerable": found.state == "received" and found.replied_on is None,
    }
    if request.method != "POST":
        return render(request, "enforcement/part.html", context)
    form = ActForm(ANSWER, data=request.POST)
    try:
        given = parse(ANSWER, form.answers())
        missing = problems(ANSWER, given)
        if missing:
            raise Refused(missing[0], missing)
        on = given["replied_on"]
        answer_part(
            transfer=found,
            number=str(given.get("number") or ""),
            replied_on=on if isinstance(on, date) else clock.beijing(now).date(),
            result=str(given["result"]),
            actor=user,
            now=now,
        )
    except Refused as refusal:
        context |= {"form": form, "refusal": refusal}
        return render(request, "enforcement/part.html", context, status=422)
    messages.success(request, "已回函。")
    return redirect("enforcement:part", pk=pk)


@partner_required
@require_POST
@identity_required()
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign for a part."""
    try:
        sign_part(
            transfer=_part(request, pk), actor=current_user(request), now=clock.now()
        )
        messages.success(request, "已签收。")
    except Refused as refusal:
        messages.error(request, refusal.reason)
    return redirect("enforcement:part", pk=pk)


@partner_required
def part_file(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """Send the letter (0) or a piece of evidence that was sent along."""
    found = _part(request, pk)
    if file == 0:
        if found.letter is None:
            raise Http404
        sealed = ensure_pdf(document=found.letter, now=clock.now())
    else:
        sealed = get_object_or_404(found.files.select_related("sealed"), pk=file).sealed
    audit.record(
        actor=current_user(request), act="case.read_file",
        subject=f"case:{found.case_id}", kind="read", now=clock.now(),
        detail={"transfer": found.pk, "sha256": sealed.sha256},
    )  # fmt: skip
    return send_sealed(sealed, attachment=sealed.media_type not in INLINE)
