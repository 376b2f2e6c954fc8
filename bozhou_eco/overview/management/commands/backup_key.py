"""``manage.py backup_key FOLDER``: the key pair of the backups."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.backup.cipher import make_key_pair


class Command(BaseCommand):
    """Make the pair once; the private half does not belong on this host."""

    help = "生成备份密钥对：公钥留在服务器，私钥离线保存。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the folder and, if wanted, the file with the passphrase."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--passphrase-file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write both halves."""
        secret = options["passphrase_file"]
        passphrase = secret.read_bytes().strip() if secret else b""
        try:
            private, public = make_key_pair(options["folder"], passphrase)
        except FileExistsError as error:
            raise CommandError("该目录已有密钥，不会覆盖") from error
        self.stdout.write(f"公钥：{public}\n私钥：{private}（移至离线介质，两处保存）")
