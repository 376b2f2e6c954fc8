"""``manage.py verify_store``: read every original, chain, audit entry and anchor again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from bozhou_eco.evidence.integrity import verify_everything


class Command(BaseCommand):
    """Print every fault; exit 0 only if there is none."""

    help = "重新核验全部证据原件、证据链、审计日志与锚点，写入核验记录。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Allow a run that leaves no anchor."""
        parser.add_argument(
            "--no-anchor", action="store_true", help="不写入新的锚点，只核验"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify all."""
        run = verify_everything(now=clock.now(), anchor=not options["no_anchor"])
        for fault in run.faults:
            self.stdout.write(f"{fault['place']}: {fault['reason']}")
        told = (
            f"{run.files} files ({run.bytes} bytes), {run.seals} seals, "
            f"{run.entries} audit entries"
        )
        if run.fault_count:
            raise CommandError(f"{run.fault_count} fault(s) found in {told}")
        self.stdout.write(f"ok: {told}; anchor {run.anchor or 'not written'}")
