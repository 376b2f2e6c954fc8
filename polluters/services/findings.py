"""Look for anomalies in stored readings, keep what is found, and decide on it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from alerts.services import clear_alert, raise_alert
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from polluters.domain.checks import CATALOGUE, run_checks
from polluters.domain.checks import Finding as Found
from polluters.models import Finding, Logger, Point
from polluters.selectors import stations

WINDOW = timedelta(days=21)
FRESH = timedelta(hours=26)
EDGE = timedelta(hours=3)


class RefusedError(Exception):
    """A decision that may not be made, with the reason for a person."""


def finding_key(finding: Finding) -> str:
    """Return the key of the alert of a finding: one a logger, factor and check."""
    return f"anomaly:{finding.logger_id}:{finding.check_code}:{finding.factor}"


def analyse_all(*, now: datetime) -> int:
    """Look at every active logger; return how many findings were new."""
    return sum(
        analyse_logger(logger=logger, now=now)
        for logger in Logger.objects.filter(
            active=True, outlet__active=True
        ).select_related(
            "outlet__enterprise__district", "outlet__enterprise__organisation"
        )
    )


@transaction.atomic
def analyse_logger(*, logger: Logger, now: datetime, window: timedelta = WINDOW) -> int:
    """Run all checks over the last weeks of a logger; return how many were new.

    The same readings give the same rows however often this runs. Only what ended
    lately raises an alert: data that came late are recorded, not announced.
    """
    Logger.objects.select_for_update(of=("self",)).get(pk=logger.pk)
    start = now - window
    points = stations.points_with_limits(logger)
    station = stations.station_of(logger, points, start=start, end=now)
    found = run_checks(station)
    by_code = {point.pollutant.code: point for point in points}
    known = list(
        Finding.objects.filter(logger=logger, end__gt=start).order_by("begin", "pk")
    )
    matched: set[int] = set()
    new = 0
    for one in found:
        row = _overlapping(known, one)
        if row is not None:
            matched.add(row.pk)
            _update(row, one, now)
        else:
            _create(logger, by_code.get(one.code), one, now)
            new += 1
    _withdraw([row for row in known if row.pk not in matched], start, now)
    return new


def _overlapping(known: Sequence[Finding], one: Found) -> Finding | None:
    """Return the stored finding that this one is another look at."""
    for row in known:
        same = (row.check_code, row.factor) == (one.check, one.code)
        if same and row.begin <= one.end + EDGE and one.begin - EDGE <= row.end:
            return row
    return None


def _plain(data: object) -> object:
    """Return a value that JSON knows."""
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if isinstance(data, float) and data != data:
        return None
    return data if isinstance(data, str | int | float | bool | None) else str(data)


def _update(row: Finding, one: Found, now: datetime) -> None:
    """Write what a later look says; a person's decision stands."""
    row.end = max(row.end, one.end)
    row.severity, row.why, row.score = one.severity, one.why, one.score
    row.data = _plain(dict(one.data))
    row.looked_at = now
    if row.state == Finding.State.WITHDRAWN:
        row.state = Finding.State.OPEN
    row.save()


def _create(logger: Logger, point: Point | None, one: Found, now: datetime) -> None:
    row = Finding.objects.create(
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
    if row.live:
        _announce(row, now)


def _announce(row: Finding, now: datetime) -> None:
    check = CATALOGUE[row.check_code]
    outlet = row.logger.outlet
    enterprise = outlet.enterprise
    raise_alert(
        key=finding_key(row),
        kind="anomaly",
        severity=row.severity,
        summary=f"数据异常：{check.name}，{row.why}"[:300],
        explanation={
            "lines": [
                ["检查项", check.name],
                ["时段", f"{row.data.get('begin')} 至 {row.data.get('end')}"],
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


def _withdraw(rows: Sequence[Finding], start: datetime, now: datetime) -> None:
    """Withdraw open findings that a look at all of their data no longer gives."""
    for row in rows:
        whole = row.begin - EDGE >= start + timedelta(days=7)
        if row.state != Finding.State.OPEN or not whole:
            continue
        row.state = Finding.State.WITHDRAWN
        row.looked_at = now
        row.save(update_fields=["state", "looked_at"])
        clear_alert(key=finding_key(row), now=now, reason="补传或修订后重算，不再成立")


@transaction.atomic
def overrule(*, finding: Finding, reason: str, actor: User, now: datetime) -> Finding:
    """Exclude a finding with a reason; some checks cannot be overruled.

    Raises ``RefusedError`` and changes nothing if the reason is empty, the check allows
    none, or the finding is no longer open.
    """
    row: Finding = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    if not reason.strip():
        raise RefusedError("请写明排除的理由")
    if not CATALOGUE[row.check_code].override:
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
