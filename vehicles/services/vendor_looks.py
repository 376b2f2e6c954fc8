"""Our own look at what a vendor's device sent, kept beside the vendor's verdict.

The vendor's words stay in ``vendor_verdict`` and the originals stay as they were sealed;
what our models saw goes into the capture's fields and into a sealed record of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from bozhou_eco.audit import services as audit
from bozhou_eco.audit.chain import canonical
from bozhou_eco.common.push import push_after_commit
from bozhou_eco.common.queue import send
from vehicles.domain import plates
from vehicles.domain.smoke.voting import Voted, differences
from vehicles.models import Capture, CaptureFile
from vehicles.services.captures import EvidenceFile, seal

TASK = "vehicles.vision.tasks.look_at_vendor_capture"
RESEND_AFTER = timedelta(minutes=2)
GIVEN_UP_AFTER = timedelta(days=8)
RECORD_PLACE = 1

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Boxes:
    """What our model marked in one of the vendor's pictures (by its place)."""

    vehicle: Box | None
    plume: Box | None
    opacity: float | None


@dataclass(frozen=True)
class Look:
    """What our models say of a vendor's capture.

    ``level`` is None where pictures alone cannot give one; ``words`` say why.
    """

    model: str
    proposal: str
    reason: str
    physics: str
    detector: str
    confidence: float
    level_value: float | None = None
    level_sigma: float | None = None
    level: int | None = None
    level_reason: str = ""
    vehicle_kind: str = ""
    plate: Voted | None = None
    conditions: Sequence[str] = ()
    curve: Sequence[dict[str, object]] = ()
    width: int = 0
    height: int = 0
    notes: Sequence[str] = ()
    boxes: Mapping[int, Boxes] = field(default_factory=dict)
    # Pictures cut out of the clip of a device that sent no other.
    files: Sequence[EvidenceFile] = ()


@transaction.atomic
def record_look(*, capture_id: int, look: Look, now: datetime) -> bool:
    """Keep our look at a vendor's capture, once; False when it was there already.

    A capture that people have decided keeps its fields: only the record is added.
    """
    capture = (
        Capture.objects.select_for_update(of=("self",))
        .select_related("site", "camera")
        .get(pk=capture_id)
    )
    if capture.origin != Capture.Origin.VENDOR or capture.versions.get("model"):
        return False
    files: list[EvidenceFile] = []
    if capture.state not in Capture.DECIDED:
        _fill(capture, look)
        _mark(capture, look.boxes)
        files.extend(look.files)
    capture.versions = {**capture.versions, "model": look.model}
    capture.save()
    for one in (*files, _record(capture, look)):
        seal(capture, one, now)
    audit.record(
        actor=None,
        act="capture.look",
        subject=f"capture:{capture.pk}",
        detail={"proposal": look.proposal, "level": look.level, "model": look.model},
        now=now,
    )
    push_after_commit(
        "live", {"kind": "capture", "id": capture.pk, "state": capture.state}
    )
    return True


def _fill(capture: Capture, look: Look) -> None:
    capture.proposal = look.proposal
    capture.reason = f"厂商设备上报；本平台：{look.reason}"[:200]
    capture.physics, capture.detector = look.physics[:200], look.detector[:200]
    capture.confidence = look.confidence
    capture.level_value, capture.level_sigma = look.level_value, look.level_sigma
    capture.level, capture.level_reason = look.level, look.level_reason[:100]
    capture.vehicle_kind = look.vehicle_kind
    capture.conditions, capture.curve = list(look.conditions), list(look.curve)
    capture.picture_width, capture.picture_height = look.width, look.height
    capture.notes = [*capture.notes, *look.notes][:20]
    if look.plate is not None:
        _compare_plates(capture, look.plate)


def _compare_plates(capture: Capture, ours: Voted) -> None:
    """The vendor's plate stays; ours fills a gap, and a difference goes to a person."""
    theirs = capture.plate
    if not ours.text:
        if not theirs:
            capture.plate_problem = ours.problem[:100]
        return
    capture.plate_score = ours.score
    if not plates.is_valid(theirs):
        capture.plate, capture.plate_problem = ours.text[:16], ours.problem[:100]
        capture.plate_color = str(ours.color)
    elif differences(theirs, ours.text):
        capture.plate_problem = f"本平台读作 {ours.text}，与厂商所报不一致，需人工核对"[
            :100
        ]


def _mark(capture: Capture, boxes: Mapping[int, Boxes]) -> None:
    for place, found in boxes.items():
        CaptureFile.objects.filter(
            capture=capture, kind=CaptureFile.Kind.FRAME, place=place
        ).update(
            vehicle_box=found.vehicle, plume_box=found.plume, opacity=found.opacity
        )


def _record(capture: Capture, look: Look) -> EvidenceFile:
    plate = look.plate
    content = canonical(
        {
            "key": capture.key,
            "vendor_verdict": capture.vendor_verdict,
            "proposal": look.proposal,
            "reason": look.reason,
            "physics": look.physics,
            "detector": look.detector,
            "level": {
                "value": look.level_value,
                "sigma": look.level_sigma,
                "grade": look.level,
                "reason": look.level_reason,
            },
            "plate": {"text": plate.text, "problem": plate.problem} if plate else None,
            "conditions": list(look.conditions),
            "curve": list(look.curve),
            "notes": list(look.notes),
            "model": look.model,
        }
    )
    return EvidenceFile(
        kind=CaptureFile.Kind.RECORD,
        place=RECORD_PLACE,
        name="own-look.json",
        media_type="application/json",
        content=content,
    )


def sweep_vendor_captures(*, now: datetime, limit: int = 20) -> int:
    """Ask again for looks whose task was lost; after eight days it is left to people."""
    waiting = Capture.objects.filter(
        Q(versions__model=None) | ~Q(versions__has_key="model"),
        origin=Capture.Origin.VENDOR,
        state__in=Capture.REVIEWING,
        captured_at__lt=now - RESEND_AFTER,
        captured_at__gte=now - GIVEN_UP_AFTER,
    ).order_by("pk")[:limit]
    return sum(send(TASK, one.pk) for one in waiting)
