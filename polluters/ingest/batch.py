"""One batch of messages in one transaction: decode, store, judge, answer.

Nothing here talks to the broker. The caller acknowledges to the broker and sends the
answers after ``take_batch`` has returned, which is after the commit.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from bozhou_eco.common import metrics
from polluters.domain.hj212 import Frame, FrameError, decode_frame
from polluters.ingest.registry import LoggerInfo, Registry
from polluters.ingest.rows import PERIODS, Row, Rows, add_frame
from polluters.ingest.wire import Answer, answer_to, split_payload
from polluters.ingest.writer import (
    FrameRow,
    Writer,
    keep_revisions,
    mark_seen,
)
from polluters.models import QuarantinedFrame
from polluters.services import devices, live, quarantine
from polluters.services.quarantine import Refused

logger = logging.getLogger(__name__)
Reason = QuarantinedFrame.Reason
MAX_PAYLOAD = 64 * 1024
OLDEST = timedelta(days=3 * 366)


@dataclass(slots=True)
class Message:
    """A payload as it came, with what the caller needs to acknowledge it."""

    topic_mn: str
    payload: bytes
    token: object = None


@dataclass(slots=True)
class Outcome:
    """What a committed batch leaves to do: answers to loggers."""

    answers: list[Answer] = field(default_factory=list)
    frames: int = 0
    readings: int = 0
    refused: int = 0


@dataclass(slots=True)
class Draft:
    """A batch before it is written."""

    now: datetime
    rows: Rows = field(default_factory=Rows)
    frames: dict[tuple[int, datetime, bytes], FrameRow] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    events: list[tuple[LoggerInfo, Frame]] = field(default_factory=list)
    seen: dict[int, tuple[datetime, float | None]] = field(default_factory=dict)
    known: dict[int, LoggerInfo] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)


def take_batch(
    messages: Sequence[Message], *, registry: Registry, writer: Writer, now: datetime
) -> Outcome:
    """Store a batch and return what to answer; durable once it returns.

    A lost database raises ``OperationalError`` or ``InterfaceError`` and leaves nothing
    behind: try the same batch again. Any other database error is narrowed down by
    halves to the one message that causes it, which goes to quarantine.
    """
    registry.refresh()
    try:
        return _take(messages, registry, writer, now)
    except (OperationalError, InterfaceError):
        raise
    except (DatabaseError, ValueError) as error:
        if len(messages) == 1:
            return _refuse_whole(messages[0], str(error), now)
        logger.warning("a batch of %d failed, halving it: %s", len(messages), error)
    middle = len(messages) // 2
    total = Outcome()
    for half in (messages[:middle], messages[middle:]):
        outcome = take_batch(half, registry=registry, writer=writer, now=now)
        total.answers += outcome.answers
        total.frames += outcome.frames
        total.readings += outcome.readings
        total.refused += outcome.refused
    return total


def _refuse_whole(message: Message, error: str, now: datetime) -> Outcome:
    body = message.payload
    with transaction.atomic():
        quarantine.keep(
            [
                Refused(
                    message.topic_mn, "", None, Reason.REFUSED, error[:200], body, now
                )
            ]
        )
    metrics.count("hj212_refused_total", reason=Reason.REFUSED)
    return Outcome(refused=1)


def _take(
    messages: Sequence[Message], registry: Registry, writer: Writer, now: datetime
) -> Outcome:
    draft = Draft(now=now)
    for message in messages:
        for part in split_payload(message.payload, MAX_PAYLOAD):
            _take_part(draft, message.topic_mn, part, registry)
    with transaction.atomic():
        fresh = _store(draft, writer)
    live.push(draft.known, fresh, now=now)
    _count(draft, fresh)
    return Outcome(
        answers=draft.answers,
        frames=len(draft.frames),
        readings=len(fresh),
        refused=len(draft.refused),
    )


def _take_part(
    draft: Draft, topic_mn: str, part: bytes | FrameError, registry: Registry
) -> None:
    if isinstance(part, FrameError):
        _refuse(draft, topic_mn, part.mn or "", None, part.error, part.detail, part.raw)
        return
    info = registry.get(topic_mn) if topic_mn else None
    frame = decode_frame(
        part,
        keys=info.keys if info else (),
        accept_crc=info.crc if info and info.crc != "standard" else None,
    )
    if isinstance(frame, FrameError):
        detail = frame.detail
        if frame.expected:
            detail = f"应为 {frame.expected}，收到 {frame.got}。{detail}"
        _refuse(
            draft,
            topic_mn,
            frame.mn or "",
            info.id if info else None,
            frame.error,
            detail,
            part,
        )
        return
    sender = registry.get(frame.mn)
    reason, detail = _objection(frame, sender, info, topic_mn, draft.now)
    if reason or sender is None:
        _refuse(
            draft,
            topic_mn,
            frame.mn,
            sender.id if sender else None,
            reason,
            detail,
            part,
        )
        return
    _accept(draft, frame, sender, part)


def _refuse(
    draft: Draft,
    topic_mn: str,
    mn: str,
    logger_id: int | None,
    reason: str,
    detail: str,
    body: bytes,
) -> None:
    draft.refused.append(
        Refused(topic_mn, mn, logger_id, reason, detail, body, draft.now)
    )


def _objection(
    frame: Frame,
    sender: LoggerInfo | None,
    topic: LoggerInfo | None,
    topic_mn: str,
    now: datetime,
) -> tuple[str, str]:
    """Return why a well-formed frame may not come in, or two empty strings."""
    if sender is None:
        return Reason.UNKNOWN_MN, f"MN {frame.mn} 未登记，请先在后台登记数采仪"
    if not sender.active:
        return Reason.INACTIVE, "数采仪已停用"
    if topic_mn and topic_mn != frame.mn and not (topic and topic.forwarded):
        return Reason.TOPIC, f"主题为 {topic_mn}，报文为 {frame.mn}"
    if frame.pw != sender.password:
        return Reason.PASSWORD, "报文 PW 与登记不符"
    if frame.cn in PERIODS and frame.data_time is None:
        return Reason.NO_TIME, "数据报文缺少可识别的 DataTime"
    time = frame.data_time
    if time is None:
        return "", ""
    if time > now + timedelta(seconds=settings.HJ212_FUTURE_TOLERANCE_S):
        return Reason.FUTURE, f"数据时间 {time:%Y-%m-%d %H:%M:%S} 晚于当前时间"
    if time < now - OLDEST:
        return Reason.OLD, f"数据时间 {time:%Y-%m-%d %H:%M:%S} 早于三年前"
    return "", ""


def _accept(draft: Draft, frame: Frame, sender: LoggerInfo, body: bytes) -> None:
    now = draft.now
    draft.known[sender.id] = sender
    sent = frame.sent_at
    live_skew = None
    if sent is not None and frame.cn == "2011" and not frame.rf:
        live_skew = (sent - now).total_seconds()
        if abs(live_skew) > 86_400:
            live_skew = None
    draft.seen[sender.id] = (now, live_skew)
    device_time = frame.data_time or sent or now
    if not now - OLDEST < device_time < now + timedelta(days=2):
        device_time = now
    row = FrameRow(
        device_time,
        now,
        sender.id,
        frame.cn[:4],
        hashlib.sha256(body).digest(),
        body,
        [str(note) for note in frame.notes],
    )
    key = (sender.id, device_time, row.digest)
    if key not in draft.frames:
        draft.frames[key] = row
        if frame.cn in PERIODS:
            add_frame(draft.rows, frame, sender, now)
        else:
            draft.events.append((sender, frame))
    if answer := answer_to(frame):
        draft.answers.append(answer)


def _store(draft: Draft, writer: Writer) -> list[Row]:
    """Write the draft in the caller's transaction; return the rows that were new."""
    rows = draft.rows
    frames = list(draft.frames.values())
    fresh: list[Row] = []
    if frames:
        writer.prepare(
            {frame.device_time for frame in frames}
            | {time for _, _, time in rows.readings}
        )
        new_keys, revised = writer.write(rows.readings, frames)
        if new_keys is None:
            fresh = list(rows.readings.values())
        else:
            fresh = [row for key, row in rows.readings.items() if key in new_keys]
        keep_revisions([*revised, *rows.repeats])
        writer.update_latest(fresh)
        _judge(draft, new_keys)
        live.note_late(fresh, now=draft.now)
    before = mark_seen(draft.seen)
    devices.came_back(
        [draft.known[key] for key, state in before.items() if state == "offline"],
        now=draft.now,
    )
    devices.take_events(draft.events, now=draft.now)
    for (logger_id, code), seen in rows.unmapped.items():
        quarantine.note_unmapped(
            logger_id=logger_id,
            code=code,
            sample=seen.sample,
            count=seen.count,
            first=seen.first,
            last=seen.last,
        )
    quarantine.keep(draft.refused)
    return fresh


def _judge(draft: Draft, new_keys: set[tuple[int, int, datetime]] | None) -> None:
    candidates = [
        (point.id, row)
        for point, row in draft.rows.candidates
        if new_keys is None or (row.point_id, row.period, row.time) in new_keys
    ]
    if candidates:
        over = {
            point.id
            for point, row in draft.rows.candidates
            if live.beyond(row.value, row.converted, point)
        }
        live.judge(candidates, over=over, now=draft.now)


def _count(draft: Draft, fresh: Sequence[Row]) -> None:
    metrics.count("hj212_frames_total", len(draft.frames))
    metrics.count("hj212_readings_total", len(fresh))
    metrics.count("hj212_bad_values_total", len(draft.rows.bad_values))
    for refused in draft.refused:
        metrics.count("hj212_refused_total", reason=refused.reason)
    for (_, code), seen in draft.rows.unmapped.items():
        metrics.count("hj212_unmapped_total", seen.count, code=code)
