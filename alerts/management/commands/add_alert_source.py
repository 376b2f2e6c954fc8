"""Register another system that may raise alerts, and print its token once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from alerts.services.sources import add_source
from bozhou_eco.common import clock


class Command(BaseCommand):
    """``manage.py add_alert_source CODE NAME [--kind KIND]…``."""

    help = "登记外部告警来源并显示一次令牌"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take code, name and the kinds the source may raise."""
        parser.add_argument("code")
        parser.add_argument("name")
        parser.add_argument("--kind", action="append", default=[])

    def handle(self, *args: Any, **options: Any) -> None:
        """Register and print."""
        _, token = add_source(
            code=options["code"],
            name=options["name"],
            kinds=options["kind"],
            actor=None,
            now=clock.now(),
        )
        self.stdout.write(token)
