"""The hourly canary capture, and stations that fall silent in working hours."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.models import Alert, CanaryRun, Heartbeat
from alerts.services.canary import canary_key, follow_canaries
from bozhou_eco.common import clock
from tests.vehicles import capture_factories as make
from tests.vehicles import station_makers
from vehicles.demo import CLIPS
from vehicles.models import Capture, Station
from vehicles.services.canaries import send_capture_canary
from vehicles.services.upkeep import find_silent_stations
from vehicles.vision.canary import look_at_canary
from vehicles.vision.tasks import give_pulse

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_without_a_camera_no_canary_is_sent() -> None:
    assert send_capture_canary(now=clock.now()) is None
    assert not CanaryRun.objects.exists()


def test_the_known_clip_is_seen_and_raises_the_alert_of_its_run_once() -> None:
    make.camera()
    run = send_capture_canary(now=clock.now())
    assert run is not None
    assert look_at_canary(run.code)
    run.refresh_from_db()
    assert "seen" in run.stages
    assert Alert.objects.filter(key=canary_key(run.code)).count() == 1
    assert not look_at_canary(run.code)
    assert not Capture.objects.exists()


def test_models_that_see_nothing_fail_the_run_and_cry(tmp_path: Path) -> None:
    make.camera()
    now = clock.now()
    run = send_capture_canary(now=now)
    assert run is not None
    assert not look_at_canary(run.code, CLIPS / "g30-clean.mp4")
    run.refresh_from_db()
    assert "blind" in run.stages
    assert not Alert.objects.filter(key=canary_key(run.code)).exists()
    follow_canaries(now=now + timedelta(minutes=6))
    assert Alert.objects.get(key="canary-lost:capture").severity == "major"


def test_the_queue_of_pictures_gives_its_own_sign_of_life() -> None:
    assert give_pulse()
    assert Heartbeat.objects.get(key="vision").name == "图像识别进程"


def at(hour: int) -> datetime:
    return clock.beijing(clock.now()).replace(hour=hour, minute=0, second=0)


def silent(station: Station, seen: datetime, now: datetime) -> bool:
    Station.objects.filter(pk=station.pk).update(last_seen_at=seen)
    find_silent_stations(now=now)
    rows = Alert.objects.filter(key=f"station:silent:{station.code}")
    return rows.filter(returned_at=None).open().exists()


def test_a_station_silent_for_hours_while_open_is_told_and_taken_back() -> None:
    station = station_makers.station()
    assert not silent(station, at(10), at(12))
    assert silent(station, at(10), at(13))
    assert Alert.objects.get().recurrences == 1
    assert silent(station, at(10), at(14))
    assert Alert.objects.get().recurrences == 1
    assert not silent(station, at(14), at(14) + HOUR / 2)


def test_nights_do_not_count_and_zero_never_asks(settings: Any) -> None:
    station = station_makers.station()
    yesterday = at(18) - timedelta(days=1)
    assert not silent(station, yesterday, at(4))
    assert not silent(station, yesterday, at(9))
    settings.STATION_SILENT_HOURS = 0
    assert not silent(station, yesterday, at(15))
