"""The demo's year: from its records the page arrives at the published figures."""

from datetime import date

import pytest
from django.test import Client

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.overview.selectors import figures as reads
from bozhou_eco.seed import year
from bozhou_eco.seed.people import seed_people
from polluters import demo as polluters_demo
from vehicles import demo, demo_files, demo_stations
from vehicles.models import (
    FleetMonth,
    Inspection,
    RepairLoop,
    RepairRecord,
    RoadCheck,
    Vehicle,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PUBLISHED = {
    "sites": 4,
    "stations": 11,
    "tests": 74_300,
    "checked": 221,
    "violations": 15,
    "units": 30,
    "reports": 38,
    "problems": 11,
    "exempted": 64.8,
    "off_site": 50.0,
    "good_air": 98.4,
}


def test_the_seeded_year_gives_the_published_figures(client: Client):
    now = clock.now()
    seed_people()
    for step in (polluters_demo, demo, demo_stations, demo_files, year):
        step.seed(now=now)
    leader = User.objects.get(username="leader")
    period = reads.Period(date(2025, 1, 1), date(2025, 12, 31))
    found = {one.definition.code: one.value for one in reads.report(leader, period)[0]}
    assert found == PUBLISHED
    for plate in demo_files.SMOKING:
        truck = Vehicle.objects.get(plate=plate, plate_color="yellow")
        assert (truck.registered, truck.get_fuel_display()) == (True, "柴油")
        assert truck.inspections.filter(state="done").exists()
    assert sum(FleetMonth.objects.values_list("tests", flat=True)) == 74_300
    assert Inspection.objects.filter(analysed_at=None).count() == 0
    assert 0 < RepairLoop.objects.filter(closed_at=None).count() < 400
    repairs = RepairRecord.objects.count()
    assert repairs > 1000
    assert RepairRecord.objects.filter(inspection__outcome="fail").count() == repairs
    RoadCheck.objects.filter(verdict="pass", at__year=2025).first().delete()
    assert reads.figure(reads.DEFINITIONS["checked"], leader, period).value == 220
    client.force_login(leader)
    test = Inspection.objects.filter(outcome="fail").first()
    for address in (
        f"/vehicles/inspections/{test.pk}/",
        f"/vehicles/files/{test.vehicle_id}/",
        "/vehicles/fleet/?from=2025-01-01&to=2025-12-31&by=stage",
        "/figures/?from=2025-01-01&to=2025-12-31",
        "/vehicles/loops/?state=all&from=2025-01-01",
        "/vehicles/repairs/?from=2025-01-01&to=2025-12-31",
    ):
        assert client.get(address).status_code == 200, address
    before = Vehicle.objects.count()
    demo_files.seed(now=now)
    assert Vehicle.objects.count() == before
