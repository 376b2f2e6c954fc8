"""Which pictures a model was trained on, so that it is never judged by them."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

NAME = "trained_on.json"


def picture_digest(path: Path) -> str:
    """SHA-256 of a picture's file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def note_seen(model: Path, *, source: Path, prepared: Path) -> int:
    """Write beside exported weights what they learnt from; returns how many.

    ``prepared`` is the folder that holds ``split.json``: pictures of its test side were
    not learnt from.
    """
    sides: dict[str, str] = json.loads((prepared / "split.json").read_text())["sides"]
    learnt = sorted(name for name, side in sides.items() if side != "test")
    pictures = (source / "images" / name for name in learnt)
    digests = [picture_digest(path) for path in pictures if path.is_file()]
    (model / NAME).write_text(json.dumps({"pictures": digests}, indent=1))
    return len(digests)


def seen_by(models: Iterable[Path]) -> set[str]:
    """Digests of pictures that any of these models learnt from, as far as noted."""
    notes = [model / NAME for model in models if (model / NAME).is_file()]
    return {
        digest for note in notes for digest in json.loads(note.read_text())["pictures"]
    }
