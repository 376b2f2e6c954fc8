"""The invented inspection stations of the demo, with lines, staff and registrations."""

from datetime import date, datetime, time, timedelta

from bozhou_eco.accounts.models import District, Organisation
from vehicles.demo_copy import vehicle_of
from vehicles.models import (
    InspectionSettings,
    Instrument,
    Line,
    StaffMember,
    Station,
    Vehicle,
)
from vehicles.simulation.fleet import make_fleet
from vehicles.simulation.places import DemoStation, make_stations
from vehicles.simulation.stations import FLEET_DAY, FLEET_SEED, FLEET_SIZE

CONTROLLED, SHADOWED = "652701002", "652723001"
SOFTWARE = ("虚构测控 6.2.1", "示例检测 3.9", "演示线控 2.14")


def seed_stations(*, now: datetime) -> None:
    """Make the stations with their lines and staff, and register the fleet once."""
    today = now.date()
    for place, station in enumerate(make_stations(seed=FLEET_SEED, today=today)):
        _seed_station(station, place, today)
    InspectionSettings.objects.filter(pk=1, opens=time(8, 0)).update(
        opens=time(0, 0),
        closes=time(23, 59, 59),
        variant_source="演示：限值组须由州局确认；演示全天可检",
    )
    if not Vehicle.objects.filter(registered=True).exists():
        seed_fleet()


def _seed_station(station: DemoStation, place: int, today: date) -> None:
    district = District.objects.filter(code=station.region).first()
    if district is None:
        return
    organisation, _ = Organisation.objects.get_or_create(
        code=f"ST-{station.code}",
        defaults={"kind": "station", "name": station.name, "district": district},
    )
    controlled = station.code == CONTROLLED
    mode = "control" if controlled else "hint"
    made, new = Station.objects.get_or_create(
        code=station.code,
        defaults={
            "organisation": organisation,
            "name": station.name,
            "district": district,
            "address": f"{district.name}（虚构地址 {place + 1} 号）",
            "longitude": station.longitude,
            "latitude": station.latitude,
            "mode": "shadow" if station.code == SHADOWED else mode,
            "legal_basis": "演示：控制方式依据登记示例" if controlled else "",
            "delegation": "演示：委托书〔2026〕1 号" if controlled else "",
            "cma_number": f"演示 26-{place + 1:04d}",
            "cma_until": today + timedelta(days=(25, 400, 900, 1500)[place % 4]),
            "software": SOFTWARE[place % 3],
        },
    )
    if not new:
        return
    for line in station.lines:
        row = Line.objects.create(
            station=made, number=line.number, name=line.name, methods=list(line.methods)
        )
        Instrument.objects.bulk_create(
            Instrument(
                station=made,
                line=row,
                kind=item.kind,
                serial=item.serial,
                verified_until=item.verified_until,
            )
            for item in line.instruments
        )
    StaffMember.objects.bulk_create(
        StaffMember(
            station=made, number=person.number, name=person.name, duty=person.duty
        )
        for person in station.staff
    )


def seed_fleet() -> None:
    """Register the fleet that the simulated stations test."""
    districts = {row.code: row for row in District.objects.all()}
    codes = sorted(districts)
    fleet = make_fleet(FLEET_SIZE, seed=FLEET_SEED, today=FLEET_DAY)
    Vehicle.objects.bulk_create(
        (
            vehicle_of(car, district=districts[codes[i % len(codes)]].pk)
            for i, car in enumerate(fleet)
        ),
        batch_size=500,
        ignore_conflicts=True,
    )


def seed(*, now: datetime, scale: int = 1) -> None:
    """Everything of stations that the demo starts with; safe to call again."""
    seed_stations(now=now)
