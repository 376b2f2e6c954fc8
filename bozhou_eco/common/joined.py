"""Read rows of several models with one written-out SELECT.

For the few queries that run several times for each posted test: composing such a query
anew through the ORM costs several times what the database needs to answer it. Columns
follow the models, so a new field needs no change here.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, cast

from django.db import connection, models


@cache
def columns(model: type[models.Model], alias: str) -> str:
    """Return the quoted columns of a model under a table alias."""
    fields = model._meta.concrete_fields
    return ", ".join(f'{alias}."{field.column}"' for field in fields)


def fetch(
    sql: str, params: Sequence[Any], *kinds: type[models.Model]
) -> list[list[models.Model | None]]:
    """Return the answer's rows, each as instances of ``kinds`` in the order selected.

    ``sql`` selects the ``columns`` of each kind one behind the other. An outer join that
    found nothing gives None.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    return [_split(row, kinds) for row in rows]


def _split(
    row: Sequence[object], kinds: tuple[type[models.Model], ...]
) -> list[models.Model | None]:
    found: list[models.Model | None] = []
    start = 0
    for kind in kinds:
        names, key, readers = _layout(kind)
        values = list(row[start : start + len(names)])
        start += len(names)
        if values[key] is None:
            found.append(None)
            continue
        for place, read in readers:
            values[place] = read(values[place], None, connection)
        found.append(kind.from_db(connection.alias, names, values))
    return found


Reader = Callable[[object, None, object], object]


@cache
def _layout(
    model: type[models.Model],
) -> tuple[list[str], int, list[tuple[int, Reader]]]:
    """Return field names, the place of the key, and who turns which value into Python."""
    fields = model._meta.concrete_fields
    key = next(place for place, field in enumerate(fields) if field.primary_key)
    readers = [
        (place, cast(Reader, cast(Any, field).from_db_value))
        for place, field in enumerate(fields)
        if hasattr(field, "from_db_value")
    ]
    return [field.attname for field in fields], key, readers
