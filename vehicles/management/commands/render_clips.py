"""``manage.py render_clips``: draw road clips with known truth."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from vehicles.vision.render.clips import demo_specs, measure_specs, render
from vehicles.vision.render.footage import footage_specs, render_over


class Command(BaseCommand):
    """The demo's four clips, a varied drawn set, or plumes over given footage."""

    help = "渲染带真值的道路视频：演示四段、测量集、或叠加到实拍背景。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the set and where it goes."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--set", choices=("demo", "measure"), default="demo")
        parser.add_argument("--over", type=Path, nargs="*", default=[], metavar="VIDEO")
        parser.add_argument("--only", default="", help="只渲染名称含此文字的片段")

    def handle(self, *args: Any, **options: Any) -> None:
        """Render what is missing; files that are there are kept."""
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        specs = demo_specs() if options["set"] == "demo" else measure_specs()
        for spec in [] if options["over"] else specs:
            if (
                options["only"] in spec.name
                and not (folder / f"{spec.name}.json").exists()
            ):
                render(spec, folder)
                self.stdout.write(spec.name)
        for video in options["over"]:
            for job in footage_specs(video):
                if (
                    options["only"] in job.name
                    and not (folder / f"{job.name}.json").exists()
                ):
                    render_over(job, folder)
                    self.stdout.write(job.name)
