"""Health of cameras as the watcher reports it; a lost camera is an alert."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from alerts.services import clear_alert, raise_alert
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common.push import push_after_commit
from vehicles.models import Camera

# A camera is down when no frame came for this long.
SILENT_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class Health:
    """What the watcher measured since its last report.

    ``sharpness`` is the variance of the Laplacian, ``brightness`` 0..255, ``view_shift``
    the share of scene edges that moved, ``clock_offset`` device minus platform, seconds.
    """

    state: str
    problem: str = ""
    frame_rate: float | None = None
    decode_errors: int = 0
    dropped: int = 0
    last_frame_at: datetime | None = None
    clock_offset: float | None = None
    sharpness: float | None = None
    brightness: float | None = None
    view_shift: float | None = None


@transaction.atomic
def report_health(*, camera: Camera, health: Health, now: datetime) -> Camera:
    """Store a report; a change of state is audited, pushed, and raises or clears an alert."""
    held: Camera = (
        Camera.objects.select_for_update().select_related("site").get(pk=camera.pk)
    )
    changed = held.state != health.state
    if changed:
        held.state, held.state_since = health.state, now
    held.problem = health.problem[:200]
    held.decode_errors += health.decode_errors
    held.dropped += health.dropped
    for name in ("frame_rate", "last_frame_at", "clock_offset", "sharpness"):
        value = getattr(health, name)
        if value is not None:
            setattr(held, name, value)
    for name in ("brightness", "view_shift"):
        value = getattr(health, name)
        if value is not None:
            setattr(held, name, value)
    held.save()
    if changed:
        _announce(held, now)
    return held


def _announce(camera: Camera, now: datetime) -> None:
    audit.record(
        actor=None,
        act="camera.state",
        subject=f"camera:{camera.pk}",
        detail={"state": camera.state, "problem": camera.problem},
        now=now,
    )
    push_after_commit(
        "live", {"kind": "camera", "id": camera.pk, "state": camera.state}
    )
    key = f"camera:{camera.pk}:down"
    if camera.state == Camera.State.DOWN:
        raise_alert(
            key=key,
            kind="camera",
            severity="minor",
            summary=f"{camera.site.name} {camera.name} 中断：{camera.problem}",
            explanation={
                "last_frame_at": camera.last_frame_at.isoformat()
                if camera.last_frame_at
                else None,
                "problem": camera.problem,
            },
            subject_key=f"camera:{camera.pk}",
            subject_name=camera.name,
            district=camera.site.district,
            organisation=None,
            evidence_url=f"/vehicles/cameras/{camera.pk}/",
            occurred_at=now,
            now=now,
        )
    elif camera.state == Camera.State.OK:
        clear_alert(key=key, now=now, reason="摄像机恢复正常")


def hash_key(key: str) -> str:
    """SHA-256 of a device key; keys are long random strings, so no salt is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def issue_device_key(*, camera: Camera, actor: User | None, now: datetime) -> str:
    """Make a new key for a vendor device; the old one stops working. Shown only once."""
    key = f"bzc_{secrets.token_urlsafe(32)}"
    Camera.objects.filter(pk=camera.pk).update(key_hash=hash_key(key))
    audit.record(
        actor=actor,
        act="camera.key",
        subject=f"camera:{camera.pk}",
        kind="config",
        now=now,
    )
    return key
