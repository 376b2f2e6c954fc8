"""Look for anomalies in stored readings, keep what is found, and decide on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from alerts.services import clear_alert, raise_alert
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from polluters.domain.checks import CATALOGUE, run_checks
from polluters.domain.checks import Finding as Found
from polluters.domain.matters import KNOWN
from polluters.models import Finding, Logger, Point
from polluters.selectors import rulebook, stations
from polluters.selectors.rulebook import Book

WINDOW = timedelta(days=21)
FRESH = timedelta(hours=26)
EDGE = timedelta(hours=3)
WARM_UP = timedelta(days=7)


class RefusedError(Exception):
    """A decision that may not be made, with the reason for a person."""


def finding_key(finding: Finding) -> str:
    """Return the key of the alert of a finding: one a logger, factor and check."""
    return f"anomaly:{finding.logger_id}:{finding.check_code}:{finding.factor}"


def loggers() -> Iterable[Logger]:
    """Return the active loggers with all that a finding needs."""
    return Logger.objects.filter(active=True, outlet__active=True).select_related(
        "outlet__enterprise__district", "outlet__enterprise__organisation"
    )


def analyse_all(*, now: datetime) -> int:
    """Look at every active logger; return how many findings were new."""
    return sum(analyse_logger(logger=logger, now=now) for logger in loggers())


@transaction.atomic
def analyse_logger(*, logger: Logger, now: datetime, window: timedelta = WINDOW) -> int:
    """Run all checks over the last weeks of a logger; return how many were new.

    The same readings give the same rows however often this runs. Only what ended
    lately raises an alert: data that came late are recorded, not announced.
    """
    start = now - window
    book = rulebook.load()
    points = stations.points_with_limits(logger)
    station = stations.station_of(logger, points, start=start, end=now)
    found = run_checks(station, book.thresholds, book.checks)
    look = Look(frozenset(CATALOGUE), start, start + WARM_UP)
    return keep(
        logger=logger, points=points, found=found, look=look, book=book, now=now
    )


@dataclass(frozen=True, slots=True)
class Look:
    """What a look covered: which checks, from when, and what it may take back.

    Open findings of these checks that began at ``whole`` or later and were not found
    again are withdrawn; with ``lasting`` they stay, and only their alert ends.
    """

    checks: frozenset[str]
    start: datetime
    whole: datetime
    lasting: bool = False
    gone: str = "补传或修订后重算，不再成立"
    edge: timedelta = EDGE


@transaction.atomic
def keep(
    *,
    logger: Logger,
    points: Sequence[Point],
    found: Sequence[Found],
    look: Look,
    book: Book,
    now: datetime,
) -> int:
    """Keep what a look found of a logger; return how many findings were new."""
    Logger.objects.select_for_update(of=("self",)).get(pk=logger.pk)
    by_code = {point.pollutant.code: point for point in points}
    known = list(
        Finding.objects.filter(
            logger=logger, end__gt=look.start, check_code__in=look.checks
        ).order_by("begin", "pk")
    )
    matched: set[int] = set()
    new = 0
    wanted = [one for one in found if one.check not in book.off]
    for one, row in _paired(known, wanted, look):
        if row is not None:
            matched.add(row.pk)
            _update(row, one, look, now)
        else:
            row = _create(logger, by_code.get(one.code), one, now)
            known.append(row)
            matched.add(row.pk)
            new += 1
            if row.live and one.check not in book.quiet:
                _announce(row, book, now)
    _take_back([row for row in known if row.pk not in matched], look, now)
    return new


def _paired(
    known: Sequence[Finding], found: Sequence[Found], look: Look
) -> list[tuple[Found, Finding | None]]:
    """Return each found one with the stored row that it is another look at.

    A row of the same beginning goes first. A look that may take back gives each row to
    one finding only, so that pieces of a gap that was filled in part stay pieces.
    """
    by_begin = {(row.check_code, row.factor, row.begin): row for row in known}
    exact = {
        index: row
        for index, one in enumerate(found)
        if (row := by_begin.get((one.check, one.code, one.begin))) is not None
    }
    taken = {row.pk for row in exact.values()}
    pairs: list[tuple[Found, Finding | None]] = []
    for index, one in enumerate(found):
        free = [row for row in known if look.lasting or row.pk not in taken]
        row = exact.get(index) or _overlapping(free, one, look.edge)
        if row is not None:
            taken.add(row.pk)
        pairs.append((one, row))
    return pairs


def _overlapping(
    known: Sequence[Finding], one: Found, edge: timedelta
) -> Finding | None:
    """Return the first stored finding of the same kind that touches this one."""
    for row in known:
        same = (row.check_code, row.factor) == (one.check, one.code)
        if same and row.begin <= one.end + edge and one.begin - edge <= row.end:
            return row
    return None


def _plain(data: object) -> object:
    """Return a value that JSON knows."""
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if isinstance(data, float) and data != data:
        return None
    return data if isinstance(data, str | int | float | bool | None) else str(data)


def _update(row: Finding, one: Found, look: Look, now: datetime) -> None:
    """Write what a later look says; a person's decision stands.

    A look that saw all of it says when it began and ended: data that came late, in
    whatever order, leave the same finding.
    """
    whole = not look.lasting and row.begin - look.edge >= look.whole
    if whole and row.state != Finding.State.OVERRULED:
        row.begin, row.end = one.begin, one.end
    else:
        row.end = max(row.end, one.end)
    row.severity, row.why, row.score = one.severity, one.why, one.score
    row.data = _plain(dict(one.data))
    row.looked_at = now
    if row.state == Finding.State.WITHDRAWN:
        row.state = Finding.State.OPEN
    row.save()


def _create(logger: Logger, point: Point | None, one: Found, now: datetime) -> Finding:
    row: Finding = Finding.objects.create(
        logger=logger,
        point=point,
        factor=one.code,
        check_code=one.check,
        begin=one.begin,
        end=one.end,
        severity=one.severity,
        why=one.why,
        topic=one.topic,
        score=one.score,
        data=_plain(dict(one.data)),
        live=now - one.end <= FRESH,
        found_at=now,
        looked_at=now,
    )
    return row


def _announce(row: Finding, book: Book, now: datetime) -> None:
    check = book.checks[row.check_code]
    outlet = row.logger.outlet
    enterprise = outlet.enterprise
    head = "数据异常：" if check.kind == "anomaly" else ""
    span = f"{row.data.get('begin')} 至 {row.data.get('end')}"
    raise_alert(
        key=finding_key(row),
        kind=check.kind,
        severity=row.severity,
        summary=f"{head}{check.name}，{row.why}"[:300],
        explanation={
            "lines": [
                ["检查项", check.name],
                ["时段", span],
                ["说明", row.why],
                ["建议核查", check.ask or "核实现场情况"],
            ]
        },
        subject_key=outlet.subject_key,
        subject_name=str(outlet),
        district=enterprise.district,
        organisation=enterprise.organisation,
        evidence_url=reverse("polluters:outlet", args=[outlet.pk]),
        occurred_at=row.begin,
        now=now,
        legal_article=row.topic,
    )


def _take_back(rows: Sequence[Finding], look: Look, now: datetime) -> None:
    """End what a look at all of its data no longer gives."""
    for row in rows:
        if row.state != Finding.State.OPEN or row.begin - look.edge < look.whole:
            continue
        if not look.lasting:
            row.state = Finding.State.WITHDRAWN
            row.looked_at = now
            row.save(update_fields=["state", "looked_at"])
        clear_alert(key=finding_key(row), now=now, reason=look.gone)


@transaction.atomic
def overrule(*, finding: Finding, reason: str, actor: User, now: datetime) -> Finding:
    """Exclude a finding with a reason; some checks cannot be overruled.

    Raises ``RefusedError`` and changes nothing if the reason is empty, the check allows
    none, or the finding is no longer open.
    """
    row: Finding = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    if not reason.strip():
        raise RefusedError("请写明排除的理由")
    if not KNOWN[row.check_code].override:
        raise RefusedError("此检查项为事实记录，不能排除")
    if row.state != Finding.State.OPEN:
        raise RefusedError(f"该异常{row.get_state_display()}，不能再排除")
    row.state = Finding.State.OVERRULED
    row.reason = reason.strip()[:300]
    row.decided_by, row.decided_at = actor, now
    row.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    clear_alert(key=finding_key(row), now=now, reason=f"人工排除：{row.reason}")
    audit.record(
        actor=actor,
        act="polluters.overrule_finding",
        subject=f"finding:{row.pk}",
        detail={"check": row.check_code, "reason": row.reason},
        now=now,
    )
    return row
