"""反控: two persons, sending and resending, answers, set-up sequence, the page."""

import os
import queue
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from paho.mqtt.enums import CallbackAPIVersion

from bozhou_eco.accounts.models import User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.domain.commands import clean, setup_steps
from polluters.domain.hj212 import Frame, decode_frame, encode_frame, parse_time
from polluters.ingest import Message, Registry, take_batch
from polluters.ingest.writer import Writer
from polluters.models import DeviceCommand, Logger, Reading
from polluters.selectors.commands import command_rows
from polluters.services import commands
from polluters.services.commands import CommandError
from polluters.simulation.device import Device
from polluters.simulation.plants import outlets_in_order
from polluters.simulation.process import OutletProcess
from tests import factories

pytestmark = pytest.mark.django_db
URL = os.environ.get("MQTT_URL", "")
State = DeviceCommand.State


@pytest.fixture
def logger() -> Logger:
    return factories.point().logger


@pytest.fixture
def officer() -> User:
    return factories.user("officer")


@pytest.fixture
def reviewer() -> User:
    return factories.user("reviewer")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Frame]:
    """Collect what would go to the broker, decoded."""
    frames: list[Frame] = []

    def keep(messages: Any) -> int:
        for one in messages:
            frame = decode_frame(one.payload)
            assert isinstance(frame, Frame)
            assert frame.mn == one.mn
            frames.append(frame)
        return len(messages)

    monkeypatch.setattr(commands, "publish_down", keep)
    return frames


def ask(
    logger: Logger,
    actor: User,
    cn: str = "1012",
    reason: str = "时钟偏差",
    **given: str,
) -> DeviceCommand:
    return commands.request_command(
        logger=logger, cn=cn, given=given, reason=reason, actor=actor, now=clock.now()
    )


def agree(command: DeviceCommand, actor: User, at: datetime | None = None) -> None:
    commands.approve_command(command=command, actor=actor, now=at or clock.now())


def reply(
    logger: Logger, qn: str, cn: str, params: dict[str, str] | None = None
) -> None:
    raw = encode_frame(
        st="91", cn=cn, mn=logger.mn, pw=logger.password, qn=qn, params=params or {}
    )
    take(raw, logger)


def take(raw: bytes, logger: Logger, at: datetime | None = None) -> None:
    outcome = take_batch(
        [Message(logger.mn, raw)],
        registry=Registry(),
        writer=Writer(),
        now=at or clock.now(),
    )
    assert outcome.refused == 0


def test_nothing_is_sent_before_another_person_agrees(
    logger: Logger, officer: User, reviewer: User, sent: list[Frame]
) -> None:
    command = ask(logger, officer)
    assert command.state == State.REQUESTED
    commands.send_due(now=clock.now() + timedelta(days=1))
    assert sent == []
    with pytest.raises(CommandError, match="不能是同一人"):
        agree(command, officer)
    command.refresh_from_db()
    assert (command.state, command.decided_by) == (State.REQUESTED, None)
    agree(command, reviewer)
    assert commands.send_due(now=clock.now()) == 1
    (frame,) = sent
    assert (frame.cn, frame.st, frame.flag, frame.pw) == ("1012", "31", 5, "123456")
    moment = parse_time(frame.params["SystemTime"])
    assert moment is not None
    assert abs((moment - clock.now()).total_seconds()) < 5
    command.refresh_from_db()
    assert (command.state, command.qn, command.tries) == (State.SENT, frame.qn, 1)
    acts = list(
        AuditEntry.objects.filter(act__startswith="command.").values_list(
            "act", "actor_id"
        )
    )
    assert sorted(acts, key=str) == sorted(
        [
            ("command.request", officer.pk),
            ("command.approve", reviewer.pk),
            ("command.send", None),
        ],
        key=str,
    )


def test_the_database_itself_refuses_one_person(
    logger: Logger, officer: User, reviewer: User
) -> None:
    command = ask(logger, officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        DeviceCommand.objects.filter(pk=command.pk).update(
            decided_by=officer, state=State.APPROVED
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        DeviceCommand.objects.filter(pk=command.pk).update(state=State.APPROVED)
    command.refresh_from_db()
    assert (command.state, command.decided_by) == (State.REQUESTED, None)


def test_decided_commands_stay_decided(
    logger: Logger, officer: User, reviewer: User
) -> None:
    command = ask(logger, officer)
    with pytest.raises(CommandError, match="理由"):
        commands.refuse_command(
            command=command, actor=reviewer, now=clock.now(), note=" "
        )
    commands.refuse_command(
        command=command, actor=reviewer, now=clock.now(), note="无必要"
    )
    with pytest.raises(CommandError, match="复核不同意"):
        agree(command, reviewer)
    with pytest.raises(CommandError, match="复核不同意"):
        commands.cancel_command(command=command, actor=officer, now=clock.now())
    other = ask(logger, officer)
    with pytest.raises(CommandError, match="本人"):
        commands.cancel_command(command=other, actor=reviewer, now=clock.now())
    commands.cancel_command(command=other, actor=officer, now=clock.now())
    other.refresh_from_db()
    assert other.state == State.CANCELLED


def test_no_answer_means_three_resends_and_then_an_end(
    logger: Logger, officer: User, reviewer: User, sent: list[Frame]
) -> None:
    command = ask(logger, officer)
    now = clock.now()
    agree(command, reviewer, now)
    for second in range(0, 60, 5):
        commands.send_due(now=now + timedelta(seconds=second))
    command.refresh_from_db()
    assert len(sent) == 4
    assert len({frame.qn for frame in sent}) == 1
    assert (command.state, command.tries) == (State.TIMED_OUT, 4)
    (row,) = command_rows(outlet=logger.outlet, user=reviewer)
    assert row.result == "下发 4 次均无应答"
    reply(logger, command.qn or "", "9012", {"ExeRtn": "1"})
    command.refresh_from_db()
    assert command.state == State.TIMED_OUT


def test_accepted_but_never_executed(
    logger: Logger, officer: User, reviewer: User, sent: list[Frame]
) -> None:
    command = ask(logger, officer)
    now = clock.now()
    agree(command, reviewer, now)
    commands.send_due(now=now)
    command.refresh_from_db()
    reply(logger, command.qn or "", "9011", {"QnRtn": "1"})
    command.refresh_from_db()
    assert command.state == State.ACCEPTED
    commands.send_due(now=now + timedelta(seconds=30))
    assert len(sent) == 1
    commands.send_due(now=now + timedelta(seconds=90))
    command.refresh_from_db()
    assert command.state == State.TIMED_OUT


@pytest.mark.parametrize(
    ("code", "words"),
    [("3", "PW 错误"), ("8", "CN 错误"), ("100", "未知错误"), ("77", "未知返回")],
)
def test_a_device_that_refuses(
    logger: Logger,
    officer: User,
    reviewer: User,
    sent: list[Frame],
    code: str,
    words: str,
) -> None:
    command = ask(logger, officer)
    agree(command, reviewer)
    commands.send_due(now=clock.now())
    command.refresh_from_db()
    reply(logger, command.qn or "", "9011", {"QnRtn": code})
    command.refresh_from_db()
    assert (command.state, command.request_return) == (State.FAILED, code)
    (row,) = command_rows(outlet=logger.outlet, user=officer)
    assert words in row.result


def test_replies_of_another_logger_or_with_another_qn_change_nothing(
    logger: Logger, officer: User, reviewer: User, sent: list[Frame]
) -> None:
    other = factories.point().logger
    command = ask(logger, officer)
    agree(command, reviewer)
    commands.send_due(now=clock.now())
    command.refresh_from_db()
    reply(other, command.qn or "", "9012", {"ExeRtn": "1"})
    reply(logger, "20200101000000000", "9012", {"ExeRtn": "1"})
    command.refresh_from_db()
    assert (command.state, command.execution_return) == (State.SENT, "")


def test_wrong_parameters_are_refused_in_words(logger: Logger, officer: User) -> None:
    cases: list[tuple[str, dict[str, str], str]] = [
        ("3012", {"PolId": "w01018"}, "不属于该数采仪"),
        ("1062", {"RtdInterval": "5"}, "应为 30 至 3600"),
        ("1062", {"RtdInterval": "abc"}, "应为 30 至 3600"),
        ("1064", {"MinInterval": "7"}, "只能为"),
        ("1064", {}, "请填写间隔"),
        ("2051", {"BeginTime": "2026-01-02T00:00", "EndTime": "2026-01-01T00:00"},
         "早于开始时间"),
        ("2051", {"BeginTime": "2026-01-01T00:00", "EndTime": "2026-02-01T00:00"},
         "最多补传 3 天"),
        ("2061", {"BeginTime": "2199-01-01T00:00", "EndTime": "2199-01-02T00:00"},
         "在未来"),
        ("2061", {"BeginTime": "gestern", "EndTime": "2026-01-01T00:00"}, "格式"),
        ("3020", {"PolId": "a21002", "InfoId": "xyz"}, "应形如"),
        ("9999", {}, "不能下发"),
    ]  # fmt: skip
    for cn, given, words in cases:
        with pytest.raises(CommandError, match=words):
            ask(logger, officer, cn, **given)
    with pytest.raises(CommandError, match="事由"):
        ask(logger, officer, reason="  ")
    logger.active = False
    with pytest.raises(CommandError, match="停用"):
        ask(logger, officer)
    assert not DeviceCommand.objects.exists()


def test_commands_of_2017_are_not_offered_to_2005_loggers() -> None:
    now = clock.now()
    assert clean("3015", {}, version=2005, factors=[], now=now)[1] == [
        "不能下发命令 3015"
    ]
    assert clean("3015", {}, version=2017, factors=[], now=now) == ({}, [])
    steps = setup_steps(
        version=2005, timeout_s=10, resends=3, real_time_s=30, minute_interval=10
    )
    assert [cn for cn, _ in steps] == ["1012", "1000", "1062", "2011", "2021"]


def test_setup_runs_step_by_step_after_a_start(
    logger: Logger, sent: list[Frame]
) -> None:
    now = clock.now()
    started = encode_frame(
        st="31", cn="2081", mn=logger.mn, qn=now, needs_ack=True,
        params={"DataTime": now, "RestartTime": now},
    )  # fmt: skip
    take(started, logger, now)
    take(started, logger, now)
    steps = DeviceCommand.objects.filter(origin="setup").order_by("pk")
    assert [step.cn for step in steps] == [
        "1012", "1000", "1062", "1064", "2011", "2021",
    ]  # fmt: skip
    for number, step in enumerate(steps):
        commands.send_due(now=clock.now())
        commands.send_due(now=clock.now())
        assert [frame.cn for frame in sent] == [s.cn for s in steps[: number + 1]]
        step.refresh_from_db()
        reply(logger, step.qn or "", "9011", {"QnRtn": "1"})
        reply(logger, step.qn or "", "9012", {"ExeRtn": "1" if number else "2"})
    assert [step.state for step in steps.all()] == [State.FAILED] + [State.DONE] * 5


def test_newcomers_are_set_up_once(logger: Logger, sent: list[Frame]) -> None:
    handed = factories.point().logger
    Logger.objects.filter(pk=handed.pk).update(access="handed_down", state="online")
    now = clock.now()
    assert commands.set_up_newcomers(now=now) == 0
    Logger.objects.filter(pk=logger.pk).update(state="online")
    assert commands.set_up_newcomers(now=now) == 1
    assert commands.set_up_newcomers(now=now + timedelta(hours=5)) == 0
    assert set(DeviceCommand.objects.values_list("logger", flat=True)) == {logger.pk}


def test_a_clock_request_is_answered_once(logger: Logger, sent: list[Frame]) -> None:
    asking = encode_frame(
        st="31", cn="1013", mn=logger.mn, qn=clock.now(), needs_ack=True, params={}
    )
    take(asking, logger)
    take(asking, logger)
    assert commands.send_due(now=clock.now()) == 1
    assert [frame.cn for frame in sent] == ["1012"]
    assert DeviceCommand.objects.get().origin == "clock"


# --- with a real broker and a simulated logger ----------------------------------------


@pytest.fixture
def down() -> Iterator[tuple[paho.Client, "queue.Queue[bytes]"]]:
    found: queue.Queue[bytes] = queue.Queue()
    url = urlsplit(URL)
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _d, message: found.put(bytes(message.payload))
    client.connect(url.hostname or "", url.port or 1883)
    client.loop_start()
    yield client, found
    client.disconnect()
    client.loop_stop()


def simulated(now: datetime) -> tuple[Device, Logger]:
    """A logger of the invented plants under an MN of its own, registered."""
    _, outlet = outlets_in_order()[3]
    row = factories.logger(
        factories.outlet(), password=outlet.logger.password, version=2017
    )
    for code in ("a21002", "a21026", "a19001"):
        factories.point(of=row, code=code, high=None)
    spec = replace(outlet, logger=replace(outlet.logger, mn=row.mn))
    return Device.of(OutletProcess(spec, 4, now - timedelta(hours=2))), row


@pytest.mark.skipif(not URL, reason="needs a broker (MQTT_URL)")
@pytest.mark.parametrize(
    ("cn", "given"),
    [
        ("1012", {}),
        ("1011", {}),
        ("1064", {"MinInterval": "10"}),
        ("3012", {"PolId": "a21002"}),
        ("3015", {}),
        ("3019", {"PolId": "a21002"}),
        ("3020", {"PolId": "a21002", "InfoId": "i13004"}),
        ("2051", {}),
    ],
)
def test_from_request_to_result(
    cn: str,
    given: dict[str, str],
    officer: User,
    reviewer: User,
    down: tuple[paho.Client, "queue.Queue[bytes]"],
) -> None:
    now = clock.now()
    device, row = simulated(now)
    client, found = down
    client.subscribe(f"hj212/v1/{row.mn}/down", 1)
    if cn == "2051":
        local = clock.beijing(now)
        given = {
            "BeginTime": (local - timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M"),
            "EndTime": (local - timedelta(minutes=11)).strftime("%Y-%m-%dT%H:%M"),
        }
    command = ask(row, officer, cn, **given)
    agree(command, reviewer)
    assert commands.send_due(now=clock.now()) == 1
    request = found.get(timeout=5)
    for raw in device.receive(request, now, 0.0):
        take(raw, row)
    command.refresh_from_db()
    assert (command.state, command.request_return, command.execution_return) == (
        State.DONE,
        "1",
        "1",
    )
    (shown,) = command_rows(outlet=row.outlet, user=officer)
    assert "执行成功" in shown.result
    expected = {
        "1011": "时间",
        "3015": "留样瓶号 1",
        "3019": "序列号",
        "3020": "信息 168.0",
    }
    if cn in expected:
        assert expected[cn] in shown.answers[0]
    if cn == "2051":
        assert "已收到 10 个数据包" in shown.result
        assert Reading.objects.filter(point__logger=row, period=1).count() == 30
    if cn == "3012":
        assert device.actions[0][:2] == ("3012", "a21002")


# --- the page -------------------------------------------------------------------------


def page(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_from_request_to_approval(
    logger: Logger, officer: User, reviewer: User, sent: list[Frame]
) -> None:
    outlet = logger.outlet
    panel = reverse("polluters:commands", args=[outlet.pk])
    fields = page(officer).get(
        reverse("polluters:command_fields", args=[outlet.pk]),
        {"logger": logger.pk, "cn": "3012"},
    )
    assert "氮氧化物（a21002）" in fields.content.decode()
    answer = page(officer).post(
        reverse("polluters:command_ask", args=[outlet.pk]),
        {"logger": logger.pk, "cn": "3012", "PolId": "a21002", "reason": "疑似造假"},
    )
    assert (answer.status_code, answer["Location"]) == (302, panel)
    command = DeviceCommand.objects.get()
    own = page(officer).get(panel).content.decode()
    assert "撤回" in own
    assert "同意下发" not in own
    other = page(reviewer).get(panel, headers={"HX-Request": "true"}).content.decode()
    assert "同意下发" in other
    assert "申请反控命令" not in other
    approve = reverse("polluters:command_decide", args=[command.pk, "approve"])
    refused = page(officer).post(approve)
    assert refused.status_code == 403
    done = page(reviewer).post(
        approve, {"note": "同意"}, headers={"HX-Request": "true"}
    )
    assert done.status_code == 200
    assert "待下发" in done.content.decode()
    command.refresh_from_db()
    assert (command.state, command.decision_note) == (State.APPROVED, "同意")
    again = page(reviewer).post(approve, headers={"HX-Request": "true"})
    assert again.status_code == 422
    assert "不能再复核" in again.content.decode()


def test_wrong_input_comes_back_with_what_was_typed(
    logger: Logger, officer: User
) -> None:
    answer = page(officer).post(
        reverse("polluters:command_ask", args=[logger.outlet_id]),
        {"logger": logger.pk, "cn": "1062", "RtdInterval": "5", "reason": "调整"},
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "应为 30 至 3600" in text
    assert 'value="5"' in text
    assert 'value="调整"' in text
    assert not DeviceCommand.objects.exists()


@pytest.mark.parametrize("role", ["auditor", "admin", "enterprise", "station"])
def test_others_do_not_get_in(logger: Logger, role: str) -> None:
    client = page(factories.user(role))
    outlet = logger.outlet
    assert (
        client.get(reverse("polluters:commands", args=[outlet.pk])).status_code == 403
    )
    answer = client.post(
        reverse("polluters:command_ask", args=[outlet.pk]),
        {"logger": logger.pk, "cn": "1012", "reason": "x"},
    )
    assert answer.status_code == 403
    assert not DeviceCommand.objects.exists()


def test_another_district_does_not_exist(logger: Logger, officer: User) -> None:
    command = ask(logger, officer)
    elsewhere = factories.department(factories.district("652723", "温泉县"))
    client = page(factories.user("reviewer", "officer", organisation=elsewhere))
    outlet = logger.outlet
    panel = reverse("polluters:commands", args=[outlet.pk])
    assert client.get(panel).status_code == 404
    approve = reverse("polluters:command_decide", args=[command.pk, "approve"])
    assert client.post(approve).status_code == 404
    unknown = reverse("polluters:command_decide", args=[command.pk, "delete"])
    assert client.post(unknown).status_code == 404
    command.refresh_from_db()
    assert command.state == State.REQUESTED
