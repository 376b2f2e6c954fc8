"""A working bureau's data: the demo, months of minutes, a year of tests, a full desk.

It is made once and kept under ``var/bench``; what is kept carries the moment at which it
was made, so that a run of another day turns the clock back to it.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import cases, history
from bench.services import VAR, Bed

MEAN_DAYS = 90
LOADING = history.LOADING
PARTIES = ("bench-firm", "bench-station")


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    minute_days: int
    tests: int
    alerts: int = 2_000
    cases: int = 300
    captures: int = 500


def discard_stale(name: str, size: Size) -> None:
    """Remove a kept data set that is unfinished or was made otherwise."""
    state = VAR / name
    if state.is_dir() and _kept(state).get("made_by") != _made_by(size):
        shutil.rmtree(state)


def prepare(running: Bed, size: Size) -> datetime:
    """Make the data unless they are there; return the moment they were made."""
    kept = _kept(running.state)
    if kept:
        return datetime.fromisoformat(kept["made"])
    from bozhou_eco.common import clock  # noqa: PLC0415

    now = clock.now()
    _demo(now)
    _tests(size.tests, now)
    _minutes(running, size.minute_days, now)
    _means(now)
    _alerts(size.alerts, now)
    _cases(size.cases, now)
    _captures(size.captures, now)
    _sql("VACUUM ANALYZE")
    note = {"made": now.isoformat(), "made_by": _made_by(size)}
    (running.state / "town.json").write_text(json.dumps(note))
    return now


def _made_by(size: Size) -> str:
    source = Path(__file__).read_bytes() + repr(size).encode()
    return hashlib.sha256(source).hexdigest()[:16]


def _kept(state: Path) -> dict[str, str]:
    note = state / "town.json"
    kept: dict[str, str] = json.loads(note.read_text()) if note.exists() else {}
    return kept


def _sql(text: str, values: dict[str, Any] | None = None) -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(text, values)


def _demo(now: datetime) -> None:
    """Make what ``bin/demo`` starts with, and a person of a firm and of a station."""
    from bozhou_eco.accounts.models import Role  # noqa: PLC0415
    from bozhou_eco.overview.management.commands.seed_demo import (  # noqa: PLC0415
        STEPS,
    )
    from bozhou_eco.seed.people import add_user, seed_people  # noqa: PLC0415
    from polluters.models import Enterprise  # noqa: PLC0415
    from vehicles.models import Station  # noqa: PLC0415

    seed_people()
    for step in STEPS:
        import_module(step).seed(now=now, scale=1)
    firm = Enterprise.objects.filter(outlets__isnull=False).order_by("pk").first()
    station = Station.objects.order_by("pk").first()
    if firm is None or station is None:
        raise RuntimeError("the demo made no firm or no station")
    add_user(PARTIES[0], "企业用户", firm.organisation, (Role.ENTERPRISE,))
    add_user(PARTIES[1], "检验机构用户", station.organisation, (Role.STATION,))


def _tests(count: int, now: datetime) -> None:
    from vehicles.demo_history import load_history  # noqa: PLC0415

    load_history(tests=count, days=365, now=now)


def _minutes(running: Bed, days: int, now: datetime) -> None:
    from django.db import connection  # noqa: PLC0415

    connection.close()  # whole partitions are put in place of those of the demo
    end = now.replace(minute=0, second=0, microsecond=0)
    history.fill(running, "bozhou", days, end)


def _means(now: datetime) -> None:
    """Add the hours of the quarter to the demo's, and what was over a limit in them."""
    from django.db import connection, transaction  # noqa: PLC0415

    from polluters import demo_history as demo  # noqa: PLC0415
    from polluters.services import partitions  # noqa: PLC0415

    hours = MEAN_DAYS * 24
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours + 1)
    with transaction.atomic():
        partitions.ensure_months(
            partitions.month_of(now - timedelta(days=n)) for n in (0, 30, 60, 90)
        )
    values = {"period": 2, "step": "1 hour", "start": start, "count": hours}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(demo.LEVELS)
        cursor.execute(demo.MEANS, values | {"due": 60, "phase": 1 / 24, "run": 3})
        cursor.execute(demo.EXCEEDANCES, {"settled": now - timedelta(hours=36)})


def _alerts(count: int, now: datetime) -> None:
    """Raise open alerts of outlets and stations in the course of the last month."""
    from alerts.models import Alert  # noqa: PLC0415
    from alerts.services import Signal, raise_alerts  # noqa: PLC0415
    from polluters.models import Outlet  # noqa: PLC0415

    outlets = list(
        Outlet.objects.select_related(
            "enterprise__district", "enterprise__organisation"
        ).order_by("pk")
    )
    kinds = ("exceedance", "constant", "offline", "anomaly")
    severities = ("critical", "major", "minor", "minor", "info")
    missing = range(count - Alert.objects.count())
    signals = []
    for number in missing:
        outlet = outlets[number % len(outlets)]
        firm = outlet.enterprise
        signals.append(
            Signal(
                key=f"town:{number}",
                kind=kinds[number % 4],
                severity=severities[number % 5],
                summary=f"第 {number} 条：小时均值高于许可限值",
                explanation={"限值": "100 mg/m3", "规则": "小时均值高于限值"},
                subject_key=outlet.subject_key,
                subject_name=str(outlet),
                district=firm.district,
                organisation=firm.organisation,
                evidence_url=f"/polluters/outlets/{outlet.pk}/",
                occurred_at=now - timedelta(minutes=20 * number + 5),
            )
        )
    for first in range(0, len(signals), 500):
        raise_alerts(signals[first : first + 500], now=now)


def _cases(count: int, now: datetime) -> None:
    from bozhou_eco.accounts.models import User  # noqa: PLC0415
    from enforcement.models import Case  # noqa: PLC0415

    missing = count - Case.objects.count()
    if missing > 0:
        cases.fill(User.objects.get(username="officer"), missing, now)


def _captures(count: int, now: datetime) -> None:
    from vehicles.models import Camera, Capture  # noqa: PLC0415

    cameras = list(Camera.objects.select_related("site").order_by("pk"))
    states = ("first", "first", "second", "third", "confirmed", "rejected", "unclear")
    rows = []
    for number in range(count - Capture.objects.count()):
        camera, at = cameras[number % len(cameras)], now - timedelta(hours=number + 1)
        state, plate = states[number % len(states)], f"新E{10_000 + number}"
        final = {"plate_final": plate, "color_final": "yellow", "level_final": 2}
        rows.append(
            Capture(
                key=f"town:{number}",
                origin=Capture.Origin.VENDOR,
                site=camera.site,
                camera=camera,
                captured_at=at,
                begins_at=at - timedelta(seconds=3),
                ends_at=at + timedelta(seconds=3),
                state=state,
                proposal="smoke",
                reason="林格曼 2 级",
                confidence=0.9,
                level_value=2.1,
                level=2,
                vehicle_kind="truck",
                plate=plate,
                plate_color="yellow",
                plate_score=0.95,
                **(final | {"decided_at": at} if state == "confirmed" else {}),
            )
        )
    Capture.objects.bulk_create(rows, batch_size=500)
