"""Captures come in: from an analysed segment or from a vendor's device, sealed at birth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from bozhou_eco.audit import services as audit
from bozhou_eco.audit.chain import canonical
from bozhou_eco.common import clock
from bozhou_eco.common.push import push_after_commit
from bozhou_eco.evidence.services import seal_bytes
from vehicles.domain import plates
from vehicles.domain.codes import PURE_ELECTRIC
from vehicles.domain.smoke.tracks import Passing, same_passing
from vehicles.models import Camera, Capture, CaptureFile, Segment, Vehicle
from vehicles.services.watchlist import match_capture

Box = tuple[float, float, float, float]
NEAR = timedelta(seconds=30)
GREEN = (str(plates.Color.GREEN), str(plates.Color.YELLOW_GREEN))
ELECTRIC = "号牌登记为纯电动车，请核对号牌"


@dataclass(frozen=True)
class EvidenceFile:
    """A file of a capture before it is sealed; boxes in pixels of the full picture."""

    kind: str
    place: int
    name: str
    media_type: str
    content: bytes
    at: float = 0.0
    vehicle_box: Box | None = None
    plume_box: Box | None = None
    opacity: float | None = None


@dataclass(frozen=True)
class Draft:
    """A candidate as the analysis or a vendor's adapter hands it over."""

    key: str
    captured_at: datetime
    begins_at: datetime
    ends_at: datetime
    proposal: str
    reason: str
    files: Sequence[EvidenceFile]
    physics: str = ""
    detector: str = ""
    confidence: float = 0.0
    level_value: float | None = None
    level_sigma: float | None = None
    level: int | None = None
    level_reason: str = ""
    vehicle_kind: str = ""
    plate: str = ""
    plate_color: str = "other"
    plate_score: float = 0.0
    plate_problem: str = ""
    conditions: Sequence[str] = ()
    curve: Sequence[dict[str, object]] = ()
    first_box: Box = (0.0, 0.0, 0.0, 0.0)
    last_box: Box = (0.0, 0.0, 0.0, 0.0)
    width: int = 0
    height: int = 0
    versions: dict[str, object] = field(default_factory=dict)
    notes: Sequence[str] = ()
    vendor_verdict: dict[str, object] = field(default_factory=dict)
    # Of a vendor's event itself; what a camera streams has the camera's own.
    clock_offset: float | None = None


@transaction.atomic
def finish_segment(
    *,
    segment: Segment,
    drafts: Sequence[Draft],
    report: dict[str, object],
    now: datetime,
) -> list[Capture]:
    """Store what a segment showed, once: a worker whose claim was taken over adds nothing.

    All rows and seals are one transaction, so a worker killed on the way leaves none.
    """
    held = Segment.objects.select_for_update().get(pk=segment.pk)
    if held.state != Segment.State.CLAIMED or held.claim != segment.claim:
        return []
    captures, suppressed = [], []
    for draft in drafts:
        if _pure_electric(draft):
            suppressed.append(_suppress(segment, draft, now))
            continue
        capture = _add(segment.camera, draft, segment, Capture.Origin.SEGMENT, now)
        if capture is not None:
            captures.append(capture)
    held.state, held.finished_at, held.claim = Segment.State.DONE, now, None
    told = report.get("notes")
    notes = [*(told if isinstance(told, list) else []), *suppressed]
    held.error, held.report = "", {**report, "notes": notes} if notes else report
    held.save(update_fields=["state", "finished_at", "claim", "error", "report"])
    return captures


def _pure_electric(draft: Draft) -> bool:
    """Whether the plate, read beyond doubt, is registered as purely electric.

    The register alone decides: the green plates of hybrids look the same, and they smoke.
    """
    if not draft.plate or draft.plate_problem:
        return False
    found = Vehicle.objects.filter(
        plate=plates.normalise(draft.plate), fuel=PURE_ELECTRIC
    )
    green = draft.plate_color in GREEN
    colors = GREEN if green else (draft.plate_color,)
    return found.filter(plate_color__in=colors).exists()


def _suppress(segment: Segment, draft: Draft, now: datetime) -> str:
    """Put nothing forward, but say so in the segment and in the audit."""
    audit.record(
        actor=None,
        act="capture.suppress",
        subject=f"segment:{segment.pk}",
        detail={"key": draft.key, "plate": draft.plate, "level": draft.level},
        now=now,
    )
    moment = clock.beijing(draft.captured_at)
    return f"{moment:%H:%M:%S} {draft.plate} 登记为纯电动，未列入复核"


@transaction.atomic
def record_vendor_capture(
    *, camera: Camera, draft: Draft, now: datetime
) -> tuple[Capture, bool]:
    """Store a vendor device's capture; the same event again returns the stored one."""
    known = Capture.objects.filter(key=draft.key).first()
    if known is not None:
        return known, False
    capture = _add(camera, draft, None, Capture.Origin.VENDOR, now)
    if capture is None:
        return Capture.objects.get(key=draft.key), False
    return capture, True


def _add(
    camera: Camera,
    draft: Draft,
    segment: Segment | None,
    origin: str,
    now: datetime,
) -> Capture | None:
    """One capture with its sealed files; None where the passing is already known."""
    Camera.objects.select_for_update().get(pk=camera.pk)
    if Capture.objects.filter(key=draft.key).exists():
        return None
    if origin == Capture.Origin.SEGMENT and _known_passing(camera, draft):
        return None
    site = camera.site
    day = clock.beijing(draft.captured_at).date()
    capture = Capture.objects.create(
        key=draft.key,
        origin=origin,
        site=site,
        camera=camera,
        segment=segment,
        captured_at=draft.captured_at,
        begins_at=draft.begins_at,
        ends_at=draft.ends_at,
        proposal=draft.proposal,
        reason=draft.reason[:200],
        physics=draft.physics[:200],
        detector=draft.detector[:200],
        confidence=draft.confidence,
        level_value=draft.level_value,
        level_sigma=draft.level_sigma,
        level=draft.level,
        level_reason=draft.level_reason[:100],
        vehicle_kind=draft.vehicle_kind,
        plate=draft.plate[:16],
        plate_color=draft.plate_color,
        plate_score=draft.plate_score,
        plate_problem=draft.plate_problem[:100],
        conditions=list(draft.conditions),
        curve=list(draft.curve),
        picture_width=draft.width,
        picture_height=draft.height,
        clock_offset=camera.clock_offset
        if origin == Capture.Origin.SEGMENT
        else draft.clock_offset,
        versions={**draft.versions, "thresholds": camera.thresholds_version},
        notes=[*draft.notes, *([ELECTRIC] if _pure_electric(draft) else [])],
        vendor_verdict=draft.vendor_verdict,
        register_gaps=site.register_gaps(day),
    )
    for one in draft.files:
        seal(capture, one, now)
    seal(capture, _record(capture), now)
    audit.record(
        actor=None,
        act="capture.add",
        subject=f"capture:{capture.pk}",
        detail={"key": capture.key, "proposal": capture.proposal, "site": site.code},
        now=now,
    )
    match_capture(capture=capture, now=now)
    push_after_commit(
        "live", {"kind": "capture", "id": capture.pk, "state": capture.state}
    )
    return capture


def seal(capture: Capture, one: EvidenceFile, now: datetime) -> CaptureFile:
    """Seal a file of a capture in the chain of its site, inside the caller's transaction."""
    camera, site = capture.camera, capture.site
    sealed = seal_bytes(
        content=one.content,
        name=one.name,
        media_type=one.media_type,
        chain=site.chain,
        actor=None,
        now=now,
        meta={
            "capture": capture.pk,
            "kind": one.kind,
            "place": one.place,
            "captured_at": capture.captured_at.isoformat(),
            "site": site.code,
            "device": camera.code,
            "longitude": str(site.longitude),
            "latitude": str(site.latitude),
            "clock_offset_s": capture.clock_offset,
            "versions": capture.versions,
        },
    )
    return CaptureFile.objects.create(
        capture=capture,
        kind=one.kind,
        place=one.place,
        at=one.at,
        sealed=sealed,
        vehicle_box=one.vehicle_box,
        plume_box=one.plume_box,
        opacity=one.opacity,
    )


def _record(capture: Capture) -> EvidenceFile:
    """The analysis as it was made, sealed beside the pictures."""
    site = capture.site
    content = canonical(
        {
            "key": capture.key,
            "captured_at": capture.captured_at.isoformat(),
            "site": {
                "code": site.code,
                "name": site.name,
                "road": site.road,
                "longitude": str(site.longitude),
                "latitude": str(site.latitude),
                "certificate": site.certificate,
                "register_gaps": capture.register_gaps,
            },
            "device": capture.camera.code,
            "clock_offset_s": capture.clock_offset,
            "proposal": capture.proposal,
            "physics": capture.physics,
            "detector": capture.detector,
            "level": {
                "value": capture.level_value,
                "sigma": capture.level_sigma,
                "grade": capture.level,
                "reason": capture.level_reason,
            },
            "plate": {
                "text": capture.plate,
                "color": capture.plate_color,
                "score": capture.plate_score,
                "problem": capture.plate_problem,
            },
            "conditions": capture.conditions,
            "notes": capture.notes,
            "curve": capture.curve,
            "versions": capture.versions,
            "vendor_verdict": capture.vendor_verdict,
        }
    )
    return EvidenceFile(
        kind=CaptureFile.Kind.RECORD,
        place=0,
        name="analysis.json",
        media_type="application/json",
        content=content,
    )


def _known_passing(camera: Camera, draft: Draft) -> bool:
    """Whether the same vehicle's passing is already among this camera's captures."""
    new = Passing(
        draft.begins_at.timestamp(),
        draft.ends_at.timestamp(),
        "" if draft.plate_problem else draft.plate,
        draft.first_box,
        draft.last_box,
    )
    near = Capture.objects.filter(
        camera=camera,
        begins_at__lte=draft.ends_at + NEAR,
        ends_at__gte=draft.begins_at - NEAR,
    )
    return any(same_passing(new, _passing(one)) for one in near)


def _passing(capture: Capture) -> Passing:
    boxes: list[Box] = [
        _scaled(point["vehicle"], capture)
        for point in capture.curve
        if "vehicle" in point
    ] or [(0.0, 0.0, 0.0, 0.0)]
    return Passing(
        capture.begins_at.timestamp(),
        capture.ends_at.timestamp(),
        "" if capture.plate_problem else capture.plate,
        boxes[0],
        boxes[-1],
    )


def _scaled(box: Box, capture: Capture) -> Box:
    width, height = capture.picture_width or 1, capture.picture_height or 1
    return (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
