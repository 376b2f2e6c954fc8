"""What intake must know of every logger, kept in memory and read anew often."""

import gc
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch

from bozhou_eco.common import clock
from polluters.domain.limits import certain_bounds
from polluters.models import Logger, Point
from polluters.selectors.limits import rules_of

REFRESH_S = 10.0
MISS_REFRESH_S = 2.0


@dataclass(slots=True)
class PointInfo:
    """A point as intake sees it; ``high``/``low`` bound what needs no judging."""

    id: int
    outlet_id: int
    code: str
    factor: float
    range_low: float | None
    range_high: float | None
    limit_low: float | None
    limit_high: float | None
    converted: bool
    judged: bool


@dataclass(slots=True)
class LoggerInfo:
    """A logger with its points by wire code."""

    id: int
    mn: str
    outlet_id: int
    district: str
    password: str
    keys: tuple[bytes, ...]
    crc: str
    label_end: bool
    minute_interval: int
    forwarded: bool
    active: bool
    points: dict[str, PointInfo] = field(default_factory=dict)
    # What ``layout`` has worked out for this logger's frames, by arrangement and period.
    layouts: dict[Any, Any] = field(default_factory=dict)


class Registry:
    """Loggers by MN; refreshed every ten seconds and when an unknown one turns up."""

    def __init__(self) -> None:
        self._loggers: dict[str, LoggerInfo] = {}
        self._loaded = -1e9

    def refresh(self, *, max_age_s: float = REFRESH_S) -> None:
        """Read the configuration again if it is older than ``max_age_s``."""
        if time.monotonic() - self._loaded >= max_age_s:
            self._loggers = load(clock.now())
            self._loaded = time.monotonic()
            # The rows just read refer to each other in circles (prefetched querysets
            # know their instance), and intake's collector looks seldom: left alone they
            # pile up to hundreds of megabytes.
            gc.collect(1)

    def get(self, mn: str) -> LoggerInfo | None:
        """Return the logger, looking once more in the database before giving up."""
        info = self._loggers.get(mn)
        if info is None:
            self.refresh(max_age_s=MISS_REFRESH_S)
            info = self._loggers.get(mn)
        return info

    def __len__(self) -> int:
        return len(self._loggers)


def load(now: datetime) -> dict[str, LoggerInfo]:
    """Return every logger by MN with its active points and the limits of today."""
    today = clock.beijing(now).date()
    points = Prefetch(
        "points",
        Point.objects.filter(active=True)
        .select_related("pollutant")
        .prefetch_related("limits"),
    )
    loggers = Logger.objects.select_related(
        "outlet__enterprise__district"
    ).prefetch_related(points)
    result = {}
    for logger in loggers:
        info = LoggerInfo(
            id=logger.pk,
            mn=logger.mn,
            outlet_id=logger.outlet_id,
            district=logger.outlet.enterprise.district.code,
            password=logger.password,
            keys=tuple(
                bytes.fromhex(key)
                for key in (logger.key_current, logger.key_previous)
                if key
            ),
            crc=logger.crc,
            label_end=logger.time_label == Logger.TimeLabel.END,
            minute_interval=logger.minute_interval,
            forwarded=logger.access != Logger.Access.DIRECT,
            active=logger.active,
        )
        for point in logger.points.all():
            _add_point(info, point, today)
        result[logger.mn] = info
    return result


def _add_point(info: LoggerInfo, point: Point, today: date) -> None:
    bounds = certain_bounds(rules_of(point.limits.all()), on=today)
    found = PointInfo(
        id=point.pk,
        outlet_id=point.outlet_id,
        code=point.pollutant.code,
        factor=point.unit_factor,
        range_low=point.range_low,
        range_high=point.range_high,
        limit_low=bounds.low if bounds else None,
        limit_high=bounds.high if bounds else None,
        converted=point.converted,
        judged=bounds is not None,
    )
    info.points[point.wire_code] = found
    if point.pollutant.old_code:
        info.points.setdefault(point.pollutant.old_code, found)
    info.points.setdefault(point.pollutant.code, found)
