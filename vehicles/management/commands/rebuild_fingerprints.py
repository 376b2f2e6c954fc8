"""Make the fingerprints of all curves anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from vehicles.services.fingerprints import rebuild


class Command(BaseCommand):
    """Make the fingerprints of all curves anew, after an update that says so."""

    help = "重建过程曲线指纹（升级说明要求时执行）"

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the number of processes."""
        parser.add_argument("--workers", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild, then let the database clear away the old rows."""
        count = rebuild(workers=options["workers"], say=self.stdout.write)
        if not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE vehicles_curvehash")
        self.stdout.write(f"{count} 条指纹")
