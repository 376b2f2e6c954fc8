"""Commands to loggers (反控): asked by one person, agreed by another, sent, answered.

A command is sent by :func:`send_due`, first soon after the approval and then on a
schedule; each try carries the same QN, so a logger that missed the answer's answer does
not act twice. :func:`take_reply` is called by intake for every frame that is no data.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from bozhou_eco.accounts.models import User
from bozhou_eco.audit.services import record
from bozhou_eco.common import metrics
from bozhou_eco.common.queue import after_commit
from polluters.clients import Downward, publish_down
from polluters.domain.commands import (
    FORMS,
    clean,
    params_to_send,
)
from polluters.domain.hj212 import Frame, encode_frame, format_qn, parse_qn
from polluters.domain.hj212.codes import COMMANDS
from polluters.models import DeviceCommand, Logger
from polluters.services.command_setup import (
    SEND_TASK,
    set_clock,
    set_up_newcomers,
    start_setup,
)

__all__ = [
    "CommandError",
    "approve_command",
    "cancel_command",
    "refuse_command",
    "request_command",
    "send_due",
    "set_up_newcomers",
    "start_setup",
    "take_reply",
]
State, Origin = DeviceCommand.State, DeviceCommand.Origin
REPLIES = frozenset({"9011", "9012", "9013"})
ANSWERS = frozenset(form.cn for form in FORMS.values()) | {"2011", "2021", "3015"}
STARTS = frozenset({"2081", "9021"})
SETUP_PATIENCE_S = 60
ACCEPTED, EXECUTED, NO_DATA = "1", "1", "100"
SENT_AT_ONCE = 200


class CommandError(Exception):
    """A command that may not be asked or decided; ``messages`` say why in Chinese."""

    def __init__(self, *messages: str) -> None:
        super().__init__("；".join(messages))
        self.messages = list(messages)


@transaction.atomic
def request_command(
    *,
    logger: Logger,
    cn: str,
    given: Mapping[str, str],
    reason: str,
    actor: User,
    now: datetime,
) -> DeviceCommand:
    """Ask for a command; it waits for another person's decision.

    Raises CommandError if the logger is not in use, a parameter is wrong or there is
    no reason.
    """
    factors = list(
        logger.points.filter(active=True).values_list("wire_code", flat=True)
    )
    params, errors = clean(cn, given, version=logger.version, factors=factors, now=now)
    if not reason.strip():
        errors.append("请填写事由")
    if not logger.active:
        errors.append("数采仪已停用")
    if errors:
        raise CommandError(*errors)
    command = DeviceCommand.objects.create(
        logger=logger,
        origin=Origin.PERSON,
        cn=cn,
        params=params,
        reason=reason.strip()[:200],
        state=State.REQUESTED,
        requested_by=actor,
        requested_at=now,
    )
    _audit(command, "command.request", actor, now, params=params, reason=command.reason)
    return command


@transaction.atomic
def approve_command(
    *, command: DeviceCommand, actor: User, now: datetime, note: str = ""
) -> DeviceCommand:
    """Agree to a command of another person; it is sent after the commit.

    Raises CommandError if the command is decided already or is the actor's own.
    """
    command = _open_request(command, actor)
    command.state = State.APPROVED
    command.next_at = now
    _decide(command, actor, now, note)
    _audit(command, "command.approve", actor, now, note=command.decision_note)
    after_commit(SEND_TASK)
    return command


@transaction.atomic
def refuse_command(
    *, command: DeviceCommand, actor: User, now: datetime, note: str
) -> DeviceCommand:
    """Do not agree to a command; errors as in ``approve_command``, and without a note."""
    if not note.strip():
        raise CommandError("请填写不同意的理由")
    command = _open_request(command, actor)
    command.state = State.REFUSED
    command.finished_at = now
    _decide(command, actor, now, note)
    _audit(command, "command.refuse", actor, now, note=command.decision_note)
    return command


@transaction.atomic
def cancel_command(
    *, command: DeviceCommand, actor: User, now: datetime
) -> DeviceCommand:
    """Take back one's own command before it is decided.

    Raises CommandError if it is another person's or decided already.
    """
    command = DeviceCommand.objects.select_for_update().get(pk=command.pk)
    if command.requested_by_id != actor.pk:
        raise CommandError("只能撤回本人的申请")
    if command.state != State.REQUESTED:
        raise CommandError(f"命令{command.get_state_display()}，不能撤回")
    command.state = State.CANCELLED
    command.finished_at = now
    command.save(update_fields=["state", "finished_at"])
    _audit(command, "command.cancel", actor, now)
    return command


def _open_request(command: DeviceCommand, actor: User) -> DeviceCommand:
    command = (
        DeviceCommand.objects.select_for_update(of=("self",))
        .select_related("logger")
        .get(pk=command.pk)
    )
    if command.state != State.REQUESTED:
        raise CommandError(f"命令{command.get_state_display()}，不能再复核")
    if command.requested_by_id == actor.pk:
        raise CommandError("申请人与复核人不能是同一人")
    return command


def _decide(command: DeviceCommand, actor: User, now: datetime, note: str) -> None:
    command.decided_by = actor
    command.decided_at = now
    command.decision_note = note.strip()[:200]
    command.save()


# --- sending --------------------------------------------------------------------------


def send_due(*, now: datetime) -> int:
    """Send what is approved, send again what was not answered, end what never was.

    Returns how many frames the broker took. Rows are locked, so several may run.
    """
    with transaction.atomic():
        messages = [
            message
            for command in _due(now)
            if (message := _next_step(command, now)) is not None
        ]
    taken = publish_down(messages)
    metrics.count("hj212_commands_sent_total", taken)
    return taken


def _due(now: datetime) -> list[DeviceCommand]:
    """Return due commands; of a setup sequence only the earliest unfinished step."""
    waiting = (State.APPROVED, State.SENT, State.ACCEPTED)
    before = DeviceCommand.objects.filter(
        logger=OuterRef("logger"),
        origin=Origin.SETUP,
        state__in=waiting,
        pk__lt=OuterRef("pk"),
    )
    return list(
        DeviceCommand.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(state__in=waiting, next_at__lte=now)
        .exclude(Q(origin=Origin.SETUP) & Exists(before))
        .select_related("logger__outlet")
        .order_by("pk")[:SENT_AT_ONCE]
    )


def _next_step(command: DeviceCommand, now: datetime) -> Downward | None:
    """Advance one due command; return what is to be published."""
    options = settings.HJ212_COMMANDS
    if command.state == State.ACCEPTED or command.tries > options["RESENDS"]:
        _finish(command, State.TIMED_OUT, now)
        return None
    if command.qn is None:
        command.qn = _new_qn(command.logger_id, now)
        command.sent_at = now
        command.state = State.SENT
        _audit(command, "command.send", None, now, qn=command.qn)
    command.tries += 1
    command.next_at = now + timedelta(seconds=options["TIMEOUT_S"])
    command.save()
    return Downward(command.logger.mn, frame_of(command, now))


def _new_qn(logger_id: int, now: datetime) -> str:
    """Return the moment as a QN that this logger has not had."""
    moment = now
    last = (
        DeviceCommand.objects.filter(logger=logger_id, qn__gte=format_qn(now))
        .order_by("-qn")
        .values_list("qn", flat=True)
        .first()
    )
    if last:
        moment = (parse_qn(last) or now) + timedelta(milliseconds=1)
    return format_qn(moment)


def frame_of(command: DeviceCommand, now: datetime) -> bytes:
    """Return the request's frame, asking for an answer."""
    logger = command.logger
    return encode_frame(
        st=logger.outlet.system_type,
        cn=command.cn,
        mn=logger.mn,
        pw=logger.password,
        qn=command.qn,
        version=logger.version,
        needs_ack=True,
        params=params_to_send(command.params, now),
        crc=logger.crc,
    )


# --- answers --------------------------------------------------------------------------


@transaction.atomic
def take_reply(*, logger_id: int, frame: Frame, now: datetime) -> None:
    """Match a reply with the command that waits for it; act on notices.

    9011, 9012 and returned data belong to the command with their QN. A logger that
    has just started (2081, 9021) is set up; one that asks for the time (1013) gets it.
    Anything else is left alone.
    """
    if frame.cn in REPLIES or (frame.cn in ANSWERS and frame.qn):
        _take_answer(logger_id, frame, now)
    elif frame.cn in STARTS and settings.HJ212_COMMANDS["SETUP"]:
        start_setup(logger=Logger.objects.get(pk=logger_id), now=now)
    elif frame.cn == "1013":
        set_clock(logger_id, now)


def _take_answer(logger_id: int, frame: Frame, now: datetime) -> None:
    command = (
        DeviceCommand.objects.select_for_update(of=("self",))
        .select_related("logger")
        .filter(logger=logger_id, qn=frame.qn, state__in=(State.SENT, State.ACCEPTED))
        .first()
    )
    if command is None:
        return
    if frame.cn == "9011":
        _accepted(command, frame.params.get("QnRtn", ""), now)
    elif frame.cn == "9012":
        _executed(command, frame.params.get("ExeRtn", ""), now)
    elif frame.cn == "9013":
        _finish(command, State.DONE, now)
    else:
        command.answer = [*command.answer, _answer(frame)][-100:]
        command.save(update_fields=["answer"])


def _accepted(command: DeviceCommand, code: str, now: datetime) -> None:
    command.request_return = code[:4]
    if code != ACCEPTED:
        _finish(command, State.FAILED, now)
        return
    form = FORMS.get(command.cn)
    patience = form.patience_s if form else SETUP_PATIENCE_S
    command.state = State.ACCEPTED
    command.next_at = now + timedelta(seconds=patience)
    command.save(update_fields=["state", "next_at", "request_return"])


def _executed(command: DeviceCommand, code: str, now: datetime) -> None:
    command.execution_return = code[:4]
    done = code == EXECUTED
    _finish(command, State.DONE if done else State.FAILED, now)


def _answer(frame: Frame) -> dict[str, object]:
    """Return what a logger answered, for the page and the file."""
    return {
        "params": frame.params,
        "items": [
            {"code": item.code, "values": item.values, "flag": item.flag}
            for item in frame.items
        ],
    }


def _finish(command: DeviceCommand, state: str, now: datetime) -> None:
    command.state = state
    command.finished_at = now
    command.next_at = None
    command.save()
    metrics.count("hj212_commands_finished_total", state=state)
    _audit(
        command,
        "command.result",
        None,
        now,
        state=state,
        request_return=command.request_return,
        execution_return=command.execution_return,
        tries=command.tries,
    )
    if command.origin == Origin.SETUP:
        after_commit(SEND_TASK)


def _audit(
    command: DeviceCommand,
    act: str,
    actor: User | None,
    now: datetime,
    **detail: object,
) -> None:
    name = COMMANDS[command.cn].name if command.cn in COMMANDS else ""
    record(
        actor=actor,
        act=act,
        subject=f"logger:{command.logger.mn}",
        detail={"command": command.pk, "cn": command.cn, "name": name, **detail},
        now=now,
    )
