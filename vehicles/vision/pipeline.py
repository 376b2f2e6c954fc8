"""A clip in, candidates out: detect, follow, measure, vote, read the plate."""

from collections.abc import Iterable

from bozhou_eco.common.video import Frame
from vehicles.domain.smoke import gates, transmission, verdict
from vehicles.domain.smoke.background import Background
from vehicles.domain.smoke.voting import Voted
from vehicles.vision.ahead import ahead
from vehicles.vision.analysis import (
    Analysis,
    Candidate,
    CurvePoint,
    Profile,
    Seen,
)
from vehicles.vision.attribution import owners_of, settle_shared
from vehicles.vision.clip import Clip, scaled
from vehicles.vision.detector import Eyes
from vehicles.vision.judging import Judged, judge_track
from vehicles.vision.plate_reader import PlateReader
from vehicles.vision.scenes import Scenes
from vehicles.vision.track_plate import read_plate
from vehicles.vision.tracker import Sight, Track


def analyse(
    frames: Iterable[Frame],
    *,
    eyes: Eyes,
    plates: PlateReader,
    profile: Profile,
    per_second: float,
) -> Analysis:
    """Analyse a clip's frames (already thinned to ``per_second``).

    Raises what the frames raise (VideoError) and nothing of its own.
    """
    clip = Clip(profile, per_second)
    for frame in ahead(frames):
        clip.take(frame, eyes)
    background = clip.background()
    tracks = [t for t in clip.tracker.tracks.values() if clip.measurable(t)]
    conditions, found = _judged(clip, background, tracks)
    candidates = [_finish(one, clip, plates) for one in settle_shared(found)]
    return Analysis(
        model=eyes.version,
        pictures=len(clip.shots),
        seconds=clip.shots[-1].at if clip.shots else 0.0,
        width=clip.width,
        height=clip.height,
        conditions=[str(one) for one in conditions],
        candidates=candidates,
        vehicles=len(tracks),
        background=background,
        notes=clip.notes,
        tracks=[_best(t) for t in clip.tracker.tracks.values() if len(t.sights) > 1],
        plates=_all_plates(clip, candidates, plates),
    )


def _judged(
    clip: Clip, background: Background | None, tracks: list[Track]
) -> tuple[list[gates.Condition], list[Judged]]:
    """Conditions that forbid a level, and every vehicle with its verdict."""
    if background is None:
        return [], []
    scenes = Scenes(clip, background)
    light = gates.read_light(scenes.clean.light[::2, ::2], scenes.typical_flicker())
    conditions = gates.blocking(light, clip.profile.limits)
    blocked, owners = "、".join(conditions), owners_of(clip)
    return conditions, [judge_track(one, scenes, blocked, owners) for one in tracks]


def _all_plates(
    clip: Clip, candidates: list[Candidate], plates: PlateReader
) -> dict[int, Voted]:
    """Plates by track: the candidates', and all others' where the profile asks."""
    found = {one.track: one.plate for one in candidates}
    if clip.profile.all_plates:
        for number, crops in sorted(clip.crops.items()):
            if number not in found:
                found[number] = read_plate(crops, plates, clip.profile)[0]
    return found


def _best(track: Track) -> Seen:
    best = max(track.sights, key=lambda s: s.score)
    return Seen(track.number, track.kind, best.score, best.box, best.at)


def _finish(found: Judged, clip: Clip, plates: PlateReader) -> Candidate:
    track, instants, judged = found
    plate, picture, plate_at = read_plate(
        clip.crops.get(track.number, []), plates, clip.profile
    )
    curve = [_point(sight, instant, clip.scale) for sight, instant in instants]
    return Candidate(
        track=track.number,
        kind=track.kind,
        begins=track.sights[0].at,
        ends=track.sights[-1].at,
        verdict=judged,
        plate=plate,
        plate_picture=picture,
        plate_at=plate_at,
        curve=curve,
        evidence_times=_evidence_times(curve),
    )


def _point(sight: Sight, instant: verdict.Instant, scale: float) -> CurvePoint:
    measured = instant.measure
    return CurvePoint(
        at=round(instant.at, 3),
        vehicle=sight.box,
        plume=scaled(measured.box, 1 / scale) if measured.box else None,
        opacity=round(measured.opacity, 4),
        sigma=round(measured.sigma, 4),
        finding=str(measured.finding),
        detector=round(instant.detector, 3),
    )


def _evidence_times(curve: list[CurvePoint]) -> tuple[float, ...]:
    """First, darkest and last picture with a plume; else the detector's best ones."""
    plumes = [p for p in curve if p.finding == transmission.Finding.PLUME]
    shown = plumes or [p for p in curve if p.detector > 0] or curve
    darkest = max(shown, key=lambda p: (p.opacity, p.detector))
    others = [p for p in shown if p is not darkest] or [darkest]
    return tuple(sorted({others[0].at, darkest.at, others[-1].at}))
