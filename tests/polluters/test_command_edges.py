"""反控: two numbers in one moment, plain receipts, what is left alone, set-up switched off."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.domain.hj212 import Frame, decode_frame, encode_frame, parse_qn
from polluters.models import DeviceCommand, Logger
from polluters.services import commands
from tests.polluters.test_commands import agree, ask, logger, officer, reviewer, sent

__all__ = ["logger", "officer", "reviewer", "sent"]
pytestmark = pytest.mark.django_db
State = DeviceCommand.State


def frame(to: Logger, cn: str, qn: str, params: Mapping[str, str] | None = None) -> Any:
    raw = encode_frame(
        st="91", cn=cn, mn=to.mn, pw=to.password, qn=qn, params=params or {}
    )
    made = decode_frame(raw)
    assert isinstance(made, Frame)
    return made


def test_two_commands_in_one_moment_have_two_numbers(
    logger: Logger, officer: User, reviewer: User, sent: list[Frame]
) -> None:
    now = clock.now()
    first, second = ask(logger, officer), ask(logger, officer, "1011")
    for command in (first, second):
        agree(command, reviewer, now)
    assert commands.send_due(now=now) == 2
    first.refresh_from_db()
    second.refresh_from_db()
    one, two = parse_qn(first.qn or ""), parse_qn(second.qn or "")
    assert one is not None
    assert two == one + timedelta(milliseconds=1)
    done = frame(logger, "9012", first.qn or "", {"ExeRtn": "1"})
    commands.take_reply(logger_id=logger.pk, frame=done, now=now)
    second.refresh_from_db()
    assert second.state == State.SENT, "the first one's answer is not the second one's"


def test_a_plain_receipt_ends_a_command(
    logger: Logger, officer: User, reviewer: User, sent: list[Frame]
) -> None:
    command, now = ask(logger, officer), clock.now()
    agree(command, reviewer, now)
    commands.send_due(now=now)
    command.refresh_from_db()
    notice = frame(logger, "9013", command.qn or "")
    commands.take_reply(logger_id=logger.pk, frame=notice, now=now)
    command.refresh_from_db()
    assert (command.state, command.finished_at) == (State.DONE, now)
    assert commands.send_due(now=now) == 0


def test_other_frames_and_a_start_without_set_up_queue_nothing(
    logger: Logger, settings: Any
) -> None:
    now = clock.now()
    other = frame(logger, "9014", "20260301000000000")
    commands.take_reply(logger_id=logger.pk, frame=other, now=now)
    settings.HJ212_COMMANDS = settings.HJ212_COMMANDS | {"SETUP": False}
    started = frame(logger, "2081", "20260301000000000")
    commands.take_reply(logger_id=logger.pk, frame=started, now=now)
    Logger.objects.filter(pk=logger.pk).update(state="online")
    assert commands.set_up_newcomers(now=now) == 0
    assert not DeviceCommand.objects.exists()
    settings.HJ212_COMMANDS = settings.HJ212_COMMANDS | {"SETUP": True}
    commands.take_reply(logger_id=logger.pk, frame=started, now=now)
    assert DeviceCommand.objects.filter(origin="setup").exists()
