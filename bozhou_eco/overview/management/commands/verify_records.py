"""``manage.py verify_records``: compare every sealed record with its digest again."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from bozhou_eco.overview.services.integrity import verify_records


class Command(BaseCommand):
    """Print every fault; exit 0 only if there is none."""

    help = "重新核验原始报文、车辆检验与案件步骤是否与封存时一致。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how far back to look; everything without it."""
        parser.add_argument("--days", type=int, help="只核验最近若干天的报文与检验")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify."""
        back = timedelta(days=options["days"] or 365 * 50)
        count = 0
        for fault in verify_records(since=clock.now() - back):
            count += 1
            self.stdout.write(f"{fault.chain} {fault.place}: {fault.reason}")
        if count:
            raise CommandError(f"{count} fault(s) found")
        self.stdout.write("ok: every sealed record is as it was")
