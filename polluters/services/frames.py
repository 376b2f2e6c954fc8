"""Seal raw frames: an hourly Merkle root per logger, chained."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import TruncHour

from bozhou_eco.audit.chain import merkle_root
from bozhou_eco.audit.models import Link
from bozhou_eco.audit.services import Fault
from bozhou_eco.common import clock
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


def verify_hours(*, since: datetime) -> Iterator[Fault]:
    """Yield each sealed hour whose frames no longer give the root in its chain.

    The bytes of the frames are read again: their digests are what the root is made of.
    """
    links = {
        (link.chain, link.subject): bytes(link.digest)
        for link in Link.objects.filter(
            chain__startswith="frames:", at__gte=since
        ).iterator()
    }
    newest: dict[tuple[int, datetime], FrameSeal] = {}
    seals = FrameSeal.objects.filter(hour__gte=since)
    for seal in seals.order_by("logger_id", "hour", "frames"):
        newest[seal.logger_id, seal.hour] = seal
    for (logger_id, hour), seal in newest.items():
        chain, subject = chain_of(logger_id), f"frames:{seal.pk}"
        place = f"logger:{logger_id} {clock.beijing(hour):%Y-%m-%d %H:%M}"
        if links.get((chain, subject)) != bytes(seal.root):
            yield Fault(chain, subject, "the root does not match its link")
            continue
        reason = _changed(seal)
        if reason:
            yield Fault(chain, place, reason)


def _changed(seal: FrameSeal) -> str:
    """Return what is wrong with the frames of a sealed hour, or an empty string."""
    rows = RawFrame.objects.filter(
        logger_id=seal.logger_id,
        device_time__gte=seal.hour,
        device_time__lt=seal.hour + HOUR,
    )
    leaves = []
    for moment, digest, body in rows.order_by("device_time", "digest").values_list(
        "device_time", "digest", "body"
    ):
        leaves.append(bytes(digest))
        if hashlib.sha256(body).digest() != bytes(digest):
            return f"the frame of {clock.beijing(moment):%H:%M:%S} was changed"
    if len(leaves) < seal.frames:
        return f"{seal.frames - len(leaves)} frame(s) gone"
    if len(leaves) == seal.frames and merkle_root(leaves) != bytes(seal.root):
        return "frames were changed"
    return ""
