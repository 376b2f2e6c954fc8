"""Segments: added once, claimed by one worker, finished once, swept when forgotten."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from bozhou_eco.audit import services as audit
from bozhou_eco.common.queue import after_commit, send
from bozhou_eco.evidence.retention import held_keys
from vehicles.models import Camera, Segment

TASK = "vehicles.vision.tasks.analyse_segment"
# A claim older than this belongs to a worker that is gone.
CLAIM_LASTS = timedelta(minutes=5)
RESEND_AFTER = timedelta(seconds=30)
MOST_TRIES = 4
# A piece still being written ends so; one older than this is written no more.
PART_ENDING, PARTS_LAST = ".part.mp4", timedelta(days=1)


@dataclass(frozen=True)
class NewSegment:
    """A piece of video as the watcher cut it; ``path`` is relative to the media root.

    ``notes`` say what is odd about the recording; they go into its captures.
    """

    begins: datetime
    seconds: float
    core_begins: float
    core_ends: float
    path: str
    sha256: str
    size: int
    notes: tuple[str, ...] = ()


def segment_file(segment: Segment) -> Path:
    """Where a segment's video lies on this host."""
    return Path(settings.MEDIA_ROOT) / segment.path


def file_digest(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@transaction.atomic
def add_segment(*, camera: Camera, piece: NewSegment) -> tuple[Segment, bool]:
    """Queue a piece of video for analysis; the same beginning again changes nothing."""
    segment, created = Segment.objects.get_or_create(
        camera=camera,
        begins=piece.begins,
        defaults={
            "seconds": piece.seconds,
            "core_begins": piece.core_begins,
            "core_ends": piece.core_ends,
            "path": piece.path,
            "sha256": piece.sha256,
            "size": piece.size,
            "report": {"notes": list(piece.notes)} if piece.notes else {},
        },
    )
    if created:
        after_commit(TASK, segment.pk)
    return segment, created


def claim_segment(*, segment_id: int, now: datetime) -> Segment | None:
    """Take a segment for analysis, or None when it is done or another worker has it.

    A claim whose worker has been silent for five minutes may be taken over.
    """
    free = Q(state=Segment.State.WAITING) | Q(
        state=Segment.State.CLAIMED, claimed_at__lt=now - CLAIM_LASTS
    )
    claimed = Segment.objects.filter(free, pk=segment_id).update(
        state=Segment.State.CLAIMED,
        claim=uuid.uuid4(),
        claimed_at=now,
        tries=F("tries") + 1,
    )
    if not claimed:
        return None
    found: Segment = Segment.objects.select_related("camera__site__district").get(
        pk=segment_id
    )
    return found


def release_segment(*, segment: Segment, reason: str, now: datetime) -> None:
    """Give a segment back after an error that may pass (a full disk, a lost store)."""
    last = segment.tries >= MOST_TRIES
    Segment.objects.filter(pk=segment.pk, claim=segment.claim).update(
        state=Segment.State.FAILED if last else Segment.State.WAITING,
        error=reason[:300],
        finished_at=now if last else None,
        claim=None,
        claimed_at=now,
    )


@transaction.atomic
def fail_segment(*, segment: Segment, reason: str, now: datetime) -> bool:
    """Mark a segment that can never be analysed (truncated, no decoder); kept as is."""
    changed = Segment.objects.filter(pk=segment.pk, claim=segment.claim).update(
        state=Segment.State.FAILED, error=reason[:300], finished_at=now, claim=None
    )
    if changed:
        Camera.objects.filter(pk=segment.camera_id).update(
            decode_errors=F("decode_errors") + 1
        )
        audit.record(
            actor=None,
            act="segment.fail",
            subject=f"segment:{segment.pk}",
            detail={"reason": reason[:300]},
            now=now,
        )
    return bool(changed)


def sweep_segments(*, now: datetime, limit: int = 200) -> int:
    """Send again what waits too long or was claimed by a worker that is gone.

    After four tries a segment is failed, so that one bad file cannot go round for ever.
    """
    stale = Q(state=Segment.State.CLAIMED, claimed_at__lt=now - CLAIM_LASTS)
    Segment.objects.filter(stale, tries__gte=MOST_TRIES).update(
        state=Segment.State.FAILED, error="多次分析未完成", finished_at=now, claim=None
    )
    waiting = Q(state=Segment.State.WAITING) & (
        Q(claimed_at__isnull=True, begins__lt=now - RESEND_AFTER)
        | Q(claimed_at__lt=now - RESEND_AFTER)
    )
    forgotten = Segment.objects.filter(stale | waiting).order_by("begins")[:limit]
    return sum(send(TASK, segment.pk) for segment in forgotten)


def erase_segments(*, now: datetime, keep: timedelta | None, limit: int = 500) -> int:
    """Delete files of analysed segments older than ``keep``; the rows stay.

    The evidence of captures is sealed separately and not touched; what lies under a hold
    stays.
    """
    if keep is None:
        return 0
    kept = Q(pk__in=held_keys("segment")) | Q(camera__site__code__in=held_keys("site"))
    old = (
        Segment.objects.exclude(kept)
        .filter(
            erased_at__isnull=True,
            state__in=(Segment.State.DONE, Segment.State.FAILED),
            begins__lt=now - keep,
        )
        .order_by("begins")[:limit]
    )
    count = 0
    for segment in old:
        segment_file(segment).unlink(missing_ok=True)
        Segment.objects.filter(pk=segment.pk).update(erased_at=now)
        count += 1
    return count


def erase_parts(*, now: datetime) -> int:
    """Delete what killed processes left half written; how many files."""
    folder = Path(settings.MEDIA_ROOT) / "segments"
    old = (now - PARTS_LAST).timestamp()
    count = 0
    for path in folder.rglob(f"*{PART_ENDING}"):
        if path.stat().st_mtime < old:
            path.unlink(missing_ok=True)
            count += 1
    return count
