"""``manage.py import_air FILE``: daily means of the air, one county and day a row."""

import csv
from argparse import FileType
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from bozhou_eco.accounts.models import District
from bozhou_eco.common import clock
from bozhou_eco.overview.air import record_air

MEANS = ("SO2", "NO2", "PM10", "PM2.5", "CO", "O3")


class Command(BaseCommand):
    """Reads day, district (code or name), six means, source; all rows or none."""

    help = "导入空气质量日报：CSV 列 day,district,SO2,NO2,PM10,PM2.5,CO,O3,source。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=FileType("r", encoding="utf-8-sig"))

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Import; the first bad row is named and nothing is kept."""
        places: dict[str, District] = {}
        for district in District.objects.all():
            places[district.code] = places[district.name] = district
        count = 0
        for number, row in enumerate(csv.DictReader(options["file"]), 2):
            try:
                record_air(
                    district=places[row["district"].strip()],
                    day=date.fromisoformat(row["day"].strip()),
                    means={
                        k: float(row[k]) for k in MEANS if (row.get(k) or "").strip()
                    },
                    source=(row.get("source") or "").strip() or "表格导入",
                    actor=None,
                    now=clock.now(),
                )
            except (KeyError, ValueError, AttributeError) as error:
                raise CommandError(f"第 {number} 行：{error}，未导入任何行") from error
            count += 1
        self.stdout.write(f"已导入 {count} 日")
