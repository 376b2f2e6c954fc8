"""Copy invented rows into tables in bulk; the vehicles that several seeds make."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

from vehicles.domain import plates
from vehicles.models import Vehicle
from vehicles.simulation.fleet import Car


def copy_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Copy rows into a model's table; columns that are not named get their default."""
    others = {
        field.column: _default(field)
        for field in model._meta.concrete_fields
        if field.column not in columns and not field.primary_key and not field.null
    }
    rest = tuple(others.values())
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(r"\N" if cell is None else cell for cell in (*row, *rest))
    out.seek(0)
    names = ", ".join(f'"{name}"' for name in (*columns, *others))
    with connection.cursor() as cursor:
        cursor.copy_expert(
            rf"COPY {model._meta.db_table} ({names}) FROM STDIN "
            r"WITH (FORMAT csv, NULL '\N')",
            out,
        )


def _default(field: "models.Field[Any, Any]") -> object:
    value = field.get_default()
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    return "{}" if isinstance(value, list) else value


def vehicle_of(car: Car, *, district: int, pk: int | None = None) -> Vehicle:
    """Return the registered file of an invented car, not saved."""
    entry = car.vehicle
    return Vehicle(
        pk=pk,
        plate=entry.plate,
        plate_color=entry.plate_color,
        plate_type=entry.plate_type,
        near_key=plates.near_key(entry.plate),
        vin=entry.vin,
        engine_number=entry.engine_number,
        brand=entry.brand,
        model=entry.model,
        engine_model=entry.engine_model,
        vehicle_type=entry.vehicle_type,
        fuel=entry.fuel,
        stage=car.stage,
        registered_on=car.registered,
        gross_mass_kg=entry.gross_mass_kg,
        rated_power_kw=entry.rated_power_kw,
        aftertreatment=list(entry.aftertreatment),
        use=entry.use,
        district_id=district,
        registered=True,
    )
