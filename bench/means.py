"""Closing one hour for 10,000 points, and what a late value makes the site compute."""

import io
import random
import time
from datetime import datetime, timedelta

from bench.figures import Figure, figure
from bench.loggers import GAS, make_loggers
from bench.services import bed, setup_django

POINTS = 10_000
MINUTES = 60


def run(quick: bool = False) -> list[Figure]:
    """Close an hour of minute data; then let one point's data come late."""
    wanted = 2_400 if quick else POINTS
    with bed() as running:
        setup_django(running)
        make_loggers(-(-wanted // len(GAS)))
        hour = _last_hour()
        points = _fill(hour, wanted)
        started = time.perf_counter()
        _close(hour)
        taken = time.perf_counter() - started
        touched = _late(hour)
    scaled = taken * POINTS / points
    return [
        figure("close_hour_10000_points_s", scaled, "s", "<=5"),
        figure("points_closed", points, "points"),
        figure("late_point_windows_touched", touched, "windows beyond its own", "=0"),
    ]


def _last_hour() -> datetime:
    from bozhou_eco.common import clock  # noqa: PLC0415

    local = clock.beijing(clock.now()).replace(minute=0, second=0, microsecond=0)
    return local - timedelta(hours=2)


def _fill(hour: datetime, wanted: int) -> int:
    """Copy an hour of minute values for all points; return how many points."""
    from django.db import connection  # noqa: PLC0415

    from polluters.models import Period, Point  # noqa: PLC0415
    from polluters.services import partitions  # noqa: PLC0415

    partitions.ensure_months({partitions.month_of(hour)})
    ids = list(Point.objects.order_by("pk").values_list("pk", flat=True)[:wanted])
    Point.objects.exclude(pk__in=ids).update(active=False)
    rng = random.Random(60)
    lines = io.StringIO()
    for point in ids:
        level = rng.uniform(5, 90)
        for minute in range(MINUTES):
            moment = (hour + timedelta(minutes=minute)).isoformat()
            value = level * rng.uniform(0.9, 1.1)
            lines.write(
                f"{point}\t{Period.MINUTE.value}\t{moment}\t{value:.3f}\tN\t0\t{moment}\n"
            )
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(
            "COPY polluters_reading (point_id, period, time, value, flag, quality, "
            "received_at) FROM STDIN",
            lines,
        )
        cursor.execute("ANALYZE polluters_reading")
    return len(ids)


def _close(hour: datetime) -> None:
    from polluters.services import closing  # noqa: PLC0415

    closing.close_hour(hour=hour, now=hour + timedelta(hours=1, minutes=11))


def _late(hour: datetime) -> int:
    """Note one point's hour as late, mend, count means of other windows that changed."""
    from polluters.models import DirtyHour, Mean, Period, Point  # noqa: PLC0415
    from polluters.services import closing  # noqa: PLC0415

    point = Point.objects.filter(active=True).order_by("pk").first()
    now = hour + timedelta(hours=2)
    DirtyHour.objects.create(point=point, hour=hour, noted_at=now)
    closing.mend_hours(now=now)
    fresh = Mean.objects.filter(computed_at=now)
    own = fresh.filter(point=point, period=Period.HOUR, time=hour)
    if own.count() != 1:
        raise RuntimeError("the late point's own hour was not computed again")
    return fresh.count() - own.count()
