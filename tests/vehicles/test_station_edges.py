"""What a station posts at the edges: checks of several kinds, locks, hours, digits."""

from datetime import UTC, datetime, timedelta

import pytest

from bozhou_eco.common import clock
from tests.vehicles.station_makers import NOON, ROOT, Caller, caller, honest, parts
from vehicles.domain.inspection.judge import compare
from vehicles.domain.inspection.limits import SEED
from vehicles.domain.inspection.results import Results
from vehicles.models import Instrument, Lock, StaffMember
from vehicles.services.stations import put_line, record_check, set_lock

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=6)
ANALYSER = "gas_analyser-652722001"


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATER)


def checked(by: Caller, kind: str, minutes: int, passed: bool) -> None:
    at = NOON + timedelta(minutes=minutes)
    values = {"kind": kind, "at": at, "passed": passed}
    record_check(station=by.station, serial=ANALYSER, values=values, now=LATER)


def binding(by: Caller) -> None:
    by.station.mode = "control"
    by.station.legal_basis = by.station.delegation = "有"
    by.station.save()


def test_a_failed_leak_check_is_not_mended_by_a_passed_gas_check() -> None:
    by = caller()
    checked(by, "leak", -60, passed=False)
    checked(by, "gas_low", -50, passed=True)
    device = Instrument.objects.get(serial=ANALYSER)
    assert (device.check_kind, device.check_passed) == ("gas_low", False)
    assert Lock.objects.get().lifted_at is None
    checked(by, "leak", -40, passed=True)
    device.refresh_from_db()
    assert device.check_passed
    assert Lock.objects.get().lifted_at == LATER


def test_a_failed_check_that_comes_after_another_kind_locks_all_the_same() -> None:
    by = caller()
    checked(by, "gas_low", -30, passed=True)
    checked(by, "leak", -60, passed=False)
    device = Instrument.objects.get(serial=ANALYSER)
    assert (device.checked_at, device.check_passed) == (
        NOON - timedelta(minutes=30),
        False,
    )
    assert "不合格" in Lock.objects.get(lifted_at=None).reason


@pytest.mark.parametrize(
    ("kind", "line", "go"),
    [
        ("smoke_meter", "01", True),
        ("gas_analyser", "01", False),
        ("gas_analyser", "02", True),
    ],
)
def test_a_locked_instrument_stops_only_tests_that_need_it(
    kind: str, line: str, go: bool
) -> None:
    by = caller()
    binding(by)
    given = parts(honest("vmas"), "S-1")
    assert by.client.post(f"{ROOT}sessions/", given["session"]).json()["allowed"]
    put_line(station=by.station, number="02", values={"methods": ["vmas"]}, now=NOON)
    device = Instrument.objects.get(serial=f"{kind}-652722001")
    device.line = by.station.lines.get(number=line)
    device.save()
    set_lock(
        station=by.station, instrument=device, reason="失准", actor=None, now=LATER
    )
    answer = by.client.get(f"{ROOT}sessions/S-1/go/").json()
    assert answer["go"] is go
    assert answer["reasons"] == ([] if go else ["失准"])


def test_the_time_of_the_last_check_is_told_in_beijing_time() -> None:
    by = caller()
    Instrument.objects.update(checked_at=NOON - timedelta(days=2))
    given = parts(honest("vmas"), "S-1")
    opened = by.client.post(f"{ROOT}sessions/", given["session"]).json()
    told = [o["detail"] for o in opened["objections"] if "check" in o["reason"]]
    assert told
    assert all("08-30 12:00" in detail for detail in told), told


def test_a_person_whose_term_ended_yesterday_by_beijing_time_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    early = datetime(2026, 9, 1, 23, 0, tzinfo=UTC)  # 07:00 of the next day
    monkeypatch.setattr(clock, "now", lambda: early)
    by = caller()
    StaffMember.objects.update(valid_until="2026-09-01")
    given = parts(honest("vmas"), "S-1", early)
    opened = by.client.post(f"{ROOT}sessions/", given["session"]).json()
    assert "staff_unknown" in {item["reason"] for item in opened["objections"]}


@pytest.mark.parametrize(("rated", "wheel"), [(110.3, 44.12), (73.5, 29.4), (99, 39.6)])
def test_wheel_power_of_exactly_four_tenths_passes(rated: float, wheel: float) -> None:
    limits = [row for row in SEED if row.of_rated and row.variant == "a"]
    results = Results(max_wheel_power_kw=wheel)
    assert compare(results, limits, rated)[0].passed
    short = Results(max_wheel_power_kw=wheel - 0.01)
    assert not compare(short, limits, rated)[0].passed


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+08:00", "1970-01-01T00:00:00Z"]
)
def test_a_start_before_there_were_tests_is_refused(moment: str) -> None:
    by, given = caller(), parts(honest("vmas"), "S-1")
    given["session"]["started_at"] = moment
    answer = by.client.post(f"{ROOT}sessions/", given["session"])
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "started_at"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("registered_on", "2026-09-02", "future"),
        ("vin", "ＬＳＶ１２３", "full_width"),
        ("engine_number", "Ｅ-１２", "full_width"),
    ],
)
def test_what_a_vehicle_cannot_have_is_named(name: str, value: str, code: str) -> None:
    by, given = caller(), parts(honest("vmas"), "S-1")
    given["session"]["vehicle"][name] = value
    answer = by.client.post(f"{ROOT}sessions/", given["session"])
    assert answer.status_code == 400
    wrong = answer.json()["errors"][0]
    assert (wrong["field"], wrong["code"]) == (f"vehicle.{name}", code)
    given["session"]["vehicle"] |= {name: "2026-09-01" if code == "future" else "12"}
    assert by.client.post(f"{ROOT}sessions/", given["session"]).status_code == 201
