"""Side acts on the spot: visits, preservation, sealing."""

from collections.abc import Callable

from enforcement.domain.place import read_number
from enforcement.domain.workflow import Field, FieldKind, Refused, State
from enforcement.models import Case, SiteVisit
from enforcement.services import measures, visits
from enforcement.views.registry import (
    LEADER,
    OFFICER,
    REVIEWER,
    Ask,
    Given,
    SideAct,
    register,
)
from enforcement.views.side_content import chosen_users, day, officer_choices, text
from enforcement.views.side_work import today

READINGS = 3
ENTRY_CODE = Field(
    "entry_code", "扫码入企编号", required=False, help="按规定需要的填写", most=60
)
VISIT_STATES = frozenset({State.VISITING, State.INVESTIGATING, State.CORRECTING})


def _visit(case: Case, *states: str) -> SiteVisit:
    visit = case.visits.filter(state__in=states).order_by("-id").first()
    if visit is None:
        raise Refused("没有处于该阶段的现场核查")
    return visit


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
        Field("notice_number", "检查通知书文号", required=False, most=60),
        ENTRY_CODE,
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
        latitude=read_number(text(given, "latitude")),
        longitude=read_number(text(given, "longitude")),
        accuracy_m=read_number(text(given, "accuracy_m")),
        entry_code=text(given, "entry_code"),
    )


def _start_fields(_: Ask) -> tuple[Field, ...]:
    return (
        Field("latitude", "纬度", required=False),
        Field("longitude", "经度", required=False),
        Field("accuracy_m", "定位精度（m）", required=False),
        ENTRY_CODE,
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


def _begin(measure: str) -> Callable[[Ask, Given, str], object]:
    return lambda ask, given, note: measures.begin_measure(
        case=ask.case, measure=measure, note=note, actor=ask.user, now=ask.now
    )


def _end(measure: str) -> Callable[[Ask, Given, str], object]:
    return lambda ask, given, note: measures.end_measure(
        case=ask.case, measure=measure, note=note, actor=ask.user, now=ask.now
    )


register(
    SideAct(
        "plan-visit", "制定核查计划", (OFFICER,), _plan_fields, _plan,
        icon="map-pin", anchor="visits", states=VISIT_STATES,
        shown=lambda now: not now.visits & {"planned", "approved", "started"},
        help="能以非现场方式查清的不入企；须到现场的写明条件，先电话核实，经批准后前往。",
        initial=today("planned_on"),
    ),
    SideAct(
        "approve-visit", "批准核查计划", (LEADER, REVIEWER), lambda ask: (), _approve,
        note=False, said="审批意见", icon="check", anchor="visits",
        shown=lambda now: bool(now.visits & {"planned"}),
    ),
    SideAct(
        "start-visit", "登记到达现场", (OFFICER,), _start_fields, _start,
        icon="current-location", anchor="visits", shown=lambda now: bool(now.visits & {"approved"}),
    ),
    SideAct(
        "finish-visit", "完成现场核查", (OFFICER,), _finish_fields, _finish,
        icon="clipboard-check", anchor="visits", shown=lambda now: bool(now.visits & {"started"}),
    ),
    SideAct(
        "cancel-visit", "取消核查计划", (OFFICER, LEADER, REVIEWER), lambda ask: (),
        _cancel, note=True, said="取消原因", icon="x", anchor="visits",
        shown=lambda now: bool(now.visits & {"planned", "approved"}),
    ),
    SideAct(
        "preserve", "先行登记保存", (OFFICER,), lambda ask: (), _begin("preserve"),
        note=True, icon="archive", anchor="visits",
        states=frozenset({State.VISITING, State.INVESTIGATING}),
        shown=lambda now: "preservation" not in now.clocks,
    ),
    SideAct(
        "end-preservation", "先行登记保存处理", (OFFICER,), lambda ask: (),
        _end("end_preservation"), note=True, icon="archive", anchor="visits",
        shown=lambda now: "preservation" in now.clocks,
    ),
    SideAct(
        "seize", "查封扣押", (OFFICER,), lambda ask: (), _begin("seize"),
        note=True, icon="lock", anchor="visits",
        states=frozenset({State.VISITING, State.INVESTIGATING}),
        shown=lambda now: "seizure" not in now.clocks,
    ),
    SideAct(
        "release-seizure", "解除查封扣押", (OFFICER,), lambda ask: (),
        _end("release_seizure"), note=True, icon="lock-open", anchor="visits",
        shown=lambda now: "seizure" in now.clocks,
    ),
)  # fmt: skip
