"""``manage.py doctor``: what is wrong on this machine, in words an operator can act on."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core.checks import Error, run_checks
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from bozhou_eco.audit.models import Link
from bozhou_eco.common import metrics, probes
from bozhou_eco.common.fields import SealedTextField
from bozhou_eco.common.sealed_text import SealedTextError
from bozhou_eco.evidence.models import IntegrityRun
from bozhou_eco.evidence.signing import fingerprint, load_signer
from enforcement import checklist_registry
from polluters.models import Logger

ADVICE = {
    "database": "检查 DATABASE_URL（含用户名和口令），以及 PostgreSQL 是否在运行。",
    "redis": "检查 REDIS_URL（含口令），以及 Valkey/Redis 是否在运行。",
    "mqtt": "检查 MQTT_URL（含用户名和口令），以及 MQTT 服务是否在运行；数采仪会重发未应答的报文。",
    "evidence": "检查 EVIDENCE_URL 指向的目录是否可写、磁盘是否已满。",
}
SET_CLOCK = "用 NTP 对时（chrony）；取证与报警依赖时钟。"
ENOUGH_LOGGERS = 5
MIDDLE_SKEW_S = 60
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


def _keys() -> Iterator[Finding]:
    yield _signing_key()
    place = Path(settings.ANCHOR_DIR)
    while not place.exists():
        place = place.parent
    yield Finding(
        ok=os.access(place, os.W_OK),
        what=f"anchors: {settings.ANCHOR_DIR}",
        advice="ANCHOR_DIR 不可写，夜间核验无法留下锚点：更改目录权限。",
    )
    backup = Path(settings.BACKUP_PUBLIC_KEY_FILE).is_file()
    yield Finding(
        ok=backup or not settings.PRODUCTION,
        what=f"backup key: {'present' if backup else 'absent'}",
        advice="运行 manage.py backup_key 目录，并设置 BACKUP_PUBLIC_KEY_FILE；没有它不能备份。",
    )


def _signing_key() -> Finding:
    """Judge the key of bundles and anchors; one that is lost must not be made anew."""
    key = Path(settings.EVIDENCE_KEY_FILE)
    if not key.exists():
        used = IntegrityRun.objects.exclude(anchor="").exists()
        return Finding(
            ok=not used,
            what=f"signing key: absent{'' if used else ', made on first use'}",
            advice="已有锚点由原密钥签名：从保管处取回 EVIDENCE_KEY_FILE；确已遗失的，"
            "把旧公钥列入 EVIDENCE_OLD_KEYS 并公布新指纹。",
        )
    try:
        known = fingerprint(load_signer().public_key())
    except (ValueError, TypeError, OSError) as error:
        return Finding(
            ok=False,
            what=f"signing key: cannot be read ({type(error).__name__})",
            advice="EVIDENCE_KEY_FILE 必须是 Ed25519 私钥（PEM），且运行用户可读。",
        )
    private = not key.stat().st_mode & 0o077
    return Finding(
        ok=private,
        what=f"signing key: {'private' if private else 'readable by others'}, "
        f"fingerprint {known}",
        advice="chmod 600 证据签名私钥文件。",
    )


def _personal() -> Iterator[Finding]:
    """Open the newest personal data with the keys at hand."""
    faults = set()
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, SealedTextField):
                newest = model._base_manager.order_by("-pk")
                try:
                    list(newest.values_list(field.name, flat=True)[:20])
                except SealedTextError as error:
                    faults.add(str(error))
    yield Finding(
        ok=not faults,
        what=f"personal data: {'; '.join(sorted(faults)) or 'opens with FIELD_KEYS'}",
        advice="把写入时所用的密钥放回 FIELD_KEYS（见 docs/operations.md“Changing keys”）。",
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
    silent = Logger.objects.filter(active=True, state=Logger.State.OFFLINE).count()
    yield Finding(ok=True, what=f"loggers: {silent} offline")


def _clock() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT abs(extract(epoch FROM clock_timestamp()) - %s)", [time.time()]
        )
        skew = float(cursor.fetchone()[0])
    yield Finding(
        ok=skew < 2,
        what=f"clock: {skew:.2f} s from the database's",
        advice=SET_CLOCK,
    )
    kept = probes.clock_is_set()
    word = {True: "kept by NTP", False: "not kept by NTP", None: "keeper unknown"}[kept]
    yield Finding(
        ok=kept is not False or not settings.PRODUCTION,
        what=f"clock: {word}",
        advice=SET_CLOCK,
    )
    skews = list(
        Logger.objects.filter(active=True, clock_skew_s__isnull=False).values_list(
            "clock_skew_s", flat=True
        )
    )
    if len(skews) >= ENOUGH_LOGGERS:
        middle = median(skews)
        yield Finding(
            ok=abs(middle) < MIDDLE_SKEW_S,
            what=f"clock: loggers are ahead of it by {middle:.0f} s (median)",
            advice=f"多数数采仪与本机相差过大，多为本机时钟不准。{SET_CLOCK}",
        )


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
            parts = (
                *(_configuration, _stores, _tables, _clock),
                *(_keys, _personal, _queues, _programs),
            )
        bad = 0
        for part in parts:
            for finding in _guarded(part):
                bad += not finding.ok
                self.stdout.write(f"{'ok ' if finding.ok else '!! '} {finding.what}")
                if not finding.ok and finding.advice:
                    self.stdout.write(f"      {finding.advice}")
        if bad:
            raise SystemExit(1)
