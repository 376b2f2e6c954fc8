"""``manage.py doctor``: what is wrong on this machine, in words an operator can act on."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.core.checks import Error, run_checks
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from bozhou_eco.audit.models import Link
from bozhou_eco.common import metrics, probes
from enforcement import checklist_registry
from polluters.models import Logger

ADVICE = {
    "database": "检查 DATABASE_URL，以及 PostgreSQL 是否在运行。",
    "redis": "检查 REDIS_URL，以及 Valkey/Redis 是否在运行。",
    "mqtt": "检查 MQTT_URL，以及 MQTT 服务是否在运行；数采仪会重发未应答的报文。",
    "evidence": "检查 EVIDENCE_URL 指向的目录是否可写、磁盘是否已满。",
}
QUEUE_WARNING = 1000
UNSEALED_WARNING = 10_000


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report."""

    ok: bool
    what: str
    advice: str = ""


def _stores() -> Iterator[Finding]:
    for answer in probes.stores():
        text = f"{answer.name}: {answer.milliseconds} ms {answer.detail}".rstrip()
        yield Finding(ok=answer.ok, what=text, advice=ADVICE[answer.name])


def _configuration() -> Iterator[Finding]:
    errors = [
        message
        for message in run_checks(include_deployment_checks=settings.PRODUCTION)
        if message.level >= Error("").level
    ]
    for message in errors:
        yield Finding(ok=False, what=str(message.msg), advice=str(message.hint or ""))
    if not errors:
        yield Finding(ok=True, what=f"configuration: {settings.STAGE}")
    key = Path(settings.EVIDENCE_KEY_FILE)
    if key.exists():
        private = not key.stat().st_mode & 0o077
        yield Finding(
            ok=private,
            what=f"signing key: {'private' if private else 'readable by others'}",
            advice="chmod 600 证据签名私钥文件。",
        )


def _tables() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    yield Finding(
        ok=not plan,
        what=f"migrations: {len(plan)} not applied",
        advice="运行 manage.py migrate。",
    )
    if plan:
        return
    waiting = Link.objects.filter(sealed=False).count()
    yield Finding(
        ok=waiting < UNSEALED_WARNING,
        what=f"chain: {waiting} digests wait for the sealer",
        advice="检查 beat 与 worker 是否在运行。",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT abs(extract(epoch FROM clock_timestamp()) - %s)", [time.time()]
        )
        skew = float(cursor.fetchone()[0])
    yield Finding(
        ok=skew < 2,
        what=f"clock: {skew:.2f} s from the database's",
        advice="用 NTP 对时（chrony）；取证与报警依赖时钟。",
    )
    silent = Logger.objects.filter(active=True, state=Logger.State.OFFLINE).count()
    yield Finding(ok=True, what=f"loggers: {silent} offline")


def _queues() -> Iterator[Finding]:
    with metrics.client() as client:
        for queue in ("default", "push", "analysis", "vision"):
            depth = int(client.llen(queue))
            yield Finding(
                ok=depth < QUEUE_WARNING,
                what=f"queue {queue}: {depth} waiting",
                advice=f"增加处理 {queue} 队列的 worker，或查看其日志。",
            )
    answers = current_app.control.ping(timeout=1.0) or []
    names = sorted(name for answer in answers for name in answer)
    yield Finding(
        ok=bool(names),
        what=f"workers: {', '.join(names) or 'none answers'}",
        advice="启动 celery worker（见 docs/operations.md）。",
    )


def _programs() -> Iterator[Finding]:
    kinds = ", ".join(sorted(checklist_registry.REGISTRY))
    yield Finding(ok=True, what=f"check-list facts: {kinds}")
    vision = find_spec("torch") is not None
    yield Finding(ok=True, what=f"vision packages: {'present' if vision else 'absent'}")
    place = urlsplit(settings.EVIDENCE_URL)
    if place.scheme == "file" and Path(place.path).exists():
        usage = shutil.disk_usage(place.path)
        yield Finding(
            ok=usage.free / usage.total > 0.1,
            what=f"disk: {usage.free / usage.total:.0%} free",
            advice="清理磁盘或扩容；按保留期清理见 docs/operations.md。",
        )


def _guarded(part: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from part()
    except (DatabaseError, RedisError, OSError) as error:
        yield Finding(
            ok=False,
            what=f"{part.__name__.strip('_')}: {type(error).__name__}",
            advice=str(error).strip().splitlines()[0],
        )


class Command(BaseCommand):
    """Ask every store and part; exit 1 if anything needs an operator."""

    help = "检查本机运行环境，指出问题与处理办法。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Allow the short form that health checks use."""
        parser.add_argument(
            "--stores", action="store_true", help="只检查数据库、缓存、消息与证据存储"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the findings."""
        parts: tuple[Callable[[], Iterator[Finding]], ...] = (_stores,)
        if not options["stores"]:
            parts = (_configuration, _stores, _tables, _queues, _programs)
        bad = 0
        for part in parts:
            for finding in _guarded(part):
                bad += not finding.ok
                self.stdout.write(f"{'ok ' if finding.ok else '!! '} {finding.what}")
                if not finding.ok and finding.advice:
                    self.stdout.write(f"      {finding.advice}")
        if bad:
            raise SystemExit(1)
