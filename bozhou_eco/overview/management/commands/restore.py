"""``manage.py restore ARCHIVE --key KEY``: into an empty database and store."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.audit.models import Seal
from bozhou_eco.audit.services import record, verify_all
from bozhou_eco.backup import archive, database
from bozhou_eco.backup.cipher import BadArchiveError, load_private


class Command(BaseCommand):
    """Check an archive byte by byte; without ``--check-only`` load and verify it."""

    help = "核验备份归档，并恢复到空数据库与证据存储。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the archive and the private key."""
        parser.add_argument("archive", type=Path)
        parser.add_argument("--key", type=Path, required=True, help="备份私钥")
        parser.add_argument("--passphrase-file", type=Path)
        parser.add_argument("--check-only", action="store_true", help="只核验，不恢复")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, load, verify."""
        load = not options["check_only"]
        if load and not database.is_empty():
            raise CommandError("目标数据库不为空：恢复只写入空数据库")
        secret = options["passphrase_file"]
        began = time.monotonic()
        try:
            key = load_private(
                options["key"], secret.read_bytes().strip() if secret else b""
            )
            summary = archive.read(options["archive"], key, load=load)
        except (BadArchiveError, database.ToolError, OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        spent = time.monotonic() - began
        self.stdout.write(
            f"{summary.made_at}: {summary.files} 个证据文件, {spent:.1f} s"
        )
        if load:
            self._verify(options["archive"].name)

    def _verify(self, name: str) -> None:
        faults = list(verify_all())
        for fault in faults:
            self.stdout.write(f"{fault.place}: {fault.reason}")
        if faults:
            raise CommandError(f"{len(faults)} 处与链不符")
        self.stdout.write(f"链核验通过：{Seal.objects.count()} 个封条")
        record(actor=None, act="backup.restored", subject=name)
