"""``manage.py exchange_cases``: one turn of the exchange with other systems."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from bozhou_eco.common import clock
from enforcement.services.exchange.inbox import receive_folders
from enforcement.services.exchange.outbox import send_due


class Command(BaseCommand):
    """Send what waits, fetch receipts, take what lies in the shared folders."""

    help = "与外部系统交换一次：发送待发批次、取回执、接收共享目录中的批次。"

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many parcels went and came, as one JSON object."""
        now = clock.now()
        turn = {"out": send_due(now=now), "in": receive_folders(now=now)}
        self.stdout.write(json.dumps(turn))
