"""``manage.py measure_clips FOLDER``: rendered clips with truth through the pipeline."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vehicles.vision import worker
from vehicles.vision.config import load_config
from vehicles.vision.measuring import score_clip, totals


class Command(BaseCommand):
    """One JSON line a clip and a last one with the totals. Touches no database."""

    help = "用带真值的渲染视频检验整条分析流程，逐段与合计输出 JSON。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the folder that ``render_clips`` filled."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--only", default="", help="名称以此开头的片段")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure every clip that has its truth beside it."""
        clips = sorted(
            path
            for path in options["folder"].glob(f"{options['only']}*.mp4")
            if path.with_suffix(".json").is_file()
        )
        if not clips:
            raise CommandError("目录中没有带真值的视频，请先运行 render_clips")
        eyes, plates, config = worker.eyes(), worker.plates(), load_config()
        scores = []
        for clip in clips:
            score = score_clip(
                clip, eyes=eyes, plates=plates, per_second=config.per_second
            )
            scores.append(score)
            self.tell(score.row())
        self.tell(totals(scores))

    def tell(self, row: dict[str, Any]) -> None:
        """Print a line at once."""
        self.stdout.write(json.dumps(row, ensure_ascii=False))
        self.stdout.flush()
