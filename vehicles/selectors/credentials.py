"""Find a station's key: asked for with every request, so in one query."""

from typing import cast

from bozhou_eco.accounts.models import District
from bozhou_eco.common.joined import columns, fetch
from vehicles.models import Station, StationCredential

BY_PREFIX = f"""
SELECT {columns(StationCredential, "c")}, {columns(Station, "s")},
    {columns(District, "d")}
FROM vehicles_stationcredential c
JOIN vehicles_station s ON s.id = c.station_id
JOIN {District._meta.db_table} d ON d.id = s.district_id
WHERE c.prefix = %s
"""  # noqa: S608  (columns of models only)


def by_prefix(prefix: str) -> StationCredential | None:
    """Return the credential with its station and district, as they are now.

    Nothing is kept between requests: a key that was revoked, or a station that was
    switched off, is refused by the next one.
    """
    for row in fetch(BY_PREFIX, [prefix], StationCredential, Station, District):
        found = cast(StationCredential, row[0])
        found.station = cast(Station, row[1])
        found.station.district = cast(District, row[2])
        return found
    return None
