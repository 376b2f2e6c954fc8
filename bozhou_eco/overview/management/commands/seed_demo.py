"""``manage.py seed_demo``: invented data for the demo; safe to run again."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from bozhou_eco.seed.people import PARTIES, PASSWORD, PEOPLE, seed_people

STEPS = (
    *(
        "polluters.demo",
        "polluters.demo_validity",
        "vehicles.demo",
        "vehicles.demo_stations",
    ),
    "vehicles.demo_files",
    *("enforcement.demo", "alerts.demo", "bozhou_eco.seed.visits"),
    *("bozhou_eco.seed.year", "bozhou_eco.seed.parties", "bozhou_eco.seed.portal"),
)


class Command(BaseCommand):
    """Seeds every app in order; refused in production."""

    help = "写入演示数据（虚构企业、车辆与人员），可重复运行。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the size."""
        parser.add_argument("--scale", type=int, default=1)
        parser.add_argument("--only", default="", help="仅运行某一应用，如 polluters")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every step."""
        if settings.PRODUCTION:
            raise CommandError("生产环境不写入演示数据")
        now = clock.now()
        seed_people()
        for name in STEPS:
            if options["only"] and not name.startswith(options["only"]):
                continue
            if find_spec(name):
                self.stdout.write(f"{name} …")
                import_module(name).seed(now=now, scale=options["scale"])
        self.stdout.write(f"演示账户（口令均为 {PASSWORD}）：")
        for username, person, _, roles in PEOPLE:
            self.stdout.write(f"  {username:<10} {person}  {','.join(roles)}")
        for username, person, role in PARTIES:
            self.stdout.write(f"  {username:<10} {person}  {role}")
