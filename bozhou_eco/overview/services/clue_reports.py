"""线索周报: draft by the system, edit and sign by an officer, verdicts afterwards."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from alerts.services import RefusedError, raise_alert
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.overview.models import ClueReport, ClueReportItem
from bozhou_eco.overview.papers import clues as paper
from bozhou_eco.overview.selectors import week
from enforcement.papers.pdf import word_to_pdf

AGENCY = "博尔塔拉蒙古自治州生态环境局"
TITLE = "非现场监管线索周报"
SERIES = "博环线报〔{year}〕{issue}期"
LONGEST = 2000
Item = ClueReportItem


@transaction.atomic
def draft_report(
    *, now: datetime, first: date | None = None, actor: User | None = None
) -> ClueReport:
    """Draft the report of a week (the last whole one), or bring its draft up to date.

    What a person has changed stays; a clue that the data no longer show is taken off
    the list, not removed. Raises `RefusedError` for a signed report or a week that is
    not over.
    """
    first = first or week.monday_before(clock.beijing(now).date())
    if first.weekday() != 0 or week.span_of(first)[1] > now:
        raise RefusedError("周报自周一起计，且须在该周结束后起草")
    report, created = ClueReport.objects.select_for_update().get_or_create(
        starts_on=first,
        defaults={
            "ends_on": first + timedelta(days=6),
            "year": (first + timedelta(days=6)).year,
            "drafted_at": now,
        },
    )
    if not report.is_draft:
        raise RefusedError("本周周报已签发")
    _fill(report, week.clues(first))
    outcomes = week.outcomes(first)
    report.figures = week.figures(first) | {
        "sections": _per_section(report),
        "outcomes": [f"{o.item.subject_name}：{o.text}" for o in outcomes],
    }
    if report.edited_at is None:
        report.summary = _summary(report)
    report.drafted_at = now
    report.save()
    audit.record(
        actor=actor,
        act="clue_report.draft",
        subject=f"clue_report:{report.pk}",
        detail={"week": first.isoformat(), "new": created},
        now=now,
    )
    return report


def _fill(report: ClueReport, found: list[week.Clue]) -> None:
    known = {item.key: item for item in report.items.all()}
    fresh = []
    for position, clue in enumerate(found[: week.MOST], start=1):
        item = known.pop(clue.key, None)
        if item is None:
            item = Item(report=report, key=clue.key)
            fresh.append(item)
        elif item.edited:
            continue
        item.section, item.position = clue.section, position
        item.subject_key, item.subject_name = clue.subject_key, clue.subject_name
        item.district_id, item.organisation_id = clue.district, clue.organisation
        item.text, item.occurrences = clue.text, clue.occurrences
        item.evidence_url = clue.evidence_url
        if item.pk:
            item.save()
    Item.objects.bulk_create(fresh)
    gone = [i.pk for i in known.values() if not i.edited and i.key[:5] != "hand:"]
    Item.objects.filter(pk__in=gone).update(included=False)


def _per_section(report: ClueReport) -> dict[str, int]:
    counts = dict.fromkeys(Item.Section.values, 0)
    for section in report.items.filter(included=True).values_list("section", flat=True):
        counts[section] += 1
    return counts


def _summary(report: ClueReport) -> str:
    figures = report.figures
    names = {
        value: f"{label} {figures['sections'][value]} 条"
        for value, label in Item.Section.choices
        if figures["sections"][value]
    }
    total = sum(figures["sections"].values())
    listed = "、".join(names.values()) or "无"
    closed = "、".join(
        f"{name} {count} 条" for name, count in figures["closed"].items()
    )
    return "\n".join(
        [
            f"{report.starts_on:%m月%d日}至{report.ends_on:%m月%d日}，平台产生预警 "
            f"{figures['alerts']} 条，立线索 {figures['cases']} 条。",
            f"本期列出线索 {total} 条：{listed}。",
            f"本周办结预警：{closed or '无'}。",
        ]
    )


def _locked(report: ClueReport) -> ClueReport:
    row: ClueReport = ClueReport.objects.select_for_update().get(pk=report.pk)
    if not row.is_draft:
        raise RefusedError("周报已签发，不能再修改")
    return row


@transaction.atomic
def edit_report(
    *,
    report: ClueReport,
    summary: str,
    items: Mapping[int, tuple[str, bool]],
    actor: User,
    now: datetime,
) -> ClueReport:
    """Store an officer's summary and, by item, the text and whether it is listed.

    Raises `RefusedError` for a signed report and for an empty or overlong text.
    """
    row = _locked(report)
    if not summary.strip():
        raise RefusedError("综述：请填写")
    changed = 0
    for item in row.items.filter(pk__in=items):
        text, included = items[item.pk]
        text = text.strip()
        if not 0 < len(text) <= LONGEST:
            raise RefusedError(f"{item.subject_name}：内容应为 1–{LONGEST} 个字")
        if (text, included) != (item.text, item.included):
            item.text, item.included, item.edited = text, included, True
            item.save(update_fields=["text", "included", "edited"])
            changed += 1
    row.summary, row.edited_at, row.edited_by = summary.strip(), now, actor
    row.figures["sections"] = _per_section(row)
    row.save()
    audit.record(
        actor=actor,
        act="clue_report.edit",
        subject=f"clue_report:{row.pk}",
        detail={"items": changed},
        now=now,
    )
    return row


@transaction.atomic
def add_item(
    *, report: ClueReport, subject: str, text: str, actor: User, now: datetime
) -> ClueReportItem:
    """Add a clue of the officer's own; raises `RefusedError` where something lacks."""
    row = _locked(report)
    subject, text = subject.strip(), text.strip()
    if not subject or not text:
        raise RefusedError("补充线索须填写对象与内容")
    if len(text) > LONGEST or len(subject) > 200:
        raise RefusedError(f"内容不超过 {LONGEST} 个字，对象不超过 200 个字")
    top = row.items.aggregate(top=Max("position"))["top"] or 0
    item = Item.objects.create(
        report=row,
        section=Item.Section.OTHER,
        key=f"hand:{top + 1}",
        position=top + 1,
        subject_name=subject,
        text=text,
        edited=True,
    )
    audit.record(
        actor=actor,
        act="clue_report.add",
        subject=f"clue_report:{row.pk}",
        detail={"item": item.pk},
        now=now,
    )
    return item


@transaction.atomic
def sign_report(*, report: ClueReport, actor: User, now: datetime) -> ClueReport:
    """Number the report, fix its Word and PDF, and have it told through alerts.

    Numbers of a year have no gaps: the last one is read under the lock of the year's
    reports. Raises `RefusedError` for a signed report or one without a summary.
    """
    row = _locked(report)
    if not row.summary.strip():
        raise RefusedError("综述：请填写后再签发")
    year = ClueReport.objects.select_for_update().filter(year=row.year)
    last = max((r.issue or 0 for r in year), default=0)
    row.issue = last + 1
    row.number = SERIES.format(year=row.year, issue=row.issue)
    row.state, row.signed_at, row.signed_by = ClueReport.State.SIGNED, now, actor
    row.word = paper.build(paper_of(row))
    row.pdf = word_to_pdf(row.word, title=f"{TITLE} {row.number}")
    row.digest = hashlib.sha256(row.pdf).hexdigest()
    row.save()
    audit.record(
        actor=actor,
        act="clue_report.sign",
        subject=f"clue_report:{row.pk}",
        detail={"number": row.number, "sha256": row.digest},
        now=now,
    )
    _tell(row, now)
    return row


def paper_of(report: ClueReport) -> paper.Paper:
    """Return what the paper of a report says."""
    items = list(report.items.filter(included=True))
    sections = [
        (label, [f"{i.subject_name}：{i.text}" for i in items if i.section == value])
        for value, label in Item.Section.choices
    ]
    sections.append(("上期线索核实情况", report.figures.get("outcomes", [])))
    signed = clock.beijing(report.signed_at) if report.signed_at else None
    return paper.Paper(
        title=TITLE,
        number=report.number or "（待编号）",
        period=f"{report.starts_on:%Y.%m.%d}—{report.ends_on:%m.%d}",
        summary=report.summary,
        sections=sections,
        agency=AGENCY,
        signer=str(report.signed_by or "（待签发）"),
        date=f"{signed.year}年{signed.month}月{signed.day}日" if signed else "",
    )


def _tell(report: ClueReport, now: datetime) -> None:
    total = report.items.filter(included=True).count()
    raise_alert(
        key=f"clue-report:{report.pk}",
        kind="report",
        severity="info",
        summary=f"线索周报 {report.number} 已签发，列出线索 {total} 条",
        explanation={"期间": f"{report.starts_on} 至 {report.ends_on}"},
        subject_key=f"clue_report:{report.pk}",
        subject_name=f"线索周报 {report.number}",
        district=None,
        organisation=None,
        evidence_url=reverse("overview:weekly_report", args=[report.pk]),
        occurred_at=now,
        now=now,
    )


@transaction.atomic
def decide_item(
    *, item: ClueReportItem, verdict: str, note: str, actor: User, now: datetime
) -> ClueReportItem:
    """Note whether a clue of a signed report proved true; counted in the archive.

    Raises `RefusedError` for a draft's clue, an unknown verdict or an overlong note.
    """
    row = Item.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if row.report.is_draft:
        raise RefusedError("周报签发后再登记核实结论")
    if verdict not in Item.Verdict.values:
        raise RefusedError("核实结论：请选择列表中的一项")
    if len(note.strip()) > 300:
        raise RefusedError("核实说明：不超过 300 个字")
    row.verdict, row.note = verdict, note.strip()
    row.decided_at, row.decided_by = now, actor
    row.save(update_fields=["verdict", "note", "decided_at", "decided_by"])
    audit.record(
        actor=actor,
        act="clue_report.verdict",
        subject=f"clue_report:{row.report_id}",
        detail={"item": row.pk, "verdict": verdict},
        now=now,
    )
    return row
