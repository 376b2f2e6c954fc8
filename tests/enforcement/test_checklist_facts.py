"""The online check-list: every fact comes from the rows that the other apps own."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bozhou_eco.common.clock import BEIJING
from enforcement.checklist_registry import REGISTRY, register
from enforcement.checklists import checklist_for
from enforcement.services.cases import open_case
from polluters.models import Consumable, Exceedance, Mark, MarkKind, Mean, Upkeep
from polluters.services.checklist_facts import outlet_facts
from tests import factories
from tests.vehicles import capture_factories, station_makers
from vehicles.models import Capture, Finding, RoadCampaign, RoadCheck, Vehicle
from vehicles.services.checklist_facts import station_facts, vehicle_facts

DAY = date(2026, 3, 2)
START = datetime(2026, 3, 2, 8, tzinfo=BEIJING)
pytestmark = pytest.mark.django_db


def exceed(point, hour, multiple):
    return Exceedance.objects.create(
        point=point,
        averaging="hour",
        time=START + timedelta(hours=hour),
        value=100 * (1 + multiple),
        bound=100,
        multiple=multiple,
        state="exceeded",
        found_at=START,
    )


@pytest.fixture
def point():
    return factories.point()


def test_an_outlet_with_nothing_says_so(point):
    key = point.outlet.subject_key
    found = outlet_facts(subject_key=key, first=DAY, last=DAY)
    assert "没有超标记录" in found["values"]
    assert "没有工况或设备标记" in found["marks"]
    assert "flags" not in found
    assert "ledger" not in found


def test_an_outlet_tells_values_flags_marks_and_upkeep(point):
    outlet = point.outlet
    for hour, multiple in enumerate((0.2, 1.5, 0.1)):
        exceed(point, hour, multiple)
    exceed(point, 24 * 40, 9.0)
    for hour, flag in enumerate("NNFM"):
        Mean.objects.create(
            point=point, period=2, time=START + timedelta(hours=hour), due=60, got=60,
            valid_count=60, valid=flag == "N", flags={flag: 60}, state="closed",
            computed_at=START,
        )  # fmt: skip
    kind, _ = MarkKind.objects.get_or_create(
        code="test-start",
        defaults={"name": "启炉", "group": "production", "source": "测试"},
    )
    spans = {"origin": "enterprise", "made_at": START, "received_at": START}
    Mark.objects.create(
        outlet=outlet, kind=kind, begin=START, end=START + timedelta(hours=2),
        reason="点火烘炉", deadline=START, **spans,
    )  # fmt: skip
    Mark.objects.create(
        outlet=outlet, kind=kind, begin=START, end=START + timedelta(hours=2),
        reason="误填", deadline=START, withdrawn_at=START, withdrawn_reason="填错", **spans,
    )  # fmt: skip
    Upkeep.objects.create(
        outlet=outlet, kind="calibration", planned_from=START - timedelta(days=1),
        planned_to=START, done_at=START, result="passed",
    )  # fmt: skip
    Consumable.objects.create(
        outlet=outlet,
        kind="gas",
        name="NO 标气",
        batch="B7",
        expires_on=date(2026, 2, 1),
    )
    found = outlet_facts(subject_key=outlet.subject_key, first=DAY, last=DAY)
    assert found["values"].startswith(
        "03-02 09:00 NOx小时均值 250 mg/m3，限值 100，超 1.50 倍"
    )
    assert "9.00" not in found["values"]
    assert "小时均值 4 个，有效 2 个（50.0%）" in found["flags"]
    assert "F 60、M 60、N 120" in found["flags"]
    assert "启炉（企业说明）03-02 08:00 至 03-02 10:00：点火烘炉" in found["marks"]
    assert "误填" not in found["marks"]
    assert "校准合格" in found["maintenance"]
    assert "过期" in found["ledger"]
    assert "NO 标气 B7" in found["ledger"]
    assert found["explanation"] == "03-02 08:00 点火烘炉"


@pytest.mark.parametrize("key", ["outlet:", "outlet:x", "outlet:99999999"])
def test_an_unknown_outlet_has_no_facts(db, key):
    assert outlet_facts(subject_key=key, first=DAY, last=DAY) == {}


def test_a_vehicle_tells_its_captures_register_tests_and_checks():
    at = datetime(2026, 11, 23, 4, tzinfo=UTC)
    capture = capture_factories.capture(at=at)
    Capture.objects.filter(pk=capture.pk).update(
        plate_final="新E0K73X", color_final="yellow", level_final=3, state="confirmed"
    )
    vehicle = Vehicle.objects.create(
        plate="新E0K73X", plate_color="yellow", near_key="E0K73X", registered=True,
        fuel="B", stage=4, user_company="虚构运输公司",
    )  # fmt: skip
    campaign = RoadCampaign.objects.create(
        name="路检", place="G30", district=factories.district(), begins_at=at
    )
    RoadCheck.objects.create(
        campaign=campaign, vehicle=vehicle, at=at - timedelta(days=9), received_at=at,
        verdict="fail", officer=factories.user("officer"),
    )  # fmt: skip
    day = date(2026, 11, 23)
    found = vehicle_facts(subject_key="vehicle:新E0K73X:yellow", first=day, last=day)
    assert "林格曼 3 级，已确认（0 人复核），证据 " in found["images"]
    assert "证书 JZ2026-001 有效至 2027-03-31" in found["device"]
    assert "虚构运输公司" in found["vehicle"]
    assert found["inspections"] == "没有排放检验记录"
    assert "路检不合格" in found["others"]
    early = vehicle_facts(subject_key="vehicle:新E0K73X:yellow", first=DAY, last=DAY)
    assert "images" not in early
    assert vehicle_facts(subject_key="vehicle:", first=DAY, last=DAY) == {}


def test_a_station_tells_findings_equipment_and_people():
    station = station_makers.station()
    at = station_makers.NOON
    Finding.objects.create(
        station=station, rule="obd.calid_cvn", score=0.9, occurred_at=at, at=at,
        why="23 辆车 CALID/CVN 相同",
    )  # fmt: skip
    station.instruments.filter(kind="flow_meter").update(
        verified_until=date(2026, 1, 1)
    )
    found = station_facts(
        subject_key=f"station:{station.code}", first=at.date(), last=at.date()
    )
    assert "23 辆车 CALID/CVN 相同" in found["findings"]
    assert "23 辆车 CALID/CVN 相同" in found["obd"]
    assert found["curves"] == "该时段没有检验"
    assert "检定过期" in found["equipment"]
    assert found["people"] == "在岗 2 人"
    assert station_facts(subject_key="station:nowhere", first=DAY, last=DAY) == {}


def test_the_list_of_a_clue_is_filled(point, people, now):
    exceed(point, 0, 0.6)
    case = open_case(
        actor=people["duty"], now=now, kind="exhaust", title="t",
        subject_key=point.outlet.subject_key, subject_name="虚构排口",
    )  # fmt: skip
    case.act_started_on = DAY
    lines = {line.code: line.fact for line in checklist_for(case)}
    assert lines["values"].startswith("平台：03-02 08:00")
    assert lines["video"] == "平台没有此项数据，请电话核实或调阅资料"


def test_a_kind_is_registered_once():
    assert {"outlet", "vehicle", "station"} <= set(REGISTRY)
    with pytest.raises(ValueError, match="are registered"):
        register("outlet", "somewhere.else")
