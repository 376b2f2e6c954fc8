"""Supervision of stations: lots, verdicts, notices, ranking, cross-source marks."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from enforcement.models import Case
from enforcement.services.transfers import record_joint_reply
from tests import factories
from tests.vehicles.capture_factories import capture
from tests.vehicles.station_makers import (
    NOON,
    ROOT,
    caller,
    honest,
    parts,
    post_whole,
    station,
)
from vehicles.models import (
    Complaint,
    Finding,
    Inspection,
    Lock,
    MarketNotice,
    SiteCheck,
    SupervisionSettings,
    VideoCheck,
)
from vehicles.selectors.supervision import finding_groups, ranking
from vehicles.services import notices, repairs, supervision
from vehicles.services.errors_stations import StationRefusalError
from vehicles.services.findings import analyse, judge_rates, mark_smoke
from vehicles.services.stations import set_lock

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=6)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATER)


def finished(count: int = 1):
    by = caller()
    for number in range(count):
        post_whole(by, parts(honest("vmas", number), f"S-{number}"))
    return by


def signed_in(user) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def test_videos_are_drawn_once_up_to_the_quota_and_judged_once():
    by = finished(3)
    made = supervision.draw_videos(station=by.station, now=LATER, seed="a")
    assert len(made) == 3
    assert supervision.draw_videos(station=by.station, now=LATER, seed="b") == []
    reviewer = factories.user(Role.REVIEWER)
    check = VideoCheck.objects.first()
    give = {"check": check, "actor": reviewer, "now": LATER}
    with pytest.raises(StationRefusalError, match="说明"):
        supervision.judge_video(verdict="fault", note=" ", **give)
    supervision.judge_video(verdict="fault", note="探头未插到位", **give)
    with pytest.raises(StationRefusalError, match="已有结论"):
        supervision.judge_video(verdict="good", note="", **give)
    assert AuditEntry.objects.filter(act="station.video.judge").count() == 1


def test_a_site_check_is_drawn_by_lot_and_filled_whole():
    for code in ("652722001", "652722002", "652722003"):
        station(code)
    officers = [factories.user(Role.OFFICER) for _ in range(4)]
    made = supervision.draw_site_check(now=LATER, seed="x", actor=officers[0])
    again = supervision.draw_site_check(now=LATER, seed="x", actor=officers[0])
    assert made.station != again.station
    assert made.officers.count() == 2
    fill = {"check": made, "actor": officers[0], "now": LATER}
    with pytest.raises(StationRefusalError, match="尚未填写"):
        supervision.fill_site_check(items={"video": "good"}, note="", **fill)
    items = dict.fromkeys(supervision.ITEMS, "good") | {"probe": "fault"}
    with pytest.raises(StationRefusalError, match="说明"):
        supervision.fill_site_check(items=items, note="", **fill)
    supervision.fill_site_check(items=items, note="插入深度不足", **fill)
    assert SiteCheck.objects.get(pk=made.pk).faults == ["probe"]


def test_a_gas_comparison_is_judged_by_the_tolerance():
    by = caller()
    officer = factories.user(Role.OFFICER)
    give = {
        "station": by.station,
        "serial": "gas_analyser-652722001",
        "gas": "CO",
        "standard": 0.5,
        "unit": "%",
        "bottle": "GBW-1",
        "actor": officer,
        "now": LATER,
    }
    assert supervision.compare_gas(reading=0.52, **give).passed
    assert not supervision.compare_gas(reading=0.53, **give).passed
    with pytest.raises(StationRefusalError, match="大于 0"):
        supervision.compare_gas(reading=0.5, **{**give, "standard": 0.0})


def test_a_repair_is_tied_to_the_failed_test_and_kept_once():
    by = finished()
    held = Inspection.objects.get()
    Inspection.objects.update(outcome="fail")
    give = {
        "vehicle": held.vehicle,
        "number": "R-1",
        "shop": "虚构维修厂",
        "shop_code": "M001",
        "came_at": LATER,
        "left_at": LATER + timedelta(hours=2),
        "items": ["更换三元催化器"],
        "source": "M 站上传",
        "now": LATER + timedelta(hours=3),
    }
    row, made = repairs.record_repair(**give)
    assert (row.inspection, made) == (held, True)
    assert repairs.record_repair(**give) == (row, False)
    assert by.station.name


def test_every_act_of_the_page_does_its_work():
    by = finished(2)
    leader = factories.user(Role.LEADER, Role.OFFICER)
    browser = signed_in(leader)
    code = by.station.code
    acts = f"/vehicles/stations/{code}/acts/"
    held = Inspection.objects.first()
    Complaint.objects.create(inspection=held, text="请复核", at=NOON)
    by.client.put(f"{ROOT}lines/01/", {"methods": ["asm"]})
    browser.post(f"{acts}lock/", {"reason": "核查"})
    lock = Lock.objects.get()
    browser.post(f"{acts}unlock/", {"id": lock.pk, "reason": "查清"})
    browser.post(f"{acts}draw/")
    drawn = VideoCheck.objects.first()
    browser.post(f"{acts}video/", {"id": drawn.pk, "verdict": "good"})
    browser.post(
        f"{acts}complaint/",
        {"id": Complaint.objects.get().pk, "granted": "yes", "answer": "同意"},
    )
    browser.post(f"{acts}methods/", {"id": by.station.lines.get().pk, "granted": "yes"})
    browser.post(
        f"{acts}gas/",
        {
            "serial": "gas_analyser-652722001",
            "gas": "CO",
            "standard": "0.5",
            "reading": "0.51",
            "unit": "%",
        },
    )
    browser.post(
        f"{acts}notice/", {"number": "博环函〔2026〕1号", "matter": "数据失实"}
    )
    notice = MarketNotice.objects.get()
    browser.post(f"{acts}answer/", {"id": notice.pk, "receipt": "市监收〔2026〕7号"})
    lock.refresh_from_db()
    drawn.refresh_from_db()
    notice.refresh_from_db()
    assert lock.lifted_by == leader
    assert drawn.verdict == "good"
    assert Complaint.objects.get().granted is True
    assert by.station.lines.get().methods == ["asm"]
    assert by.station.gas_comparisons.get().passed
    assert notice.state == "received"
    assert notice.transfer.authority == "market"
    assert notice.transfer.receipt == "市监收〔2026〕7号"
    page = browser.get(f"/vehicles/stations/{code}/supervision/")
    assert page.status_code == 200
    for word in ("报告卡", "数据不足", "查清", "博环函〔2026〕1号", "标气"):
        assert word in page.content.decode()
    assert browser.post(f"{acts}nothing/").status_code == 404
    assert browser.post(f"{acts}unlock/", {"id": "９"}).status_code == 404
    refused = browser.post(f"{acts}lock/", {"reason": " "}, follow=True)
    assert "请填写锁定原因" in refused.content.decode()
    assert Lock.objects.count() == 1


def test_a_notice_goes_through_casework_and_hears_the_answer():
    by = finished()
    officer = factories.user(Role.OFFICER)
    held = Inspection.objects.get()
    finding = Finding.objects.create(
        station=by.station,
        inspection=held,
        rule="co_co2",
        score=0.9,
        why="CO+CO₂ 3.1%",
        occurred_at=NOON,
        at=NOON,
        verdict="confirmed",
    )
    give = {"station": by.station, "findings": [finding], "actor": officer}
    with pytest.raises(StationRefusalError, match="事项"):
        notices.send_notice(matter=" ", now=LATER, **give)
    with pytest.raises(StationRefusalError, match="没有该线索"):
        notices.send_notice(matter="数据失实", case_number="X", now=LATER, **give)
    assert Case.objects.count() == 0
    made = notices.send_notice(matter="数据失实", now=LATER, **give)
    case = Case.objects.get()
    assert (made.case_number, made.transfer.case) == (case.number, case)
    assert made.number == case.documents.get().number != ""
    assert [file.title for file in made.transfer.files.all()] == ["研判线索"]
    assert case.is_open
    again = notices.send_notice(
        matter="补充材料", case_number=case.number, now=LATER, **give
    )
    assert again.transfer.case == case
    assert again.number != made.number
    record_joint_reply(
        transfer=made.transfer,
        reply_number="市监函〔2026〕3号",
        replied_on=clock.beijing(LATER).date(),
        result="责令改正",
        actor=officer,
        now=LATER,
    )
    made = MarketNotice.objects.get(pk=made.pk)
    assert (made.standing, made.told) == ("answered", "责令改正")
    answer = {"notice": made, "receipt": "", "answer": "x", "actor": officer}
    with pytest.raises(StationRefusalError, match="已反馈"):
        notices.answer_notice(now=LATER, **answer)
    page = signed_in(officer).get(f"/vehicles/stations/{by.station.code}/supervision/")
    assert "责令改正" in page.content.decode()
    assert "已反馈" in page.content.decode()


def test_points_and_limits_of_supervision_are_settings():
    by = finished()
    set_lock(station=by.station, reason="核查", actor=None, now=NOON)
    officer = factories.user(Role.OFFICER)
    before = ranking(officer, LATER)[0].score
    rules = SupervisionSettings(risk_points={"lock": 30, "lock_most": 90})
    rules.full_clean()
    rules.save()
    assert ranking(officer, LATER)[0].score == before + 27
    for wrong in ({"lokc": 1}, {"lock": -1}, {"lock": "3"}, [3]):
        rules.risk_points = wrong
        with pytest.raises(ValidationError, match="risk_points"):
            rules.full_clean()


def test_the_ranking_says_what_points_come_from():
    by = finished()
    by.station.cma_until = (NOON - timedelta(days=3)).date()
    by.station.save()
    other = station("652722002")
    set_lock(station=by.station, reason="核查", actor=None, now=NOON)
    officer = factories.user(Role.OFFICER)
    rows = ranking(officer, LATER)
    assert [row.station for row in rows] == [by.station, other]
    names = {part.name for part in rows[0].parts}
    assert names == {"资质认定已过期", "锁定未解除"}
    page = signed_in(officer).get("/vehicles/stations/ranking/").content.decode()
    assert "资质认定已过期" in page
    assert "数据不足" in page


def test_live_monitoring_answers_htmx_with_the_table_alone():
    by = caller()
    by.client.post(f"{ROOT}sessions/", parts(honest("vmas"), "S-1")["session"])
    browser = signed_in(factories.user(Role.OFFICER))
    whole = browser.get("/vehicles/stations/").content.decode()
    part = browser.get("/vehicles/stations/", headers={"HX-Request": "true"})
    assert "<html" in whole
    assert "<html" not in part.content.decode()
    assert "1 / 1" in part.content.decode()


def test_findings_are_grouped_within_the_weekly_budget():
    by = finished(2)
    officer = factories.user(Role.OFFICER)
    for number, held in enumerate(Inspection.objects.order_by("pk")):
        for rule in range(9):
            Finding.objects.create(
                station=by.station,
                inspection=held,
                rule=f"rule_{rule}",
                score=0.5 + number / 10 + rule / 100,
                why="x",
                occurred_at=NOON,
                at=NOON,
            )
    (group,), budget = finding_groups(officer, {})
    assert (len(group.rows), group.within, budget) == (18, 12, 12)
    assert {row.inspection_id for row in group.rows[:12]} == set(
        Inspection.objects.values_list("pk", flat=True)
    )
    page = signed_in(officer).get("/vehicles/findings/").content.decode()
    assert "建议核查 12 条" in page


def test_a_confirmed_capture_marks_the_test_that_passed_before():
    finished()
    held = Inspection.objects.get()
    Inspection.objects.update(ended_at=NOON, outcome="pass")
    seen = capture()
    seen.state = "confirmed"
    seen.plate_final, seen.level_final = held.vehicle.plate, 2
    seen.color_final = held.vehicle.plate_color
    seen.captured_at = NOON + timedelta(days=6)
    seen.decided_at = NOON + timedelta(days=7)
    seen.save()
    now = NOON + timedelta(days=7, hours=1)
    assert mark_smoke(now=now) == 1
    found = Finding.objects.get(rule="smoke_after_pass")
    assert found.inspection == held
    assert "6.0 天后" in found.why
    assert found.numbers["capture"] == f"capture:{seen.pk}"
    assert mark_smoke(now=now) == 1
    assert Finding.objects.count() == 1
    Finding.objects.all().delete()
    seen.captured_at = NOON + timedelta(days=40)
    seen.save()
    assert mark_smoke(now=now + timedelta(days=1)) == 0


def test_an_inspector_who_never_fails_anyone_is_found():
    by = finished()
    other = station("652722002")
    held = Inspection.objects.get()
    rows = []
    for place in (by.station, other):
        for number in range(400):
            fails = place == other and number % 8 == 0
            rows.append(
                Inspection(
                    station=place,
                    line=place.lines.get(),
                    vehicle=held.vehicle,
                    session=f"R{number}",
                    state="done",
                    category="periodic",
                    method="vmas",
                    inspector=f"P{number % 2}",
                    opened_at=NOON,
                    started_at=NOON - timedelta(hours=number),
                    ended_at=NOON,
                    finished_at=NOON,
                    updated_at=NOON,
                    received=[],
                    outcome="fail" if fails else "pass",
                    group="点燃式/5/10",
                    report=f"{place.pk % 90 + 10}{number:022d}",
                )
            )
    Inspection.objects.bulk_create(rows)
    assert judge_rates(now=LATER) >= 2
    found = Finding.objects.filter(rule="pass_rate_station")
    assert [row.station for row in found] == [by.station]
    assert "应约" in found[0].why
    assert "95% 区间" in found[0].why
    judge_rates(now=LATER)
    assert Finding.objects.filter(rule="pass_rate_station").count() == 1


def test_software_versions_are_remembered():
    by = finished()
    held = Inspection.objects.get()
    held.document["software_version"] = "6.2.1"
    held.save()
    analyse(inspection=held, now=LATER)
    assert by.station.software_seen.get().version == "6.2.1"
