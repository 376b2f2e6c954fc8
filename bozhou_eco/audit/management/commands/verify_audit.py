"""``manage.py verify_audit``: find any change to the audit log or a chain."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bozhou_eco.audit.models import Seal
from bozhou_eco.audit.services import seal_pending, verify_all
from bozhou_eco.common import clock


class Command(BaseCommand):
    """Print every fault; exit 0 only if there is none."""

    help = "核验审计日志与各证据链，列出被改动、删除或缺失的记录。"

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal what is waiting, then verify all."""
        while seal_pending(now=clock.now()):
            pass
        faults = list(verify_all())
        for fault in faults:
            self.stdout.write(f"{fault.place}: {fault.reason}")
        if faults:
            raise CommandError(f"{len(faults)} fault(s) found")
        self.stdout.write(f"ok: {Seal.objects.count()} seals verified")
