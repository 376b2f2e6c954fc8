"""``manage.py render_clips``: draw road clips with known truth."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vehicles.vision.render.clips import (
    demo_specs,
    measure_specs,
    measure_view,
    render,
)
from vehicles.vision.render.footage import footage_specs, render_over
from vehicles.vision.render.plate_clips import PLATE_PIXELS, plate_specs, plate_view


class Command(BaseCommand):
    """The demo's four clips, a varied drawn set, plates, or plumes over footage."""

    help = "渲染带真值的道路视频：演示四段、测量集、号牌集、或叠加到实拍背景。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the set and where it goes."""
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--set", choices=("demo", "measure", "plates"), default="demo"
        )
        parser.add_argument("--over", type=Path, nargs="*", default=[], metavar="VIDEO")
        parser.add_argument(
            "--series",
            type=int,
            default=0,
            help="测量集序列号；0 用于开发，其余留作检验",
        )
        parser.add_argument(
            "--plate-pixels",
            type=float,
            default=PLATE_PIXELS,
            help="号牌集中号牌最近处的宽度（像素）",
        )
        parser.add_argument("--only", default="", help="只渲染名称含此文字的片段")

    def handle(self, *args: Any, **options: Any) -> None:
        """Render what is missing; files that are there are kept."""
        folder: Path = options["folder"]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"{folder} 不能写入：{error.strerror}") from error
        for name, draw in self.plan(options, folder):
            if options["only"] in name and not (folder / f"{name}.json").exists():
                draw()
                self.stdout.write(name)
                self.stdout.flush()

    def plan(
        self, options: dict[str, Any], folder: Path
    ) -> Iterator[tuple[str, Callable[[], object]]]:
        """Names of the clips and how each is made."""
        for video in options["over"]:
            for job in footage_specs(video, series=options["series"]):
                yield job.name, partial(render_over, job, folder)
        if options["over"]:
            return
        if options["set"] == "demo":
            for spec in demo_specs():
                yield spec.name, partial(render, spec, folder)
            return
        if options["set"] == "plates":
            for spec in plate_specs(options["series"]):
                view = plate_view(spec, options["plate_pixels"])
                yield spec.name, partial(render, spec, folder, view=view)
            return
        for number, spec in enumerate(measure_specs(options["series"])):
            view = measure_view(number)
            yield spec.name, partial(render, spec, folder, view=view)
