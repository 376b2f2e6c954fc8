"""Which rules run and what they keep; whose verdict counts; rules that are switched off."""

from datetime import timedelta

import pytest

from alerts.models import Alert
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from tests import factories
from tests.vehicles.capture_factories import capture
from tests.vehicles.station_makers import NOON, caller, honest, parts, post_whole
from tests.vehicles.test_exchange import finished
from vehicles.domain.fraud import copied, obd_vin, smoke
from vehicles.domain.fraud.base import Finding as Found
from vehicles.domain.inspection.process import Curve as ProcessData
from vehicles.domain.inspection.process import pack
from vehicles.models import (
    Capture,
    Curve,
    CurveHash,
    Finding,
    FraudRule,
    Inspection,
    WatchEntry,
)
from vehicles.services import findings
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.tests_parts import process_of, whole_test

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=6)
OTHER_VIN = "LZZ1CCND5KA123456"


def switch(code: str, *, on: bool) -> None:
    assert FraudRule.objects.filter(code=code).update(enabled=on)


def rules_found() -> set[str]:
    return set(Finding.objects.values_list("rule", flat=True))


def test_only_rules_that_are_on_are_run_and_a_lost_task_is_made_up_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATER)
    given = parts(honest("vmas"), "S-1")
    given["obd"] = given["obd"] | {"vin": OTHER_VIN}
    post_whole(caller(), given)
    test = Inspection.objects.get()
    switch(obd_vin.CODE, on=False)
    switch(copied.CODE, on=False)
    findings.analyse(inspection=test, now=LATER)
    assert obd_vin.CODE not in rules_found()
    assert not CurveHash.objects.exists(), "a rule that is off keeps no fingerprints"
    # A newer version of the rule holds; the old one stays as it was.
    FraudRule.objects.create(
        code=obd_vin.CODE, version=99, values={}, source="测试", at=NOON
    )
    switch(copied.CODE, on=True)
    Inspection.objects.update(analysed_at=None)
    assert findings.analyse_waiting(now=LATER + timedelta(seconds=59)) == 0
    assert findings.analyse_waiting(now=LATER + timedelta(seconds=61)) == 1
    assert findings.analyse_waiting(now=LATER + timedelta(seconds=99)) == 0
    found = Finding.objects.get(rule=obd_vin.CODE)
    assert (found.rule_version, OTHER_VIN in found.why) == (99, True)
    assert Alert.objects.filter(key=found.alert_key).count() == 1
    prints = CurveHash.objects.count()
    assert prints > 0
    # A curve too short to carry an identity is analysed and keeps nothing.
    CurveHash.objects.all().delete()
    process = process_of(test)
    short = ProcessData(
        {name: column[:3] for name, column in process.columns.items()},
        process.phases[:3],
        3,
    )
    Curve.objects.update(data=pack(short), rows=3)
    Inspection.objects.update(analysed_at=None)
    findings.analyse(inspection=Inspection.objects.get(), now=LATER)
    assert not CurveHash.objects.exists()
    assert Inspection.objects.get().analysed_at == LATER


@pytest.mark.parametrize(
    ("vin", "together"), [("", False), ("12345", False), (OTHER_VIN, True)]
)
def test_tests_of_one_vin_are_seen_together_and_short_ones_say_nothing(
    vin: str, together: bool
) -> None:
    one, other, again = finished(vin=vin), finished(vin=vin), finished(vin="")
    Inspection.objects.filter(pk=again.pk).update(vehicle=one.vehicle)
    seen = findings._company(one, whole_test(one), "vehicle")
    assert (other in seen, again in seen) == (together, True)


def kept(test: Inspection, why: str, score: float = 0.7) -> Finding:
    found = Found(test.report, "co_co2", score, why)
    return findings.keep_finding(
        found=found, inspection=test, rules=findings.rules_in_force(), now=LATER
    )


def test_a_finding_is_told_once_and_stands_still_after_its_verdict() -> None:
    test, reviewer = finished(at=NOON), factories.user(Role.REVIEWER)
    first = kept(test, "CO+CO₂ 3.1%")
    assert kept(test, "CO+CO₂ 3.0%", 0.8).pk == first.pk
    first.refresh_from_db()
    assert (first.why, first.score) == ("CO+CO₂ 3.0%", 0.8)
    assert Alert.objects.filter(key=first.alert_key).count() == 1
    give = {"finding": first, "now": LATER}
    with pytest.raises(StationRefusalError, match="未知的核查结论") as refused:
        findings.give_verdict(verdict="maybe", note="", actor=reviewer, **give)
    assert (refused.value.field, refused.value.status) == ("verdict", 400)
    first.refresh_from_db()
    assert first.verdict == ""
    findings.give_verdict(verdict="rejected", note="仪器漂移", actor=reviewer, **give)
    assert not WatchEntry.objects.exists()
    for verdict in ("confirmed", "rejected"):
        with pytest.raises(StationRefusalError, match="另一名核查人"):
            findings.give_verdict(verdict=verdict, note="", actor=reviewer, **give)
    kept(test, "CO+CO₂ 2.0%", 0.99)
    first.refresh_from_db()
    assert (first.why, first.verdict) == ("CO+CO₂ 3.0%", "rejected")
    other = factories.user(Role.REVIEWER)
    findings.give_verdict(verdict="confirmed", note="复核属实", actor=other, **give)
    entries = AuditEntry.objects.filter(act="finding.verdict").order_by("pk")
    assert [entry.detail["before"] for entry in entries] == ["", "rejected"]
    entry = WatchEntry.objects.get()
    assert (entry.vehicle, entry.left_at) == (test.vehicle, None)
    # What is corrected again takes the vehicle off the list, and may list it anew.
    findings.give_verdict(verdict="unclear", note="", actor=reviewer, **give)
    entry.refresh_from_db()
    assert entry.left_at == LATER
    assert "更正为“无法确定”" in entry.left_reason
    findings.give_verdict(verdict="confirmed", note="", actor=other, **give)
    assert WatchEntry.objects.get(left_at=None).source == f"finding:{first.pk}"
    assert WatchEntry.objects.count() == 2


@pytest.mark.parametrize("newest", ["off", "gone"])
def test_rules_that_are_off_mark_and_judge_nothing(
    newest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = finished(at=NOON, ended_at=NOON)
    car = test.vehicle
    test.document = {"verdict": {"overall": "pass"}, "vehicle": {"plate": car.plate}}
    test.save()
    seen = capture()
    seen.state, seen.level_final, seen.plate_final = "confirmed", 2, car.plate
    seen.color_final, seen.captured_at = car.plate_color, NOON + timedelta(days=6)
    seen.decided_at = NOON + timedelta(days=7)
    seen.save()
    now = NOON + timedelta(days=7, hours=1)
    codes = (smoke.CODE, "pass_rates")
    for code in codes:
        switch(code, on=False)
    if newest == "gone":
        FraudRule.objects.filter(code__in=codes).delete()
    asked: list[object] = []
    monkeypatch.setattr(findings, "year_rates", lambda *parts, **_: asked.append(parts))
    assert findings.mark_smoke(now=now) == 0
    assert findings.judge_rates(now=now) == 0
    assert (asked, Finding.objects.count()) == ([], 0)
    if newest == "off":
        switch(smoke.CODE, on=True)
        Capture.objects.update(color_final="blue")
        assert findings.mark_smoke(now=now) == 0, "another colour, another vehicle"
        Capture.objects.update(color_final=car.plate_color)
        assert findings.mark_smoke(now=now) == 1
