"""Draft, issue, serve and void documents; nothing issued changes."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.queue import after_commit
from bozhou_eco.evidence.models import SealedFile
from bozhou_eco.evidence.services import read_file, seal_bytes
from enforcement.domain.documents import FORMS, DocumentKind
from enforcement.domain.given import jsonable, parse, problems
from enforcement.domain.workflow import Duty, Refused
from enforcement.models import Case, Document, DocumentTemplate
from enforcement.papers.build import default_template
from enforcement.papers.forms import paper
from enforcement.papers.pdf import word_to_pdf
from enforcement.papers.word import TemplateError, check_template, render_word
from enforcement.selectors.context import document_context, sample_context
from enforcement.selectors.scope import in_scope
from enforcement.services.numbers import take_number
from enforcement.services.steps import add_step, take_part

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
INVESTIGATIVE = frozenset(
    {
        DocumentKind.SITE_RECORD,
        DocumentKind.INQUIRY_RECORD,
        DocumentKind.SAMPLING_LIST,
        DocumentKind.INVESTIGATION_REPORT,
        DocumentKind.SPOT_DECISION,
    }
)
MAKERS: dict[DocumentKind, tuple[str, ...]] = {
    DocumentKind.LEGAL_OPINION: ("legal",),
    DocumentKind.HEARING_REPORT: ("legal", "reviewer"),
    DocumentKind.HEARING_RECORD: ("legal", "reviewer", "officer"),
    DocumentKind.HEARING_NOTICE: ("legal", "reviewer", "officer"),
    DocumentKind.DISCUSSION_RECORD: ("leader", "officer", "legal"),
}
ANY_MAKER = ("officer", "reviewer", "leader", "legal")


@transaction.atomic
def save_draft(
    *,
    case: Case,
    kind: str,
    data: Mapping[str, object],
    actor: User,
    now: datetime,
) -> Document:
    """Keep what has been filled in so far; answers are typed but may be missing."""
    document_kind = _kind(kind)
    given = parse(paper(document_kind).fields, data)
    _check_maker(document_kind, actor, case)
    case = Case.objects.select_for_update().get(pk=case.pk)
    draft = case.documents.filter(kind=kind, state=Document.State.DRAFT).first()
    draft = draft or Document(case=case, kind=kind, state=Document.State.DRAFT)
    draft.round, draft.data = case.round, jsonable(given)
    draft.author, draft.updated_at = actor, now
    draft.save()
    audit.record(
        actor=actor,
        act="case.draft_document",
        subject=f"case:{case.pk}",
        detail={"kind": kind, "document": draft.pk},
        now=now,
    )
    return draft


def _kind(kind: str) -> DocumentKind:
    try:
        return DocumentKind(kind)
    except ValueError as error:
        raise Refused(f"没有这种文书：{kind}") from error


def _check_maker(kind: DocumentKind, actor: User, case: Case) -> None:
    if not in_scope(case, actor):
        raise Refused("本案不在您的管辖范围内")
    if not actor.has_role(*MAKERS.get(kind, ANY_MAKER)):
        raise Refused(f"当前角色不能制作《{kind.label}》")


@transaction.atomic
def issue_document(
    *,
    case: Case,
    kind: str,
    data: Mapping[str, object],
    actor: User,
    now: datetime,
) -> Document:
    """Issue a document: number, Word file, hash, step; the PDF follows after commit.

    A draft of the kind becomes the document. An earlier one of the same kind stays and
    the new one is its next version. Raises `Refused` naming what is not filled in, when
    the actor may not make it, or when the template does not render.
    """
    document_kind = _kind(kind)
    given = parse(paper(document_kind).fields, data)
    _check_complete(document_kind, given)
    _check_maker(document_kind, actor, case)
    case = Case.objects.select_for_update().get(pk=case.pk)
    _check_case(case, document_kind)
    if document_kind in INVESTIGATIVE:
        take_part(case=case, user=actor, duty=Duty.INVESTIGATE, now=now)
    form = FORMS[document_kind]
    number = ""
    if form.series:
        number, _ = take_number(organisation=case.unit, kind=form.series, now=now)
    context = document_context(
        case=case, author=actor, now=now, form=given, number=number
    )
    template, version = active_template(document_kind)
    word = _render(case, document_kind, template, context, number, actor, now)
    document = _store(case, document_kind, given, actor, now)
    document.number, document.organisation = number, case.unit
    document.context, document.word = context, word
    document.template_version = version
    document.save()
    step_data: dict[str, object] = {
        "document": document.pk,
        "kind": kind,
        "number": number,
        "sha256": word.sha256,
        "version": document.version,
    }
    add_step(case=case, action="issue_document", actor=actor, now=now, data=step_data)
    case.save(update_fields=["version"])
    audit.record(
        actor=actor,
        act="case.issue_document",
        subject=f"case:{case.pk}",
        detail=step_data,
        now=now,
    )
    after_commit("enforcement.tasks.render_pdf", document.pk)
    return document


def _check_complete(kind: DocumentKind, given: Mapping[str, object]) -> None:
    missing = problems(paper(kind).fields, given)
    if missing:
        raise Refused(missing[0], missing)


def _check_case(case: Case, kind: DocumentKind) -> None:
    if not case.is_open and kind is not DocumentKind.CATALOGUE:
        raise Refused("案件已办结，不能再制作文书")


def _render(
    case: Case,
    kind: DocumentKind,
    template: bytes,
    context: Mapping[str, object],
    number: str,
    actor: User,
    now: datetime,
) -> SealedFile:
    try:
        content = render_word(template, context)
    except TemplateError as error:
        raise Refused(f"《{kind.label}》{error}") from error
    return seal_bytes(
        content=content,
        name=f"{number or kind.label}.docx",
        media_type=WORD,
        chain=case.chain,
        actor=actor,
        now=now,
        meta={"document": kind.value, "number": number},
    )


def _store(
    case: Case,
    kind: DocumentKind,
    given: Mapping[str, object],
    actor: User,
    now: datetime,
) -> Document:
    earlier = case.documents.filter(kind=kind).exclude(state=Document.State.DRAFT)
    last = earlier.aggregate(last=Max("version"))["last"] or 0
    draft = case.documents.filter(kind=kind, state=Document.State.DRAFT).first()
    document = draft or Document(case=case, kind=kind)
    document.state, document.round = Document.State.ISSUED, case.round
    document.version, document.data = last + 1, jsonable(given)
    document.author = actor
    document.updated_at = document.issued_at = now
    return document


def active_template(kind: DocumentKind) -> tuple[bytes, int]:
    """Return the Word template in force and its version; 0 is the one that ships."""
    row = DocumentTemplate.objects.filter(kind=kind, active=True).first()
    if row is None:
        return default_template(kind), 0
    return bytes(row.content), row.version


def ensure_pdf(*, document: Document, now: datetime) -> SealedFile:
    """Return the PDF of an issued document, made from its Word file once."""
    if document.pdf is not None:
        return document.pdf
    if document.word is None:
        raise Refused("草稿没有 PDF")
    title = document.number or DocumentKind(document.kind).label
    content = word_to_pdf(read_file(document.word), title=title)
    with transaction.atomic():
        locked = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
        if locked.pdf is None:
            locked.pdf = seal_bytes(
                content=content,
                name=f"{title}.pdf",
                media_type="application/pdf",
                chain=document.case.chain,
                actor=document.author,
                now=now,
                meta={"document": document.kind, "word": document.word.sha256},
            )
            locked.save(update_fields=["pdf"])
        document.pdf = locked.pdf
    return document.pdf


@transaction.atomic
def void_document(
    *, document: Document, reason: str, actor: User, now: datetime
) -> Document:
    """Void an issued document; its number is never given out again."""
    case = Case.objects.select_for_update().get(pk=document.case_id)
    document = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
    if not in_scope(case, actor):
        raise Refused("本案不在您的管辖范围内")
    if not reason.strip():
        raise Refused("请填写作废原因")
    if document.state == Document.State.SERVED:
        raise Refused("已送达的文书不能作废，须依程序撤销或变更")
    if document.state != Document.State.ISSUED:
        raise Refused("只能作废已定稿的文书")
    document.state, document.void_reason = Document.State.VOID, reason[:240]
    document.save(update_fields=["state", "void_reason"])
    data: dict[str, object] = {"document": document.pk, "number": document.number}
    add_step(
        case=case,
        action="void_document",
        actor=actor,
        now=now,
        note=reason,
        data=data,
    )
    case.save(update_fields=["version"])
    audit.record(
        actor=actor,
        act="case.void_document",
        subject=f"case:{case.pk}",
        detail=data,
        now=now,
    )
    return document


@transaction.atomic
def serve_document(
    *,
    document: Document,
    served_on: date,
    method: str,
    actor: User,
    now: datetime,
) -> Document:
    """Register that a document which no move serves has reached the party."""
    case = Case.objects.select_for_update().get(pk=document.case_id)
    document = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
    if not in_scope(case, actor):
        raise Refused("本案不在您的管辖范围内")
    if document.state != Document.State.ISSUED:
        raise Refused("只有已定稿且未送达的文书可以登记送达")
    if not FORMS[DocumentKind(document.kind)].outward:
        raise Refused("该文书不对外送达")
    issued = clock.beijing(document.issued_at or now).date()
    if not issued <= served_on <= clock.beijing(now).date():
        raise Refused(f"送达日期应在 {issued} 与今天之间")
    document.state, document.served_on = Document.State.SERVED, served_on
    document.save(update_fields=["state", "served_on"])
    data: dict[str, object] = {
        "document": document.pk,
        "kind": document.kind,
        "served_on": served_on.isoformat(),
        "method": method,
    }
    add_step(case=case, action="serve_document", actor=actor, now=now, data=data)
    case.save(update_fields=["version"])
    audit.record(
        actor=actor,
        act="case.serve_document",
        subject=f"case:{case.pk}",
        detail=data,
        now=now,
    )
    return document


def check_upload(kind: str, content: bytes) -> None:
    """Raise `Refused` unless ``content`` is a template that would do for ``kind``."""
    document_kind = _kind(kind)
    known = sample_context(document_kind)
    known["form"] = {field.name: "" for field in paper(document_kind).fields}
    try:
        check_template(content, known)
    except TemplateError as error:
        raise Refused(str(error)) from error


@transaction.atomic
def upload_template(
    *, kind: str, content: bytes, note: str, actor: User, now: datetime
) -> DocumentTemplate:
    """Put a Word template into force after trying it; earlier versions stay.

    Raises `Refused` for macros, embedded objects, broken tags and unknown variables.
    """
    check_upload(kind, content)
    rows = DocumentTemplate.objects.select_for_update().filter(kind=kind)
    last = max((row.version for row in rows), default=0)
    rows.filter(active=True).update(active=False)
    row = DocumentTemplate.objects.create(
        kind=kind,
        version=last + 1,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        note=note,
        uploaded_by=actor,
        uploaded_at=now,
    )
    audit.record(
        actor=actor,
        act="case.upload_template",
        subject=f"template:{kind}",
        detail={"version": row.version, "sha256": row.sha256},
        kind="config",
        now=now,
    )
    return row
