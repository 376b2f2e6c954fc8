"""What the check-list of a clue is told of a vehicle or station, present and absent."""

from datetime import date, timedelta

import pytest

from tests.vehicles import capture_factories, station_makers
from tests.vehicles.test_exchange import finished
from vehicles.models import (
    Capture,
    Curve,
    DailyCheck,
    Finding,
    Inspection,
    RepairNotice,
    Vehicle,
    VideoCheck,
)
from vehicles.services.checklist_facts import station_facts, vehicle_facts

pytestmark = pytest.mark.django_db
NOW = capture_factories.NOW
DAY = NOW.date()
NOON = station_makers.NOON


def captured(*, days_ago: int, complete: bool = True, **more: object) -> Capture:
    made = capture_factories.capture(
        capture_factories.camera(capture_factories.site(complete=complete)),
        at=NOW - timedelta(days=days_ago),
    )
    values = {"plate_final": "新E0K73X", "color_final": "yellow"} | more
    Capture.objects.filter(pk=made.pk).update(**values)
    return made


def about(plate: str = "新E0K73X", color: str = "yellow") -> dict[str, str]:
    return vehicle_facts(subject_key=f"vehicle:{plate}:{color}", first=DAY, last=DAY)


def test_a_vehicle_nobody_knows_has_only_what_was_captured() -> None:
    captured(days_ago=0, complete=False)
    found = about()
    assert set(found) == {"images", "device", "others"}
    assert "未定级" in found["images"]
    assert "缺法制审核" in found["device"]
    assert found["others"] == "没有其他抓拍、路检记录"
    assert set(about(color="blue")) == {"others"}, "another colour, another vehicle"


def test_earlier_captures_count_for_half_a_year_and_only_when_confirmed() -> None:
    captured(days_ago=0, state="confirmed", level_final=3)
    for days_ago, state in ((20, "confirmed"), (90, "confirmed"), (30, "rejected")):
        captured(days_ago=days_ago, state=state, level_final=2)
    captured(days_ago=190, state="confirmed", level_final=2)
    assert about()["others"] == "此前六个月另有 2 次确认的抓拍"


def test_a_vehicle_without_registration_tells_its_last_test_and_its_notice() -> None:
    test = finished(at=NOW - timedelta(days=3), outcome="fail")
    finished(at=NOW + timedelta(days=9))
    Inspection.objects.filter(pk=test.pk).update(attempt=2)
    car = test.vehicle
    notice = captured(
        days_ago=1, state="confirmed", plate_final=car.plate, level_final=2
    )
    RepairNotice.objects.create(
        capture=notice, number="黑烟告〔2026〕9号", issued_at=NOW, due_on=DAY
    )
    found = about(car.plate)
    assert found["vehicle"] == "没有登记信息"
    assert found["inspections"].startswith("2026-11-20 12:00 ")
    assert found["inspections"].endswith("不合格，第 2 次")
    assert found["records"] == f"黑烟告〔2026〕9号 待复检（限 {DAY}）"
    Vehicle.objects.filter(pk=car.pk).update(
        registered=True, inspection_until=date(2027, 1, 31), user_company="虚构公司"
    )
    told = about(car.plate)["vehicle"]
    assert "没有登记信息" not in told
    assert told.endswith("检验有效期至 2027-01-31")


# --- stations ---------------------------------------------------------------------------
def told_of(code: str) -> dict[str, str]:
    day = NOON.date()
    return station_facts(subject_key=f"station:{code}", first=day, last=day)


def test_a_station_without_suspicions_or_tests_says_what_is_in_order() -> None:
    station = station_makers.station()
    found = told_of(station.code)
    assert set(found) == {"curves", "equipment", "people"}
    assert found["curves"] == "该时段没有检验"
    assert found["equipment"] == "检定在有效期内，该时段日常检查没有不合格"


def test_a_station_tells_tests_alike_videos_checks_and_expired_people() -> None:
    station = station_makers.station()
    tests = [finished(at=NOON, outcome=outcome) for outcome in ("pass", "pass", "fail")]
    finished(at=NOON - timedelta(days=5))
    Curve.objects.create(
        inspection=tests[0], rows=1, data=b"", likeness=3.0, sha256="0" * 64
    )
    verdicts = ["good", "no_video", ""]
    for test, verdict in zip(tests, verdicts, strict=True):
        VideoCheck.objects.create(
            station=station, inspection=test, month=NOON.date(), drawn_at=NOON,
            verdict=verdict,
        )  # fmt: skip
    device = station.instruments.first()
    for number, passed in enumerate((True, False, False)):
        DailyCheck.objects.create(
            instrument=device, kind="leak", at=NOON + timedelta(minutes=number),
            passed=passed, received_at=NOON,
        )  # fmt: skip
    station.staff.filter(number="D1").update(valid_until=date(2026, 8, 31))
    for number in range(7):
        Finding.objects.create(
            station=station, rule="co_co2", score=0.9 - number / 10, why=f"第{number}条",
            occurred_at=NOON, at=NOON,
        )  # fmt: skip
    found = told_of(station.code)
    assert found["curves"] == "检验 3 次，合格 2 次；过程曲线异常相似 1 次"
    assert found["video"] == "视频抽审 2 次，不规范或无录像 1 次"
    assert found["equipment"] == "日常检查不合格 2 次"
    assert found["people"].startswith("在岗 2 人；资格过期：D1")
    assert "第4条；另有 2 条" in found["findings"]
    assert "第5条" not in found["findings"]
    assert "obd" not in found
