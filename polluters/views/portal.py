"""企业门户 and 企业说明: ask, explain with proof, reply; each side reads the same thread."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import current_user, reader_required, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import FACT_ROLES, Role, User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from bozhou_eco.evidence.services import read_file
from polluters.domain.matters import TOLD
from polluters.models import Exceedance, Explanation, Mark, Outlet, PortalFile
from polluters.portal_forms import AskForm, DecideForm, ExplainForm, uploads
from polluters.selectors import explanations as rows
from polluters.selectors import findings as finding_rows
from polluters.selectors import rulebook
from polluters.selectors.pages import portal as pages
from polluters.services import explanations as acts
from polluters.views.exceedances import PAGE_SIZE

may_say = role_required(Role.OFFICER, Role.ENTERPRISE)
INLINE = ("image/jpeg", "image/png", "application/pdf", "video/mp4")


@require_GET
@role_required(Role.ENTERPRISE)
def home(request: HttpRequest) -> HttpResponse:
    """Show an enterprise what it has to do, what it was told, how its outlets stand."""
    user, now = current_user(request), clock.now()
    context = {
        "found": pages.portal(user=user, now=now),
        "now": now,
        "deadline": rulebook.number("mark_deadline_hour"),
    }
    return render(request, "polluters/portal.html", context)


@require_GET
@reader_required
def explanation_list(request: HttpRequest) -> HttpResponse:
    """List explanations by state."""
    user, now = current_user(request), clock.now()
    state = request.GET.get("state", "")
    state = state if state in Explanation.State.values else ""
    overdue = request.GET.get("overdue") == "1"
    found = rows.explanations(user, now=now, state=state, overdue=overdue)
    listed = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": listed,
        "lines": [(row, row.overdue(now)) for row in listed],
        "state": state,
        "states": Explanation.State.choices,
        "overdue": overdue,
        "filtered": bool(state or overdue),
        "is_party": user.has_role(Role.ENTERPRISE),
    }
    return render(request, "polluters/explanations.html", context)


def _found(request: HttpRequest, pk: int) -> Explanation:
    found: Explanation = get_object_or_404(
        Explanation.objects.visible_to(current_user(request)).select_related(
            "outlet__enterprise__district", "finding", "exceedance", "asked_by",
            "decided_by",
        ),
        pk=pk,
    )  # fmt: skip
    return found


def _page(
    request: HttpRequest, row: Explanation, form: ExplainForm | DecideForm | None = None
) -> HttpResponse:
    user = current_user(request)
    bureau = user.has_role(*FACT_ROLES)
    may_answer = user.has_role(Role.ENTERPRISE) and not row.closed
    may_decide = user.has_role(Role.OFFICER) and row.state == Explanation.State.GIVEN
    if form is None and (may_answer or may_decide):
        form = DecideForm() if may_decide else ExplainForm()
    told = row.finding is not None and (bureau or row.finding.check_code in TOLD)
    context = {
        "row": row,
        "entries": rows.entries(row),
        "overdue": row.overdue(clock.now()),
        "form": form,
        "may_answer": may_answer,
        "may_decide": may_decide,
        "finding": row.finding if told else None,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "polluters/explanation.html", context, status=status)


@require_GET
@reader_required
def explanation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was asked and said, with proof and replies."""
    return _page(request, _found(request, pk))


def _about(request: HttpRequest, user: User) -> acts.About:
    """Read what an explanation is about from the address; 404 outside the scope."""
    given = request.GET
    if key := given.get("finding", ""):
        finding = get_object_or_404(
            finding_rows.readable(user).select_related("logger__outlet__enterprise"),
            pk=_number(key),
        )
        return acts.About(finding.logger.outlet, finding=finding)
    if key := given.get("exceedance", ""):
        row = get_object_or_404(
            Exceedance.objects.visible_to(user).select_related(
                "point__outlet__enterprise", "point__pollutant"
            ),
            pk=_number(key),
        )
        return acts.About(row.point.outlet, exceedance=row)
    outlets = Outlet.objects.visible_to(user).select_related("enterprise")
    return acts.About(get_object_or_404(outlets, pk=_number(given.get("outlet", ""))))


def _number(text: str) -> int:
    number = whole(text)
    if number is None:
        raise Http404
    return number


@may_say
def explanation_new(request: HttpRequest) -> HttpResponse:
    """Ask for an explanation (officer) or give one (enterprise)."""
    user, now = current_user(request), clock.now()
    about = _about(request, user)
    asks = user.has_role(Role.OFFICER)
    kind = AskForm if asks else ExplainForm
    form = kind(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        try:
            if asks:
                due = form.cleaned_data["deadline"]
                made = acts.ask(
                    about=about, text=text, deadline=due, actor=user, now=now
                )
            else:
                files = uploads(request.FILES, rulebook.number("portal_file_mb"))
                made = acts.give(
                    about=about, text=text, files=files, actor=user, now=now
                )
        except acts.RefusedError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, "已要求企业说明" if asks else "说明已提交")
            return redirect("polluters:explanation", pk=made.pk)
    context = {
        "form": form,
        "about": about,
        "asks": asks,
        "hides": about.finding is not None and about.finding.check_code not in TOLD,
        "default": acts.default_deadline(now) if asks else None,
    }
    status = 422 if form.errors else 200
    return render(request, "polluters/explanation_new.html", context, status=status)


@require_POST
@role_required(Role.ENTERPRISE)
def explanation_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an answer with its files."""
    row = _found(request, pk)
    form = ExplainForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            acts.answer(
                explanation=row, text=form.cleaned_data["text"],
                files=uploads(request.FILES, rulebook.number("portal_file_mb")),
                actor=current_user(request), now=clock.now(),
            )  # fmt: skip
        except acts.RefusedError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, "说明已提交")
            return redirect("polluters:explanation", pk=pk)
    return _page(request, row, form)


@require_POST
@role_required(Role.OFFICER)
@identity_required()
def explanation_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Reply to the enterprise."""
    row = _found(request, pk)
    form = DecideForm(request.POST)
    if form.is_valid():
        try:
            acts.decide(
                explanation=row, verdict=form.cleaned_data["verdict"],
                text=form.cleaned_data["text"], actor=current_user(request),
                now=clock.now(),
            )  # fmt: skip
        except acts.RefusedError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, "已回复企业")
            return redirect("polluters:explanation", pk=pk)
    return _page(request, row, form)


@require_POST
@may_say
def mark_prove(request: HttpRequest, pk: int) -> HttpResponse:
    """Add files to a mark."""
    user = current_user(request)
    row = get_object_or_404(Mark.objects.visible_to(user), pk=pk)
    try:
        files = uploads(request.FILES, rulebook.number("portal_file_mb"))
        acts.prove_mark(mark=row, files=files, actor=user, now=clock.now())
    except acts.RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"已提交 {len(files)} 个附件并封存")
    return redirect("polluters:mark", pk=pk)


@require_GET
@reader_required
def portal_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a sealed original; reading it is recorded."""
    user = current_user(request)
    row = get_object_or_404(
        PortalFile.objects.visible_to(user).select_related("sealed"), pk=pk
    )
    try:
        content = read_file(row.sealed)
    except FileNotFoundError as error:
        raise Http404("文件已到期删除或缺失") from error
    audit.record(
        actor=user, act="polluters.read_portal_file", subject=f"portal_file:{pk}",
        detail={"sha256": row.sealed.sha256}, kind="read", now=clock.now(),
    )  # fmt: skip
    inline = row.sealed.media_type in INLINE
    response = HttpResponse(content, content_type=row.sealed.media_type)
    header = content_disposition_header(not inline, row.sealed.name)
    if header:
        response["Content-Disposition"] = header
    response["X-Content-SHA256"] = row.sealed.sha256
    return response
