"""What a week has shown: clues, figures, and what became of last week's clues."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q
from django.urls import reverse

from alerts.domain.verdicts import Verdict
from alerts.models import Alert
from bozhou_eco.common import clock
from bozhou_eco.overview.models import ClueReport, ClueReportItem
from enforcement.models import Case
from polluters.domain.matters import KNOWN
from polluters.models import Exceedance, Finding

Section = ClueReportItem.Section
WEEK = timedelta(days=7)
MOST = 200
AVERAGING = {"hour": "小时", "day": "日"}
LATE_KINDS = frozenset({"late-mark", "anomaly-mark"})
EQUIPMENT_KINDS = frozenset({"upkeep", "clock", "missing", "offline", "transmission"})
EQUIPMENT_CHECKS = frozenset(
    {"missing", "offline", "stale", "clock_skew", "future_time", "negative",
     "over_range", "range_flag", "calibration_unplanned", "station_event"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clue:
    """One clue as the data give it."""

    section: str
    key: str
    subject_key: str
    subject_name: str
    district: int | None
    organisation: int | None
    text: str
    occurrences: int
    evidence_url: str


def monday_before(today: date) -> date:
    """Return the Monday of the last whole week before ``today``."""
    return today - timedelta(days=today.weekday()) - WEEK


def span_of(first: date) -> tuple[datetime, datetime]:
    """Return the week's beginning and end as moments."""
    return _midnight(first), _midnight(first + WEEK)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=clock.BEIJING)


def clues(first: date) -> list[Clue]:
    """Return the week's clues by section, the most frequent first."""
    begin, end = span_of(first)
    found = [*_exceedances(begin, end), *_findings(begin, end)]
    order = list(Section.values)
    found.sort(key=lambda c: (order.index(c.section), -c.occurrences, c.key))
    return found


def _exceedances(begin: datetime, end: datetime) -> Iterable[Clue]:
    rows = (
        Exceedance.objects.filter(
            time__gte=begin, time__lt=end, state__in=Exceedance.STANDING
        )
        .select_related("point__pollutant", "point__outlet__enterprise")
        .order_by("point_id", "averaging", "time")
    )
    groups: dict[tuple[int, str], list[Exceedance]] = {}
    for row in rows.iterator(chunk_size=2000):
        groups.setdefault((row.point_id, row.averaging), []).append(row)
    for (point, averaging), members in groups.items():
        worst = max(members, key=lambda row: row.multiple or 0.0)
        outlet = worst.point.outlet
        settled = sum(row.state == Exceedance.State.EXCEEDED for row in members)
        yield Clue(
            section=Section.EXCEEDANCE,
            key=f"exceedance:{point}:{averaging}",
            subject_key=outlet.subject_key,
            subject_name=str(outlet),
            district=outlet.enterprise.district_id,
            organisation=outlet.enterprise.organisation_id,
            text=_exceedance_text(worst, averaging, len(members), settled),
            occurrences=len(members),
            evidence_url=reverse("polluters:exceedance", args=[worst.pk]),
        )


def _exceedance_text(
    worst: Exceedance, averaging: str, count: int, settled: int
) -> str:
    at = clock.beijing(worst.time)
    span = AVERAGING.get(averaging, averaging)
    moment = f"{at:%m-%d}" if averaging == "day" else f"{at:%m-%d %H}时"
    bound = f"，限值 {worst.bound:g}" if worst.bound is not None else ""
    times = f"，超标 {worst.multiple:.2f} 倍" if worst.multiple else ""
    state = (
        f"；其中 {settled} 次已确认超标" if settled else "；标记期限未满，均为超标预警"
    )
    return (
        f"{worst.point.pollutant.name}{span}均值高于许可限值 {count} 次，最高 "
        f"{worst.value:g} {worst.point.unit}（{moment}）{bound}{times}{state}。"
    )


def _findings(begin: datetime, end: datetime) -> Iterable[Clue]:
    rows = (
        Finding.objects.filter(
            begin__gte=begin, begin__lt=end, state=Finding.State.OPEN
        )
        .select_related("logger__outlet__enterprise", "point__pollutant")
        .order_by("logger_id", "check_code", "-score")
    )
    groups: dict[tuple[int, str], list[Finding]] = {}
    for row in rows.iterator(chunk_size=2000):
        groups.setdefault((row.logger_id, row.check_code), []).append(row)
    for (logger, code), members in groups.items():
        outlet = members[0].logger.outlet
        yield Clue(
            section=section_of(code),
            key=f"finding:{logger}:{code}",
            subject_key=outlet.subject_key,
            subject_name=str(outlet),
            district=outlet.enterprise.district_id,
            organisation=outlet.enterprise.organisation_id,
            text=_finding_text(code, members),
            occurrences=len(members),
            evidence_url=reverse("polluters:finding", args=[members[0].pk]),
        )


def section_of(code: str) -> str:
    """Return under which heading a check is reported."""
    check = KNOWN.get(code)
    kind = check.kind if check else ""
    if kind in LATE_KINDS:
        return Section.LATE_MARK
    if kind in EQUIPMENT_KINDS or code in EQUIPMENT_CHECKS:
        return Section.EQUIPMENT
    return Section.ANOMALY


def _finding_text(code: str, members: list[Finding]) -> str:
    check = KNOWN.get(code)
    name = check.name if check else code
    first = members[0].why.rstrip("。")
    more = f"；本周共 {len(members)} 次" if len(members) > 1 else ""
    ask = f"。建议：{check.ask}" if check and check.ask else ""
    return f"{name}：{first}{more}{ask}。"


def figures(first: date) -> dict[str, object]:
    """Return the numbers of the week: alerts raised and closed, and how they ended."""
    begin, end = span_of(first)
    raised = Alert.objects.filter(occurred_at__gte=begin, occurred_at__lt=end)
    by_severity = dict(
        raised.values_list("severity").annotate(Count("pk")).order_by("severity")
    )
    closed = (
        Alert.objects.filter(closed_at__gte=begin, closed_at__lt=end)
        .exclude(outcome="")
        .values_list("outcome")
        .annotate(Count("pk"))
        .order_by("outcome")
    )
    return {
        "alerts": sum(by_severity.values()),
        "by_severity": by_severity,
        "closed": {Verdict(name).label: count for name, count in closed},
        "cases": Case.objects.filter(opened_at__gte=begin, opened_at__lt=end).count(),
    }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one clue of the report before."""

    item: ClueReportItem
    text: str


def outcomes(first: date) -> list[Outcome]:
    """Return what became of the clues of the report of the week before ``first``."""
    before = ClueReport.objects.filter(starts_on=first - WEEK).first()
    if before is None:
        return []
    items = list(before.items.filter(included=True)[:MOST])
    since = _midnight(before.starts_on)
    known: dict[str, Case] = {}
    subjects = {item.subject_key for item in items} - {""}
    cases = Case.objects.filter(subject_key__in=subjects, opened_at__gte=since)
    for case in cases.order_by("opened_at"):
        known[case.subject_key] = case
    return [Outcome(item, _became(item, known.get(item.subject_key))) for item in items]


def _became(item: ClueReportItem, case: Case | None) -> str:
    words = item.get_verdict_display()
    if item.note:
        words += f"（{item.note}）"
    if case is not None:
        words += f"；{case.number} {case.get_state_display()}"
    return words


def counts() -> dict[str, int]:
    """Return how many reports were signed and how many problems they brought to light."""
    found = ClueReport.objects.filter(state=ClueReport.State.SIGNED).aggregate(
        reports=Count("pk", distinct=True),
        problems=Count(
            "items",
            filter=Q(
                items__included=True,
                items__verdict=ClueReportItem.Verdict.PROBLEM,
            ),
        ),
    )
    return {name: int(value) for name, value in found.items()}
