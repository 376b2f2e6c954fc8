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
    State,
)
from enforcement.models import (
    Case,
    ClockExtension,
    Rectification,
    SiteVisit,
    Transfer,
)
from enforcement.services import clocks, feedback, measures, transfers, visits
from enforcement.services.clocks import running
from enforcement.views.registry import (
    BUREAU,
    LEADER,
    OFFICER,
    REVIEWER,
    Ask,
    Given,
    SideAct,
    register,
)
from enforcement.views.side_content import chosen_users, day, officer_choices, text

READINGS = 3
VISIT_STATES = frozenset({State.VISITING, State.INVESTIGATING, State.CORRECTING})


def _visit(case: Case, *states: str) -> SiteVisit:
    visit = case.visits.filter(state__in=states).order_by("-id").first()
    if visit is None:
        raise Refused("没有处于该阶段的现场核查")
    return visit


def _has_visit(*states: str) -> Callable[[Case], bool]:
    return lambda case: case.visits.filter(state__in=states).exists()


def _plan_fields(ask: Ask) -> tuple[Field, ...]:
    officers = officer_choices(ask.case)
    return (
        Field("kind", "检查类型", FieldKind.CHOICE, tuple(SiteVisit.Kind.choices)),
        Field(
            "conversion",
            "非现场转现场的条件",
            help="为何线上不能查清，须到现场；逐户、逐次填写",
        ),
        Field("phone_check", "电话核实情况", FieldKind.LONG),
        Field("planned_on", "计划日期", FieldKind.DATE, past=False),
        Field("officer1", "执法人员", FieldKind.CHOICE, officers),
        Field("officer2", "执法人员", FieldKind.CHOICE, officers),
        Field(
            "officer3", "执法人员（可不填）", FieldKind.CHOICE, officers, required=False
        ),
        Field("notice_number", "检查通知书文号", required=False),
        Field("entry_code", "扫码入企编号", required=False, help="按规定需要的填写"),
    )


def _plan(ask: Ask, given: Given, _: str) -> object:
    planned_on = day(given, "planned_on")
    assert planned_on is not None
    return visits.plan_visit(
        case=ask.case,
        kind=text(given, "kind"),
        conversion=text(given, "conversion"),
        phone_check=text(given, "phone_check"),
        planned_on=planned_on,
        officers=chosen_users(given, "officer1", "officer2", "officer3"),
        notice_number=text(given, "notice_number"),
        entry_code=text(given, "entry_code"),
        actor=ask.user,
        now=ask.now,
    )


def _approve(ask: Ask, _: Given, note: str) -> object:
    return visits.approve_visit(
        visit=_visit(ask.case, "planned"), actor=ask.user, now=ask.now, note=note
    )


def _start(ask: Ask, given: Given, _: str) -> object:
    return visits.start_visit(
        visit=_visit(ask.case, "approved"),
        actor=ask.user,
        now=ask.now,
        latitude=_number(given, "latitude"),
        longitude=_number(given, "longitude"),
        accuracy_m=_number(given, "accuracy_m"),
    )


def _number(given: Given, name: str) -> float | None:
    raw = text(given, name)
    if not raw:
        return None
    try:
        return float(raw)
    except ValueError as error:
        raise Refused("定位应为数字") from error


def _start_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("latitude", "纬度", required=False),
        Field("longitude", "经度", required=False),
        Field("accuracy_m", "定位精度（m）", required=False),
    )


def _finish_fields(_: Ask) -> tuple[Field, ...]:
    rows: list[Field] = []
    for n in range(1, READINGS + 1):
        rows += [
            Field(f"factor{n}", f"读数 {n}：因子", required=False),
            Field(f"data_time{n}", f"读数 {n}：数据时间", required=False),
            Field(f"platform{n}", f"读数 {n}：平台值", required=False),
            Field(f"site{n}", f"读数 {n}：现场值（含单位）", required=False),
        ]
    return (
        Field("conclusion", "核查情况", FieldKind.LONG),
        Field("found", "是否发现问题", FieldKind.YES_NO),
        *rows,
    )


def _finish(ask: Ask, given: Given, _: str) -> object:
    readings = [
        {
            "factor": text(given, f"factor{n}"),
            "data_time": text(given, f"data_time{n}"),
            "platform": text(given, f"platform{n}"),
            "site": text(given, f"site{n}"),
            "unit": "",
        }
        for n in range(1, READINGS + 1)
        if text(given, f"factor{n}")
    ]
    return visits.finish_visit(
        visit=_visit(ask.case, "started"),
        conclusion=text(given, "conclusion"),
        found=given.get("found") is True,
        readings=readings,
        actor=ask.user,
        now=ask.now,
    )


def _cancel(ask: Ask, _: Given, note: str) -> object:
    return visits.cancel_visit(
        visit=_visit(ask.case, "planned", "approved"),
        reason=note,
        actor=ask.user,
        now=ask.now,
    )


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


def _joint_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("authority", "联合部门", FieldKind.CHOICE, AUTHORITIES),
        Field("unit_name", "接收单位", required=False),
        Field("matter", "办理事项", FieldKind.LONG),
        Field("reply_by", "请求回函日期", FieldKind.DATE, required=False, past=False),
    )


def _joint(ask: Ask, given: Given, _: str) -> object:
    return transfers.send_joint(
        case=ask.case,
        authority=text(given, "authority"),
        unit_name=text(given, "unit_name"),
        matter=text(given, "matter"),
        reply_by=day(given, "reply_by"),
        actor=ask.user,
        now=ask.now,
    )


def _receipt_fields(ask: Ask) -> tuple[Field, ...]:
    return (
        Field("transfer", "移送", FieldKind.CHOICE, _pick(_waiting(ask.case))),
        Field("receipt", "回执（签收人、文号）"),
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
        Field("reply_number", "回函文号", required=False),
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


def _reply(ask: Ask, given: Given, _: str) -> object:
    on = day(given, "sent_on")
    assert on is not None
    return feedback.send_reply(
        case=ask.case,
        to=text(given, "to"),
        content=text(given, "content"),
        sent_on=on,
        receipt=text(given, "receipt"),
        actor=ask.user,
        now=ask.now,
    )


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


def _begin(measure: str) -> Callable[[Ask, Given, str], object]:
    return lambda ask, given, note: measures.begin_measure(
        case=ask.case, measure=measure, note=note, actor=ask.user, now=ask.now
    )


def _end(measure: str) -> Callable[[Ask, Given, str], object]:
    return lambda ask, given, note: measures.end_measure(
        case=ask.case, measure=measure, note=note, actor=ask.user, now=ask.now
    )


def _runs(code: str) -> Callable[[Case], bool]:
    return lambda case: running(case).filter(rule__code=code).exists()


def _today(name: str) -> Callable[[Ask], dict[str, Any]]:
    return lambda ask: {name: beijing(ask.now).date()}


register(
    SideAct(
        "plan-visit", "制定核查计划", (OFFICER,), _plan_fields, _plan,
        icon="map-pin", anchor="visits", states=VISIT_STATES,
        shown=lambda case: not _has_visit("planned", "approved", "started")(case),
        help="能以非现场方式查清的不入企；须到现场的写明条件，先电话核实，经批准后前往。",
        initial=_today("planned_on"),
    ),
    SideAct(
        "approve-visit", "批准核查计划", (LEADER, REVIEWER), lambda ask: (), _approve,
        note=False, said="审批意见", icon="check", anchor="visits",
        shown=_has_visit("planned"),
    ),
    SideAct(
        "start-visit", "登记到达现场", (OFFICER,), _start_fields, _start,
        icon="current-location", anchor="visits", shown=_has_visit("approved"),
    ),
    SideAct(
        "finish-visit", "完成现场核查", (OFFICER,), _finish_fields, _finish,
        icon="clipboard-check", anchor="visits", shown=_has_visit("started"),
    ),
    SideAct(
        "cancel-visit", "取消核查计划", (OFFICER, LEADER, REVIEWER), lambda ask: (),
        _cancel, note=True, said="取消原因", icon="x", anchor="visits",
        shown=_has_visit("planned", "approved"),
    ),
    SideAct(
        "joint-transfer", "联合办理移送", (OFFICER, REVIEWER, LEADER), _joint_fields,
        _joint, icon="share", anchor="transfers",
        help="案件继续在本局办理，请其他部门办理其职责内的部分；须先制作移送函。",
    ),
    SideAct(
        "receive-transfer", "登记移送回执", (OFFICER, REVIEWER), _receipt_fields,
        _receive, icon="receipt", anchor="transfers",
        shown=lambda case: case.transfers.filter(state="sent").exists(),
        initial=_today("received_on"),
    ),
    SideAct(
        "joint-reply", "登记联合办理回函", (OFFICER, REVIEWER), _joint_reply_fields,
        _joint_reply, icon="mail", anchor="transfers",
        shown=lambda case: _waiting(case).filter(joint=True).exists(),
        initial=_today("replied_on"),
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
        shown=lambda case: _open_rectifications(case).exists(),
    ),
    SideAct(
        "inspect", "整改复查", (OFFICER,),
        lambda ask: (
            _row_field(ask),
            Field("accepted", "验收通过", FieldKind.YES_NO),
            Field("finding", "复查结论", FieldKind.LONG),
        ),
        _inspect, icon="checks", anchor="feedback",
        shown=lambda case: _open_rectifications(case).exists(),
        help="验收通过须有整改前、整改后证据。",
    ),
    SideAct(
        "reply", "回复反馈", BUREAU,
        lambda ask: (
            Field("to", "回复对象"),
            Field("content", "回复内容", FieldKind.LONG),
            Field("sent_on", "回复日期", FieldKind.DATE),
            Field("receipt", "回执", required=False),
        ),
        _reply, icon="send", anchor="feedback", initial=_today("sent_on"),
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
        shown=lambda case: running(case).filter(
            pauses__isnull=False, pauses__end=None
        ).exists(),
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
        shown=lambda case: _asked(case).exists(),
    ),
    SideAct(
        "preserve", "先行登记保存", (OFFICER,), lambda ask: (), _begin("preserve"),
        note=True, icon="archive", anchor="visits",
        states=frozenset({State.VISITING, State.INVESTIGATING}),
        shown=lambda case: not _runs("preservation")(case),
    ),
    SideAct(
        "end-preservation", "先行登记保存处理", (OFFICER,), lambda ask: (),
        _end("end_preservation"), note=True, icon="archive", anchor="visits",
        shown=_runs("preservation"),
    ),
    SideAct(
        "seize", "查封扣押", (OFFICER,), lambda ask: (), _begin("seize"),
        note=True, icon="lock", anchor="visits",
        states=frozenset({State.VISITING, State.INVESTIGATING}),
        shown=lambda case: not _runs("seizure")(case),
    ),
    SideAct(
        "release-seizure", "解除查封扣押", (OFFICER,), lambda ask: (),
        _end("release_seizure"), note=True, icon="lock-open", anchor="visits",
        shown=_runs("seizure"),
    ),
)  # fmt: skip
