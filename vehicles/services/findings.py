"""Analyse finished tests: run the rules, keep findings, tell them; take verdicts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from vehicles.domain.fraud import calid, copied, environment, pass_rates, smoke
from vehicles.domain.fraud.base import Finding as Found
from vehicles.domain.fraud.registry import RULES, Checker, with_values
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.models import (
    Capture,
    Curve,
    CurveHash,
    Finding,
    FraudRule,
    Inspection,
)
from vehicles.selectors.likeness import finding_of, search
from vehicles.selectors.rates import SubjectRate, suspect, year_rates
from vehicles.services.alerts_stations import tell_finding
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.following import follow_withdrawn
from vehicles.services.supervision import note_software
from vehicles.services.tests_parts import process_of, whole_test
from vehicles.services.watchlist import on_finding

HISTORY = timedelta(days=730)
MOST = 120
ALONE = {"peer_stations": 1_000_000}
"""The peer guard of copied environments needs all tests; here only equals are fed."""


def rules_in_force() -> dict[str, FraudRule]:
    """Return the newest version of every rule by code."""
    newest = FraudRule.objects.values("code").annotate(version=Max("version"))
    wanted = Q(pk=None)
    for row in newest:
        wanted |= Q(code=row["code"], version=row["version"])
    return {rule.code: rule for rule in FraudRule.objects.filter(wanted)}


def analyse(*, inspection: Inspection, now: datetime) -> list[Finding]:
    """Run all rules over a finished test and what it must be seen with.

    Running it again changes nothing but scores of findings without a verdict.
    """
    rules = rules_in_force()
    test = whole_test(inspection, process=process_of(inspection))
    known: dict[str, Inspection] = {inspection.report or inspection.session: inspection}
    found: list[Found] = []
    for scope, codes in _codes_by_scope(rules).items():
        checker = Checker(codes, {code: _values(rules[code]) for code in codes})
        for other in _company(inspection, test, scope):
            known[other.report or other.session] = other
            list(checker.see(whole_test(other, process=None)))
        found += [*checker.see(test), *checker.finish()]
    with transaction.atomic():
        found += _copied(inspection, test, rules, known)
        kept = [
            keep_finding(
                found=item, inspection=known[item.report], rules=rules, now=now
            )
            for item in found
            if item.report in known
        ]
        note_software(inspection=inspection, now=now)
        Inspection.objects.filter(pk=inspection.pk).update(analysed_at=now)
    return kept


def _values(rule: FraudRule) -> Mapping[str, object]:
    return {**rule.values, **(ALONE if rule.code == environment.CODE else {})}


def _codes_by_scope(rules: dict[str, FraudRule]) -> dict[str, list[str]]:
    scopes: dict[str, list[str]] = defaultdict(list)
    for code, info in RULES.items():
        if code not in rules or not rules[code].enabled:
            continue
        if code in (copied.CODE, "pass_rates"):
            continue
        own = code if info.scope == "all" else info.scope
        scopes[own].append(code)
    return scopes


def _company(
    inspection: Inspection, test: VehicleTest, scope: str
) -> Iterable[Inspection]:
    """Return the other tests that a rule must see along with this one."""
    if scope == "test":
        return []
    wanted = _wanted(inspection, test, scope)
    if wanted is None:
        return []
    return list(
        Inspection.objects.filter(wanted, state=Inspection.State.DONE)
        .exclude(pk=inspection.pk)
        .select_related("station__district", "line", "vehicle")
        .order_by("-started_at")[: MOST if scope != "line" else 400]
    )


def _wanted(inspection: Inspection, test: VehicleTest, scope: str) -> Q | None:
    start = inspection.started_at
    if scope == "vehicle":
        same = Q(vehicle=inspection.vehicle_id)
        if len(inspection.vin) >= 6:
            same |= Q(vin=inspection.vin)
        return same & Q(started_at__gte=start - HISTORY)
    if scope == "line":
        day = clock.beijing(start).replace(hour=0, minute=0, second=0, microsecond=0)
        return Q(
            line=inspection.line_id,
            started_at__gte=day - timedelta(hours=1),
            started_at__lt=day + timedelta(days=1),
        )
    if scope == calid.CODE:
        wanted = Q(pk=None)
        for ecu in test.obd.ecus:
            if ecu.unit in ("engine", "") and ecu.calid and ecu.cvn:
                wanted |= Q(ecus__calid=ecu.calid.upper(), ecus__cvn=ecu.cvn.upper())
        return wanted
    if scope == environment.CODE and inspection.temperature_c is not None:
        return Q(
            temperature_c=inspection.temperature_c,
            humidity_pct=inspection.humidity_pct,
            pressure_kpa=inspection.pressure_kpa,
            started_at__gte=start - timedelta(days=90),
        )
    return None


def _copied(
    inspection: Inspection,
    test: VehicleTest,
    rules: dict[str, FraudRule],
    known: dict[str, Inspection],
) -> list[Found]:
    rule = rules.get(copied.CODE)
    if rule is None or not rule.enabled or not test.process.rows:
        return []
    params: Any = with_values(RULES[copied.CODE].params, rule.values)
    result = search(own=inspection.pk, test=test, params=params)
    if result is None:
        return []
    if result.match is None:
        Curve.objects.filter(pk=inspection.pk).update(likeness=result.likeness)
    CurveHash.objects.bulk_create(
        (
            CurveHash(method=test.method, hash=code, curve_id=inspection.pk, place=row)
            for code, row in result.prints.stored
        ),
        ignore_conflicts=True,
    )
    if result.match is None or result.other is None:
        return []
    other = Inspection.objects.select_related(
        "station__district", "line", "vehicle"
    ).get(pk=result.other)
    known[other.report or other.session] = other
    return [finding_of(test, whole_test(other, process=None), result.match)]


def keep_finding(
    *, found: Found, inspection: Inspection, rules: dict[str, FraudRule], now: datetime
) -> Finding:
    """Keep a finding once per test and rule, and tell it when it is new."""
    rule = rules.get(found.rule) or rules.get("pass_rates")
    values = {
        "station": inspection.station,
        "rule_version": rule.version if rule else 1,
        "score": found.score,
        "why": found.why[:600],
        "second": found.second,
        "related": list(found.related),
        "numbers": found.numbers,
    }
    kept, made = Finding.objects.get_or_create(
        inspection=inspection,
        rule=found.rule,
        subject=found.subject[:60],
        defaults={**values, "occurred_at": inspection.started_at, "at": now},
    )
    if made:
        kept.alert_key = tell_finding(finding=kept, now=now)
        kept.save(update_fields=["alert_key"])
    elif not kept.verdict:
        Finding.objects.filter(pk=kept.pk).update(**values)
    return kept


@transaction.atomic
def give_verdict(
    *, finding: Finding, verdict: str, note: str, actor: User, now: datetime
) -> Finding:
    """Record what a reviewer found; it feeds the rule's hit rate.

    A second, different verdict is refused: corrections are made by another reviewer
    with a note, as a new audit entry.
    """
    finding = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    if verdict not in Finding.Verdict.values:
        raise StationRefusalError("未知的核查结论", status=400, field="verdict")
    if finding.verdict and finding.verdict_by_id == actor.pk:
        raise StationRefusalError("已作出核查结论；更正须由另一名核查人作出")
    before = finding.verdict
    finding.verdict, finding.verdict_note = verdict, note[:300]
    finding.verdict_by, finding.verdict_at = actor, now
    finding.save()
    audit.record(
        actor=actor,
        act="finding.verdict",
        subject=f"finding:{finding.pk}",
        detail={"verdict": verdict, "before": before, "note": note[:300]},
        now=now,
    )
    on_finding(finding=finding, now=now)
    confirmed = Finding.Verdict.CONFIRMED
    if before == confirmed and verdict != confirmed:
        why = f"核查结论更正为“{finding.get_verdict_display()}”"
        source = f"finding:{finding.pk}"
        follow_withdrawn(source=source, why=why, actor=actor, now=now)
    return finding


def analyse_waiting(*, now: datetime, limit: int = 200) -> int:
    """Analyse finished tests whose task was lost; returns how many."""
    waiting = (
        Inspection.objects.filter(
            state=Inspection.State.DONE,
            analysed_at__isnull=True,
            finished_at__lt=now - timedelta(seconds=60),
        )
        .select_related("station__district", "line", "vehicle")
        .order_by("id")[:limit]
    )
    count = 0
    for inspection in waiting:
        analyse(inspection=inspection, now=now)
        count += 1
    return count


def mark_smoke(*, now: datetime, since: timedelta = timedelta(days=3)) -> int:
    """Mark the tests of vehicles that were captured smoking soon after they passed.

    Looks at captures that were confirmed lately; marking again changes nothing. Returns
    how many tests are marked.
    """
    rules = rules_in_force()
    rule = rules.get(smoke.CODE)
    if rule is None or not rule.enabled:
        return 0
    params: Any = with_values(RULES[smoke.CODE].params, rule.values)
    confirmed = Capture.objects.filter(
        state=Capture.State.CONFIRMED, decided_at__gte=now - since
    ).exclude(plate_final="")
    count = 0
    for capture in confirmed:
        passed = (
            Inspection.objects.filter(
                vehicle__plate=capture.plate_final,
                vehicle__plate_color=capture.color_final,
                state=Inspection.State.DONE,
                outcome="pass",
                ended_at__lte=capture.captured_at,
                ended_at__gte=capture.captured_at - timedelta(days=params.days),
            )
            .select_related("station__district", "line", "vehicle")
            .order_by("-ended_at")
            .first()
        )
        if passed is None:
            continue
        checker = Checker([smoke.CODE], {smoke.CODE: rule.values})
        list(checker.see(whole_test(passed, process=None)))
        seen = smoke.Seen(
            capture.plate_final,
            capture.captured_at,
            capture.level_final,
            f"capture:{capture.pk}",
        )
        checker.see_capture(seen)
        for found in checker.finish():
            keep_finding(found=found, inspection=passed, rules=rules, now=now)
            count += 1
    return count


def judge_rates(*, now: datetime) -> int:
    """Keep a finding for every station, line or inspector whose failures are too few.

    Runs nightly; returns how many there are. The finding hangs on the subject's latest
    test, once a month at most.
    """
    rules = rules_in_force()
    rule = rules.get("pass_rates")
    if rule is None or not rule.enabled:
        return 0
    params: Any = with_values(RULES["pass_rates"].params, rule.values)
    month = clock.beijing(now).strftime("%Y-%m")
    count = 0
    for item in year_rates(now, params, fresh=True):
        if not suspect(item.measure, item.rate, params):
            continue
        wanted = Q(station=item.station, state=Inspection.State.DONE)
        if item.kind == pass_rates.LINE:
            wanted &= Q(line=int(item.key))
        elif item.kind == pass_rates.INSPECTOR:
            wanted &= Q(inspector=item.key)
        last = (
            Inspection.objects.filter(wanted)
            .select_related("station__district", "line", "vehicle")
            .order_by("-started_at")
            .first()
        )
        if last is None or _told_this_month(item, last, month):
            continue
        name = _subject_name(item, last)
        found = pass_rates.describe(
            item.kind, name, item.measure, item.rate, last.report
        )
        keep_finding(found=found, inspection=last, rules=rules, now=now)
        count += 1
    return count


def _subject_name(item: SubjectRate, last: Inspection) -> str:
    code = last.station.code
    if item.kind == pass_rates.STATION:
        return code
    tail = last.line.number if item.kind == pass_rates.LINE else item.key
    return f"{code}/{tail}"


def _told_this_month(item: SubjectRate, last: Inspection, month: str) -> bool:
    subject = f"{item.kind.removeprefix('pass_rate_')}:{_subject_name(item, last)}"
    begin = datetime.fromisoformat(f"{month}-01T00:00:00+08:00")
    return Finding.objects.filter(
        station=item.station, rule=item.kind, subject=subject, at__gte=begin
    ).exists()
