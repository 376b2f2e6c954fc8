"""Figures with their definitions and records, the register of checks, consistency."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.common.periods import days_asked
from enforcement.domain.figures import DEFINITIONS, STAGE_DEFINITION, Period
from enforcement.domain.given import parse, problems
from enforcement.domain.workflow import Field, FieldKind, Refused
from enforcement.forms import ActForm
from enforcement.models import Case, Inspection, SiteVisit
from enforcement.selectors import figures as select
from enforcement.selectors.consistency import unlike_outcomes
from enforcement.services.feedback import register_inspection

PAGE = 50
RECORDS: dict[str, Any] = {
    "inspections": (select.inspections, ("case", "district")),
    "filed": (select.filed, ("district", "handler")),
    "ended": (select.ended, ("district", "handler")),
    "opened": (select.opened, ("district", "handler")),
    "clocks": (select.clocks, ("case", "rule")),
    "decisions": (select.decisions, ("case",)),
    "lenient": (select.lenient, ("case",)),
    "spans": (select.spans, ("case",)),
}


def read_period(request: HttpRequest) -> Period:
    """Return the period the address asks for; the year so far without one."""
    return Period(*days_asked(request))


@bureau_required
def figures(request: HttpRequest) -> HttpResponse:
    """Show the figures of a period."""
    user, period = current_user(request), read_period(request)
    tally = select.Tally(user, period)
    return render(
        request,
        "enforcement/figures.html",
        {
            "period": period,
            "figures": select.figures(user, period, tally),
            "stages": select.stage_hours(user, period),
            "breakdown": select.breakdown(user, period, tally),
            "load": select.officer_load(user, period, tally),
        },
    )


@bureau_required
def figure(request: HttpRequest, code: str) -> HttpResponse:
    """Show how a figure is defined, and the exact records it counts."""
    user, period = current_user(request), read_period(request)
    definition = (
        STAGE_DEFINITION if code == STAGE_DEFINITION.code else DEFINITIONS.get(code)
    )
    if definition is None:
        raise Http404
    rows_of, related = RECORDS[definition.records]
    rows = rows_of(user, period).select_related(*related).order_by("-pk")
    found = next(
        (one for one in select.figures(user, period) if one.code == code), None
    )
    return render(
        request,
        "enforcement/figure.html",
        {
            "definition": definition,
            "figure": found,
            "period": period,
            "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        },
    )


@bureau_required
def consistency(request: HttpRequest) -> HttpResponse:
    """Show like cases that were treated differently.

    Districts are compared with one another; of a case outside the viewer's scope only
    district, outcome and amount are told.
    """
    user, period = current_user(request), read_period(request)
    groups = unlike_outcomes(period)
    listed = [case.pk for group in groups for case, _, _ in group.cases]
    rows = Case.objects.visible_to(user).filter(pk__in=listed)
    visible = set(rows.values_list("pk", flat=True))
    context = {"period": period, "groups": groups, "visible": visible}
    return render(request, "enforcement/consistency.html", context)


def _fields() -> tuple[Field, ...]:
    return (
        Field("mode", "方式", FieldKind.CHOICE, tuple(Inspection.Mode.choices)),
        Field("kind", "检查类型", FieldKind.CHOICE, tuple(SiteVisit.Kind.choices)),
        Field("done_on", "检查日期", FieldKind.DATE),
        Field("subject_name", "对象", most=100),
        Field("means", "手段", help="如：自动监控数据核查、视频巡查、走航、无人机"),
        Field("found", "发现问题", FieldKind.YES_NO),
        Field("result", "结果", FieldKind.LONG, required=False),
    )


@bureau_required
def inspections(request: HttpRequest) -> HttpResponse:
    """Show the 执法检查 register and take a new entry."""
    user, period = current_user(request), read_period(request)
    rows = select.inspections(user, period).select_related("case", "district", "actor")
    context: dict[str, Any] = {
        "period": period,
        "page": Paginator(rows.order_by("-done_on", "-id"), PAGE).get_page(
            request.GET.get("page")
        ),
        "form": ActForm(_fields(), initial={"done_on": period.last}),
    }
    if request.method != "POST":
        return render(request, "enforcement/inspections.html", context)
    form = ActForm(_fields(), data=request.POST)
    try:
        _enter(form, user)
    except Refused as refusal:
        context |= {"form": form, "refusal": refusal}
        return render(request, "enforcement/inspections.html", context, status=422)
    messages.success(request, "已登记执法检查。")
    return redirect("enforcement:inspections")


def _enter(form: ActForm, user: User) -> None:
    given = parse(_fields(), form.answers())
    missing = problems(_fields(), given)
    if missing:
        raise Refused(missing[0], missing)
    done_on = given["done_on"]
    assert isinstance(done_on, date)
    register_inspection(
        mode=str(given["mode"]),
        kind=str(given["kind"]),
        done_on=done_on,
        subject_key=f"manual:{given['subject_name']}"[:120],
        subject_name=str(given["subject_name"])[:120],
        means=str(given["means"]),
        found=given["found"] is True,
        result=str(given.get("result", "")),
        actor=user,
        now=clock.now(),
    )
