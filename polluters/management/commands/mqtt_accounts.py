"""``manage.py mqtt_accounts``: the broker's password and ACL files."""

import csv
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from polluters.services.mqtt_accounts import Accounts, UnfitError, acl_text, renew


class Command(BaseCommand):
    """Give every active logger its own account at the broker.

    Files are written in place, so that one mounted into a container stays the same
    file; Mosquitto reads them again on SIGHUP.
    """

    help = "生成 MQTT 账号与访问控制文件：每台数采仪一个账号，只能收发自己的主题。"
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the files, and whose passwords are to change."""
        folder = "var/mosquitto"
        parser.add_argument("--passwords", type=Path, default=f"{folder}/passwords")
        parser.add_argument(
            "--acl", type=Path, default=None, help="同时写访问控制文件（默认不写）"
        )
        parser.add_argument(
            "--issued",
            type=Path,
            default=None,
            metavar="CSV",
            help="新密码写入此文件（仅所有者可读），默认输出到屏幕；密码只出现这一次",
        )
        parser.add_argument(
            "--rotate",
            nargs="*",
            metavar="MN",
            help="更换这些数采仪的密码；不写 MN 为全部",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files; say what was issued and removed."""
        path: Path = options["passwords"]
        rotate: list[str] | None = options["rotate"]
        platform = _platform()
        try:
            accounts = renew(
                path.read_text() if path.exists() else "",
                platform=platform,
                rotate=rotate or (),
                rotate_all=rotate == [],
                now=clock.now(),
            )
            acl = acl_text(platform[0] if platform else "platform")
        except UnfitError as error:
            raise CommandError(str(error)) from error
        if platform is None:
            self.stderr.write("MQTT_URL 没有用户名：未写平台账号")
        self._hand_out(accounts, options["issued"])  # before the old ones end
        _write(path, accounts.text(), 0o644)
        if options["acl"] is not None:
            _write(options["acl"], acl, 0o644)
        self.stdout.write(
            f"账号 {len(accounts.lines)} 个，新发 {len(accounts.issued)} 个，"
            f"删除 {len(accounts.removed)} 个；请让 Mosquitto 重新读取（SIGHUP）"
        )

    def _hand_out(self, accounts: Accounts, path: Path | None) -> None:
        if path is None:
            for user, password in sorted(accounts.issued.items()):
                self.stdout.write(f"{user} {password}")
        elif accounts.issued:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.chmod(0o600)
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["username", "password"])
                writer.writerows(sorted(accounts.issued.items()))


def _platform() -> tuple[str, str] | None:
    url = urlsplit(settings.MQTT_URL)
    if not url.username:
        return None
    return unquote(url.username), unquote(url.password or "")


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("r+" if not new else "x", encoding="utf-8") as file:
        file.write(text)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    if new:
        path.chmod(mode)
