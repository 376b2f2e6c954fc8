"""``manage.py station_key``: issue, rotate and revoke the keys of a station."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from vehicles.models import Station, StationCredential
from vehicles.services.credentials import (
    Issued,
    issue_credential,
    revoke_credential,
    rotate_credential,
)


class Command(BaseCommand):
    """Keys are shown once; only their digest is kept."""

    help = "签发、轮换或吊销检验机构的接口密钥（密钥只显示一次）。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the station and what to do."""
        parser.add_argument("station", help="检验机构编号")
        parser.add_argument("--days", type=int, default=365)
        parser.add_argument("--address", action="append", default=[], help="IP 或网段")
        parser.add_argument("--signed", action="store_true", help="要求 HMAC 签名")
        parser.add_argument("--note", default="")
        parser.add_argument("--rotate", metavar="PREFIX", help="以新密钥替换该前缀")
        parser.add_argument("--overlap-hours", type=int, default=24)
        parser.add_argument("--revoke", metavar="PREFIX", help="立即吊销该前缀")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        station = Station.objects.filter(code=options["station"]).first()
        if station is None:
            raise CommandError(f"没有检验机构 {options['station']}")
        now = clock.now()
        if options["revoke"]:
            held = self._held(station, options["revoke"])
            revoke_credential(credential=held, actor=None, now=now)
            self.stdout.write("已吊销")
        elif options["rotate"]:
            self._show(
                rotate_credential(
                    credential=self._held(station, options["rotate"]),
                    actor=None,
                    now=now,
                    overlap_hours=options["overlap_hours"],
                )
            )
        else:
            try:
                made = issue_credential(
                    station=station,
                    actor=None,
                    now=now,
                    days=options["days"],
                    addresses=options["address"],
                    signed=options["signed"],
                    note=options["note"],
                )
            except ValueError as error:
                raise CommandError(f"--address：{error}") from error
            self._show(made)

    def _held(self, station: Station, prefix: str) -> StationCredential:
        held = station.credentials.filter(prefix=prefix, revoked_at=None).first()
        if held is None:
            raise CommandError(f"该机构没有前缀为 {prefix} 的有效密钥")
        return held

    def _show(self, made: Issued) -> None:
        self.stdout.write(f"密钥：{made.key}")
        if made.signing_key:
            self.stdout.write(f"签名密钥：{made.signing_key}")
        until = clock.beijing(made.credential.expires_at)
        self.stdout.write(f"有效至 {until:%Y-%m-%d %H:%M}；请妥善保存，不再显示")
