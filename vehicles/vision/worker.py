"""One segment from claim to captures; the models are loaded once a process."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from bozhou_eco.common import clock
from bozhou_eco.common.video import VideoError, frames
from vehicles.domain.smoke.background import blend
from vehicles.domain.smoke.tracks import Passing, owned
from vehicles.domain.smoke.verdict import Thresholds
from vehicles.domain.smoke.voting import HOME_SHARE
from vehicles.models import Camera, Segment
from vehicles.services.captures import Draft, finish_segment
from vehicles.services.segments import (
    claim_segment,
    fail_segment,
    file_digest,
    release_segment,
    segment_file,
)
from vehicles.services.vision_models import active_model_path
from vehicles.vision.analysis import Analysis, Candidate, Profile
from vehicles.vision.config import load_config
from vehicles.vision.detector import Eyes
from vehicles.vision.evidence import load_background, make_draft, save_background
from vehicles.vision.memory import give_back_memory
from vehicles.vision.plate_reader import PlateReader
from vehicles.vision.windows import analyse_windows

logger = logging.getLogger(__name__)


def eyes() -> Eyes:
    """The detectors of the settings, loaded once a process."""
    return _eyes(load_config().smoke_model)


@lru_cache(maxsize=1)
def _eyes(smoke: Path) -> Eyes:
    """One model in memory; vehicles are found by it too unless the settings say other."""
    give_back_memory()
    config = load_config()
    same = config.vehicles_model == config.smoke_model
    return Eyes(
        smoke if same else config.vehicles_model,
        smoke,
        size=config.size,
        threads=config.threads,
    )


def eyes_in_use() -> Eyes:
    """The detectors that people put to use; a changed choice is taken at once."""
    return _eyes(active_model_path() or load_config().smoke_model)


@cache
def plates() -> PlateReader:
    """The plate reader of this process."""
    return PlateReader(threads=load_config().threads)


def background_file(camera: Camera) -> Path:
    """Where a camera's clean background is kept."""
    return Path(settings.MEDIA_ROOT) / "cameras" / str(camera.pk) / "background.png"


def profile_of(camera: Camera) -> Profile:
    """A camera's thresholds and clean background."""
    given = camera.thresholds or {}
    base = Thresholds()
    known = {name: value for name, value in given.items() if hasattr(base, name)}
    return Profile(
        thresholds=replace(base, **known),
        background=load_background(background_file(camera)),
        home=str(given.get("home", "新")),
        home_share=float(given.get("home_share", HOME_SHARE)),
    )


def analyse_segment(segment_id: int) -> int:
    """Claim and analyse a segment; returns how many captures it brought.

    Safe to call again at any time: a segment that is done or held by a living worker is
    left alone, and one whose worker died is taken over.
    """
    segment = claim_segment(segment_id=segment_id, now=clock.now())
    if segment is None:
        return 0
    try:
        analysis = look_through(
            _intact(segment),
            profile_of(segment.camera),
            notes=segment.report.get("notes", []),
        )
        drafts = _drafts(segment, analysis)
    except VideoError as error:
        fail_segment(segment=segment, reason=str(error), now=clock.now())
        return 0
    except OSError as error:
        logger.warning("segment %s given back: %s", segment_id, error)
        release_segment(segment=segment, reason=str(error), now=clock.now())
        return 0
    except DatabaseError:
        raise
    except Exception as error:
        # Tried again, since it may pass; the fourth time it stays with this reason.
        logger.exception("segment %s could not be analysed", segment_id)
        words = f"分析出错：{type(error).__name__} {error}"
        release_segment(segment=segment, reason=words, now=clock.now())
        return 0
    return _store(segment, analysis, drafts)


def _intact(segment: Segment) -> Path:
    """A segment's file, if it is the one that was cut; VideoError otherwise."""
    path = segment_file(segment)
    if path.is_file() and file_digest(path) != segment.sha256:
        raise VideoError("分段文件与登记的 SHA-256 不符，不作分析")
    return path


def _store(segment: Segment, analysis: Analysis, drafts: list[Draft]) -> int:
    now = clock.now()
    try:
        captures = finish_segment(
            segment=segment, drafts=drafts, report=report_of(analysis), now=now
        )
    except OSError as error:  # the evidence store is full or away
        logger.warning("segment %s given back: %s", segment.pk, error)
        release_segment(segment=segment, reason=str(error), now=now)
        return 0
    _keep_background(segment.camera, analysis)
    return len(captures)


def look_through(video: Path, profile: Profile, notes: Sequence[str] = ()) -> Analysis:
    """Analyse a video with the models in use; raises VideoError for an unusable one.

    ``notes`` of its recording and what is noticed while it is read are in the analysis.
    """
    config = load_config()
    noticed: list[str] = []
    analysis = analyse_windows(
        frames(video, per_second=config.per_second, notes=noticed),
        eyes=eyes_in_use(),
        plates=plates(),
        profile=profile,
        per_second=config.per_second,
    )
    told = dict.fromkeys((*notes, *noticed, *analysis.notes))
    return replace(analysis, notes=list(told))


def _drafts(segment: Segment, analysis: Analysis) -> list[Draft]:
    begins: datetime = segment.begins
    core = (
        begins.timestamp() + segment.core_begins,
        (begins.timestamp() + segment.core_ends),
    )
    return [
        make_draft(
            candidate=one,
            analysis=analysis,
            video=segment_file(segment),
            begins=begins,
            key=f"segment:{segment.pk}:{one.track}",
            margin=float(segment.camera.margin_seconds),
        )
        for one in analysis.candidates
        if owned(_passing(one, begins), *core)
    ]


def _passing(candidate: Candidate, begins: datetime) -> Passing:
    start = begins + timedelta(seconds=candidate.begins)
    end = begins + timedelta(seconds=candidate.ends)
    nothing = (0.0, 0.0, 0.0, 0.0)
    return Passing(start.timestamp(), end.timestamp(), "", nothing, nothing)


def report_of(analysis: Analysis) -> dict[str, object]:
    """What is kept of an analysis beside its captures."""
    return {
        "model": analysis.model,
        "pictures": analysis.pictures,
        "seconds": round(analysis.seconds, 2),
        "vehicles": analysis.vehicles,
        "candidates": len(analysis.candidates),
        "conditions": analysis.conditions,
        "notes": analysis.notes[:20],
    }


def _keep_background(camera: Camera, analysis: Analysis) -> None:
    fresh = analysis.background
    if fresh is None:
        return
    path = background_file(camera)
    kept = load_background(path)
    try:
        save_background(path, blend(kept, fresh) if kept else fresh)
    except OSError as error:
        logger.warning("background of camera %s not kept: %s", camera.pk, error)
