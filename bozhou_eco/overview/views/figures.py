"""数据年报: the bureau's figures of a chosen period, their records, a Word document."""

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bozhou_eco.accounts.access import bureau_required, current_user
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.common.columns import columns
from bozhou_eco.common.periods import days_asked
from bozhou_eco.overview.papers.figures import build
from bozhou_eco.overview.selectors import figures as reads

PAGE_SIZE = 50
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
YEARS_SHOWN = 3


def _period(request: HttpRequest) -> reads.Period:
    """The period the address names; the year so far without one."""
    return reads.Period(*days_asked(request))


def _years() -> list[dict[str, object]]:
    today = clock.beijing(clock.now()).date()
    return [
        {
            "year": year,
            "first": date(year, 1, 1),
            "last": min(date(year, 12, 31), today),
        }
        for year in range(today.year, today.year - YEARS_SHOWN, -1)
    ]


@require_GET
@bureau_required
def figures(request: HttpRequest) -> HttpResponse:
    """Every figure of the yearly report for a period, with trends."""
    user, period = current_user(request), _period(request)
    found, trends = reads.report(user, period)
    context = {
        "groups": reads.by_group(found),
        "trends": [{"trend": trend, "chart": columns(trend.rows)} for trend in trends],
        "period": period,
        "years": _years(),
    }
    return render(request, "overview/figures.html", context)


@require_GET
@bureau_required
def figure(request: HttpRequest, code: str) -> HttpResponse:
    """How a figure is defined, and the exact records it counts."""
    user, period = current_user(request), _period(request)
    definition = reads.DEFINITIONS.get(code)
    if definition is None:
        raise Http404
    rows = reads.records(definition, user, period)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "definition": definition,
        "figure": reads.figure(definition, user, period),
        "period": period,
        "page": page,
        "headings": [heading for heading, _ in definition.columns],
        "lines": [_line(definition, row) for row in page],
    }
    return render(request, "overview/figure.html", context)


def _line(definition: reads.Definition, row: Any) -> dict[str, Any]:
    url = ""
    if definition.page:
        url = reverse(definition.page, args=[getattr(row, definition.key)])
    return {
        "url": url,
        "cells": [reads.cell(row, path) for _, path in definition.columns],
    }


@require_GET
@bureau_required
def export(request: HttpRequest) -> HttpResponse:
    """The figures as a Word document with charts; who took it is audited."""
    user, period, now = current_user(request), _period(request), clock.now()
    scope = user.organisation.district if user.organisation else None
    found, trends = reads.report(user, period)
    body = build(
        period=period,
        figures=found,
        trends=trends,
        scope=str(scope) if scope else "全州",
        made=f"{user} 于 {clock.beijing(now):%Y-%m-%d %H:%M} 导出。",
    )
    audit.record(
        actor=user,
        act="figures.export",
        subject="figures",
        detail={"from": str(period.first), "to": str(period.last)},
        kind="export",
        now=now,
    )
    response = HttpResponse(body, content_type=WORD)
    name = f"figures-{period.first}-{period.last}.docx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
