"""``manage.py detect_smoke IMAGE… | VIDEO…``: one JSON object a file."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bozhou_eco.common.video import VideoError, frames
from vehicles.domain import plates as rules
from vehicles.domain.smoke.voting import vote
from vehicles.vision.config import load_config
from vehicles.vision.detector import Eyes
from vehicles.vision.pipeline import Analysis, Profile, analyse
from vehicles.vision.plate_reader import PlateReader
from vehicles.vision.stills import (
    SMOKE_SCORE,
    PictureError,
    Still,
    look_at_still,
    read_picture,
)

VIDEOS = frozenset(
    {".mp4", ".mkv", ".avi", ".mov", ".ts", ".flv", ".webm", ".m4v", ".h264", ".h265"}
)


class Command(BaseCommand):
    """Pictures one by one; videos through the whole pipeline. Touches no database."""

    help = "检测图片或视频中的车辆、黑烟与号牌，每个文件输出一行 JSON。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Name files and, where wanted, models."""
        parser.add_argument("files", nargs="+")
        parser.add_argument("--vehicles-model", help="车辆模型（默认同烟羽模型）")
        parser.add_argument("--smoke-model", help="烟羽模型")
        parser.add_argument("--threshold", type=float, default=SMOKE_SCORE)
        parser.add_argument("--size", type=int)
        parser.add_argument("--no-plates", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for every file; a file that cannot be read has ``error``."""
        config = load_config()
        vehicles = Path(options["vehicles_model"] or config.vehicles_model)
        smoke = Path(options["smoke_model"] or config.smoke_model)
        size = options["size"] or config.size
        self.eyes = Eyes(vehicles, smoke, size=size, threads=config.threads)
        self.reader = PlateReader(threads=config.threads)
        self.per_second = config.per_second
        for name in options["files"]:
            line = self.look(Path(name), options)
            self.stdout.write(json.dumps(line, ensure_ascii=False))
            self.stdout.flush()

    def look(self, path: Path, options: dict[str, Any]) -> dict[str, object]:
        """What one file shows, as the line that is printed."""
        empty: list[object] = []
        line: dict[str, object] = {
            "file": str(path),
            "model": self.eyes.version,
            "vehicles": empty,
            "smoke": empty,
            "plates": empty,
        }
        reader = None if options["no_plates"] else self.reader
        try:
            if path.suffix.lower() in VIDEOS:
                line.update(self.video(path))
            else:
                still = look_at_still(
                    read_picture(path),
                    eyes=self.eyes,
                    plates=reader,
                    threshold=options["threshold"],
                )
                line.update(still_line(still))
        except (PictureError, VideoError) as error:
            line["error"] = str(error)
        return line

    def video(self, path: Path) -> dict[str, object]:
        """A video's vehicles, smoking vehicles and their plates."""
        analysis = analyse(
            frames(path, per_second=self.per_second),
            eyes=self.eyes,
            plates=self.reader,
            profile=Profile(),
            per_second=self.per_second,
        )
        return video_line(analysis)


def _box(box: tuple[float, float, float, float]) -> list[float]:
    return [round(edge, 1) for edge in box]


def still_line(still: Still) -> dict[str, object]:
    """The fields of a picture's line."""
    return {
        "vehicles": [
            {"box": _box(one.box), "score": round(one.score, 3), "kind": one.kind}
            for one in still.vehicles
        ],
        "smoke": [
            {
                "box": _box(one.box),
                "score": round(one.score, 3),
                "darkness": one.darkness,
                "ringelmann": one.ringelmann,
            }
            for one in still.smoke
        ],
        "plates": [
            {
                "text": voted.text,
                "color": str(voted.color),
                "score": round(one.reading.score, 3),
                "valid": rules.is_valid(voted.text),
                "box": _box(one.box),
            }
            for one in still.plates
            if (voted := vote([one.reading])).text
        ],
    }


def video_line(analysis: Analysis) -> dict[str, object]:
    """The fields of a video's line: one entry a track, one a candidate."""
    smoke = []
    for one in analysis.candidates:
        point = max(one.curve, key=lambda p: (p.finding == "plume", p.opacity))
        level = one.verdict.level
        smoke.append(
            {
                "box": _box(point.plume or point.vehicle),
                "score": max(p.detector for p in one.curve),
                "darkness": point.opacity,
                "ringelmann": level.grade,
                "ringelmann_value": round(level.value, 2) if level.determined else None,
                "proposal": str(one.verdict.proposal),
                "reason": one.verdict.reason,
                "at": point.at,
                "track": one.track,
            }
        )
    return {
        "vehicles": [
            {
                "box": _box(one.box),
                "score": round(one.score, 3),
                "kind": one.kind,
                "track": one.track,
                "at": round(one.at, 2),
            }
            for one in analysis.tracks
        ],
        "smoke": smoke,
        "plates": [
            {
                "text": one.plate.text,
                "color": str(one.plate.color),
                "score": one.plate.score,
                "problem": one.plate.problem,
                "track": one.track,
            }
            for one in analysis.candidates
            if one.plate.text
        ],
        "pictures": analysis.pictures,
        "conditions": analysis.conditions,
        "notes": analysis.notes,
    }
