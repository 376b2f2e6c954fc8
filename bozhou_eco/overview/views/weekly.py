"""线索周报: the archive, one report, its signature and its files."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from alerts.services import RefusedError
from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.overview.models import ClueReport, ClueReportItem
from bozhou_eco.overview.papers.clues import build
from bozhou_eco.overview.selectors import week
from bozhou_eco.overview.services import clue_reports
from enforcement.papers.pdf import word_to_pdf

WRITERS = (Role.OFFICER, Role.LEADER)
writer_required = role_required(*WRITERS)
FILES = {
    "pdf": ("pdf", "application/pdf"),
    "docx": (
        "word",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
}


def _writes(user: User) -> bool:
    """Return whether the viewer edits reports: they speak of the whole prefecture."""
    return user.has_role(*WRITERS) and user.district_ids() is None


@require_safe
@bureau_required
def archive(request: HttpRequest) -> HttpResponse:
    """Show every report, newest first, with counts; a year narrows."""
    user = current_user(request)
    years = list(
        ClueReport.objects.order_by("-year").values_list("year", flat=True).distinct()
    )
    year = request.GET.get("year", "")
    included = Q(items__included=True)
    rows = ClueReport.objects.defer("word", "pdf").annotate(
        listed=Count("items", filter=included),
        problems=Count(
            "items",
            filter=included & Q(items__verdict=ClueReportItem.Verdict.PROBLEM),
        ),
    )
    if year.isdecimal():
        rows = rows.filter(year=int(year[:4]))
    context = {
        "reports": rows.select_related("signed_by").order_by("-starts_on")[:120],
        "years": years,
        "year": year,
        "counts": week.counts(),
        "next_week": week.monday_before(clock.beijing(clock.now()).date()),
        "may_write": _writes(user),
    }
    return render(request, "overview/weekly.html", context)


def _report(pk: int) -> ClueReport:
    rows = ClueReport.objects.defer("word", "pdf")
    return get_object_or_404(rows.select_related("signed_by", "edited_by"), pk=pk)


@require_safe
@bureau_required
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one report; a draft is a form for those who may edit it."""
    return render(request, "overview/weekly_report.html", _context(request, pk))


def _context(request: HttpRequest, pk: int) -> dict[str, Any]:
    user, found = current_user(request), _report(pk)
    items = list(found.items.visible_to(user).select_related("district"))
    writes = _writes(user)
    shown = items if found.is_draft and writes else [i for i in items if i.included]
    return {
        "report": found,
        "sections": [
            (label, members)
            for value, label in ClueReportItem.Section.choices
            if (members := [item for item in shown if item.section == value])
        ],
        "may_edit": writes and found.is_draft,
        "may_decide": user.has_role(*WRITERS) and not found.is_draft,
        "may_download": user.district_ids() is None and not found.is_draft,
        "verdicts": ClueReportItem.Verdict.choices,
        "partial": user.district_ids() is not None,
    }


@require_POST
@writer_required
def draft(request: HttpRequest) -> HttpResponse:
    """Draft the report of a week, or bring its draft up to date."""
    user = _whole(request)
    text = request.POST.get("week", "")
    try:
        first = date.fromisoformat(text) if text else None
        made = clue_reports.draft_report(now=clock.now(), first=first, actor=user)
    except ValueError:
        messages.error(request, "起草哪一周：请选择周一的日期")
        return redirect("overview:weekly")
    except RefusedError as error:
        messages.error(request, str(error))
        return redirect("overview:weekly")
    messages.success(request, f"已起草 {made.starts_on:%m月%d日} 起一周的周报")
    return redirect("overview:weekly_report", made.pk)


def _whole(request: HttpRequest) -> User:
    user = current_user(request)
    if not _writes(user):
        raise Http404
    return user


@require_POST
@writer_required
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Store what an officer changed; with ``sign`` the report is signed at once."""
    user, found, now = _whole(request), _report(pk), clock.now()
    given = {
        item: (
            request.POST.get(f"text-{item}", ""),
            f"in-{item}" in request.POST,
        )
        for item in found.items.values_list("pk", flat=True)
        if f"text-{item}" in request.POST
    }
    try:
        clue_reports.edit_report(
            report=found,
            summary=request.POST.get("summary", ""),
            items=given,
            actor=user,
            now=now,
        )
        subject, text = request.POST.get("subject", ""), request.POST.get("text", "")
        if subject.strip() or text.strip():
            clue_reports.add_item(
                report=found, subject=subject, text=text, actor=user, now=now
            )
        if "sign" in request.POST:
            signed = clue_reports.sign_report(report=found, actor=user, now=now)
            messages.success(request, f"已签发 {signed.number}，并通知订阅人")
        else:
            messages.success(request, "已保存")
    except RefusedError as error:
        messages.error(request, str(error))
    return redirect("overview:weekly_report", pk)


@require_POST
@writer_required
def verdict(request: HttpRequest, pk: int) -> HttpResponse:
    """Note whether a clue proved true."""
    user = current_user(request)
    item = get_object_or_404(ClueReportItem.objects.visible_to(user), pk=pk)
    try:
        clue_reports.decide_item(
            item=item,
            verdict=request.POST.get("verdict", ""),
            note=request.POST.get("note", ""),
            actor=user,
            now=clock.now(),
        )
        messages.success(request, "已登记核实结论")
    except RefusedError as error:
        messages.error(request, str(error))
    return redirect("overview:weekly_report", item.report_id)


@require_safe
@bureau_required
def file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Return the signed report as PDF or Word; it speaks of every district."""
    user = current_user(request)
    if form not in FILES or user.district_ids() is not None:
        raise Http404
    found = get_object_or_404(ClueReport, pk=pk, state=ClueReport.State.SIGNED)
    field, kind = FILES[form]
    audit.record(
        actor=user,
        act="clue_report.download",
        subject=f"clue_report:{pk}",
        detail={"form": form},
        now=clock.now(),
    )
    content = getattr(found, field) or _made(found, field)
    response = HttpResponse(bytes(content), content_type=kind)
    name = f"clue-report-{found.year}-{found.issue}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _made(report: ClueReport, field: str) -> bytes:
    """Return a file of a report that was archived without its files."""
    word = build(clue_reports.paper_of(report))
    return word if field == "word" else word_to_pdf(word, title=str(report))
