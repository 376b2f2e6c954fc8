"""Look at the canary's clip with the models in use."""

from pathlib import Path

from bozhou_eco.common import clock
from bozhou_eco.common.video import frames
from vehicles.demo import CLIPS
from vehicles.services.canaries import note_canary_seen
from vehicles.vision import worker
from vehicles.vision.analysis import Profile
from vehicles.vision.config import load_config
from vehicles.vision.pipeline import analyse

CLIP = CLIPS / "g3018-level3.mp4"


def look_at_canary(code: str, clip: Path = CLIP) -> bool:
    """Analyse the clip of a run; returns whether its smoking truck was found."""
    config = load_config()
    analysis = analyse(
        frames(clip, per_second=config.per_second),
        eyes=worker.eyes_in_use(),
        plates=worker.plates(),
        profile=Profile(),
        per_second=config.per_second,
    )
    return note_canary_seen(code=code, seen=bool(analysis.candidates), now=clock.now())
