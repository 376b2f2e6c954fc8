"""An exceedance as a bundle that holds up without the platform."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.evidence.services import Proof, build_bundle
from polluters.models import (
    Exceedance,
    Explanation,
    Mark,
    Mean,
    Period,
    RawFrame,
    ReadingRevision,
)
from polluters.services.frames import HOUR, chain_of, seal_hour

SPANS = {"hour": HOUR, "day": timedelta(days=1)}
PERIODS = {"hour": Period.HOUR, "day": Period.DAY}


def span_of(exceedance: Exceedance) -> tuple[datetime, datetime]:
    """Return begin and end of the judged period."""
    span = SPANS.get(exceedance.averaging, HOUR)
    return exceedance.time, exceedance.time + span


def _frames(logger_id: int, hour: datetime) -> bytes:
    """Return an hour's frames in the order of the leaves of its Merkle root."""
    rows = RawFrame.objects.filter(
        logger_id=logger_id, device_time__gte=hour, device_time__lt=hour + HOUR
    ).order_by("device_time", "digest")
    return json.dumps(
        [
            {
                "device_time": row.device_time.isoformat(),
                "received_at": row.received_at.isoformat(),
                "cn": row.cn,
                "notes": row.notes,
                "body": base64.b64encode(bytes(row.body)).decode(),
            }
            for row in rows
        ],
        ensure_ascii=False,
    ).encode()


def frame_proofs(exceedance: Exceedance, *, now: datetime) -> list[Proof]:
    """Return the raw frames of the period, by the hours that were sealed."""
    logger = exceedance.point.logger
    begin, end = span_of(exceedance)
    hour = begin.replace(minute=0, second=0, microsecond=0)
    found = []
    while hour < end:
        seal = seal_hour(logger_id=logger.pk, hour=hour, now=now)
        if seal is not None:
            found.append(
                Proof(
                    path=f"frames/{logger.mn}-{clock.beijing(hour):%Y%m%d%H}.json",
                    content=_frames(logger.pk, hour),
                    kind="frames",
                    subject=f"frames:{seal.pk}",
                )
            )
        hour += HOUR
    return found


def exceedance_record(exceedance: Exceedance) -> dict[str, Any]:
    """Return the judgement with everything it rests on as plain data."""
    point = exceedance.point
    outlet, logger = point.outlet, point.logger
    return {
        "state": exceedance.get_state_display(),
        "averaging": exceedance.averaging,
        "time": exceedance.time.isoformat(),
        "value": exceedance.value,
        "bound": exceedance.bound,
        "multiple": exceedance.multiple,
        "found_at": exceedance.found_at.isoformat(),
        "settled_at": _stamp(exceedance.settled_at),
        "late": not exceedance.live,
        "judgement": exceedance.explanation,
        "enterprise": outlet.enterprise.name,
        "outlet": {"code": outlet.code, "name": outlet.name},
        "point": {
            "code": point.wire_code,
            "pollutant": point.pollutant.name,
            "unit": point.unit,
        },
        "logger": {
            "mn": logger.mn,
            "clock_skew_s": logger.clock_skew_s,
        },
        "mean": _mean(exceedance),
        "revisions": _revisions(exceedance),
        "marks": _marks(exceedance),
        "explanations": [_said(row) for row in _explanations(exceedance)],
    }


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _explanations(exceedance: Exceedance) -> QuerySet[Explanation]:
    rows = Explanation.objects.filter(exceedance=exceedance)
    return rows.prefetch_related("entries__files__sealed").order_by("pk")


def _said(row: Explanation) -> dict[str, Any]:
    """Return what the enterprise was asked and said; its files by their digests."""
    return {
        "subject": row.subject,
        "state": row.get_state_display(),
        "opened_at": row.opened_at.isoformat(),
        "deadline": _stamp(row.deadline),
        "entries": [
            {
                "at": entry.at.isoformat(),
                "kind": entry.get_kind_display(),
                "text": entry.text,
                "files": [
                    {"name": file.sealed.name, "sha256": file.sealed.sha256}
                    for file in entry.files.all()
                ],
            }
            for entry in row.entries.all()
        ],
    }


def _mean(exceedance: Exceedance) -> dict[str, Any] | None:
    row = Mean.objects.filter(
        point=exceedance.point_id,
        period=PERIODS.get(exceedance.averaging, Period.HOUR),
        time=exceedance.time,
    ).first()
    if row is None:
        return None
    names = (
        "reported", "reported_converted", "reported_flag", "computed",
        "computed_converted", "due", "got", "valid_count", "valid", "flags",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def _revisions(exceedance: Exceedance) -> list[dict[str, Any]]:
    begin, end = span_of(exceedance)
    rows = ReadingRevision.objects.filter(
        point=exceedance.point_id, time__gte=begin, time__lt=end
    ).order_by("time", "pk")
    return [
        {
            "period": row.period,
            "time": row.time.isoformat(),
            "value": row.value,
            "flag": row.flag,
            "received_at": row.received_at.isoformat(),
        }
        for row in rows
    ]


def _marks(exceedance: Exceedance) -> list[dict[str, Any]]:
    begin, end = span_of(exceedance)
    point = exceedance.point
    rows = (
        Mark.objects.filter(outlet=point.outlet_id, begin__lt=end)
        .filter(Q(end__isnull=True) | Q(end__gt=begin))
        .filter(Q(point__isnull=True) | Q(point=point))
    )
    return [
        {
            "kind": row.kind.name,
            "origin": row.get_origin_display(),
            "begin": row.begin.isoformat(),
            "end": _stamp(row.end),
            "reason": row.reason,
            "made_at": row.made_at.isoformat(),
            "withdrawn_at": _stamp(row.withdrawn_at),
        }
        for row in rows.select_related("kind").order_by("begin", "pk")
    ]


def exceedance_bundle(
    *, exceedance: Exceedance, actor: User | None, now: datetime
) -> bytes:
    """Return raw frames, judgement, marks, chain, signature and verifier as a zip."""
    return build_bundle(
        subject=f"exceedance:{exceedance.pk}",
        files=[],
        records=exceedance_record(exceedance),
        chain=chain_of(exceedance.point.logger_id),
        actor=actor,
        now=now,
        proofs=frame_proofs(exceedance, now=now),
    )
