"""What every watch needs: outlets with a logger to hang a finding on, hits in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bozhou_eco.common import clock
from polluters.domain.checks.finding import Hit, duration, make_finding
from polluters.models import Logger, Outlet, Point
from polluters.selectors.rulebook import Book
from polluters.services import findings

NO_EDGE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Place:
    """An outlet with the logger that carries its findings, and its points."""

    outlet: Outlet
    logger: Logger
    points: tuple[Point, ...]

    def unit(self, code: str) -> str:
        """Return the unit of a factor here."""
        return next((p.unit for p in self.points if p.pollutant.code == code), "")


def places() -> list[Place]:
    """Return every outlet in use that has a logger; three queries."""
    points: dict[int, list[Point]] = {}
    for point in Point.objects.filter(active=True).select_related("pollutant"):
        points.setdefault(point.outlet_id, []).append(point)
    found: dict[int, Place] = {}
    for logger in findings.loggers():
        if logger.outlet_id not in found:
            own = tuple(points.get(logger.outlet_id, ()))
            found[logger.outlet_id] = Place(logger.outlet, logger, own)
    return list(found.values())


def make_hit(
    check: str,
    begin: datetime,
    end: datetime,
    *,
    code: str = "",
    score: float = 1.0,
    **data: object,
) -> Hit:
    """Return a hit; the end is kept behind the beginning."""
    first, last = int(begin.timestamp()), int(end.timestamp())
    return Hit(code, check, first, max(last, first + 60), score, dict(data))


def keep(
    place: Place,
    hits: Sequence[Hit],
    *,
    look: findings.Look,
    book: Book,
    now: datetime,
) -> int:
    """Keep the hits of a place as findings."""
    found = [
        make_finding(
            place.logger.mn, place.outlet.medium, hit, place.unit(hit.code), book.checks
        )
        for hit in hits
    ]
    return findings.keep(
        logger=place.logger, points=place.points, found=found, look=look, book=book,
        now=now,
    )  # fmt: skip


def lasting(checks: frozenset[str], *, start: datetime, gone: str) -> findings.Look:
    """Return a look whose findings stay when they are over; only the alert ends."""
    return findings.Look(checks, start, start, lasting=True, gone=gone, edge=NO_EDGE)


def stamp(moment: datetime) -> str:
    """Return a moment as people write it here."""
    return f"{clock.beijing(moment):%Y-%m-%d %H:%M}"


def midnight(day: date) -> datetime:
    """Return the first moment of a Beijing day."""
    return datetime.combine(day, time.min, tzinfo=clock.BEIJING)


def since(moment: datetime, now: datetime) -> str:
    """Return in words how long ago a moment was."""
    return duration((now - moment).total_seconds())
