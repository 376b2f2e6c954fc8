"""One batch of messages in one transaction: decode, store, judge, answer.

Nothing here talks to the broker. The caller acknowledges to the broker and sends the
answers after ``take_batch`` has returned, which is after the commit.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from bozhou_eco.common import metrics
from polluters.ingest import store
from polluters.ingest.draft import (
    Draft,
    Message,
    Reason,
    digest_signs,
    read_messages,
)
from polluters.ingest.registry import Registry
from polluters.ingest.wire import Answer
from polluters.ingest.writer import Writer
from polluters.services import quarantine
from polluters.services.quarantine import Refused

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Outcome:
    """What a committed batch leaves to do: answers to loggers."""

    answers: list[Answer] = field(default_factory=list)
    frames: int = 0
    readings: int = 0
    refused: int = 0
    unanswered: list[str] = field(default_factory=list)


def take_batch(
    messages: Sequence[Message], *, registry: Registry, writer: Writer, now: datetime
) -> Outcome:
    """Store a batch and return what to answer; durable once it returns.

    A lost database raises ``OperationalError`` or ``InterfaceError`` and leaves nothing
    behind: try the same batch again. Any other database error is narrowed down by
    halves to the one message that causes it, which goes to quarantine.
    """
    registry.refresh()
    draft = read_messages(messages, registry=registry, now=now)
    return commit(messages, draft, registry=registry, writer=writer)


def commit(
    messages: Sequence[Message], draft: Draft, *, registry: Registry, writer: Writer
) -> Outcome:
    """Store what ``messages`` were read into; errors as in ``take_batch``."""
    try:
        with transaction.atomic():
            new = store.store(draft, writer)
    except (OperationalError, InterfaceError):
        raise
    except (DatabaseError, ValueError) as error:
        writer.forget()
        if len(messages) == 1:
            return _refuse_whole(messages[0], str(error), draft.now)
        logger.warning("a batch of %d failed, halving it: %s", len(messages), error)
        return _by_halves(messages, draft.now, registry, writer)
    store.push(draft)
    store.count(draft, new)
    return Outcome(
        draft.answers, len(draft.frames), new, len(draft.refused), draft.unanswered
    )


def _by_halves(
    messages: Sequence[Message], now: datetime, registry: Registry, writer: Writer
) -> Outcome:
    middle = len(messages) // 2
    total = Outcome()
    for half in (messages[:middle], messages[middle:]):
        part = take_batch(half, registry=registry, writer=writer, now=now)
        total.answers += part.answers
        total.frames += part.frames
        total.readings += part.readings
        total.refused += part.refused
        total.unanswered += part.unanswered
    return total


def _refuse_whole(message: Message, error: str, now: datetime) -> Outcome:
    with transaction.atomic():
        quarantine.keep(
            [
                Refused(
                    message.topic_mn,
                    "",
                    None,
                    Reason.REFUSED,
                    error[:200],
                    message.payload,
                    now,
                )
            ]
        )
    metrics.count("hj212_refused_total", reason=Reason.REFUSED)
    return Outcome(refused=1, unanswered=[digest_signs(message.payload)])
