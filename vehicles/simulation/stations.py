"""Eleven invented stations at work: a day's tests with planted frauds, played live."""

import heapq
import io
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from PIL import Image, ImageDraw

from vehicles.domain.inspection.read import BEIJING, as_json
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.simulation.client import (
    RefusedError,
    StationClient,
    UnreachableError,
)
from vehicles.simulation.fleet import make_fleet
from vehicles.simulation.frauds import FRAUDS, Planter
from vehicles.simulation.places import DemoLine, DemoStation, make_stations
from vehicles.simulation.traffic import World, one_day

FLEET_SEED, FLEET_DAY, FLEET_SIZE = 2026, date(2026, 6, 1), 2000
OPENING = time(9, 0)
POLL = timedelta(seconds=60)
BATCH = 20
NAMES_OF_OPENING = (
    *("session", "line", "category", "method", "attempt", "started_at"),
    *("staff", "vehicle", "software_version", "sent_at"),
)
CHECK_KINDS = {
    "dynamometer": "coast_down",
    "gas_analyser": "gas_low",
    "flow_meter": "flow_meter",
    "smoke_meter": "smoke_meter",
    "tachometer": "tachometer",
    "weather_station": "weather",
}


def live_world(seed: int, today: date, stations: int) -> World:
    """Return a world whose fleet is always the same, so that registrations fit."""
    rng = random.Random(seed)
    fleet = make_fleet(FLEET_SIZE, seed=FLEET_SEED, today=FLEET_DAY)
    for car in fleet:
        if rng.random() < 0.09:
            car.dirt *= rng.uniform(2.5, 6.0)
    places = make_stations(seed=FLEET_SEED, today=today)[:stations]
    return World(seed, today, fleet, places, rng, cursor=rng.randrange(FLEET_SIZE))


def fast_pass(planter: Planter, count: int) -> None:
    """Let vehicles that failed pass a few minutes later on the same line."""
    failed = [
        test
        for place, test in enumerate(planter.tests)
        if test.verdict.overall == "fail"
        and test.process.rows
        and place not in planter.used
    ]
    for test in planter.rng.sample(failed, min(count, len(failed))):
        good = next(
            (
                other
                for other in planter.tests
                if other.method == test.method and other.verdict.overall == "pass"
            ),
            None,
        )
        if good is None or test.ended_at is None or good.started_at is None:
            continue
        start = test.ended_at + timedelta(seconds=planter.rng.randint(60, 400))
        length = (good.ended_at or good.started_at) - good.started_at
        again = replace(
            test,
            started_at=start,
            ended_at=start + length,
            attempt=(test.attempt or 1) + 1,
            results=good.results,
            process=good.process,
            appearance=good.appearance,
            obd=replace(test.obd, mil_on=False, fault_codes=()),
        )
        planter.add(again, "fast_retest")


LIVE = {**FRAUDS, "fast_retest": fast_pass}
"""Frauds by name as they are planted into one day."""


def day_plan(
    world: World, day: date, per_day: int, frauds: Iterable[str], share: float
) -> list[VehicleTest]:
    """Return a day's tests in order of their start, with frauds planted."""
    tests = one_day(world, day, per_day)
    planter = Planter(tests, world.rng.randrange(2**31))
    each = max(1, round(len(tests) * share))
    for name in frauds:
        LIVE[name](planter, each)
    return sorted(planter.tests, key=lambda test: test.started_at or _EPOCH)


_EPOCH = datetime(2000, 1, 1, tzinfo=BEIJING)


def shifted(test: VehicleTest, by: timedelta) -> VehicleTest:
    """Return a test as if it had taken place at another time, under its own number."""
    start = (test.started_at or _EPOCH) + by
    checked = tuple(
        replace(item, checked_at=item.checked_at + by if item.checked_at else None)
        for item in test.instruments
    )
    return replace(
        test,
        started_at=start,
        ended_at=(test.ended_at or start) + by,
        session=f"{test.station[-5:]}-{start:%y%m%d%H%M%S}-{test.line}",
        instruments=checked,
        appearance=replace(test.appearance, at=None),
        obd=replace(test.obd, at=None),
        sent_at=None,
        report="",
    )


def whole_document(test: VehicleTest) -> dict[str, Any]:
    """Return a test as a station posts it whole: without what the platform adds."""
    document = dict(as_json(replace(test, report="", sent_at=None)))
    empty = () if test.process.rows else ("process",)
    for name in ("verdict", "registration", *empty):
        document.pop(name, None)
    return document


def parts_of(test: VehicleTest) -> dict[str, Any]:
    """Return the parts of a session as a station sends them."""
    document = whole_document(test)
    parts = {
        "appearance": document["appearance"],
        "obd": document["obd"],
        "results": {
            "ended_at": document["ended_at"],
            "results": document.get("results", {}),
            "environment": document.get("environment", {}),
            "instruments": document.get("instruments", []),
        },
    }
    if test.process.rows:
        parts["process"] = {"process": document["process"]}
    return parts


def opening_of(test: VehicleTest, now: datetime) -> dict[str, Any]:
    """Return what opens a session."""
    document = whole_document(test)
    found = {name: document[name] for name in NAMES_OF_OPENING if name in document}
    return {**found, "sent_at": now.astimezone(BEIJING).isoformat()}


def photo_of(test: VehicleTest) -> bytes:
    """Return a small drawn picture that stands in for a photo of the vehicle."""
    picture = Image.new("RGB", (640, 400), (96, 104, 112))
    pen = ImageDraw.Draw(picture)
    shade = sum(map(ord, test.vehicle.plate)) % 120
    pen.rectangle((140, 90, 500, 320), fill=(60 + shade, 70, 180 - shade))
    pen.rectangle((180, 120, 460, 210), fill=(30, 34, 40))
    pen.rectangle((250, 270, 390, 305), fill=(20, 60, 160))
    pen.text(
        (12, 12), f"{test.started_at:%Y-%m-%d %H:%M:%S}  SIMULATED", (255, 255, 255)
    )
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    return out.getvalue()


def register(client: StationClient, station: DemoStation, now: datetime) -> None:
    """Tell the platform of lines, instruments and staff; post the day's checks."""
    for line in station.lines:
        client.put(
            "lines",
            line.number,
            {"name": line.name, "methods": list(line.methods), "active": True},
        )
        for item in line.instruments:
            client.put(
                "instruments",
                item.serial,
                {
                    "line": line.number,
                    "kind": item.kind,
                    "verified_until": item.verified_until.isoformat(),
                },
            )
    for person in station.staff:
        client.put("staff", person.number, {"name": person.name, "duty": person.duty})
    client.post_checks(daily_checks(station, now))


def daily_checks(station: DemoStation, now: datetime) -> list[dict[str, Any]]:
    """Return passed checks of every instrument of a station."""
    at = (now - timedelta(minutes=20)).astimezone(BEIJING).replace(microsecond=0)
    return [
        {
            "serial": item.serial,
            "kind": CHECK_KINDS.get(item.kind, "self_check"),
            "at": at.isoformat(),
            "passed": True,
            "readings": _readings(line, item.kind),
        }
        for line in station.lines
        for item in line.instruments
    ]


def _readings(line: DemoLine, kind: str) -> list[dict[str, Any]]:
    if kind == "gas_analyser":
        return [
            {"name": "CO", "expected": 0.5, "measured": 0.505, "unit": "%"},
            {"name": "C3H8", "expected": 200, "measured": 198, "unit": "10⁻⁶"},
        ]
    if kind == "dynamometer":
        name = "滑行时间 48～32 km/h"
        return [{"name": name, "expected": 9.3, "measured": 9.5, "unit": "s"}]
    return []


@dataclass
class Player:
    """Plays plans through the interface; ``now`` and ``wait`` are given from outside."""

    world: World
    clients: dict[str, StationClient]
    now: Callable[[], datetime]
    wait: Callable[[float], bool]
    per_day: int
    frauds: tuple[str, ...]
    share: float = 0.015
    photos: bool = True
    say: Callable[[str], None] = print
    counts: Counter[str] = field(default_factory=Counter)
    events: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    serial: int = 0

    def at(self, moment: datetime, act: Callable[[], None]) -> None:
        """Plan an act."""
        self.serial += 1
        heapq.heappush(self.events, (moment, self.serial, act))

    def plan(self, begins: datetime) -> None:
        """Plan a day's work from ``begins`` on; the next day is planned at its end."""
        day = self.world.today
        self.world.today += timedelta(days=1)
        tests = day_plan(self.world, day, self.per_day, self.frauds, self.share)
        offset = begins - datetime.combine(day, OPENING, BEIJING)
        moved = [shifted(test, offset) for test in tests]
        now = self.now()
        late = [test for test in moved if (test.ended_at or begins) < now]
        self._catch_up(late)
        for test in moved:
            if (test.started_at or begins) >= now:
                self.at(test.started_at or begins, partial(self._open, test))
        last = max((test.ended_at or begins for test in moved), default=begins)
        self.at(last, lambda: self.plan(max(last, self.now())))

    def _catch_up(self, tests: list[VehicleTest]) -> None:
        for code, client in self.clients.items():
            mine = [whole_document(test) for test in tests if test.station == code]
            for start in range(0, len(mine), BATCH):
                answer = client.post_whole(mine[start : start + BATCH])
                for row in answer["results"]:
                    self.counts[f"whole {row['status']}"] += 1
                    if "problem" in row:
                        self.say(f"{code}: {row['problem']}")

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except (RefusedError, UnreachableError) as error:
            self.counts["refused"] += 1
            self.say(str(error))

    def _open(self, test: VehicleTest) -> None:
        client = self.clients[test.station]
        start = self.now()
        test = replace(
            test,
            started_at=start,
            ended_at=start + ((test.ended_at or start) - (test.started_at or start)),
        )
        answer = client.open(opening_of(test, start))
        self.counts["opened"] += 1
        if not answer["allowed"]:
            self.counts["not allowed"] += 1
            client.complain(test.session, "请复核：设备当日检查合格，车辆无未结检验。")
            return
        parts = parts_of(test)
        for part in ("appearance", "obd"):
            client.put_part(test.session, part, parts[part])
        self.at(start + POLL, lambda: self._poll(test))
        self.at(test.ended_at or start, lambda: self._end(test, parts))

    def _poll(self, test: VehicleTest) -> None:
        now = self.now()
        if now >= (test.ended_at or now):
            return
        if not self.clients[test.station].may_go_on(test.session)["go"]:
            self.counts["stopped"] += 1
            return
        self.at(now + POLL, lambda: self._poll(test))

    def _end(self, test: VehicleTest, parts: dict[str, Any]) -> None:
        client = self.clients[test.station]
        if self.photos and test.process.rows:
            entry = {"kind": "F101", "name": "F101.jpg", "media_type": "image/jpeg"}
            client.upload(test.session, entry, photo_of(test))
        client.send_missing(test.session, parts)
        outcome = client.finish(test.session)["outcome"]
        self.counts["finished"] += 1
        self.counts[outcome] += 1

    def run(self, until: datetime | None = None) -> None:
        """Play until ``until``, or until ``wait`` says to stop."""
        while self.events:
            moment, _, act = self.events[0]
            if until is not None and moment > until:
                break
            if not self.wait(max((moment - self.now()).total_seconds(), 0)):
                break
            heapq.heappop(self.events)
            self._guarded(act)
