"""``manage.py backup FOLDER``: one encrypted archive of database and evidence."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.audit.services import record
from bozhou_eco.backup import archive
from bozhou_eco.backup.cipher import BadArchiveError, load_public
from bozhou_eco.backup.database import ToolError
from bozhou_eco.common import clock, metrics


class Command(BaseCommand):
    """Write the archive, keep the newest ones, leave an audit row."""

    help = "备份数据库与证据原件为一个加密归档。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the folder, the public key, and how many archives to keep."""
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--key", type=Path, help="备份公钥；默认取 BACKUP_PUBLIC_KEY_FILE"
        )
        parser.add_argument("--keep", type=int, default=30, help="保留份数")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, thin out, report."""
        key = options["key"] or Path(settings.BACKUP_PUBLIC_KEY_FILE)
        if not key.is_file():
            raise CommandError("没有备份公钥：先运行 manage.py backup_key")
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        now = clock.now()
        target = folder / f"bozhou-{now.astimezone(clock.BEIJING):%Y%m%d-%H%M%S}.bzbk"
        began = time.monotonic()
        try:
            summary = archive.write(target, load_public(key), now=now)
        except (ToolError, BadArchiveError, OSError) as error:
            raise CommandError(str(error)) from error
        spent = time.monotonic() - began
        record(
            actor=None,
            act="backup.made",
            subject=target.name,
            detail={
                "files": summary.files,
                "missing": summary.missing,
                "damaged": summary.damaged,
            },
        )
        metrics.gauge("backup_finished_timestamp_seconds", now.timestamp())
        metrics.flush()
        for old in sorted(folder.glob("bozhou-*.bzbk"))[: -options["keep"]]:
            old.unlink()
        self.stdout.write(
            f"{target}: {summary.files} 个证据文件, {summary.bytes} 字节, {spent:.1f} s"
        )
        lost = summary.missing + summary.damaged
        if lost:
            raise CommandError(f"{len(lost)} 个证据文件缺失或已损坏：{', '.join(lost)}")
