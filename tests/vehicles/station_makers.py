"""Stations, keys and whole tests for the tests of the stations' interface."""

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from rest_framework.test import APIClient

from bozhou_eco.accounts.models import Organisation
from tests import factories
from vehicles.domain.inspection.read import BEIJING, as_json
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.models import Instrument, Line, StaffMember, Station
from vehicles.services.credentials import issue_credential
from vehicles.simulation.traffic import honest_days, make_world

ROOT = "/api/v1/stations/"
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=BEIJING)


@dataclass(slots=True)
class Caller:
    """A station with a client that carries its key."""

    station: Station
    client: APIClient
    key: str


def station(code: str = "652722001", mode: str = "hint") -> Station:
    where = factories.district()
    organisation = Organisation.objects.create(
        kind="station", name=f"虚构检测站{code}", code=f"ST-{code}", district=where
    )
    made = Station.objects.create(
        organisation=organisation,
        code=code,
        name=organisation.name,
        district=where,
        mode=mode,
    )
    methods = ["vmas", "double_idle", "lugdown", "free_acceleration"]
    line = Line.objects.create(station=made, number="01", methods=methods)
    for kind in ("dynamometer", "gas_analyser", "flow_meter", "smoke_meter"):
        Instrument.objects.create(
            station=made,
            line=line,
            kind=kind,
            serial=f"{kind}-{code}",
            verified_until=date(2027, 9, 1),
            checked_at=NOON - timedelta(hours=3),
            check_passed=True,
        )
    for number, duty in (("D1", "driver"), ("S1", "signatory")):
        StaffMember.objects.create(station=made, number=number, name=number, duty=duty)
    return made


def caller(code: str = "652722001", mode: str = "hint", **options: Any) -> Caller:
    made = station(code, mode)
    issued = issue_credential(station=made, actor=None, now=NOON, **options)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Station {issued.key}")
    return Caller(made, client, issued.key)


@cache
def honest(method: str, number: int = 0) -> VehicleTest:
    """Return an honest passed test of a method, with curves where it has them."""
    world = make_world(seed=77, first_day=date(2026, 9, 1), vehicles=400)
    found = [
        test
        for test in honest_days(world, days=2, per_day=200)
        if test.method == method and test.verdict.overall == "pass"
    ]
    random.Random(3).shuffle(found)
    return found[number]


def parts(test: VehicleTest, session: str, start: datetime = NOON) -> dict[str, Any]:
    """Return what a station posts for a test: session and its four parts."""
    whole = as_json(replace(test, started_at=start, session=session, line="01"))
    whole["staff"] = {"driver": "D1", "inspector": "D1", "signatory": "S1"}
    names = ("category", "method", "attempt", "vehicle", "staff", "session", "line")
    opening = {name: whole[name] for name in names}
    ended = start + timedelta(seconds=300)
    return {
        "session": {**opening, "started_at": start.isoformat()},
        "appearance": whole["appearance"],
        "obd": whole["obd"],
        "process": {"process": whole.get("process", {"rows": []})},
        "results": {
            "ended_at": ended.isoformat(),
            "results": whole.get("results", {}),
            "environment": whole["environment"],
        },
    }


def post_whole(by: Caller, given: dict[str, Any], *order: str) -> Any:
    """Post a whole test and return the answer to its end."""
    session = given["session"]["session"]
    opened = by.client.post(f"{ROOT}sessions/", given["session"])
    assert opened.status_code == 201, opened.content.decode()
    for part in order or ("appearance", "obd", "process", "results"):
        answer = by.client.put(f"{ROOT}sessions/{session}/{part}/", given[part])
        assert answer.status_code == 200, answer.content.decode()
    return by.client.post(f"{ROOT}sessions/{session}/finish/")
