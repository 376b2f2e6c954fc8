"""What the station pages show: today's counts, locks, open sessions, hit rates."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from vehicles.domain.fraud.registry import NAMES
from vehicles.models import Finding, Inspection, Lock, Station

OPEN_FOR = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class StationNow:
    """A station's line in the monitoring table."""

    station: Station
    busy: int
    lines: int
    locks: int
    today: int
    passed: int
    failed: int
    findings: int

    @property
    def pass_share(self) -> float | None:
        """Share of today's judged tests that passed; None without any."""
        judged = self.passed + self.failed
        return self.passed / judged if judged else None


def midnight(now: datetime) -> datetime:
    """Return the start of the Beijing day."""
    return clock.beijing(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _counts(found: QuerySet[Any], name: str = "station_id") -> dict[int, int]:
    rows = found.order_by().values(name).annotate(n=Count("pk"))
    return {row[name]: row["n"] for row in rows}


def stations_now(user: User, now: datetime) -> list[StationNow]:
    """Return every station the user may see with what happens there now."""
    stations = list(
        Station.objects.visible_to(user)
        .filter(active=True)
        .select_related("district")
        .annotate(line_count=Count("lines", filter=Q(lines__active=True)))
    )
    tests = Inspection.objects.filter(
        station__in=stations, started_at__gte=midnight(now), started_at__lte=now
    )
    open_now = tests.filter(state="open", opened_at__gte=now - OPEN_FOR)
    busy = dict(
        open_now.order_by()
        .values_list("station_id")
        .annotate(n=Count("line", distinct=True))
    )
    today, passed = _counts(tests), _counts(tests.filter(outcome="pass"))
    failed = _counts(tests.filter(outcome="fail"))
    locks = _counts(Lock.objects.filter(station__in=stations, lifted_at__isnull=True))
    visible = Finding.objects.visible_to(user).filter(verdict="", station__in=stations)
    findings = _counts(visible)
    return [
        StationNow(
            station,
            busy.get(station.pk, 0),
            station.line_count,
            locks.get(station.pk, 0),
            today.get(station.pk, 0),
            passed.get(station.pk, 0),
            failed.get(station.pk, 0),
            findings.get(station.pk, 0),
        )
        for station in stations
    ]


def recent_tests(station: Station, limit: int = 40) -> list[Inspection]:
    """Return a station's latest tests."""
    return list(
        Inspection.objects.filter(station=station)
        .select_related("line", "vehicle")
        .defer("document", "digests", "objections")
        .order_by("-started_at")[:limit]
    )


def finding_queue(user: User, given: dict[str, str]) -> QuerySet[Finding]:
    """Return findings for the queue, strongest first, narrowed by station and rule."""
    found: QuerySet[Finding] = Finding.objects.visible_to(user).select_related(
        "station", "inspection__vehicle", "inspection__line"
    )
    if given.get("state", "open") == "open":
        found = found.filter(verdict="")
    if given.get("station"):
        found = found.filter(station__code=given["station"])
    if given.get("rule") in NAMES:
        found = found.filter(rule=given["rule"])
    return found.order_by("-score", "-occurred_at")


def hit_rates(user: User) -> list[dict[str, Any]]:
    """Return per rule how many findings were judged and how many held."""
    rows = (
        Finding.objects.visible_to(user)
        .order_by()
        .values("rule")
        .annotate(
            found=Count("pk"),
            judged=Count("pk", filter=Q(verdict__in=("confirmed", "rejected"))),
            held=Count("pk", filter=Q(verdict="confirmed")),
            latest=Max("occurred_at"),
        )
        .order_by("-found")
    )
    return [
        {
            **row,
            "name": NAMES.get(row["rule"], row["rule"]),
            "share": row["held"] / row["judged"] if row["judged"] else None,
        }
        for row in rows
    ]
