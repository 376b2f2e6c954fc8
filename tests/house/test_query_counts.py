"""Each page takes a fixed number of queries, however many rows it shows.

``QUERY_COUNTS=write bin/test tests/house/test_query_counts.py`` writes the baseline anew.
"""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.selectors import kinds
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from enforcement.selectors import settings as case_settings
from enforcement.services.cases import open_case
from enforcement.services.content import comment
from enforcement.services.feedback import register_inspection
from polluters import models as polluter_models
from polluters.models import (
    DailyMass,
    Exceedance,
    Explanation,
    Mark,
    MarkKind,
    Mean,
    NationalMean,
    NationalParcel,
    Period,
    Point,
    Upkeep,
)
from tests import factories
from tests.polluters.frames import data_frame
from tests.polluters.test_take_batch import nox, take
from tests.vehicles import station_makers
from vehicles.domain.plates import near_key
from vehicles.models import Finding, RoadCampaign, RoadCheck, Station, Vehicle
from vehicles.services.loops import follow_road_check
from vehicles.services.repairs import record_repair
from vehicles.services.stations import set_lock
from vehicles.services.watchlist import on_road_check

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BASELINE = Path(__file__).parent / "query_counts.json"
PAGES = {
    "privacy": "/privacy/",
    "replay": "/?at={minute}",
    "enterprises": "/polluters/",
    "outlet": "/polluters/outlets/{outlet}/",
    "curve-24h": "/polluters/points/{point}/history/?span=24h",
    "curve-30d": "/polluters/points/{point}/history/?span=30d",
    "curve-365d": "/polluters/points/{point}/history/?span=365d",
    "wall": "/polluters/live/",
    "video": "/polluters/video/",
    "air": "/polluters/air/",
    "statistics": "/polluters/statistics/",
    "curves": "/polluters/history/?p={point}",
    "curves-data": "/polluters/history/data.json?p={point}&span=30d&last=1",
    "latest": "/polluters/latest.json",
    "exceedances": "/polluters/exceedances/",
    "exceedance": "/polluters/exceedances/{exceedance}/",
    "quarantine": "/polluters/quarantine/",
    "marks": "/polluters/marks/",
    "explanations": "/polluters/explanations/",
    "rates": "/polluters/rates/",
    "rate-point": "/polluters/rates/points/{point}/",
    "ledger": "/polluters/ledger/",
    "masses": "/polluters/masses/",
    "national": "/polluters/national/",
    "alerts": "/alerts/",
    "alerts-api": "/api/v1/alerts/",
    "alerts-subscriptions": "/alerts/subscriptions/",
    "alerts-duty": "/alerts/duty/",
    "alerts-rules": "/alerts/rules/",
    "alerts-chain": "/alerts/chain/",
    "alerts-webhooks": "/alerts/webhooks/",
    "files": "/vehicles/files/",
    "file": "/vehicles/files/{vehicle}/",
    "watchlist": "/vehicles/watchlist/",
    "roadchecks": "/vehicles/roadchecks/",
    "campaign": "/vehicles/roadchecks/{campaign}/",
    "loops": "/vehicles/loops/",
    "repairs": "/vehicles/repairs/",
    "fleet": "/vehicles/fleet/",
    "exchange": "/vehicles/exchange/",
    "stations": "/vehicles/stations/",
    "supervision": "/vehicles/stations/{station}/supervision/",
    "ranking": "/vehicles/stations/ranking/",
    "findings-stations": "/vehicles/findings/",
    "figures": "/figures/",
    "weekly": "/weekly/",
    "cases": "/cases/",
    "case": "/cases/{case}/",
    "case-figures": "/cases/figures/",
    "case-figure": "/cases/figures/off_site_checks/",
    "case-consistency": "/cases/figures/consistency/",
    "case-inspections": "/cases/inspections/",
    "case-calendar": "/cases/calendar/",
    "case-parcels": "/cases/exchange/",
    "home": "/",
}


def fill(count: int) -> dict[str, int | str]:
    """Make ``count`` enterprises that report, one over its limit each."""
    now = clock.now().replace(microsecond=0)
    last: dict[str, int | str] = {}
    for _ in range(count):
        logger = factories.logger()
        point = factories.point(logger, "a21002", high=100)
        factories.point(logger, "a21026", high=100)
        for back in (60, 30, 0):
            at = now - timedelta(seconds=back)
            take(data_frame(logger, at, f"{nox(150)};a21026-Rtd=3,a21026-Flag=N"))
        take(data_frame(f"NOBODY{point.pk}", now, nox(1)))
        row = Exceedance.objects.create(
            point=point,
            limit=point.limits.get(),
            averaging="hour",
            time=now.replace(minute=0, second=0),
            value=150,
            bound=100,
            multiple=0.5,
            state="warning",
            found_at=now,
            explanation=judgement(point),
        )
        said = Explanation.objects.create(
            outlet=logger.outlet, exceedance=row, subject="x", state="asked",
            opened_at=now, deadline=now,
        )  # fmt: skip
        last = {
            "outlet": logger.outlet_id, "point": point.pk, "exceedance": row.pk,
            "explanation": said.pk, "finding": fill_finding(point).pk,
        }  # fmt: skip
        fill_validity(point)
        last["mark"] = point.outlet.marks.get().pk
    return last | fill_vehicles(count) | fill_stations(count) | fill_cases(count)


def fill_finding(point: Point) -> polluter_models.Finding:
    """Give a point something that the enterprise may read, with long words."""
    now = clock.now()
    return polluter_models.Finding.objects.create(
        logger=point.logger, point=point, factor="a21002", check_code="missing",
        begin=now - timedelta(hours=3), end=now, severity="minor", why="缺" * 200,
        score=1, found_at=now, looked_at=now,
    )  # fmt: skip


def fill_validity(point: Point) -> None:
    """Give a point closed hours, a mark, a task, a mass and a national mean."""
    now = clock.beijing(clock.now()).replace(minute=0, second=0, microsecond=0)
    kind, _ = MarkKind.objects.get_or_create(
        code="starting", defaults={"name": "启炉", "group": "production"}
    )
    Mark.objects.create(
        outlet=point.outlet, kind=kind, begin=now, origin="enterprise", made_at=now,
        received_at=now, deadline=now,
    )  # fmt: skip
    Upkeep.objects.create(
        outlet=point.outlet, kind="round", planned_from=now, planned_to=now + DAY
    )
    DailyMass.objects.create(
        point=point, day=now.date(), measured=1, hours=24, missing=0, stopped=0,
        computed_at=now,
    )  # fmt: skip
    parcel = NationalParcel.objects.create(
        number=f"N{point.pk}", kind="hour", way="folder", state="taken",
        received_at=now, day=now.date() - DAY,
    )  # fmt: skip
    time = now.replace(hour=3) - DAY
    Mean.objects.create(
        point=point, period=Period.HOUR, time=time, computed=50, valid=True, due=60,
        got=60, valid_count=60, flags={"N": 60}, state="closed", computed_at=now,
    )  # fmt: skip
    NationalMean.objects.create(
        point=point, period=Period.HOUR, time=time, value=60, parcel=parcel
    )


def fill_cases(count: int) -> dict[str, int]:
    """Open ``count`` clues, each with a remark and a check in the register."""
    now, officer = clock.now(), factories.user(Role.OFFICER)
    for number in range(count):
        case = open_case(
            actor=officer, now=now, title=f"线索 {number}", subject_key="x:1",
            subject_name="某厂", district=factories.district(),
        )  # fmt: skip
        comment(case=case, text="核对中", actor=officer, now=now)
        register_inspection(
            mode="off_site", kind="routine", done_on=clock.beijing(now).date(),
            subject_key="x:1", subject_name="某厂", district=case.district,
            means="数据核查", found=False, result="", case=case, actor=officer, now=now,
        )  # fmt: skip
    return {"case": case.pk}


def fill_stations(count: int) -> dict[str, str]:
    """Make ``count`` stations, each with a finding, a lock and a complaint."""
    now = clock.now()
    for _ in range(count):
        made = station_makers.station(f"6527{Station.objects.count() + 10:05d}")
        Finding.objects.create(
            station=made,
            rule="low_co_co2",
            score=0.9,
            why="x",
            occurred_at=now,
            at=now,
        )
        set_lock(station=made, reason="x", actor=factories.user(Role.OFFICER), now=now)
    return {"station": made.code}


def fill_vehicles(count: int) -> dict[str, int]:
    """Make ``count`` listed vehicles that failed a roadside check."""
    now = clock.now()
    road, _ = RoadCampaign.objects.get_or_create(
        name="联合路检",
        place="G30",
        district=factories.district(),
        defaults={"begins_at": now - timedelta(hours=1)},
    )
    for _ in range(count):
        plate = f"新E{Vehicle.objects.count():05d}"
        made = Vehicle.objects.create(
            plate=plate, plate_color="yellow", near_key=near_key(plate)
        )
        check = RoadCheck.objects.create(
            campaign=road,
            vehicle=made,
            at=now,
            received_at=now,
            smoke_k=3,
            verdict="fail",
            officer=factories.user(Role.OFFICER),
        )
        follow_road_check(check=check)
        on_road_check(check=check, now=now)
        record_repair(
            vehicle=made,
            number=plate,
            shop="虚构维修一厂",
            shop_code=f"M{made.pk}",
            came_at=now,
            left_at=now,
            items=["换机油"],
            source="平台登记",
            now=now,
        )
    return {"vehicle": made.pk, "campaign": road.pk}


def judgement(point: Point) -> dict[str, object]:
    return {
        "word": "超标预警",
        "point": str(point.pollutant),
        "averaging": "小时均值",
        "judged": "实测值",
        "begin": "",
        "end": "",
        "value": 150.0,
        "unit": "mg/m3",
        "limit": "≤ 100",
        "kind": "许可限值",
        "multiple": 0.5,
        "valid_count": 60,
        "got": 60,
        "due": 60,
        "left_out": [],
        "used": [],
        "formula": "",
        "standard": "",
        "limit_source": "",
        "notes": [],
    }


@pytest.fixture(autouse=True)
def lasting_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let what a process remembers for seconds outlast a slow machine's test."""
    monkeypatch.setattr(case_settings, "MEMO_SECONDS", 3600.0)
    monkeypatch.setattr(kinds, "KEEP_S", 3600.0)
    kinds.settings.forget()
    yield
    kinds.settings.forget()


def count(client: Client, url: str) -> int:
    client.get(url)
    own = caches["default"]
    own.key_prefix += "-"  # as if emptied; clearing it would empty everybody's
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(url)
    assert answer.status_code == 200, url
    return len(queries)


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    own = caches["default"]
    monkeypatch.setattr(own, "key_prefix", own.key_prefix)
    client.force_login(factories.user(Role.OFFICER))
    minute = f"{clock.beijing(clock.now()):%Y-%m-%dT%H:%M}"
    ids = fill(2)
    few = count(client, PAGES[name].format(**ids, minute=minute))
    fill(4)
    many = count(client, PAGES[name].format(**ids, minute=minute))
    assert many == few, f"{name}: {few} queries for 2 enterprises, {many} for 6"
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if os.environ.get("QUERY_COUNTS") == "write":
        BASELINE.write_text(
            json.dumps(known | {name: few}, indent=1, sort_keys=True) + "\n"
        )
        return
    assert few <= known[name], (
        f"{name}: {few} queries, the baseline allows {known[name]}"
    )
