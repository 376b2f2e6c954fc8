"""Read a plate from a photo: the vision worker is asked by name, the answer waits.

The photo lies under MEDIA_ROOT until it was read; the answer is kept for a few minutes.
"""

import uuid
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

from bozhou_eco.common import queue

TASK = "vehicles.vision.tasks.read_plate"
KEEP_S = 600
MOST_BYTES = 15 * 1024 * 1024


def photo_file(token: str) -> Path:
    """Return where the photo of a token lies; the token is a UUID."""
    return Path(settings.MEDIA_ROOT) / "plate-photos" / str(uuid.UUID(token))


def _key(token: str) -> str:
    return f"plate-photo:{uuid.UUID(token)}"


def ask(*, content: bytes) -> str | None:
    """Put a photo before the plate reader; returns its token, None without a reader."""
    token = str(uuid.uuid4())
    path = photo_file(token)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    cache.set(_key(token), {"state": "waiting"}, KEEP_S)
    if not queue.send(TASK, token):
        path.unlink(missing_ok=True)
        cache.delete(_key(token))
        return None
    return token


def answer(*, token: str, plates: list[dict[str, object]], problem: str = "") -> None:
    """Keep what the reader found and drop the photo."""
    found = {"state": "done", "plates": plates, "problem": problem}
    cache.set(_key(token), found, KEEP_S)
    photo_file(token).unlink(missing_ok=True)


def result(token: str) -> dict[str, object]:
    """Return what is known of a token."""
    found = cache.get(_key(token))
    return found if isinstance(found, dict) else {"state": "unknown"}
