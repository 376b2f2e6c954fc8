"""``manage.py verify_audit``: find any change to the audit log or a chain.

What was cut off the end of a chain shows in the anchors, the signed heads outside the
database.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bozhou_eco.audit.models import Seal
from bozhou_eco.audit.services import seal_pending, verify_all
from bozhou_eco.common import clock
from bozhou_eco.evidence.anchors import verify_anchors


class Command(BaseCommand):
    """Print every fault; exit 0 only if there is none."""

    help = "核验审计日志与各证据链，列出被改动、删除或缺失的记录。"

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal what is waiting, then verify all."""
        while seal_pending(now=clock.now()):
            pass
        faults = [*verify_all(), *verify_anchors()]
        for fault in faults:
            self.stdout.write(f"{fault.place}: {fault.reason}")
        if faults:
            raise CommandError(f"{len(faults)} fault(s) found")
        self.stdout.write(f"ok: {Seal.objects.count()} seals verified")
