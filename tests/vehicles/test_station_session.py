"""A test travels from the station's post to report, finding, alert and page."""

import copy
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import models
from django.test import Client

from alerts.models import Alert
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from tests import factories
from tests.vehicles.station_makers import NOON, ROOT, caller, honest, parts, post_whole
from vehicles.domain.inspection.read import as_json
from vehicles.models import Curve, CurveHash, Dialect, Finding, Inspection, RefusedPost
from vehicles.services.findings import analyse

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=6))


def test_an_honest_test_is_judged_and_gets_a_number():
    by = caller()
    answer = post_whole(by, parts(honest("vmas"), "S-1"))
    assert answer.status_code == 200
    body = answer.json()
    assert body["outcome"] == "pass"
    assert body["report"] == "652722012609011206000101"
    assert body["qr"].startswith("652722012609011206000101:")
    assert "<svg" in body["qr_svg"]
    held = Inspection.objects.get(session="S-1")
    assert held.state == "done"
    assert Curve.objects.get(pk=held.pk).rows == 195


def test_parts_may_come_in_any_order():
    by = caller()
    order = ("results", "process", "obd", "appearance")
    answer = post_whole(by, parts(honest("vmas"), "S-1"), *order)
    assert answer.json()["outcome"] == "pass"


def test_posting_again_changes_nothing():
    by, given = caller(), parts(honest("vmas"), "S-1")
    first = post_whole(by, given).json()
    again = by.client.post(f"{ROOT}sessions/", given["session"])
    assert again.status_code == 200
    process = by.client.put(f"{ROOT}sessions/S-1/process/", given["process"])
    assert process.status_code == 200
    assert by.client.post(f"{ROOT}sessions/S-1/finish/").json() == first
    assert Inspection.objects.count() == 1


def test_other_content_is_kept_refused_and_told():
    by, given = caller(), parts(honest("vmas"), "S-1")
    post_whole(by, given)
    other = copy.deepcopy(given["results"])
    other["results"]["co_g_km"] = 0.01
    answer = by.client.put(f"{ROOT}sessions/S-1/results/", other)
    assert answer.status_code == 409
    assert answer.json()["code"] == "content_differs"
    assert answer.json()["errors"][0]["field"] == "results"
    held = Inspection.objects.get()
    assert held.document["results"]["co_g_km"] == given["results"]["results"]["co_g_km"]
    kept = RefusedPost.objects.get()
    assert kept.content["results"]["co_g_km"] == 0.01
    assert Alert.objects.get().kind == "station_conflict"


def test_a_lost_connection_resumes_where_it_stopped():
    by, given = caller(), parts(honest("vmas"), "S-1")
    by.client.post(f"{ROOT}sessions/", given["session"])
    by.client.put(f"{ROOT}sessions/S-1/appearance/", given["appearance"])
    refused = by.client.post(f"{ROOT}sessions/S-1/finish/")
    assert refused.status_code == 409
    assert refused.json()["code"] == "parts_missing"
    state = by.client.get(f"{ROOT}sessions/S-1/").json()
    assert state["received"] == ["session", "appearance"]
    assert state["state"] == "open"
    for part in ("obd", "process", "results"):
        by.client.put(f"{ROOT}sessions/S-1/{part}/", given[part])
    assert by.client.post(f"{ROOT}sessions/S-1/finish/").json()["outcome"] == "pass"


def test_visible_smoke_ends_the_test_and_yields_a_number():
    by, given = caller(), parts(honest("vmas"), "S-1")
    given["appearance"]["visible_smoke"] = True
    answer = post_whole(by, given, "appearance")
    assert answer.json()["outcome"] == "fail"
    assert answer.json()["reasons"] == ["有明显可见黑烟或蓝烟"]
    assert len(answer.json()["report"]) == 24


def test_a_fraud_becomes_finding_alert_and_page():
    by, given = caller(), parts(honest("vmas"), "S-1")
    for row in given["process"]["process"]["rows"]:
        row["co2_pct"] = 3.0 + row["t"] % 7 / 10
        row["co_pct"] = 0.1 + row["t"] % 5 / 100
    assert post_whole(by, given).status_code == 200
    held = Inspection.objects.get()
    analyse(inspection=held, now=clock.now())
    found = Finding.objects.get(rule="low_co_co2")
    assert "CO+CO₂ 低于 6%" in found.why
    assert found.second is not None
    alert = Alert.objects.get(kind="station_finding", rule="low_co_co2")
    assert alert.evidence_url == f"/vehicles/findings/{found.pk}/"
    analyse(inspection=held, now=clock.now())
    assert Finding.objects.count() == 1

    officer = factories.user(Role.OFFICER)
    browser = Client()
    browser.force_login(officer)
    page = browser.get(alert.evidence_url)
    assert page.status_code == 200
    assert found.why in page.content.decode()
    test_page = browser.get(f"/vehicles/inspections/{held.pk}/")
    assert f"/vehicles/inspections/{held.pk}/curve.json" in test_page.content.decode()
    curve = browser.get(f"/vehicles/inspections/{held.pk}/curve.json").json()
    assert len(curve["t"]) == 195
    assert browser.get("/vehicles/stations/").status_code == 200
    assert browser.get("/vehicles/stations/652722001/").status_code == 200
    assert browser.get("/vehicles/findings/").status_code == 200
    answer = browser.post(
        f"/vehicles/findings/{found.pk}/verdict/",
        {"verdict": "confirmed", "note": "核实"},
    )
    assert answer.status_code == 302
    found.refresh_from_db()
    assert (found.verdict, found.verdict_by) == ("confirmed", officer)


def test_a_copied_curve_is_found_by_its_fingerprint():
    by = caller()
    first, second = parts(honest("vmas"), "S-1"), parts(honest("vmas", 1), "S-2")
    post_whole(by, first)
    source = Inspection.objects.get(session="S-1")
    analyse(inspection=source, now=clock.now())
    second["process"] = copy.deepcopy(first["process"])
    post_whole(by, second)
    analyse(inspection=Inspection.objects.get(session="S-2"), now=clock.now())
    found = Finding.objects.get(rule="curve_copied")
    assert found.inspection.session == "S-2"
    assert found.related == [source.report]


def test_unlike_honest_curves_are_not_called_copies():
    by = caller()
    for number in range(3):
        post_whole(by, parts(honest("vmas", number), f"S-{number}"))
    for held in Inspection.objects.order_by("id"):
        analyse(inspection=held, now=clock.now())
    assert not Finding.objects.filter(rule="curve_copied").exists()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("vehicle.gross_mass_kg", 1.55, "min_value"),
        ("vehicle.rated_power_kw", "８０", "not_a_number"),
        ("vehicle.emission_stage", True, "not_a_number"),
        ("vehicle.fuel", "柴", "invalid_choice"),
        ("started_at", "昨天", "invalid"),
        ("started_at", (NOON + timedelta(days=2)).isoformat(), "future"),
        ("line", "77", "unknown_line"),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(field, value, code):
    by, given = caller(), parts(honest("vmas"), "S-1")
    place = given["session"]
    *outer, last = field.split(".")
    for name in outer:
        place = place[name]
    place[last] = value
    answer = by.client.post(f"{ROOT}sessions/", given["session"])
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert (
        answer.json()["errors"][0]["field"],
        answer.json()["errors"][0]["code"],
    ) == (
        field,
        code,
    )
    assert not Inspection.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda rows: rows[12].update(co_pct="0.1"), "process.rows[12].co_pct"),
        (lambda rows: rows[12].update(co2_pct=14600), "process.rows[12].co2_pct"),
        (lambda rows: rows.insert(5, rows.pop(9)), "process.rows[6].t"),
        (lambda rows: [row.pop("rpm") for row in rows], "process"),
        (lambda rows: rows.clear(), "process.rows"),
    ],
)
def test_bad_rows_are_refused_by_name(change, field):
    by, given = caller(), parts(honest("vmas"), "S-1")
    by.client.post(f"{ROOT}sessions/", given["session"])
    change(given["process"]["process"]["rows"])
    answer = by.client.put(f"{ROOT}sessions/S-1/process/", given["process"])
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert not Curve.objects.exists()


def test_99999_means_not_detected():
    by, given = caller(), parts(honest("vmas"), "S-1")
    given["process"]["process"]["rows"][3]["o2_pct"] = 99999
    given["session"]["vehicle"]["rated_power_kw"] = 99999
    assert post_whole(by, given).status_code == 200
    held = Inspection.objects.get()
    assert "rated_power_kw" not in held.document["vehicle"]


def test_whole_tests_are_taken_row_by_row():
    by = caller()
    good = as_json(
        replace(honest("vmas"), station="", line="01", session="W-1", started_at=NOON)
    )
    good |= {
        "station": "652722001",
        "ended_at": (NOON + timedelta(minutes=5)).isoformat(),
    }
    bad = {
        **good,
        "session": "W-2",
        "report": "",
        "vehicle": {**good["vehicle"], "plate": "新I1"},
    }
    foreign = {**good, "session": "W-3", "station": "652722002"}
    answer = by.client.post(f"{ROOT}tests/", {"tests": [good, bad, foreign]})
    assert answer.status_code == 200
    rows = answer.json()["results"]
    assert [row["status"] for row in rows] == [201, 400, 400]
    assert rows[1]["problem"]["errors"][0]["field"] == "vehicle.plate"
    assert rows[2]["problem"]["errors"][0]["field"] == "station"
    assert Inspection.objects.count() == 1
    again = by.client.post(f"{ROOT}tests/", {"tests": [good]}).json()["results"][0]
    assert (again["status"], again["report"]) == (200, rows[0]["report"])
    read = by.client.get(f"{ROOT}tests/{rows[0]['report']}/").json()
    assert len(read["process"]["rows"]) == 195
    assert read["verdict"]["overall"] == "pass"


def test_an_idempotency_key_gives_the_same_answer_once():
    by, given = caller(), parts(honest("vmas"), "S-1")
    key = {"HTTP_IDEMPOTENCY_KEY": "k-1"}
    first = by.client.post(f"{ROOT}sessions/", given["session"], **key)
    again = by.client.post(f"{ROOT}sessions/", given["session"], **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = {**given["session"], "session": "S-2"}
    assert by.client.post(f"{ROOT}sessions/", other, **key).status_code == 422
    assert Inspection.objects.count() == 1


def whole(session: str, **changed):
    test = replace(honest("vmas"), station="", line="01", session=session, report="")
    row = as_json(replace(test, started_at=NOON))
    row |= {
        "station": "652722001",
        "ended_at": (NOON + timedelta(minutes=5)).isoformat(),
    }
    return {**row, **changed}


def test_a_session_number_with_other_content_is_kept_refused_and_told():
    by, given = caller(), parts(honest("vmas"), "S-1")
    by.client.post(f"{ROOT}sessions/", given["session"])
    other = copy.deepcopy(given["session"])
    other["vehicle"]["odometer_km"] = 7
    answer = by.client.post(f"{ROOT}sessions/", other)
    assert (answer.status_code, answer.json()["code"]) == (409, "content_differs")
    assert RefusedPost.objects.get().content["vehicle"]["odometer_km"] == 7
    assert Alert.objects.get().kind == "station_conflict"
    fresh = {**given["session"], "sent_at": NOON.isoformat()}
    assert by.client.post(f"{ROOT}sessions/", fresh).status_code == 200


def test_a_report_number_with_other_content_is_kept_refused_and_told():
    by = caller()
    first = by.client.post(f"{ROOT}tests/", {"tests": [whole("W-1")]}).json()
    report = first["results"][0]["report"]
    rows = [
        whole("W-2", report=report),
        whole("W-1", vehicle={**whole("W-1")["vehicle"], "odometer_km": 7}),
        whole("W-3", report="9" * 24),
        whole("W-4", report="9" * 24),
    ]
    answer = by.client.post(f"{ROOT}tests/", {"tests": rows}).json()["results"]
    assert [row["status"] for row in answer] == [409, 409, 201, 409]
    refused = [row["problem"] for row in answer if "problem" in row]
    assert [one["errors"][0]["field"] for one in refused] == [
        "report",
        "session",
        "report",
    ]
    assert {kept.part for kept in RefusedPost.objects.all()} == {"report", "session"}
    assert Alert.objects.filter(kind="station_conflict").count() == 3
    assert Inspection.objects.count() == 2


def test_bulk_takes_a_thousand_rows_and_not_one_more():
    by = caller()
    answer = by.client.post(f"{ROOT}tests/", {"tests": [{}] * 1000})
    assert answer.status_code == 200
    rows = answer.json()["results"]
    assert len(rows) == 1000
    assert {row["status"] for row in rows} == {400}
    assert rows[999]["index"] == 999
    assert by.client.post(f"{ROOT}tests/", {"tests": [{}] * 1001}).status_code == 400
    assert by.client.post(f"{ROOT}tests/", {"tests": []}).status_code == 400
    assert not Inspection.objects.exists()


def test_a_vendors_words_pass_through_its_table():
    by = caller()
    by.station.dialect = Dialect.objects.get(vendor="XZ")
    by.station.save()
    given = parts(honest("vmas"), "S-1")
    given["session"]["method"] = "3"
    given["session"]["category"] = "1"
    given["session"]["vehicle"]["plate_color"] = "1"
    answer = by.client.post(f"{ROOT}sessions/", given["session"])
    assert answer.status_code == 201, answer.content.decode()
    held = Inspection.objects.get()
    assert (held.method, held.category) == ("vmas", "periodic")
    assert held.document["vehicle"]["plate_color"] == "blue"


@pytest.mark.parametrize(
    ("part", "change", "field"),
    [
        ("obd", {"mil_on": "否"}, "mil_on"),
        ("obd", {"odometer_km": "１２０００"}, "odometer_km"),
        ("results", {"ended_at": "2027-01-01T00:00:00+08:00"}, "ended_at"),
        ("results", {"ended_at": "2026-08-01T00:00:00+08:00"}, "ended_at"),
        (
            "results",
            {"environment": {"pressure_kpa": 95000}},
            "environment.pressure_kpa",
        ),
        ("results", {"results": {"co_g_km": 1200}}, "results.co_g_km"),
        ("appearance", {"visible_smoke": 0}, "visible_smoke"),
    ],
)
def test_bad_parts_name_their_field_and_write_nothing(part, change, field):
    by, given = caller(), parts(honest("vmas"), "S-1")
    by.client.post(f"{ROOT}sessions/", given["session"])
    answer = by.client.put(f"{ROOT}sessions/S-1/{part}/", {**given[part], **change})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field
    assert Inspection.objects.get().received == ["session"]


def test_a_body_that_is_no_json_is_a_problem_document():
    by = caller()
    for body in (b"{", b"\xff\xfe", b"[1]", b'"x"'):
        answer = by.client.post(
            f"{ROOT}sessions/", body, content_type="application/json"
        )
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"


def test_rebuilt_fingerprints_are_those_that_were_stored():
    by = caller()
    for number in range(3):
        post_whole(by, parts(honest("vmas", number), f"S-{number}"))
    for held in Inspection.objects.all():
        analyse(inspection=held, now=NOON)
    rows = ("method", "hash", "curve_id", "place")
    before = set(CurveHash.objects.values_list(*rows))
    assert before
    CurveHash.objects.filter(place__gt=20).delete()
    CurveHash.objects.update(hash=models.F("hash") + 1)
    call_command("rebuild_fingerprints", stdout=StringIO())
    assert set(CurveHash.objects.values_list(*rows)) == before
