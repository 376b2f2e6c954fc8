"""What a station keeps about itself: lines, instruments, staff, checks, locks."""

from datetime import timedelta

import pytest

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from tests import factories
from tests.vehicles.station_makers import NOON, ROOT, caller, honest, parts
from vehicles.models import Complaint, DailyCheck, Inspection, Line, Lock
from vehicles.services.stations import decide_methods, lift_lock, set_lock
from vehicles.services.tests_complaints import answer_complaint

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=6)
ANALYSER = "gas_analyser-652722001"


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATER)


def check(**changed):
    row = {
        "serial": ANALYSER,
        "kind": "gas_low",
        "at": (NOON - timedelta(hours=1)).isoformat(),
        "passed": True,
        "readings": [{"name": "CO", "expected": 0.5, "measured": 0.51}],
    }
    return {**row, **changed}


def post_checks(by, *rows):
    answer = by.client.post(f"{ROOT}checks/", {"checks": list(rows)})
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()["results"]


def test_a_station_sees_its_mode_its_locks_and_the_clock():
    by = caller()
    set_lock(station=by.station, reason="检查", actor=None, now=NOON)
    body = by.client.get(f"{ROOT}self/").json()
    assert (body["station"], body["mode"], body["binding"]) == (
        "652722001",
        "hint",
        False,
    )
    assert body["locks"][0]["reason"] == "检查"
    assert body["server_time"].startswith("2026-09-01T12:06:00")


def test_methods_of_a_filed_line_change_only_with_consent():
    by = caller()
    url = f"{ROOT}lines/01/"
    answer = by.client.put(url, {"name": "一线", "methods": ["asm"], "active": True})
    assert answer.status_code == 200
    assert answer.json()["asked_methods"] == ["asm"]
    line = Line.objects.get()
    assert (line.name, "vmas" in line.methods) == ("一线", True)
    officer = factories.user(Role.LEADER)
    decide_methods(line=line, granted=True, actor=officer, now=LATER)
    assert Line.objects.get().methods == ["asm"]
    assert AuditEntry.objects.filter(act="station.line.decide").exists()


def test_instruments_and_staff_are_made_and_changed():
    by = caller()
    url = f"{ROOT}instruments/SM-9/"
    given = {"line": "01", "kind": "smoke_meter", "verified_until": "2027-01-01"}
    assert by.client.put(url, given).status_code == 200
    assert by.client.put(url, {**given, "line": "77"}).status_code == 400
    person = {"name": "某某", "duty": "signatory", "valid_until": "2027-01-01"}
    assert by.client.put(f"{ROOT}staff/S9/", person).json()["duty"] == "signatory"
    bad = by.client.put(f"{ROOT}staff/S9/", {**person, "duty": "boss"})
    assert bad.json()["errors"][0]["field"] == "duty"
    assert len(by.client.get(f"{ROOT}instruments/").json()["results"]) == 5


def test_checks_come_in_bulk_each_with_its_answer():
    by = caller()
    rows = post_checks(
        by,
        check(),
        check(serial="nobody"),
        check(kind="gas_zero", passed="yes"),
        check(at="2026-09-03T00:00:00+08:00"),
    )
    assert [row["status"] for row in rows] == [201, 400, 400, 400]
    fields = [row["problem"]["errors"][0]["field"] for row in rows[1:]]
    assert fields == ["serial", "passed", "at"]
    assert post_checks(by, check())[0]["status"] == 200
    assert DailyCheck.objects.count() == 1
    differs = post_checks(by, check(passed=False))[0]
    assert (differs["status"], differs["problem"]["code"]) == (409, "content_differs")


def test_a_failed_check_locks_and_a_passed_one_lifts():
    by = caller()
    post_checks(by, check(passed=False))
    lock = Lock.objects.get()
    assert (lock.by_rule, lock.instrument.serial) == ("daily_check_failed", ANALYSER)
    given = parts(honest("vmas"), "S-1")
    opened = by.client.post(f"{ROOT}sessions/", given["session"]).json()
    reasons = {item["reason"] for item in opened["objections"]}
    assert {"instrument_locked", "daily_check_failed"} <= reasons
    assert opened["allowed"]
    post_checks(by, check(at=NOON.isoformat()))
    lock.refresh_from_db()
    assert lock.lifted_at == LATER
    rows = by.client.get(f"{ROOT}locks/").json()["results"]
    assert rows[0]["lift_reason"] == "检查合格，自动解除"


def test_a_passed_check_whose_readings_say_no_locks_as_well():
    by = caller()
    wrong = [{"name": "CO", "expected": 0.5, "measured": 0.56}]
    row = post_checks(by, check(readings=wrong))[0]
    assert row["agrees"] is False
    assert "数值与“合格”的结论不符" in Lock.objects.get().reason


def test_a_lock_by_hand_is_lifted_by_hand_with_audit():
    by = caller(mode="control")
    by.station.legal_basis, by.station.delegation = "依据", "委托"
    by.station.save()
    officer = factories.user(Role.OFFICER)
    lock = set_lock(station=by.station, reason="核查中", actor=officer, now=NOON)
    given = parts(honest("vmas"), "S-1")
    refused = by.client.post(f"{ROOT}sessions/", given["session"]).json()
    assert (refused["allowed"], refused["state"]) == (False, "aborted")
    assert refused["objections"][0]["reason"] == "station_locked"
    lift_lock(lock=lock, actor=officer, now=LATER, reason="核查完毕")
    given["session"]["session"] = "S-2"
    assert by.client.post(f"{ROOT}sessions/", given["session"]).json()["allowed"]
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    assert {"station.lock", "station.unlock", "inspection.refuse"} <= acts


@pytest.mark.parametrize(("mode", "basis"), [("shadow", True), ("control", False)])
def test_without_mode_and_basis_nothing_binds(mode, basis):
    by = caller(mode=mode)
    if basis:
        by.station.legal_basis = by.station.delegation = "有"
        by.station.save()
    set_lock(station=by.station, reason="核查中", actor=None, now=NOON)
    given = parts(honest("vmas"), "S-1")
    opened = by.client.post(f"{ROOT}sessions/", given["session"]).json()
    assert opened["allowed"]
    assert opened["objections"][0]["binding"] is False


def test_a_lock_during_the_test_stops_only_where_it_binds():
    by = caller(mode="control")
    by.station.legal_basis = by.station.delegation = "有"
    by.station.save()
    given = parts(honest("vmas"), "S-1")
    assert by.client.post(f"{ROOT}sessions/", given["session"]).json()["allowed"]
    assert by.client.get(f"{ROOT}sessions/S-1/go/").json()["go"] is True
    set_lock(station=by.station, reason="停", actor=None, now=LATER)
    answer = by.client.get(f"{ROOT}sessions/S-1/go/").json()
    assert (answer["go"], answer["reasons"]) == (False, ["停"])


def test_a_station_complains_and_a_person_answers():
    by = caller(mode="control")
    by.station.legal_basis = by.station.delegation = "有"
    by.station.save()
    set_lock(station=by.station, reason="停", actor=None, now=NOON)
    given = parts(honest("vmas"), "S-1")
    by.client.post(f"{ROOT}sessions/", given["session"])
    url = f"{ROOT}sessions/S-1/complaints/"
    assert by.client.post(url, {"text": "已整改"}).status_code == 201
    assert by.client.post(url, {"text": "已整改"}).status_code == 200
    leader = factories.user(Role.LEADER)
    answer_complaint(
        complaint=Complaint.objects.get(),
        granted=True,
        answer="同意",
        actor=leader,
        now=LATER,
    )
    row = by.client.get(url).json()["results"][0]
    assert (row["granted"], row["answer"]) == (True, "同意")


def test_nothing_to_complain_about_is_said():
    by = caller()
    given = parts(honest("vmas"), "S-1")
    by.client.post(f"{ROOT}sessions/", given["session"])
    held = Inspection.objects.get()
    held.objections = []
    held.save()
    answer = by.client.post(f"{ROOT}sessions/S-1/complaints/", {"text": "？"})
    assert answer.json()["code"] == "nothing_to_complain"


def test_reading_back_pages_in_order_of_change(monkeypatch):
    by = caller()
    monkeypatch.setattr("vehicles.api.stations.register_rows.PAGE", 2)
    seen, cursor = [], ""
    while cursor is not None:
        body = by.client.get(f"{ROOT}instruments/", {"cursor": cursor}).json()
        seen += [row["serial"] for row in body["results"]]
        cursor = body["cursor"]
    assert len(seen) == len(set(seen)) == 4
    late = {"updated_since": "2200-01-01T00:00:00Z"}
    assert by.client.get(f"{ROOT}instruments/", late).json()["results"] == []
    assert by.client.get(f"{ROOT}checks/", {"cursor": "x"}).status_code == 400


def test_throttled_stations_are_told_when_to_come_back(monkeypatch):
    by = caller()
    monkeypatch.setattr("vehicles.api.stations.doors.StationThrottle.rate", "2/min")
    answers = [by.client.get(f"{ROOT}self/") for _ in range(4)]
    assert [a.status_code for a in answers][-1] == 429
    assert int(answers[-1]["Retry-After"]) > 0
