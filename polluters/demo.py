"""Demo rows of polluters, made from the simulated plants. All firms are invented."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from django.db import transaction

from bozhou_eco.accounts.models import District, Organisation
from polluters import demo_history, demo_screens
from polluters.domain.hj212.codes import POLLUTANTS
from polluters.models import (
    Analyser,
    Enterprise,
    Limit,
    Logger,
    Outlet,
    Point,
    Pollutant,
)
from polluters.services import partitions
from polluters.simulation.plants import ENTERPRISES
from polluters.simulation.specs import (
    EnterpriseSpec,
    LimitSpec,
    OutletSpec,
    PointSpec,
)

SHORT = {
    "a34013": "颗粒物",
    "a21026": "SO₂",
    "a21002": "NOx",
    "a19001": "O₂",
    "a21005": "CO",
    "a21024": "HCl",
    "a01011": "流速",
    "a01012": "烟温",
    "a01013": "烟压",
    "a01014": "湿度",
    "a00000": "烟气流量",
    "a01901": "炉温",
    "w01018": "COD",
    "w21003": "NH₃-N",
    "w21011": "TP",
    "w21001": "TN",
    "w01001": "pH",
    "w01010": "水温",
    "w00000": "流量",
}


@transaction.atomic
def seed(*, now: datetime, scale: int = 1) -> None:
    """Make the pollutant table and the 30 invented key units; nothing twice."""
    seed_pollutants()
    partitions.ensure_ahead(now=now)
    districts = {district.code: district for district in District.objects.all()}
    known = set(Enterprise.objects.values_list("uscc", flat=True))
    for spec in ENTERPRISES:
        if spec.uscc not in known:
            _enterprise(spec, districts[spec.district_code])
    demo_history.seed(now=now)
    demo_screens.seed(now=now)


def seed_pollutants() -> None:
    """Make the factor codes of HJ 212-2017 App. B."""
    Pollutant.objects.bulk_create(
        [
            Pollutant(
                code=row.code,
                old_code=row.old_code,
                name=row.name,
                name_en=row.name_en,
                short=SHORT.get(row.code, ""),
                unit=row.usual_unit,
                medium=row.medium,
                datatype=row.datatype,
                source=row.source,
            )
            for row in POLLUTANTS.values()
        ],
        ignore_conflicts=True,
    )


def _fields(spec: Any, *without: str) -> dict[str, Any]:
    return {
        field.name: getattr(spec, field.name)
        for field in fields(spec)
        if field.name not in without
    }


def _enterprise(spec: EnterpriseSpec, district: District) -> None:
    organisation = Organisation.objects.create(
        kind="enterprise", name=spec.name, code=spec.uscc, district=district
    )
    enterprise = Enterprise.objects.create(
        organisation=organisation,
        district=district,
        key_years=list(spec.key_years),
        **_fields(spec, "outlets", "district", "district_code", "key_years"),
    )
    for outlet in spec.outlets:
        _outlet(outlet, enterprise)


def _outlet(spec: OutletSpec, enterprise: Enterprise) -> None:
    outlet = Outlet.objects.create(
        enterprise=enterprise,
        code=spec.code,
        name=spec.name,
        medium=spec.medium,
        section_area=spec.section_area,
        destination=spec.destination,
        reference_o2=spec.reference_o2,
        standard=spec.standard,
        judging=spec.judging,
        longitude=spec.longitude,
        latitude=spec.latitude,
    )
    logger = Logger.objects.create(outlet=outlet, **_fields(spec.logger))
    for position, point in enumerate(spec.points):
        _point(point, position, outlet, logger)


def _point(spec: PointSpec, position: int, outlet: Outlet, logger: Logger) -> None:
    analyser = None
    if spec.analyser:
        analyser, _ = Analyser.objects.get_or_create(
            outlet=outlet,
            serial=spec.analyser.serial,
            defaults=_fields(spec.analyser, "serial"),
        )
    point = Point.objects.create(
        outlet=outlet,
        logger=logger,
        pollutant=Pollutant.objects.get(code=spec.code),
        wire_code=spec.wire_code,
        analyser=analyser,
        unit=spec.unit,
        unit_factor=spec.wire_factor,
        range_low=spec.range_low,
        range_high=spec.range_high,
        batch_minutes=spec.batch_minutes,
        converted=spec.converted,
        position=position,
    )
    Limit.objects.bulk_create([_limit(limit, point) for limit in spec.limits])


def _limit(spec: LimitSpec, point: Point) -> Limit:
    return Limit(
        point=point,
        kind=spec.kind,
        averaging=spec.averaging,
        low=spec.low,
        high=spec.high,
        condition=dict(spec.condition),
        standard=spec.standard,
        article=spec.article,
        source=spec.source,
        valid_from=spec.valid_from,
        valid_to=spec.valid_to,
    )
