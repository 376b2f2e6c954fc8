"""Alerts over REST: raise new ones and repeats, list 50 of 10,000 open ones.

Two web workers as deployed, eight clients with kept connections, PostgreSQL, all on the
same machine. Equal semantics are asserted: every new key one row, every repeat counted.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from bench.figures import Figure, figure, percentile
from bench.services import bed, setup_django

CLIENTS = 8
WORKERS = 2
KEYS = 50
OPEN = 10_000


def run(quick: bool = False) -> list[Figure]:
    """Fill the table, then time each kind of request from eight clients at once."""
    seconds = 5.0 if quick else 30.0
    with bed() as running:
        setup_django(running)
        token, cookie = _people()
        _fill(OPEN)
        ports = running.serve(WORKERS)
        bearer = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        session = {"Cookie": f"sessionid={cookie}"}
        _load(ports, session, _list, 2.0)  # each process loads its code
        lists = _load(ports, session, _list, seconds)  # of the 10,000 that are open
        _load(ports, bearer, _new("warm"), 1.0)
        news = _load(ports, bearer, _new("new"), seconds)
        missing = _check_new(len(news))
        repeats = _load(ports, bearer, _repeat, seconds)
        miscounted = _check_repeats(len(repeats))
    return [
        figure("new_per_s", len(news) / seconds, "req/s", ">=200"),
        figure("new_p50_ms", percentile(news, 50), "ms"),
        figure("new_p95_ms", percentile(news, 95), "ms", "<=55"),
        figure("duplicate_per_s", len(repeats) / seconds, "req/s", ">=200"),
        figure("duplicate_p95_ms", percentile(repeats, 95), "ms"),
        figure("list_per_s", len(lists) / seconds, "req/s"),
        figure("list_p95_ms", percentile(lists, 95), "ms", "<=30"),
        figure("open_alerts", OPEN, "alerts"),
        figure("missing", missing, "alerts", "=0"),
        figure("miscounted", miscounted, "alerts", "=0"),
    ]


def _people() -> tuple[str, str]:
    from alerts.services.sources import add_source  # noqa: PLC0415
    from bozhou_eco.accounts.models import Organisation, Role, User  # noqa: PLC0415
    from bozhou_eco.common import clock  # noqa: PLC0415
    from bozhou_eco.overview.management.commands.check_demo import (  # noqa: PLC0415
        open_session,
    )

    department = Organisation.objects.create(
        code="BENCH", kind="department", name="bench"
    )
    user = User.objects.create_user(
        "bench", password=None, name="bench", organisation=department
    )
    user.roles = [Role.OFFICER]
    user.save()
    _, token = add_source(
        code="bench", name="bench", kinds=[], actor=None, now=clock.now()
    )
    return token, open_session(user)


def _fill(count: int) -> None:
    from alerts.services import Signal, raise_alerts  # noqa: PLC0415
    from bozhou_eco.common import clock  # noqa: PLC0415

    now = clock.now() - timedelta(hours=1)
    severities = ("critical", "major", "minor", "info")
    for first in range(0, count, 500):
        signals = [
            Signal(
                key=f"fill:{n}",
                kind="offline",
                severity=severities[n % 4],
                summary=f"第 {n} 条",
                subject_key=f"outlet:{n % 300}",
                subject_name=f"企业 {n % 300} 排口",
                occurred_at=now - timedelta(seconds=n),
                explanation={"限值": "100 mg/m3"},
            )
            for n in range(first, first + 500)
        ]
        raise_alerts(signals, now=now)
    _sql("ANALYZE alerts_alert")


def _sql(text: str) -> list[tuple[object, ...]]:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(text)
        return list(cursor.fetchall()) if cursor.description else []


Request = tuple[str, str, bytes | None]


def _alert(key: str) -> bytes:
    return json.dumps(
        {
            "key": key,
            "kind": "offline",
            "severity": "minor",
            "summary": "数采仪 30 分钟无报文",
            "subject_key": "outlet:1",
            "subject_name": "虚构企业 排口",
            "explanation": {"规则": "超过离线判定时间未收到任何报文"},
        }
    ).encode()


def _new(prefix: str) -> Callable[[int, int], Request]:
    return lambda client, number: (
        "POST",
        "/api/v1/alerts/raise/",
        _alert(f"{prefix}:{client}:{number}"),
    )


def _repeat(client: int, number: int) -> Request:
    return "POST", "/api/v1/alerts/raise/", _alert(f"same:{(client + number) % KEYS}")


def _list(client: int, number: int) -> Request:
    return "GET", "/api/v1/alerts/?limit=50", None


def _load(
    ports: Sequence[int],
    headers: dict[str, str],
    make: Callable[[int, int], Request],
    seconds: float,
) -> list[float]:
    """Send requests from all clients for ``seconds``; return the ms each took."""
    taken: list[list[float]] = [[] for _ in range(CLIENTS)]
    faults: list[str] = []
    ready = threading.Barrier(CLIENTS)

    def client(index: int) -> None:
        connection = http.client.HTTPConnection(
            "127.0.0.1", ports[index % len(ports)], timeout=30
        )
        ready.wait()
        until, number = time.perf_counter() + seconds, 0
        while time.perf_counter() < until and not faults:
            method, path, body = make(index, number)
            begun = time.perf_counter()
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
            taken[index].append((time.perf_counter() - begun) * 1000)
            if answer.status not in (200, 201):
                faults.append(f"{answer.status} {text[:300]!r}")
            number += 1
        connection.close()

    threads = [threading.Thread(target=client, args=(i,)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(faults[0])
    return [value for values in taken for value in values]


def _check_new(sent: int) -> int:
    rows = _sql("SELECT count(*) FROM alerts_alert WHERE key LIKE 'bench:new:%'")
    (found,) = rows[0]
    assert isinstance(found, int)
    return sent - found


def _check_repeats(sent: int) -> int:
    rows = _sql(
        "SELECT count(*), sum(recurrences) FROM alerts_alert "
        "WHERE key LIKE 'bench:same:%'"
    )
    count, total = rows[0]
    assert isinstance(count, int)
    return abs(count - KEYS) + abs(int(str(total)) - sent)
