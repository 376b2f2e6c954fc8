"""A year of vehicle tests in the database, then tests over HTTP, look-ups and pages.

A complete test is six requests: session, appearance, OBD, 195 process rows, results,
finish. Two web processes share the machine with the database and the clients; the
analysis queue fills, its worker runs elsewhere.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bench.figures import Figure, figure, percentile
from bench.services import Bed, bed, setup_django

ROOT = "/api/v1/stations/"
WEB, CLIENTS = 2, 6
SMALL = """
CREATE UNLOGGED TABLE bench_small_hash AS
SELECT * FROM vehicles_curvehash WHERE curve_id % 10 = 0
"""
PARTS = ("appearance", "obd", "process", "results")


def run(quick: bool = False) -> list[Figure]:
    """Load, post, look up, and ask for pages."""
    tests, posted, asked = (6_000, 120, 60) if quick else (74_300, 1_500, 300)
    with bed("stations-quick" if quick else "stations") as running:
        setup_django(running)
        loaded = _load(tests)
        rate, finals = _post(running, posted)
        look, small, large = _look_up(asked)
        pages = _pages(8 if quick else 40)
    return [
        figure("tests_per_s", rate, "tests/s", ">=20"),
        figure("final_call_p50_ms", percentile(finals, 50), "ms"),
        figure("final_call_p95_ms", percentile(finals, 95), "ms", "<=150"),
        figure("fingerprint_lookup_ms", percentile(look, 95), "ms", "<=20"),
        figure("fingerprint_sql_tenth_ms", percentile(small, 50), "ms"),
        figure("fingerprint_sql_ms", percentile(large, 50), "ms"),
        figure(
            "fingerprint_growth_10x",
            percentile(large, 50) / percentile(small, 50),
            "x",
            "<=2",
        ),
        *(
            figure(f"{name}_p95_ms", percentile(times, 95), "ms", "<=150")
            for name, times in pages.items()
        ),
        figure("tests_loaded", loaded, "rows"),
    ]


def _load(tests: int) -> int:
    from bozhou_eco.common import clock  # noqa: PLC0415
    from bozhou_eco.seed.people import seed_people  # noqa: PLC0415
    from vehicles.demo_history import load_history  # noqa: PLC0415
    from vehicles.models import Inspection  # noqa: PLC0415

    if Inspection.objects.filter(state="done").count() < 0.9 * tests:
        seed_people()
        load_history(tests=tests, days=365, now=clock.now())
        _sql("VACUUM ANALYZE vehicles_inspection")
        _sql("VACUUM ANALYZE vehicles_curvehash")
    _refresh()
    return Inspection.objects.filter(state="done").count()


def _refresh() -> None:
    """Make kept fingerprints anew where they are of an earlier making."""
    from vehicles.domain.fraud.fingerprint import fingerprint, shape  # noqa: PLC0415
    from vehicles.models import CurveHash, Inspection  # noqa: PLC0415
    from vehicles.services.fingerprints import rebuild  # noqa: PLC0415
    from vehicles.services.tests_parts import process_of  # noqa: PLC0415

    first = CurveHash.objects.order_by("curve_id").first()
    row = Inspection.objects.get(pk=first.curve_id) if first else None
    made = shape(process_of(row), row.method) if row else None
    known = CurveHash.objects.filter(curve_id=row.pk) if row else CurveHash.objects
    held = set(known.values_list("hash", "place"))
    if made is None or set(fingerprint(made).stored) != held:
        rebuild(workers=WEB)
        _sql("VACUUM ANALYZE vehicles_curvehash")


def _sql(text: str) -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(text)


def _documents(count: int) -> list[tuple[str, dict[str, bytes]]]:
    """Return tests as (station, {part: JSON}), none of them seen before."""
    from bozhou_eco.common import clock  # noqa: PLC0415
    from vehicles.simulation.stations import (  # noqa: PLC0415
        opening_of,
        parts_of,
        shifted,
    )
    from vehicles.simulation.traffic import honest_days, make_world  # noqa: PLC0415

    now = clock.now()
    seed = int(now.timestamp()) % 1_000_000
    world = make_world(seed=seed, first_day=now.date(), vehicles=count * 4)
    found: list[tuple[str, dict[str, bytes]]] = []
    for test in honest_days(world, days=40, per_day=max(count // 8, 150)):
        if test.method != "vmas" or test.verdict.overall != "pass":
            continue
        start = (test.started_at or now) - now + timedelta(minutes=10)
        moved = replace(
            shifted(test, -start), session=f"B{seed}-{len(found)}", attempt=None
        )
        documents = {"session": opening_of(moved, now), **parts_of(moved)}
        body = {
            name: json.dumps(content, ensure_ascii=False).encode()
            for name, content in documents.items()
        }
        found.append((test.station, body))
        if len(found) == count:
            break
    return found


class _Clients:
    """Station clients in threads, each with a connection of its own."""

    def __init__(self, ports: list[int], keys: dict[str, str], todo: list[Any]) -> None:
        self.ports, self.keys, self.todo = ports, keys, todo
        self.finals: list[float] = []
        self.errors: list[str] = []
        self.lock = threading.Lock()

    def run(self) -> float:
        """Post everything; return the seconds it took."""
        begun = time.perf_counter()
        threads = [
            threading.Thread(target=self._work, args=(number,))
            for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - begun

    def _work(self, number: int) -> None:
        port = self.ports[number % len(self.ports)]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with self.lock:
                if not self.todo:
                    return
                station, body = self.todo.pop()
            try:
                self._one(connection, self.keys[station], body)
            except Exception as error:  # noqa: BLE001  (told below, and counted)
                self.errors.append(repr(error))
                return

    def _one(
        self, connection: http.client.HTTPConnection, key: str, body: dict[str, bytes]
    ) -> None:
        name = json.loads(body["session"])["session"]
        headers = {
            "Authorization": f"Station {key}",
            "Content-Type": "application/json",
        }

        def ask(verb: str, path: str, content: bytes | None) -> None:
            connection.request(verb, ROOT + path, content, headers)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{verb} {path}: {answer.status} {told[:300]!r}")

        ask("POST", "sessions/", body["session"])
        for part in PARTS:
            ask("PUT", f"sessions/{name}/{part}/", body[part])
        begun = time.perf_counter()
        ask("POST", f"sessions/{name}/finish/", None)
        self.finals.append(1000 * (time.perf_counter() - begun))


def _post(running: Bed, count: int) -> tuple[float, list[float]]:
    from bozhou_eco.common import clock  # noqa: PLC0415
    from vehicles.models import Station  # noqa: PLC0415
    from vehicles.services.credentials import issue_credential  # noqa: PLC0415

    keys = {
        station.code: issue_credential(station=station, actor=None, now=clock.now()).key
        for station in Station.objects.all()
    }
    Station.objects.update(mode="hint")  # checks are not what is measured
    warm = CLIENTS * 2
    documents = _documents(count + warm)
    ports = running.serve(WEB)
    first = _Clients(ports, keys, documents[:warm])
    first.run()
    clients = _Clients(ports, keys, documents[warm:])
    seconds = clients.run()
    if first.errors or clients.errors:
        raise RuntimeError((first.errors + clients.errors)[0])
    return len(clients.finals) / seconds, clients.finals


def _look_up(asked: int) -> tuple[list[float], list[float], list[float]]:
    """Time whole look-ups of stored tests, and their SQL at a tenth and in full."""
    from django.db import connection  # noqa: PLC0415

    from vehicles.domain.fraud.copied import CopiedParams  # noqa: PLC0415
    from vehicles.domain.fraud.fingerprint import fingerprint, shape  # noqa: PLC0415
    from vehicles.models import Inspection  # noqa: PLC0415
    from vehicles.selectors import likeness  # noqa: PLC0415
    from vehicles.services.tests_parts import process_of, whole_test  # noqa: PLC0415

    _sql("DROP TABLE IF EXISTS bench_small_hash")
    _sql(SMALL)
    _sql("CREATE UNIQUE INDEX ON bench_small_hash (method, hash, curve_id, place)")
    _sql("VACUUM ANALYZE bench_small_hash")
    params = CopiedParams()
    known = likeness.usual("vmas", params)
    held = Inspection.objects.filter(method="vmas", state="done", curve__isnull=False)
    chosen = list(held.order_by("digests", "-pk")[: asked * 7 : 7])
    full: list[float] = []
    small: list[float] = []
    large: list[float] = []
    reduced = likeness.LOOK_UP.replace("vehicles_curvehash", "bench_small_hash")
    for place, row in enumerate(chosen):
        test = whole_test(row, process=process_of(row))
        full.append(_timed(lambda: _search(likeness, row.pk, test, params, known)))  # noqa: B023
        made = shape(test.process, test.method)
        if made is None:
            continue
        probes = fingerprint(made).asked
        values = [
            [code for code, _ in probes],
            [number for _, number in probes],
            *(test.method, params.bucket, row.pk),
            likeness.AT_SHIFTS * params.candidates,
        ]
        with connection.cursor() as cursor:
            for sql, times in ((reduced, small), (likeness.LOOK_UP, large)):
                cursor.execute(sql, values)
                cursor.fetchall()
                times.append(_timed(lambda: _fetch(cursor, sql, values)))  # noqa: B023
        if place >= asked:
            break
    return full[3:], small, large


def _search(likeness: Any, pk: int, test: Any, params: Any, known: Any) -> None:
    likeness.search(own=pk, test=test, params=params, known=known)


def _fetch(cursor: Any, sql: str, values: list[Any]) -> None:
    cursor.execute(sql, values)
    cursor.fetchall()


def _timed(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - begun)


def _pages(times: int) -> dict[str, list[float]]:
    """Return the server time of the pages of vehicles, stations and statistics."""
    from django.test import Client  # noqa: PLC0415
    from django.urls import NoReverseMatch, reverse  # noqa: PLC0415

    from bozhou_eco.accounts.models import User  # noqa: PLC0415
    from vehicles.models import Inspection, Station  # noqa: PLC0415

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username="officer"))
    tests = list(Inspection.objects.filter(state="done").order_by("-pk")[:times])
    codes = list(Station.objects.values_list("code", flat=True))
    wanted: dict[str, tuple[str, list[tuple[object, ...]]]] = {
        "vehicle_page": ("vehicles:file", [(row.vehicle_id,) for row in tests]),
        "test_page": ("vehicles:inspection", [(row.pk,) for row in tests]),
        "station_page": ("vehicles:station", [(code,) for code in codes]),
        "stations_page": ("vehicles:stations", [()]),
        "ranking_page": ("vehicles:ranking", [()]),
        "statistics_page": ("vehicles:fleet", [()]),
    }
    found: dict[str, list[float]] = {}
    for name, (view, arguments) in wanted.items():
        try:
            urls = [reverse(view, args=args) for args in arguments]
        except NoReverseMatch:
            continue
        client.get(urls[0])
        found[name] = [
            _timed(lambda: _get(client, urls[number % len(urls)]))  # noqa: B023
            for number in range(times)
        ]
    return found


def _get(client: Any, url: str) -> None:
    answer = client.get(url)
    if answer.status_code != 200:
        raise RuntimeError(f"{url}: {answer.status_code}")
