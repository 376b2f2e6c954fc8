"""The live wall: every outlet as one tile, with the state of its data in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bozhou_eco.accounts.models import User
from polluters.models import Period
from polluters.selectors.pages.enterprises import (
    Filters,
    OutletRow,
    outlet_rows,
    with_sparks,
)

STATES = {
    "live": ("实时", "circle-dot"),
    "stale": ("数据停滞", "clock"),
    "stopped": ("标记停运", "player-pause"),
    "offline": ("离线", "wifi-off"),
    "never": ("未上线", "plug"),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """An outlet with the state of its data; ``cycle`` is how often a value is due (s)."""

    row: OutletRow
    state: str
    cycle: int

    @property
    def word(self) -> str:
        """The state in words."""
        return STATES[self.state][0]

    @property
    def over(self) -> bool:
        """Whether a value that still holds lies beyond its limit."""
        lead = self.row.lead
        return bool(lead and lead.over and not lead.stale)

    @property
    def icon(self) -> str:
        """The sign of the state."""
        return STATES[self.state][1]


def tiles(*, user: User, filters: Filters, now: datetime) -> list[Tile]:
    """Return the tiles of all outlets in scope, worst first (five queries)."""
    rows = with_sparks(outlet_rows(user=user, filters=filters, now=now), now=now)
    return [_tile(row, now) for row in rows]


def _tile(row: OutletRow, now: datetime) -> Tile:
    cycle = 60
    lead = row.lead
    if lead is not None:
        latest = getattr(lead.point, "latest", None)
        real_time = latest is not None and latest.period == Period.REAL_TIME
        logger = lead.point.logger
        cycle = logger.rtd_interval_s if real_time else logger.minute_interval * 60
    return Tile(row, _state(row, now, cycle), cycle)


def _state(row: OutletRow, now: datetime, cycle: int) -> str:
    lead = row.lead
    if row.newest is None:
        return "never"
    if row.status.key == "off" or (
        lead is not None and lead.point.logger.state == "offline"
    ):
        return "offline"
    if lead is not None and lead.flag == "F":
        return "stopped"
    if lead is not None and lead.stale:
        return "stale"
    return "live"


def tally(found: Sequence[Tile]) -> list[tuple[str, str, str, int]]:
    """Return (state, word, icon, number) for every state."""
    return [
        (state, word, icon, sum(tile.state == state for tile in found))
        for state, (word, icon) in STATES.items()
    ]
