"""Look at the canary's clip with the models in use."""

from pathlib import Path

from bozhou_eco.common import clock
from vehicles.demo import CLIPS
from vehicles.services.canaries import note_canary_seen
from vehicles.vision import worker
from vehicles.vision.analysis import Profile

CLIP = CLIPS / "g3018-level3.mp4"


def look_at_canary(code: str, clip: Path = CLIP) -> bool:
    """Analyse the clip of a run; returns whether its smoking truck was found."""
    analysis = worker.look_through(clip, Profile())
    return note_canary_seen(code=code, seen=bool(analysis.candidates), now=clock.now())
