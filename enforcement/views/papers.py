"""Documents: fill in, keep as draft, issue, look at, serve, void."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from bozhou_eco.accounts.access import bureau_required, current_user, reader_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.evidence.models import SealedFile
from bozhou_eco.evidence.services import read_file
from enforcement.domain.documents import FORMS, DocumentKind
from enforcement.domain.workflow import SERVICE_METHODS, Field, FieldKind, Refused
from enforcement.forms import ActForm
from enforcement.models import Case, Document
from enforcement.papers.forms import paper
from enforcement.selectors.context import document_context
from enforcement.selectors.drafting import suggestions
from enforcement.services.documents import (
    ensure_pdf,
    issue_document,
    save_draft,
    serve_document,
    void_document,
)
from enforcement.views.common import bureau_case, is_party

SERVE_FIELDS = (
    Field("served_on", "送达日期", FieldKind.DATE),
    Field("method", "送达方式", FieldKind.CHOICE, SERVICE_METHODS),
)


def _issues(request: HttpRequest, pk: int, kind: str) -> bool:
    return request.method == "POST" and "draft" not in request.POST


@bureau_required
@identity_required(_issues)
def write(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Fill in a document; keep it as draft or issue it."""
    case, user, now = bureau_case(request, pk), current_user(request), clock.now()
    if kind not in set(DocumentKind):
        raise Http404
    document_kind = DocumentKind(kind)
    fields = paper(document_kind).fields
    draft = case.documents.filter(kind=kind, state=Document.State.DRAFT).first()
    if request.method != "POST":
        known = suggestions(case, document_kind, user, now)
        initial = {**known, **(draft.data if draft else {})}
        form = ActForm(fields, initial=initial)
        return _form_page(request, case, document_kind, form, draft, user)
    form = ActForm(fields, data=request.POST)
    keep = "draft" in request.POST
    act = save_draft if keep else issue_document
    try:
        document = act(case=case, kind=kind, data=form.answers(), actor=user, now=now)
    except Refused as refusal:
        return _form_page(
            request, case, document_kind, form, draft, user, refusal=refusal, status=422
        )
    if keep:
        messages.success(request, f"《{document_kind.label}》草稿已保存。")
        return redirect(f"{case.get_absolute_url()}#papers")
    number = f"，文号 {document.number}" if document.number else ""
    messages.success(request, f"《{document_kind.label}》已定稿{number}。")
    return redirect("enforcement:document", pk=document.pk)


def _form_page(
    request: HttpRequest,
    case: Case,
    kind: DocumentKind,
    form: ActForm,
    draft: Document | None,
    user: User,
    *,
    refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    context = document_context(
        case=case, author=user, now=clock.now(), form={}, number=""
    )
    shown = ("party", "cause", "basis_title", "handlers", "cards", "agency")
    return render(
        request,
        "enforcement/write.html",
        {
            "case": case,
            "kind": kind,
            "paper": FORMS[kind],
            "form": form,
            "draft": draft,
            "refusal": refusal,
            "known": [(KNOWN[name], context[name]) for name in shown],
        },
        status=status,
    )


KNOWN = {
    "party": "当事人",
    "cause": "案由",
    "basis_title": "适用依据",
    "handlers": "承办人员",
    "cards": "执法证号",
    "agency": "落款",
}


def _document(request: HttpRequest, pk: int) -> Document:
    user = current_user(request)
    cases = Case.objects.visible_to(user)
    rows = Document.objects.filter(case__in=cases).select_related(
        "case", "word", "pdf", "author", "signed_copy"
    )
    if is_party(user):
        rows = rows.filter(state=Document.State.SERVED)
    return get_object_or_404(rows, pk=pk)


@bureau_required
def document_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an issued document: number, hash, files, service."""
    document = _document(request, pk)
    if document.state == Document.State.DRAFT:
        return redirect(
            reverse("enforcement:write", args=[document.case_id, document.kind])
        )
    kind = DocumentKind(document.kind)
    context: dict[str, Any] = {
        "document": document,
        "case": document.case,
        "kind": kind,
        "paper": FORMS[kind],
        "answers": [
            (field.label, document.data.get(field.name, ""))
            for field in paper(kind).fields
        ],
        "serve_form": ActForm(
            SERVE_FIELDS, initial={"served_on": clock.beijing(clock.now()).date()}
        ),
    }
    return render(request, "enforcement/document.html", context)


@reader_required
def download(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Send the Word or PDF file of an issued document; the reading is recorded."""
    document = _document(request, pk)
    if document.state == Document.State.DRAFT:
        raise Http404
    now = clock.now()
    try:
        sealed = (
            document.word if form == "word" else ensure_pdf(document=document, now=now)
        )
    except Refused as refusal:
        raise Http404 from refusal
    if sealed is None:
        raise Http404
    audit.record(
        actor=current_user(request),
        act="case.download",
        subject=f"document:{document.pk}",
        detail={"form": form, "sha256": sealed.sha256},
        kind="export",
        now=now,
    )
    return send_sealed(sealed, attachment=form == "word")


def send_sealed(sealed: SealedFile, *, attachment: bool) -> HttpResponse:
    """Answer with a sealed file under its own name."""
    try:
        content = read_file(sealed)
    except FileNotFoundError as error:
        raise Http404("文件已到期删除或缺失") from error
    response = HttpResponse(content, content_type=sealed.media_type)
    header = content_disposition_header(attachment, sealed.name)
    if header:
        response["Content-Disposition"] = header
    response["X-Content-SHA256"] = sealed.sha256
    return response


@bureau_required
@require_POST
def serve(request: HttpRequest, pk: int) -> HttpResponse:
    """Register the service of a document that no move serves."""
    document = _document(request, pk)
    form = ActForm(SERVE_FIELDS, data=request.POST)
    day = form["served_on"].value() or ""
    try:
        serve_document(
            document=document,
            served_on=_day(str(day)),
            method=str(form["method"].value() or ""),
            actor=current_user(request),
            now=clock.now(),
        )
    except Refused as refusal:
        messages.error(request, refusal.reason)
    else:
        messages.success(request, "已登记送达。")
    return redirect("enforcement:document", pk=pk)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("请填写送达日期") from error


@bureau_required
@require_POST
@identity_required()
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """Void an issued document with a reason."""
    document = _document(request, pk)
    try:
        void_document(
            document=document,
            reason=request.POST.get("reason", ""),
            actor=current_user(request),
            now=clock.now(),
        )
    except Refused as refusal:
        messages.error(request, refusal.reason)
    else:
        messages.success(request, "文书已作废，文号不再使用。")
    return redirect("enforcement:document", pk=pk)
