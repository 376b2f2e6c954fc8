"""``manage.py export_dataset DIR``: every review verdict becomes a label."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.evidence.services import read_file
from vehicles.models import Capture, CaptureFile, Objection
from vehicles.vision.pictures import PictureError, decode_picture


class Command(BaseCommand):
    """Confirmed captures give plumes, rejected ones clear roads; unclear ones nothing.

    Nor do those withdrawn after an objection: it may have been upheld for the plate.
    """

    help = "把复核结论导出为 YOLO 数据集（images/、labels/、provenance.json）。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the folder."""
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--since",
            type=date.fromisoformat,
            help="只取此日及以后作出结论的，YYYY-MM-DD",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write pictures, labels and where each came from."""
        folder: Path = options["folder"]
        try:
            for part in ("images", "labels"):
                (folder / part).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"{folder} 不能写入：{error.strerror}") from error
        provenance = []
        decided = (Capture.State.CONFIRMED, Capture.State.REJECTED)
        files = CaptureFile.objects.filter(
            kind=CaptureFile.Kind.FRAME,
            capture__state__in=decided,
            sealed__erased_at=None,
        )
        files = files.exclude(
            capture__objections__state=Objection.State.UPHELD
        ).exclude(capture__reread=True)
        if options["since"]:
            files = files.filter(capture__decided_at__date__gte=options["since"])
        files = files.select_related("capture__site", "sealed").order_by("pk")
        for one in files.iterator(chunk_size=200):
            if one.capture.state == Capture.State.CONFIRMED and not one.plume_box:
                continue  # smoke that nobody marked must not be learnt as a clear road
            name = f"capture-{one.capture_id}-{one.place}"
            content = read_file(one.sealed)
            try:
                label = label_of(one, content)
            except PictureError:
                continue  # what a device sent broken teaches nothing
            (folder / "images" / f"{name}.jpg").write_bytes(content)
            (folder / "labels" / f"{name}.txt").write_text(label)
            provenance.append(
                {
                    "image": f"{name}.jpg",
                    "site": one.capture.site.code,
                    "captured_at": one.capture.captured_at.isoformat(),
                    "sha256": one.sealed.sha256,
                    "verdict": one.capture.state,
                    "level": one.capture.level_final,
                    "decided_at": one.capture.decided_at.isoformat()
                    if one.capture.decided_at
                    else None,
                    "proposal": one.capture.proposal,
                    "model": one.capture.versions.get("model"),
                }
            )
        text = json.dumps(provenance, ensure_ascii=False, indent=1)
        (folder / "provenance.json").write_text(text, encoding="utf-8")
        self.stdout.write(f"{len(provenance)} 张图片")


def label_of(one: CaptureFile, content: bytes) -> str:
    """The YOLO line of a frame's plume; empty for a rejected capture.

    The box is a share of this very picture: a vendor's pictures differ in size. Raises
    PictureError for a broken one.
    """
    picture = decode_picture(content)
    capture, box = one.capture, one.plume_box
    if capture.state != Capture.State.CONFIRMED or not box:
        return ""
    width, height = picture.width, picture.height
    x1, y1, x2, y2 = (float(edge) for edge in box)
    return (
        f"0 {(x1 + x2) / 2 / width:.6f} {(y1 + y2) / 2 / height:.6f} "
        f"{(x2 - x1) / width:.6f} {(y2 - y1) / height:.6f}\n"
    )
