"""From a candidate to the files that prove it: frames, panorama, plate, clip, record."""

import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import cv2

from bozhou_eco.common.cutting import cut
from bozhou_eco.common.video import frames_at
from vehicles.domain.smoke.background import Background
from vehicles.domain.smoke.photometry import Image
from vehicles.models import CaptureFile
from vehicles.services.captures import Draft, EvidenceFile
from vehicles.vision.analysis import Analysis, Candidate, CurvePoint

JPEG_QUALITY = 95
LEAST_CLIP_SECONDS = 10.0
Kind = CaptureFile.Kind


def jpeg(image: Image) -> bytes:
    """A picture as JPEG bytes of high quality."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError("a picture could not be encoded")
    return bytes(data)


def png(image: Image) -> bytes:
    """A picture as PNG bytes, without loss."""
    done, data = cv2.imencode(".png", image)
    if not done:
        raise ValueError("a picture could not be encoded")
    return bytes(data)


def make_draft(
    *,
    candidate: Candidate,
    analysis: Analysis,
    video: Path,
    begins: datetime,
    key: str,
    margin: float,
) -> Draft:
    """The draft of a capture with its evidence cut out of the segment's video.

    ``begins`` is the instant of the video's first frame, ``margin`` the seconds of clip
    before and after the darkest frame.
    """
    darkest = darkest_point(candidate)
    level = candidate.verdict.level
    files = [
        *shown_frames(candidate, video),
        *_stills(candidate, analysis),
        _clip(video, darkest.at, margin, analysis.seconds),
    ]
    first, last = candidate.curve[0], candidate.curve[-1]
    return Draft(
        key=key,
        captured_at=begins + timedelta(seconds=darkest.at),
        begins_at=begins + timedelta(seconds=candidate.begins),
        ends_at=begins + timedelta(seconds=candidate.ends),
        proposal=str(candidate.verdict.proposal),
        reason=candidate.verdict.reason,
        files=files,
        physics=candidate.verdict.physics,
        detector=candidate.verdict.detector,
        confidence=max(point.detector for point in candidate.curve),
        level_value=round(level.value, 2) if level.frames else None,
        level_sigma=round(level.sigma, 2) if level.frames else None,
        level=level.grade,
        level_reason=level.reason,
        vehicle_kind=candidate.kind,
        plate=candidate.plate.text,
        plate_color=str(candidate.plate.color),
        plate_score=candidate.plate.score,
        plate_problem=candidate.plate.problem,
        conditions=analysis.conditions,
        curve=[row_of(point, darkest.at) for point in candidate.curve],
        first_box=_share(first, analysis),
        last_box=_share(last, analysis),
        width=analysis.width,
        height=analysis.height,
        versions={"model": analysis.model},
        notes=analysis.notes,
    )


def darkest_point(candidate: Candidate) -> CurvePoint:
    """The picture with the deepest plume; without one, the detector's best."""
    return max(
        candidate.curve, key=lambda p: (p.finding == "plume", p.opacity, p.detector)
    )


def row_of(point: CurvePoint, zero: float) -> dict[str, object]:
    """A picture of a candidate as the record keeps it, its time from ``zero``."""
    return {
        "at": round(point.at - zero, 3),
        "vehicle": [round(edge, 1) for edge in point.vehicle],
        "plume": [round(edge, 1) for edge in point.plume] if point.plume else None,
        "opacity": point.opacity,
        "sigma": point.sigma,
        "finding": point.finding,
        "detector": point.detector,
    }


def _share(point: CurvePoint, analysis: Analysis) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = point.vehicle
    width, height = max(analysis.width, 1), max(analysis.height, 1)
    return x1 / width, y1 / height, x2 / width, y2 / height


def shown_frames(candidate: Candidate, video: Path) -> list[EvidenceFile]:
    """First, darkest and last picture of a candidate, and the panorama."""
    darkest = darkest_point(candidate)
    wide = candidate.plate_at if candidate.plate_at is not None else candidate.begins
    pictures = frames_at(video, sorted({*candidate.evidence_times, wide}))
    points = {point.at: point for point in candidate.curve}
    files = []
    for place, at in enumerate(candidate.evidence_times, 1):
        point = points.get(at, darkest)
        shown = _frame(place, pictures[at], round(at - darkest.at, 3))
        files.append(
            replace(
                shown,
                vehicle_box=point.vehicle,
                plume_box=point.plume,
                opacity=point.opacity,
            )
        )
    files.append(
        EvidenceFile(
            kind=Kind.PANORAMA,
            place=0,
            name="panorama.jpg",
            media_type="image/jpeg",
            content=jpeg(pictures[wide]),
            at=round(wide - darkest.at, 3),
        )
    )
    return files


def spread_frames(video: Path, seconds: float) -> list[EvidenceFile]:
    """Three pictures over a video in which nothing was put forward, for people to see."""
    times = [0.0, round(seconds / 2, 3), round(seconds, 3)]
    pictures = frames_at(video, times)
    return [
        _frame(place, pictures[at], at) for place, at in enumerate(sorted(pictures), 1)
    ]


def _frame(place: int, image: Image, at: float) -> EvidenceFile:
    return EvidenceFile(
        kind=Kind.FRAME,
        place=place,
        name=f"frame-{place}.jpg",
        media_type="image/jpeg",
        content=jpeg(image),
        at=at,
    )


def _stills(candidate: Candidate, analysis: Analysis) -> list[EvidenceFile]:
    files = []
    if analysis.background is not None:
        files.append(
            EvidenceFile(
                kind=Kind.BACKGROUND,
                place=0,
                name="background.png",
                media_type="image/png",
                content=png(analysis.background.image),
            )
        )
    if candidate.plate_picture is not None:
        files.append(
            EvidenceFile(
                kind=Kind.PLATE,
                place=0,
                name="plate.png",
                media_type="image/png",
                content=png(candidate.plate_picture),
            )
        )
    return files


def _clip(video: Path, at: float, margin: float, seconds: float) -> EvidenceFile:
    """Margin seconds before and after, moved inward so that it never falls short."""
    start, end = at - margin, at + margin
    if start < 0:
        start, end = 0.0, max(2 * margin, LEAST_CLIP_SECONDS)
    if end > seconds:
        start, end = (
            max(seconds - max(2 * margin, LEAST_CLIP_SECONDS), 0.0),
            seconds + 1,
        )
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        begun = cut(video, target, start=start, end=end)
        content = target.read_bytes()
    return EvidenceFile(
        kind=Kind.CLIP,
        place=0,
        name="clip.mp4",
        media_type="video/mp4",
        content=content,
        at=round(begun - at, 3),
    )


def save_background(path: Path, background: Background) -> None:
    """Keep a camera's clean background as PNG, unknown pixels transparent."""
    alpha = background.known.astype("uint8") * 255
    path.parent.mkdir(parents=True, exist_ok=True)
    content = png(cv2.merge([*cv2.split(background.image), alpha]))
    temporary = path.with_suffix(".part")
    temporary.write_bytes(content)
    temporary.replace(path)


def load_background(path: Path) -> Background | None:
    """A kept background, or None where there is none or it cannot be read."""
    if not path.is_file():
        return None
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
        return None
    return Background(picture[..., :3].copy(), picture[..., 3] > 0)
