"""``manage.py detect_smoke FILE…``: one JSON object a file on standard output."""

import json
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common.video import VideoError, frames, probe
from vehicles.domain import plates as rules
from vehicles.domain.smoke.voting import vote
from vehicles.vision.analysis import Analysis, Candidate, Profile
from vehicles.vision.config import load_config
from vehicles.vision.detector import Eyes
from vehicles.vision.pictures import PictureError, is_video, read_picture
from vehicles.vision.plate_reader import PlateReader
from vehicles.vision.stills import SMOKE_SCORE, Still, enlarged, look_at_still
from vehicles.vision.windows import analyse_windows


class Command(BaseCommand):
    """Pictures one by one; videos through the whole pipeline. Touches no database."""

    help = "检测图片或视频中的车辆、黑烟与号牌，每个文件输出一行 JSON。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Name files and, where wanted, models."""
        parser.add_argument("files", nargs="+")
        parser.add_argument("--vehicles-model", help="车辆模型（默认同烟羽模型）")
        parser.add_argument("--smoke-model", help="烟羽模型")
        parser.add_argument(
            "--threshold",
            type=_share,
            default=SMOKE_SCORE,
            help="图片中烟羽的最低置信度，0–1；视频按透过率与模型两票判定，不用此值",
        )
        parser.add_argument(
            "--size", type=_side, help="送入模型的边长，32 的倍数，64–2048"
        )
        parser.add_argument("--no-plates", action="store_true")
        parser.add_argument(
            "--home", default=rules.BORTALA[0], help="本地省份简称；空则不偏向任何省份"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for every file; a file that cannot be read has ``error``."""
        try:
            config = load_config()
            paths = (
                self.model(options["vehicles_model"], config.vehicles_model),
                self.model(options["smoke_model"], config.smoke_model),
            )
        except FileNotFoundError as error:
            raise CommandError(str(error)) from error
        self.eyes = self.opened(
            *paths, size=options["size"] or config.size, threads=config.threads
        )
        self.reader = PlateReader(threads=config.threads)
        self.per_second = config.per_second
        for name in options["files"]:
            line = self.look(Path(name), options)
            text = json.dumps(line, ensure_ascii=False)
            # A file name need not be text; what is no UTF-8 is shown as a question mark.
            self.stdout.write(text.encode(errors="replace").decode())
            self.stdout.flush()

    @staticmethod
    def model(given: str | None, default: Path) -> Path:
        """The named model, or the configured one."""
        path = Path(given) if given else default
        if not path.exists():
            raise FileNotFoundError(f"模型文件不存在：{path}")
        return path

    @staticmethod
    def opened(vehicles: Path, smoke: Path, *, size: int, threads: int) -> Eyes:
        """The detectors, tried on an empty picture: weights that do not run are told."""
        try:
            eyes = Eyes(vehicles, smoke, size=size, threads=threads)
            eyes.look(np.full((64, 64, 3), 114, np.uint8))
        except Exception as error:
            names = " 或 ".join(dict.fromkeys((vehicles.name, smoke.name)))
            words = f"{type(error).__name__} {str(error)[:160]}"
            raise CommandError(f"模型 {names} 不能运行：{words}") from error
        return eyes

    def look(self, path: Path, options: dict[str, Any]) -> dict[str, object]:
        """What one file shows, as the line that is printed."""
        line: dict[str, object] = {
            "file": str(path),
            "model": self.eyes.version,
            "vehicles": [],
            "smoke": [],
            "plates": [],
        }
        try:
            if is_video(path):
                line.update(self.video(path, options))
            else:
                line.update(self.picture(path, options))
        except (PictureError, VideoError) as error:
            line["error"] = str(error)
        except Exception as error:  # noqa: BLE001 - the next file still has its turn
            traceback.print_exc(file=sys.stderr)
            line["error"] = f"无法分析：{type(error).__name__} {str(error)[:120]}"
        return line

    def picture(self, path: Path, options: dict[str, Any]) -> dict[str, object]:
        """A picture's vehicles, plumes and plates."""
        still = look_at_still(
            read_picture(path),
            eyes=self.eyes,
            plates=None if options["no_plates"] else self.reader,
            threshold=options["threshold"],
        )
        return still_line(still, home=options["home"])

    def video(self, path: Path, options: dict[str, Any]) -> dict[str, object]:
        """A video's vehicles, smoking vehicles and plates."""
        facts = probe(path)
        notes: list[str] = []
        analysis = analyse_windows(
            frames(path, per_second=self.per_second, notes=notes),
            eyes=self.eyes,
            plates=self.reader,
            profile=Profile(all_plates=not options["no_plates"], home=options["home"]),
            per_second=self.per_second,
        )
        longest = max(analysis.width, analysis.height, 1)
        scale = max(facts.width, facts.height) / longest
        told = replace(analysis, notes=[*notes, *analysis.notes])
        if options["no_plates"]:
            told = replace(told, plates={})
        return video_line(told, scale=scale if scale > 1 else 1.0)


def _share(text: str) -> float:
    """A confidence 0..1 from the command line."""
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def _side(text: str) -> int:
    """A model's input size from the command line."""
    value = int(text)
    if value % 32 or not 64 <= value <= 2048:
        raise ValueError(text)
    return value


# What argparse calls them when it refuses a value.
_share.__name__, _side.__name__ = "0–1 之间的数", "边长"


def _box(box: tuple[float, float, float, float]) -> list[float]:
    return [round(edge, 1) for edge in box]


def still_line(still: Still, *, home: str) -> dict[str, object]:
    """The fields of a picture's line."""
    return {
        "width": still.width,
        "height": still.height,
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
            if (voted := vote([one.reading], home=home)).text
        ],
        "notes": still.notes,
    }


def video_line(analysis: Analysis, *, scale: float = 1.0) -> dict[str, object]:
    """The fields of a video's line: one entry a track, one a candidate.

    ``scale`` is the original's pixels per pixel that was looked at.
    """
    return {
        "width": round(analysis.width * scale),
        "height": round(analysis.height * scale),
        "vehicles": [
            {
                "box": _box(enlarged(one.box, scale)),
                "score": round(one.score, 3),
                "kind": one.kind,
                "track": one.track,
                "at": round(one.at, 2),
            }
            for one in analysis.tracks
        ],
        "smoke": [_smoke_row(one, scale) for one in analysis.candidates],
        "plates": [
            {
                "text": voted.text,
                "color": str(voted.color),
                "score": voted.score,
                "valid": rules.is_valid(voted.text),
                "problem": voted.problem,
                "track": track,
            }
            for track, voted in analysis.plates.items()
            if voted.text
        ],
        "pictures": analysis.pictures,
        "conditions": analysis.conditions,
        "notes": analysis.notes,
    }


def _smoke_row(one: Candidate, scale: float) -> dict[str, object]:
    point = max(one.curve, key=lambda p: (p.finding == "plume", p.opacity))
    level = one.verdict.level
    return {
        "box": _box(enlarged(point.plume or point.vehicle, scale)),
        "score": max(p.detector for p in one.curve),
        "darkness": point.opacity,
        "ringelmann": level.grade,
        "ringelmann_value": round(level.value, 2) if level.determined else None,
        "proposal": str(one.verdict.proposal),
        "reason": one.verdict.reason,
        "at": point.at,
        "track": one.track,
    }
