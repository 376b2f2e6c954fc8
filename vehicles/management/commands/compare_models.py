"""``manage.py compare_models CANDIDATE``: a trained model beside the active one, entered."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from vehicles.services.vision_models import (
    ModelRefusedError,
    active_model_path,
    register_model,
    worse_figures,
)
from vehicles.vision.config import load_config
from vehicles.vision.detector import Detector
from vehicles.vision.stills import SMOKE_SCORE
from vehicles.vision.training.evaluate import Picture, evaluate, read_labelled
from vehicles.vision.training.seen import picture_digest, seen_by


class Command(BaseCommand):
    """Figures on the frozen set and on the site's reviewed set; a person activates."""

    help = "把候选模型与现用模型在冻结集和本地复核集上比较，并登记候选模型。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the candidate and the sets."""
        parser.add_argument("candidate", type=Path)
        parser.add_argument("--name", help="登记名称，默认取目录名")
        parser.add_argument(
            "--frozen", type=Path, help="冻结集：bin/train 的 WORK/data/test"
        )
        parser.add_argument("--site", type=Path, help="export_dataset 写出的目录")
        parser.add_argument("--threshold", type=float, default=SMOKE_SCORE)

    def handle(self, *args: Any, **options: Any) -> None:
        """Evaluate both models on every given set and enter the candidate."""
        candidate: Path = options["candidate"]
        if not candidate.exists():
            raise CommandError(f"模型文件不存在：{candidate}")
        sets = {key: options[key] for key in ("frozen", "site") if options[key]}
        if not sets:
            raise CommandError("请用 --frozen 或 --site 给出至少一个数据集")
        config = load_config()
        now_used = active_model_path() or config.smoke_model
        new, old = (
            Detector(path, size=config.size, threads=config.threads)
            for path in (candidate, now_used)
        )
        seen = seen_by((candidate, now_used))
        figures: dict[str, object] = {}
        for key, folder in sets.items():
            pictures, left_out = self.unseen(folder, seen)
            measured = {
                side: evaluate(
                    pictures,
                    smoke=one.detect,
                    teacher=old.detect,
                    threshold=options["threshold"],
                ).as_dict()
                for side, one in (("candidate", new), ("active", old))
            }
            figures[key] = {**measured, "left_out": left_out}
        try:
            model = register_model(
                name=options["name"] or candidate.stem,
                path=candidate,
                figures=figures,
                parents={"比较对象": old.version},
                actor=None,
                now=clock.now(),
            )
        except ModelRefusedError as error:
            raise CommandError(str(error)) from error
        told = {
            "model": model.name,
            "figures": figures,
            "worse": worse_figures(figures),
        }
        self.stdout.write(json.dumps(told, ensure_ascii=False))

    def unseen(self, folder: Path, seen: set[str]) -> tuple[list[Picture], int]:
        """The pictures neither model learnt from, and how many others there are."""
        found = self.pictures(folder)
        kept = [one for one in found if picture_digest(one.path) not in seen]
        if not kept:
            raise CommandError(
                f"{folder} 的图片都用于训练过，不能用来比较；"
                "请另行导出此后的复核结论（export_dataset --since）"
            )
        return kept, len(found) - len(kept)

    @staticmethod
    def pictures(folder: Path) -> list[Picture]:
        """The labelled pictures of a set; CommandError when there are none."""
        try:
            found = read_labelled(folder)
        except (OSError, ValueError) as error:
            raise CommandError(f"{folder} 不是带标注的图片集：{error}") from error
        if not found:
            raise CommandError(f"{folder} 中没有带标注的图片")
        return found
