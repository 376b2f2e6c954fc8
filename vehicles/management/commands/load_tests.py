"""``manage.py load_tests``: a year of invented vehicle tests with curves, by COPY."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from vehicles.demo_history import load_history


class Command(BaseCommand):
    """Load history for demos and measurements; refused in production."""

    help = "载入虚构的历史检验（含过程曲线与指纹），供演示与性能测试。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many tests over how many days."""
        parser.add_argument("--tests", type=int, default=74_300)
        parser.add_argument("--days", type=int, default=365)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load."""
        if settings.PRODUCTION:
            raise CommandError("生产环境不载入虚构数据")
        if options["tests"] < options["days"] or options["days"] < 1:
            raise CommandError("--tests 不能少于 --days，--days 至少为 1")
        begun = time.monotonic()
        count = load_history(
            tests=options["tests"],
            days=options["days"],
            now=clock.now(),
            say=self.stdout.write,
        )
        self.stdout.write(f"载入 {count} 次检验，{time.monotonic() - begun:.0f} s")
