"""安全审计: the audit log and the integrity runs, for the security auditor alone."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit import services as audit
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from bozhou_eco.common.tables import csv_response
from bozhou_eco.evidence import anchors, signing
from bozhou_eco.overview.selectors import audit as reads

PAGE_SIZE = 50
EXPORT_HEAD = (
    "编号", "时间", "账号", "姓名", "类别", "行为", "对象", "请求号", "摘要（SHA-256）",
)  # fmt: skip
auditor_required = role_required(Role.AUDITOR)


@require_GET
@auditor_required
def entry_list(request: HttpRequest) -> HttpResponse:
    """The log, filtered by the address."""
    filters = reads.Filters.read(request.GET.dict())
    page = Paginator(reads.entries(filters), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "filters": filters,
        "given": request.GET.dict(),
        "kinds": AuditEntry.Kind.choices,
    }
    return render(request, "overview/audit.html", context)


@require_GET
@auditor_required
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry with its place in the chain."""
    found = get_object_or_404(AuditEntry.objects.select_related("actor"), pk=pk)
    seal = reads.place_in_chain(found)
    context = {
        "entry": found,
        "seal": seal,
        "digest": bytes(found.digest).hex(),
        "sound": audit.entry_digest(found) == bytes(found.digest),
        "hash": bytes(seal.hash).hex() if seal else "",
    }
    return render(request, "overview/audit_entry.html", context)


@require_GET
@auditor_required
@identity_required()
def export(request: HttpRequest) -> HttpResponseBase:
    """The filtered log as CSV; the export itself is an entry."""
    filters = reads.Filters.read(request.GET.dict())
    now = clock.now()
    audit.record(
        actor=current_user(request),
        act="audit.export",
        subject="audit",
        detail={"filters": {k: v for k, v in request.GET.items() if v}},
        kind=AuditEntry.Kind.EXPORT,
        now=now,
    )
    name = f"安全审计-{clock.beijing(now):%Y%m%d-%H%M%S}.csv"
    return csv_response(name, EXPORT_HEAD, reads.export_rows(filters))


@require_GET
@auditor_required
def integrity(request: HttpRequest) -> HttpResponse:
    """The nightly re-verifications, their faults, and the published fingerprint."""
    page = Paginator(reads.integrity_runs(), 30).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "latest": page.object_list[0] if page.object_list else None,
        "fingerprint": signing.fingerprint(signing.load_signer().public_key()),
        "anchors": anchors.folder().name,
    }
    return render(request, "overview/integrity.html", context)
