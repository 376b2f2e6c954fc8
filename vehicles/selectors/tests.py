"""Read tests of a station."""

from datetime import datetime

from vehicles.models import Inspection, Station


def own_test(station: Station, session: str) -> Inspection | None:
    """Return a session of the station, None if it has no such session."""
    return (
        Inspection.objects.filter(station=station, session=session)
        .select_related("station__district", "line", "vehicle")
        .first()
    )


def changed_since(
    station: Station,
    since: datetime | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Inspection]:
    """Return tests in order of change; ``after`` continues behind a row."""
    found = Inspection.objects.filter(station=station)
    if since is not None:
        found = found.filter(updated_at__gte=since)
    if after is not None:
        at, pk = after
        found = found.filter(updated_at__gte=at).exclude(updated_at=at, pk__lte=pk)
    return list(
        found.select_related("station", "line", "vehicle").order_by("updated_at", "id")[
            :limit
        ]
    )
