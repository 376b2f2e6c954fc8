"""Side acts about work outside: visits, transfers, rectification, replies, clocks."""

from collections.abc import Callable
from typing import Any

from bozhou_eco.accounts.models import Role
from bozhou_eco.common.clock import beijing
from enforcement.domain.workflow import (
    AUTHORITIES,
    Field,
    FieldKind,
    Refused,
)
from enforcement.models import (
    Case,
    ClockExtension,
    Rectification,
    Transfer,
)
from enforcement.services import clocks, feedback, transfers
from enforcement.services.clocks import running
from enforcement.views.registry import (
    LEADER,
    OFFICER,
    REVIEWER,
    Ask,
    Given,
    SideAct,
    register,
)
from enforcement.views.side_content import day, text


def _pick(rows: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(row.pk), str(row)) for row in rows)


def _waiting(case: Case) -> Any:
    return case.transfers.filter(state__in=["sent", "received"])


def _transfer(ask: Ask, given: Given) -> Transfer:
    found = _waiting(ask.case).filter(pk=int(text(given, "transfer"))).first()
    if found is None:
        raise Refused("没有这件移送")
    assert isinstance(found, Transfer)
    return found


def _joint_fields(ask: Ask) -> tuple[Field, ...]:
    return (
        Field("authority", "联合部门", FieldKind.CHOICE, AUTHORITIES),
        Field("unit_name", "接收单位", required=False, most=120),
        Field("matter", "办理事项", FieldKind.LONG, most=240),
        Field("reply_by", "请求回函日期", FieldKind.DATE, required=False, past=False),
        *(
            Field(
                f"file_{row.pk}",
                f"随函证据：{row.title}"[:80],
                FieldKind.YES_NO,
                required=False,
            )
            for row in ask.case.files.order_by("id")
        ),
    )


def _joint(ask: Ask, given: Given, _: str) -> object:
    return transfers.send_joint(
        case=ask.case,
        authority=text(given, "authority"),
        unit_name=text(given, "unit_name"),
        matter=text(given, "matter"),
        reply_by=day(given, "reply_by"),
        files=[
            row for row in ask.case.files.all() if given.get(f"file_{row.pk}") is True
        ],
        actor=ask.user,
        now=ask.now,
    )


def _receipt_fields(ask: Ask) -> tuple[Field, ...]:
    return (
        Field("transfer", "移送", FieldKind.CHOICE, _pick(_waiting(ask.case))),
        Field("receipt", "回执（签收人、文号）", most=120),
        Field("received_on", "签收日期", FieldKind.DATE),
    )


def _receive(ask: Ask, given: Given, _: str) -> object:
    on = day(given, "received_on")
    assert on is not None
    return transfers.receive_transfer(
        transfer=_transfer(ask, given),
        receipt=text(given, "receipt"),
        received_on=on,
        actor=ask.user,
        now=ask.now,
    )


def _joint_reply_fields(ask: Ask) -> tuple[Field, ...]:
    rows = _waiting(ask.case).filter(joint=True)
    return (
        Field("transfer", "移送", FieldKind.CHOICE, _pick(rows)),
        Field("reply_number", "回函文号", required=False, most=60),
        Field("replied_on", "回函日期", FieldKind.DATE),
        Field("result", "处理结果", FieldKind.LONG),
    )


def _joint_reply(ask: Ask, given: Given, _: str) -> object:
    on = day(given, "replied_on")
    assert on is not None
    return transfers.record_joint_reply(
        transfer=_transfer(ask, given),
        reply_number=text(given, "reply_number"),
        replied_on=on,
        result=text(given, "result"),
        actor=ask.user,
        now=ask.now,
    )


def _demand(ask: Ask, given: Given, _: str) -> object:
    due = day(given, "due_on")
    assert due is not None
    return feedback.demand_rectification(
        case=ask.case,
        demand=text(given, "demand"),
        due_on=due,
        actor=ask.user,
        now=ask.now,
    )


def _open_rectifications(case: Case) -> Any:
    return case.rectifications.exclude(state=Rectification.State.ACCEPTED)


def _rectification(ask: Ask, given: Given) -> Rectification:
    found = _open_rectifications(ask.case).filter(pk=int(text(given, "row"))).first()
    if found is None:
        raise Refused("没有这项整改")
    assert isinstance(found, Rectification)
    return found


def _report(ask: Ask, given: Given, _: str) -> object:
    return feedback.report_rectification(
        row=_rectification(ask, given),
        report=text(given, "report"),
        actor=ask.user,
        now=ask.now,
    )


def _inspect(ask: Ask, given: Given, _: str) -> object:
    return feedback.inspect_rectification(
        row=_rectification(ask, given),
        accepted=given.get("accepted") is True,
        finding=text(given, "finding"),
        actor=ask.user,
        now=ask.now,
    )


def _row_field(ask: Ask) -> Field:
    rows = _open_rectifications(ask.case)
    options = tuple((str(row.pk), row.demand[:60]) for row in rows)
    return Field("row", "整改事项", FieldKind.CHOICE, options)


def _clock_field(ask: Ask, *, paused: bool) -> Field:
    rows = running(ask.case).select_related("rule")
    if paused:
        rows = rows.filter(pauses__isnull=False, pauses__end=None)
    options = tuple((str(row.pk), row.rule.name) for row in rows)
    return Field("clock", "期限", FieldKind.CHOICE, options)


def _clock(ask: Ask, given: Given) -> Any:
    found = running(ask.case).filter(pk=int(text(given, "clock"))).first()
    if found is None:
        raise Refused("期限已经终止")
    return found


def _pause(ask: Ask, given: Given, note: str) -> object:
    return clocks.pause_clock(
        clock=_clock(ask, given), actor=ask.user, now=ask.now, reason=note
    )


def _resume(ask: Ask, given: Given, note: str) -> object:
    return clocks.resume_clock(
        clock=_clock(ask, given), actor=ask.user, now=ask.now, note=note
    )


def _extend(ask: Ask, given: Given, note: str) -> object:
    days = given.get("days")
    return clocks.ask_extension(
        clock=_clock(ask, given),
        days=days if isinstance(days, int) else 0,
        reason=note,
        actor=ask.user,
        now=ask.now,
    )


def _asked(case: Case) -> Any:
    return ClockExtension.objects.filter(
        clock__case=case, state=ClockExtension.State.ASKED
    ).select_related("clock__rule", "asked_by")


def _decide_fields(ask: Ask) -> tuple[Field, ...]:
    options = tuple(
        (
            str(row.pk),
            f"{row.clock.rule.name} 延长 {row.days}：{row.reason}（{row.asked_by.name}）",
        )
        for row in _asked(ask.case)
    )
    return (
        Field("extension", "申请", FieldKind.CHOICE, options),
        Field("grant", "批准", FieldKind.YES_NO),
    )


def _decide(ask: Ask, given: Given, note: str) -> object:
    found = _asked(ask.case).filter(pk=int(text(given, "extension"))).first()
    if found is None:
        raise Refused("该申请已经处理")
    return clocks.decide_extension(
        extension=found,
        grant=given.get("grant") is True,
        actor=ask.user,
        now=ask.now,
        note=note,
    )


def today(name: str) -> Callable[[Ask], dict[str, Any]]:
    """Return what fills the field ``name`` with the day of asking."""
    return lambda ask: {name: beijing(ask.now).date()}


register(
    SideAct(
        "joint-transfer", "联合办理移送", (OFFICER, REVIEWER, LEADER), _joint_fields,
        _joint, icon="share", anchor="transfers",
        help="案件继续在本局办理，请其他部门办理其职责内的部分；须先制作移送函。"
        "接收部门只看到移送函、事项和选“是”的证据。",
    ),
    SideAct(
        "receive-transfer", "登记移送回执", (OFFICER, REVIEWER), _receipt_fields,
        _receive, icon="receipt", anchor="transfers",
        shown=lambda now: any(state == "sent" for state, _ in now.transfers),
        initial=today("received_on"),
    ),
    SideAct(
        "joint-reply", "登记联合办理回函", (OFFICER, REVIEWER), _joint_reply_fields,
        _joint_reply, icon="mail", anchor="transfers",
        shown=lambda now: bool(
            now.transfers & {("sent", True), ("received", True)}
        ),
        initial=today("replied_on"),
    ),
    SideAct(
        "demand", "提出整改要求", (OFFICER,),
        lambda ask: (
            Field("demand", "整改要求", FieldKind.LONG),
            Field("due_on", "整改期限", FieldKind.DATE, past=False),
        ),
        _demand, icon="tool", anchor="feedback",
    ),
    SideAct(
        "report", "报告整改情况", (OFFICER, Role.ENTERPRISE, Role.STATION),
        lambda ask: (_row_field(ask), Field("report", "整改情况", FieldKind.LONG)),
        _report, icon="file-report", anchor="feedback",
        shown=lambda now: now.rectifying,
    ),
    SideAct(
        "inspect", "整改复查", (OFFICER,),
        lambda ask: (
            _row_field(ask),
            Field("accepted", "验收通过", FieldKind.YES_NO),
            Field("finding", "复查结论", FieldKind.LONG),
        ),
        _inspect, icon="checks", anchor="feedback",
        shown=lambda now: now.rectifying,
        help="验收通过须有整改前、整改后证据。",
    ),
    SideAct(
        "pause-clock", "中止计时", (OFFICER, LEADER),
        lambda ask: (_clock_field(ask, paused=False),), _pause,
        note=True, said="中止理由", icon="player-pause", anchor="clocks",
        help="听证、鉴定、监测等时间不计入期限的，写明理由。",
    ),
    SideAct(
        "resume-clock", "恢复计时", (OFFICER, LEADER),
        lambda ask: (_clock_field(ask, paused=True),), _resume,
        note=False, icon="player-play", anchor="clocks",
        shown=lambda now: any(now.clocks.values()),
    ),
    SideAct(
        "extend-clock", "申请延长期限", (OFFICER,),
        lambda ask: (
            _clock_field(ask, paused=False),
            Field("days", "延长（按该期限的单位）", FieldKind.COUNT),
        ),
        _extend, note=True, said="延长理由", icon="clock", anchor="clocks",
    ),
    SideAct(
        "decide-extension", "审批延长期限", (LEADER,), _decide_fields, _decide,
        note=True, said="审批意见", icon="check", anchor="clocks",
        shown=lambda now: now.asked,
    ),
)  # fmt: skip
