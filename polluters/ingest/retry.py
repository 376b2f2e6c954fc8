"""Take in again what was refused or not mapped, after its cause has been mended."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from polluters.ingest.batch import take_batch
from polluters.ingest.draft import Message
from polluters.ingest.registry import Registry
from polluters.ingest.writer import Writer
from polluters.models import QuarantinedFrame, RawFrame, UnmappedCode
from polluters.services import quarantine

CHUNK = 500


@transaction.atomic
def retry_frame(*, frame: QuarantinedFrame, actor: User, now: datetime) -> bool:
    """Try a refused frame once more; return whether it came in this time.

    If it is refused again it stays in quarantine with its present reason, as one row;
    a try is not counted as sent once more. Other rows of the same bytes come in with it.
    """
    frame = QuarantinedFrame.objects.select_for_update().get(pk=frame.pk)
    if frame.state != QuarantinedFrame.State.WAITING:
        return frame.state == QuarantinedFrame.State.ACCEPTED
    outcome = take_batch(
        [Message(frame.topic_mn or frame.mn, bytes(frame.body))],
        registry=Registry(),
        writer=Writer(),
        now=now,
    )
    accepted = outcome.refused == 0 and outcome.frames > 0
    if accepted:
        quarantine.mark_accepted(frame=frame, actor=actor, now=now)
    else:
        quarantine.keep_as_one(frame=frame, now=now)
    audit.record(
        actor=actor,
        act="quarantine.retry",
        subject=f"quarantine:{frame.pk}",
        detail={"accepted": accepted, "readings": outcome.readings},
        now=now,
    )
    return accepted


def replay_unmapped(*, unmapped: UnmappedCode, actor: User, now: datetime) -> int:
    """Read the raw frames of a code that has a point now; return the readings won."""
    frames = RawFrame.objects.filter(
        logger_id=unmapped.logger_id,
        device_time__gte=unmapped.first_time,
        device_time__lte=unmapped.last_time,
    ).order_by("device_time")
    registry, writer = Registry(), Writer()
    bodies = frames.values_list("body", flat=True).iterator(chunk_size=CHUNK)
    won = 0
    for chunk in _chunks(bodies):
        messages = [Message(unmapped.logger.mn, bytes(body)) for body in chunk]
        outcome = take_batch(messages, registry=registry, writer=writer, now=now)
        won += outcome.readings
    with transaction.atomic():
        quarantine.resolve_unmapped(logger=unmapped.logger, code=unmapped.code, now=now)
        audit.record(
            actor=actor,
            act="quarantine.replay",
            subject=f"logger:{unmapped.logger_id}",
            detail={"code": unmapped.code, "readings": won},
            now=now,
        )
    return won


def _chunks(
    rows: Iterator[bytes | memoryview],
) -> Iterator[list[bytes | memoryview]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
