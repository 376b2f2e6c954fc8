"""Seal raw frames: an hourly Merkle root per logger, chained."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import TruncHour

from bozhou_eco.audit.chain import merkle_root
from bozhou_eco.evidence.services import seal_digest
from polluters.models import FrameSeal, RawFrame

HOUR = timedelta(hours=1)


def chain_of(logger_id: int) -> str:
    """Return the name of a logger's chain of frame seals."""
    return f"frames:{logger_id}"


def seal_hours(*, now: datetime, back: timedelta = timedelta(hours=26)) -> int:
    """Seal every closed hour of the last ``back`` that has frames not sealed yet."""
    end = now.replace(minute=0, second=0, microsecond=0)
    counted = (
        RawFrame.objects.filter(device_time__gte=end - back, device_time__lt=end)
        .annotate(hour=TruncHour("device_time"))
        .values_list("logger_id", "hour")
        .annotate(frames=Count("digest"))
    )
    known = {
        (seal.logger_id, seal.hour): seal.frames
        for seal in FrameSeal.objects.filter(hour__gte=end - back).order_by("frames")
    }
    sealed = 0
    for logger_id, hour, frames in counted:
        if known.get((logger_id, hour)) != frames:
            sealed += _seal(logger_id, hour, now)
    return sealed


def _leaves(logger_id: int, hour: datetime) -> list[bytes]:
    return [
        bytes(digest)
        for digest in RawFrame.objects.filter(
            logger_id=logger_id, device_time__gte=hour, device_time__lt=hour + HOUR
        )
        .order_by("device_time", "digest")
        .values_list("digest", flat=True)
    ]


@transaction.atomic
def _seal(logger_id: int, hour: datetime, now: datetime) -> bool:
    return _sealed(logger_id, hour, now)[1]


def _sealed(logger_id: int, hour: datetime, now: datetime) -> tuple[FrameSeal, bool]:
    leaves = _leaves(logger_id, hour)
    root = merkle_root(leaves)
    seal, created = FrameSeal.objects.get_or_create(
        logger_id=logger_id,
        hour=hour,
        frames=len(leaves),
        defaults={"root": root, "sealed_at": now},
    )
    if created:
        seal_digest(
            chain=chain_of(logger_id), subject=f"frames:{seal.pk}", digest=root, now=now
        )
    return seal, created


@transaction.atomic
def seal_hour(*, logger_id: int, hour: datetime, now: datetime) -> FrameSeal | None:
    """Return the seal of the frames an hour holds, made if late ones want a new one.

    None if there are no frames, and none were ever sealed.
    """
    newest = FrameSeal.objects.filter(logger_id=logger_id, hour=hour)
    known = newest.order_by("frames").last()
    held = len(_leaves(logger_id, hour))
    if held <= (known.frames if known else 0):
        return known
    return _sealed(logger_id, hour, now)[0]


def verify_hours(*, since: datetime) -> Iterator[str]:
    """Yield a line for each sealed hour whose frames no longer give its root."""
    newest: dict[tuple[int, datetime], FrameSeal] = {}
    for seal in FrameSeal.objects.filter(hour__gte=since).order_by("frames"):
        newest[seal.logger_id, seal.hour] = seal
    by_logger: dict[int, list[FrameSeal]] = defaultdict(list)
    for seal in newest.values():
        by_logger[seal.logger_id].append(seal)
    for logger_id, seals in sorted(by_logger.items()):
        for seal in sorted(seals, key=lambda one: one.hour):
            leaves = _leaves(logger_id, seal.hour)
            if len(leaves) < seal.frames:
                gone = seal.frames - len(leaves)
                yield f"logger {logger_id} {seal.hour.isoformat()}: {gone} frame(s) gone"
            elif len(leaves) == seal.frames and merkle_root(leaves) != bytes(seal.root):
                yield f"logger {logger_id} {seal.hour.isoformat()}: frames were changed"
