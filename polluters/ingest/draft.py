"""Reading a batch of messages: decoded, checked, laid out for storing.

Nothing here writes to the database or talks to the broker.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from polluters.domain.hj212 import Frame, FrameError, decode_frame
from polluters.domain.hj212.topics import DIGEST_SIGNS
from polluters.ingest.registry import LoggerInfo, Registry
from polluters.ingest.rows import PERIODS, Rows, add_frame
from polluters.ingest.wire import Answer, answer_to, split_payload
from polluters.ingest.writer import FrameRow
from polluters.models import QuarantinedFrame
from polluters.services.quarantine import Refused

Reason = QuarantinedFrame.Reason
MAX_PAYLOAD = 64 * 1024
OLDEST = timedelta(days=3 * 366)
CLOCKS_APART = timedelta(days=2)


@dataclass(slots=True)
class Message:
    """A payload as it came; ``mid`` is what acknowledges it to the broker, 0 nothing."""

    topic_mn: str
    payload: bytes
    mid: int = 0


@dataclass(slots=True)
class Draft:
    """A batch before it is written.

    ``stamp`` is ``now`` as COPY takes it; device times outside ``oldest`` and ``newest``
    are refused.
    """

    now: datetime
    stamp: str = ""
    oldest: datetime = field(init=False)
    newest: datetime = field(init=False)
    rows: Rows = field(default_factory=Rows)
    frames: dict[tuple[int, bytes], FrameRow] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    events: list[tuple[LoggerInfo, Frame]] = field(default_factory=list)
    seen: dict[int, tuple[datetime, float | None]] = field(default_factory=dict)
    known: dict[int, LoggerInfo] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    # Frames that get no 9014: a gateway keeps them until it hears these digests.
    unanswered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stamp = self.now.isoformat()
        self.oldest = self.now - OLDEST
        ahead = timedelta(seconds=settings.HJ212_FUTURE_TOLERANCE_S)
        self.newest = self.now + ahead


def read_messages(
    messages: Sequence[Message], *, registry: Registry, now: datetime
) -> Draft:
    """Decode messages and decide of each part whether it may come in."""
    draft = Draft(now=now)
    for message in messages:
        for part in split_payload(message.payload, MAX_PAYLOAD):
            _take_part(draft, message.topic_mn, part, registry)
    return draft


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
    sender = info if frame.mn == topic_mn else registry.get(frame.mn)
    reason, detail = _objection(frame, sender, info, topic_mn, draft)
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
    draft.unanswered.append(digest_signs(body))


def digest_signs(body: bytes) -> str:
    """Return the name of a frame in ``committed`` messages."""
    return hashlib.sha256(body).hexdigest()[:DIGEST_SIGNS]


def _objection(
    frame: Frame,
    sender: LoggerInfo | None,
    topic: LoggerInfo | None,
    topic_mn: str,
    draft: Draft,
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
    if time > draft.newest:
        return Reason.FUTURE, f"数据时间 {time:%Y-%m-%d %H:%M:%S} 晚于当前时间"
    if time < draft.oldest:
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
    if not draft.oldest < device_time < now + CLOCKS_APART:
        device_time = now
    digest = hashlib.sha256(body).digest()
    key = (sender.id, digest)
    if key not in draft.frames:
        draft.frames[key] = FrameRow(
            device_time, draft.stamp, sender.id, frame.cn, digest, body, frame.notes
        )
        if frame.cn in PERIODS:
            add_frame(draft.rows, frame, sender, now, draft.stamp)
        else:
            draft.events.append((sender, frame))
    if answer := answer_to(frame):
        draft.answers.append(answer)
    else:
        draft.unanswered.append(digest.hex()[:DIGEST_SIGNS])
