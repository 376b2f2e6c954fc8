"""``manage.py recompute_means --from A --to B``: compute closed windows once more."""

from argparse import ArgumentTypeError
from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from polluters.models import Mean, Point
from polluters.services import closing

FIGURES = (
    "computed", "computed_converted", "low", "high", "total",
    "due", "got", "valid_count", "valid", "flags",
)  # fmt: skip


def moment(text: str) -> datetime:
    """Read a Beijing day or time; refuse anything else with a hint."""
    try:
        day, full = parse_date(text), parse_datetime(text)
    except ValueError:
        day = full = None
    if day is not None:
        return datetime.combine(day, time.min, tzinfo=clock.BEIJING)
    if full is None:
        raise ArgumentTypeError(
            f"{text} 不是日期；应形如 2026-11-01 或 2026-11-01T08:00"
        )
    return full if full.tzinfo else full.replace(tzinfo=clock.BEIJING)


class Command(BaseCommand):
    """Computes closed hours, days, months and quarters of a span from stored values."""

    help = "按已存数据重算一段时间内已结时段的均值与判定；结果与首次计算一致。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the span and the points."""
        parser.add_argument("--from", dest="begin", type=moment, required=True)
        parser.add_argument("--to", dest="end", type=moment, required=True)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--mn", default="", help="仅此数采仪")
        which.add_argument("--outlet", type=int, help="仅此排放口（编号）")

    def handle(self, *args: Any, **options: Any) -> None:
        """Recompute, and say how many figures came out otherwise."""
        begin, end = options["begin"], options["end"]
        if end <= begin:
            raise CommandError("--to 须晚于 --from")
        points = Point.objects.filter(active=True)
        if options["mn"]:
            points = points.filter(logger__mn=options["mn"])
        if options["outlet"] is not None:
            points = points.filter(outlet=options["outlet"])
        ids = set(points.values_list("pk", flat=True))
        if not ids:
            raise CommandError("没有符合条件的在用点位，请核对 --mn 或 --outlet")
        before = _figures(ids, begin, end)
        windows = closing.recompute(ids=ids, begin=begin, end=end, now=clock.now())
        after = _figures(ids, begin, end)
        changed = sum(before.get(key) != value for key, value in after.items())
        audit.record(
            actor=None,
            act="means.recompute",
            subject=f"{len(ids)} points",
            detail={
                "from": begin.isoformat(),
                "to": end.isoformat(),
                "windows": windows,
                "changed": changed,
            },
        )
        self.stdout.write(
            f"点位 {len(ids)} 个，时段 {windows} 个，均值 {len(after)} 条，"
            f"与此前不同 {changed} 条"
        )


def _figures(
    ids: set[int], begin: datetime, end: datetime
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    rows = Mean.objects.filter(point__in=ids, time__gte=begin, time__lt=end)
    return {
        row[:3]: row[3:]
        for row in rows.values_list("point_id", "period", "time", *FIGURES)
    }
