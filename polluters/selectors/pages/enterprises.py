"""The list of outlets under watch, worst first, and the file of one enterprise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q

from alerts.models import Alert
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.models import Analyser, Enterprise, Limit, Logger, Outlet
from polluters.selectors import history
from polluters.selectors.pages.live import (
    LiveValue,
    Status,
    leading,
    live_values,
    open_alerts,
    status_of,
    with_points,
)

SPARK_SPAN = timedelta(hours=7)
SPARK_STEP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class OutletRow:
    """A line of the list: the outlet, its state and its leading value."""

    outlet: Outlet
    status: Status
    lead: LiveValue | None
    alert: Alert | None
    newest: datetime | None
    spark: Sequence[float | None] = ()

    @property
    def enterprise(self) -> Enterprise:
        """The polluter."""
        return self.outlet.enterprise


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; empty means all."""

    text: str = ""
    district: str = ""
    medium: str = ""
    status: str = ""
    key_unit: bool = False
    enterprise: int | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered."""
        return any((self.text, self.district, self.medium, self.status, self.key_unit))


GROUPS = {
    "alert": frozenset({"critical", "major", "minor", "info"}),
    "offline": frozenset({"off"}),
    "marked": frozenset({"mark"}),
    "normal": frozenset({"ok"}),
}


def outlet_rows(*, user: User, filters: Filters, now: datetime) -> list[OutletRow]:
    """Return every outlet in scope, worst first (four queries)."""
    outlets = list(_outlets(user, filters, now))
    values = live_values(with_points(outlets), now=now)
    rows = rows_of(outlets, values, open_alerts(outlets))
    if filters.status in GROUPS:
        rows = [row for row in rows if row.status.key in GROUPS[filters.status]]
    return rows


def rows_of(
    outlets: Iterable[Outlet],
    values: Mapping[int, Sequence[LiveValue]],
    alerts: Mapping[str, Alert],
) -> list[OutletRow]:
    """Return the lines of outlets from their cells and worst alerts, worst first."""
    rows = []
    for outlet in outlets:
        cells = values.get(outlet.pk, [])
        alert = alerts.get(outlet.subject_key)
        rows.append(
            OutletRow(
                outlet=outlet,
                status=status_of(cells, alert),
                lead=leading(cells),
                alert=alert,
                newest=max((cell.time for cell in cells if cell.time), default=None),
            )
        )
    return sorted(rows, key=_order)


def _order(row: OutletRow) -> tuple[int, float, str, str]:
    share = row.lead.share if row.lead and row.lead.share is not None else 0.0
    return row.status.rank, -share, row.enterprise.short_name, row.outlet.code


def _outlets(user: User, filters: Filters, now: datetime) -> Iterable[Outlet]:
    rows = (
        Outlet.objects.visible_to(user)
        .filter(active=True, enterprise__active=True)
        .select_related("enterprise__district")
    )
    if filters.text:
        text = filters.text
        rows = rows.filter(
            Q(name__icontains=text)
            | Q(code__iexact=text)
            | Q(enterprise__name__icontains=text)
            | Q(enterprise__short_name__icontains=text)
            | Q(enterprise__uscc__iexact=text)
        )
    if filters.district:
        rows = rows.filter(enterprise__district__code=filters.district)
    if filters.medium:
        rows = rows.filter(medium=filters.medium)
    if filters.enterprise is not None:
        rows = rows.filter(enterprise=filters.enterprise)
    if filters.key_unit:
        year = clock.beijing(now).year
        rows = rows.filter(enterprise__key_years__contains=[year])
    return rows


def with_sparks(rows: Sequence[OutletRow], *, now: datetime) -> list[OutletRow]:
    """Return the rows of a page with their sparklines of seven hours (one query)."""
    end = now.replace(second=0, microsecond=0)
    leads = {row.lead.point.pk: row.lead.point.converted for row in rows if row.lead}
    series = history.binned(
        leads.items(), start=end - SPARK_SPAN, end=end, step=SPARK_STEP
    )
    return [
        replace(row, spark=series.get(row.lead.point.pk, ()) if row.lead else ())
        for row in rows
    ]


def tally(rows: Sequence[OutletRow]) -> dict[str, int]:
    """Return how many outlets are in each group, and how many there are."""
    counts = dict.fromkeys(GROUPS, 0)
    for row in rows:
        for name, keys in GROUPS.items():
            counts[name] += row.status.key in keys
    return counts | {"all": len(rows)}


def loggers_of(enterprise: Enterprise) -> list[Logger]:
    """Return the enterprise's loggers with their outlets."""
    rows = Logger.objects.filter(outlet__enterprise=enterprise, active=True)
    return list(rows.select_related("outlet").order_by("outlet__code", "mn"))


def analysers_of(enterprise: Enterprise) -> list[Analyser]:
    """Return the enterprise's analysers with their outlets."""
    rows = Analyser.objects.filter(outlet__enterprise=enterprise)
    return list(rows.select_related("outlet").order_by("outlet__code", "model"))


def limits_of(enterprise: Enterprise) -> list[Limit]:
    """Return every limit on file, with its point, newest validity first."""
    return list(
        Limit.objects.filter(point__outlet__enterprise=enterprise)
        .select_related("point__pollutant", "point__outlet")
        .order_by(
            "point__outlet__code", "point__position", "kind", "averaging", "-valid_from"
        )
    )
