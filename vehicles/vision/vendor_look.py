"""Looking at what a vendor's capture device sent: its clip where there is one, else its pictures.

A clip goes through the whole pipeline with the camera's own profile. Pictures have no
background of their own, so they give darkness and the detector's vote, never a level.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from bozhou_eco.common import clock
from bozhou_eco.common.video import VideoError
from bozhou_eco.evidence.services import read_file
from vehicles.domain.smoke.voting import Voted, vote
from vehicles.models import Capture, CaptureFile
from vehicles.services.captures import EvidenceFile
from vehicles.services.vendor_looks import Boxes, Look, record_look
from vehicles.vision import worker
from vehicles.vision.analysis import Analysis, Candidate
from vehicles.vision.evidence import (
    darkest_point,
    row_of,
    shown_frames,
    spread_frames,
)
from vehicles.vision.pictures import PictureError, decode_picture
from vehicles.vision.stills import Still, look_at_still

STILLS_SIGMA = 1.0
ONLY_PICTURES = "仅有静态图片，以邻近路面代替背景，精度约 1 级，不自动定级"


def look_at_vendor_capture(capture_id: int) -> bool:
    """Look once at a vendor's capture; whether anything was added."""
    capture = (
        Capture.objects.select_related("camera__site", "site")
        .filter(pk=capture_id, origin=Capture.Origin.VENDOR)
        .first()
    )
    if capture is None or capture.versions.get("model"):
        return False
    stills, notes = _stills(capture)
    analysis, files = _clip(capture, notes)
    home = worker.profile_of(capture.camera).home
    if analysis is not None and analysis.candidates:
        look = _from_clip(analysis, notes, stills, home)
    else:
        look = _from_stills(stills, notes, analysis, home)
    look = replace(look, files=files)
    return record_look(capture_id=capture.pk, look=look, now=clock.now())


@dataclass(frozen=True)
class _Placed:
    place: int
    still: Still


def _stills(capture: Capture) -> tuple[list[_Placed], list[str]]:
    found, notes = [], []
    files = capture.files.filter(kind=CaptureFile.Kind.FRAME).select_related("sealed")
    for one in files.order_by("place"):
        try:
            picture = decode_picture(read_file(one.sealed))
        except (PictureError, FileNotFoundError) as error:
            notes.append(f"第 {one.place} 张图片不能分析：{error}")
            continue
        still = look_at_still(
            picture, eyes=worker.eyes_in_use(), plates=worker.plates()
        )
        found.append(_Placed(one.place, still))
    return found, notes


def _clip(
    capture: Capture, notes: list[str]
) -> tuple[Analysis | None, list[EvidenceFile]]:
    """What the clip shows, and pictures out of it where the device sent none."""
    one = capture.files.filter(kind=CaptureFile.Kind.CLIP).first()
    if one is None:
        return None, []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vendor.mp4"
        try:
            path.write_bytes(read_file(one.sealed))
            analysis = worker.look_through(path, worker.profile_of(capture.camera))
            if capture.files.filter(kind=CaptureFile.Kind.FRAME).exists():
                return analysis, []
            notes.append("设备未报图片，画面由本平台自视频截取")
            return analysis, _cut_out(analysis, path)
        except (VideoError, FileNotFoundError) as error:
            notes.append(f"视频不能分析：{error}")
            return None, []


def _cut_out(analysis: Analysis, video: Path) -> list[EvidenceFile]:
    if not analysis.candidates:
        return spread_frames(video, analysis.seconds)
    return shown_frames(max(analysis.candidates, key=_strength), video)


def _from_clip(
    analysis: Analysis, notes: list[str], stills: list[_Placed], home: str
) -> Look:
    best = max(analysis.candidates, key=_strength)
    verdict, darkest = best.verdict, darkest_point(best)
    known = verdict.level.frames > 0
    return Look(
        model=analysis.model,
        proposal=str(verdict.proposal),
        reason=verdict.reason,
        physics=verdict.physics,
        detector=verdict.detector,
        confidence=max(point.detector for point in best.curve),
        level_value=round(verdict.level.value, 2) if known else None,
        level_sigma=round(verdict.level.sigma, 2) if known else None,
        level=verdict.level.grade,
        level_reason=verdict.level.reason,
        vehicle_kind=best.kind,
        plate=best.plate if best.plate.text else _plate(stills, home),
        conditions=analysis.conditions,
        curve=[row_of(point, darkest.at) for point in best.curve],
        width=analysis.width,
        height=analysis.height,
        notes=[*notes, *analysis.notes],
        boxes=_boxes(stills),
    )


def _strength(one: Candidate) -> tuple[bool, float]:
    return one.verdict.level.determined, one.verdict.level.value


def _from_stills(
    stills: list[_Placed], notes: list[str], analysis: Analysis | None, home: str
) -> Look:
    plumes = [plume for one in stills for plume in one.still.smoke]
    best = max(plumes, key=lambda plume: plume.score, default=None)
    darkest = max((plume.darkness for plume in plumes), default=0.0)
    seen = sum(bool(one.still.smoke) for one in stills)
    first = stills[0].still if stills else None
    physics = ONLY_PICTURES
    if analysis is not None:
        physics = "视频中未见可测的烟羽"
        notes = [*notes, *analysis.notes]
    if not stills and analysis is None:
        physics = "没有可分析的画面"
    return Look(
        model=worker.eyes_in_use().version,
        proposal="unclear" if best else "nothing",
        reason="图片中有疑似烟羽" if best else "未见烟羽",
        physics=physics,
        detector=f"检测模型支持 {seen}/{len(stills)} 张"
        + (f"，最高 {best.score:.2f}" if best else ""),
        confidence=best.score if best else 0.0,
        level_value=round(5 * darkest, 2) if plumes else None,
        level_sigma=STILLS_SIGMA if plumes else None,
        level_reason=physics if plumes else "未见烟羽",
        vehicle_kind=first.vehicles[0].kind if first and first.vehicles else "",
        plate=_plate(stills, home),
        conditions=analysis.conditions if analysis else [],
        width=first.width if first else 0,
        height=first.height if first else 0,
        notes=notes,
        boxes=_boxes(stills),
    )


def _plate(stills: list[_Placed], home: str) -> Voted:
    readings = [plate.reading for one in stills for plate in one.still.plates[:1]]
    return vote(readings, home=home)


def _boxes(stills: list[_Placed]) -> dict[int, Boxes]:
    found = {}
    for one in stills:
        plume = max(one.still.smoke, key=lambda p: p.score, default=None)
        vehicle = max(one.still.vehicles, key=lambda v: v.score, default=None)
        found[one.place] = Boxes(
            vehicle=vehicle.box if vehicle else None,
            plume=plume.box if plume else None,
            opacity=plume.darkness if plume else None,
        )
    return found
