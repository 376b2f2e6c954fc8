"""A capture as a package: the sealed bundle, and what the traffic police's system takes."""

import hashlib
import io
import json
import zipfile
from datetime import datetime

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from bozhou_eco.evidence.services import build_bundle, read_file
from vehicles.domain import plates
from vehicles.models import Capture, CaptureFile
from vehicles.services.copies import composed, marked_copy

# 违法代码: driving a vehicle whose emissions fail (a setting of the police's own system).
VIOLATION_CODE = "6063"


def capture_record(capture: Capture) -> dict[str, object]:
    """A capture as plain data for the bundle; with its reviews once it is settled.

    Before that the next reviewer could read the earlier opinions in it.
    """
    return {
        "capture": capture.key,
        "captured_at": capture.captured_at.isoformat(),
        "site": {
            "code": capture.site.code,
            "name": capture.site.name,
            "road": capture.site.road,
            "longitude": str(capture.site.longitude),
            "latitude": str(capture.site.latitude),
            "legal_review": capture.site.legal_review,
            "technical_review": capture.site.technical_review,
            "certificate": capture.site.certificate,
            "published_at": capture.site.published_at,
        },
        "device": capture.camera.code,
        "clock_offset_s": capture.clock_offset,
        "state": str(capture.shown_state),
        "register_gaps": capture.register_gaps,
        "plate": {"read": capture.plate, "decided": capture.plate_final},
        "level": {
            "measured": capture.level_value,
            "sigma": capture.level_sigma,
            "decided": capture.level_final,
        },
        "votes": {"physics": capture.physics, "detector": capture.detector},
        "versions": capture.versions,
        "notice": capture.notice_number,
        "settled": capture.settled,
        "reviews": _reviews(capture) if capture.settled else [],
        "objections": objections_of(capture),
    }


def objections_of(capture: Capture) -> list[dict[str, object]]:
    """What the driver stated and was answered, without name and telephone."""
    return [
        {
            "at": one.at.isoformat(),
            "statement": one.statement,
            "state": one.get_state_display(),
            "answer": one.answer,
            "answered_at": one.answered_at.isoformat() if one.answered_at else None,
        }
        for one in capture.objections.order_by("at")
    ]


def _reviews(capture: Capture) -> list[dict[str, object]]:
    return [
        {
            "round": one.get_round_display(),
            "reviewer": one.reviewer.name,
            "verdict": one.get_verdict_display(),
            "level": one.level,
            "plate": one.plate,
            "opened": one.opened,
            "at": one.at.isoformat(),
            "undone_at": one.undone_at.isoformat() if one.undone_at else None,
        }
        for one in capture.reviews.select_related("reviewer").order_by("at")
    ]


def capture_bundle(*, capture: Capture, actor: User | None, now: datetime) -> bytes:
    """The sealed bundle of a capture: originals, record, chain, signature, verifier."""
    files = [one.sealed for one in capture.files.select_related("sealed")]
    return build_bundle(
        subject=f"capture:{capture.pk}",
        files=files,
        records=capture_record(capture),
        chain=capture.site.chain,
        actor=actor,
        now=now,
    )


def transfer_package(*, capture: Capture, actor: User | None, now: datetime) -> bytes:
    """Zip for the traffic police: fields, composed picture, marked frames, clip,
    and objections with their answers where there are any.

    Raises ValueError unless the capture is confirmed.
    """
    if capture.state != Capture.State.CONFIRMED:
        raise ValueError("只有已确认的抓拍可以移交")
    local = clock.beijing(capture.captured_at)
    plate = plates.parse(capture.plate_final, capture.color_final or None)
    fields = {
        "号牌号码": capture.plate_final,
        "号牌种类": plate.type,
        "违法代码": VIOLATION_CODE,
        "违法时间": f"{local:%Y-%m-%d %H:%M:%S}",
        "违法地点": f"{capture.site.name} {capture.site.road}",
        "设备编号": capture.camera.code,
        "检定证书": capture.site.certificate,
        "林格曼级": capture.level_final,
        "告知书编号": capture.notice_number,
        "合成图片": "composed.jpg",
    }
    entries = {"fields.json": json.dumps(fields, ensure_ascii=False, indent=1).encode()}
    frames = list(capture.files.filter(kind=CaptureFile.Kind.FRAME).order_by("place"))
    pictures = [marked_copy(capture, one) for one in frames]
    entries["composed.jpg"] = composed(pictures, capture)
    for one, picture in zip(frames, pictures, strict=True):
        entries[f"frame-{one.place}.jpg"] = picture
    objections = objections_of(capture)
    if objections:
        text = json.dumps(objections, ensure_ascii=False, indent=1)
        entries["objections.json"] = text.encode()
    clip = capture.files.filter(kind=CaptureFile.Kind.CLIP).first()
    if clip is not None:
        entries["clip.mp4"] = read_file(clip.sealed)
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in entries.items()}
    entries["manifest.json"] = json.dumps(digests, indent=1).encode()
    audit.record(
        actor=actor,
        act="capture.transfer",
        subject=f"capture:{capture.pk}",
        detail={"files": digests},
        kind="export",
        now=now,
    )
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in sorted(entries.items()):
            archive.writestr(name, body)
    return output.getvalue()
