"""``manage.py train_smoke --data DIR``: make, or improve, the smoke model."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from vehicles.services.vision_models import active_model_path
from vehicles.vision.config import WEIGHTS
from vehicles.vision.training.export import export_model
from vehicles.vision.training.groups import TooFewError
from vehicles.vision.training.run import Recipe, train
from vehicles.vision.training.seen import note_seen


class Command(BaseCommand):
    """Resumable: started again with the same work folder it goes on where it was."""

    help = "训练黑烟检测模型：照片目录 → 权重目录；可中断续训。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the data, the start and the place of the result."""
        parser.add_argument(
            "--data", type=Path, required=True, help="images/ 与 labels/"
        )
        parser.add_argument("--work", type=Path, default=Path("var/train"))
        parser.add_argument(
            "--init",
            type=Path,
            help="起始权重与教师：OpenVINO 目录（默认为现用模型）",
        )
        parser.add_argument("--out", type=Path, help="默认 WORK/smoke_openvino_model")
        parser.add_argument("--epochs", type=int, default=Recipe.epochs)
        parser.add_argument("--last-epochs", type=int, default=Recipe.last_epochs)
        parser.add_argument("--scenes", type=int, default=Recipe.scenes)
        parser.add_argument("--batch", type=int, default=Recipe.batch)
        parser.add_argument("--size", type=int, default=Recipe.size)
        parser.add_argument("--threads", type=int, default=Recipe.threads)

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, then export what came out."""
        if not (options["data"] / "images").is_dir():
            raise CommandError("数据目录中没有 images/")
        start: Path = options["init"] or model_in_use()
        if not any(start.glob("*.xml")):
            raise CommandError(f"{start} 不是 OpenVINO 目录，请用 --init 指定起始权重")
        self.stdout.write(f"起始权重：{start}")
        recipe = Recipe(
            source=options["data"],
            work=options["work"],
            teacher=start,
            epochs=options["epochs"],
            last_epochs=options["last_epochs"],
            size=options["size"],
            scenes=options["scenes"],
            batch=options["batch"],
            threads=options["threads"],
        )
        try:
            checkpoint = train(recipe)
        except TooFewError:
            raise CommandError("照片太少：至少需要两张不同场景的照片") from None
        target = options["out"] or options["work"] / "smoke_openvino_model"
        export_model(checkpoint, target, size=512)
        note_seen(target, source=recipe.source, prepared=recipe.work / "data")
        self.stdout.write(f"模型已写入 {target}；启用前请先比较：compare_models。")


def model_in_use() -> Path:
    """The smoke model people put to use, else ours; a machine for training has no site."""
    try:
        active = active_model_path()
    except DatabaseError:
        active = None
    return active or WEIGHTS / "smoke_openvino_model"
