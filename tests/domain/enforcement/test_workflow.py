"""The table State × Action → State: every pair, every guard."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from enforcement.domain.documents import FORMS, DocumentKind
from enforcement.domain.given import parse
from enforcement.domain.workflow import (
    CONFLICTS,
    ENDS,
    TABLE,
    Action,
    Duty,
    Facts,
    FieldKind,
    Refused,
    Stage,
    State,
    decide_move,
    find_move,
    moves_from,
    obstacles,
    stage_of,
    target_of,
)

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def value_for(field):
    return {
        FieldKind.DATE: TODAY,
        FieldKind.MONEY: Decimal(1000),
        FieldKind.CHOICE: field.options[0][0] if field.options else "",
        FieldKind.UNIT: 7,
        FieldKind.YES_NO: True,
        FieldKind.COUNT: 5,
    }.get(field.kind, "说明")


def good_facts(move, **changes):
    """Facts under which ``move`` is lawful."""
    facts = Facts(
        now=NOW,
        actor=1,
        roles=frozenset(move.roles[:1]),
        unit=7,
        handling_unit=7,
        is_case=True,
        given={field.name: value_for(field) for field in move.fields},
        note="意见",
        documents=frozenset(DocumentKind),
        officers=2,
        visit_done=True,
        evidence=3,
        discovered_on=TODAY - 30 * DAY,
        act_ended_on=TODAY - 31 * DAY,
        cause="超标",
        basis_chosen=True,
        penalty_range=(Decimal(1000), Decimal(5000)),
        proposed=Decimal(1000),
        lenient_missing=(),
        exempted=Decimal(1000),
        hearing_threshold=Decimal(50000),
        spot_limit=Decimal(3000),
        notice_served_on=TODAY - 20 * DAY,
        notice_last_day=TODAY if move.action is Action.REQUEST_HEARING else TODAY - DAY,
        hearing_right=True,
        hearing_first_day=TODAY - DAY,
        decision="none" if move.action is Action.SERVE_NO_PENALTY else "penalty",
        payment_last_day=TODAY - DAY,
        owed=Decimal(0 if move.action is Action.FULFIL else 500),
        urge_last_day=TODAY - DAY,
        court_first_day=TODAY - DAY,
        court_last_day=TODAY + DAY,
        corrected=True,
    )
    return replace(facts, **changes)


def check_missing_pair(state, action):
    with pytest.raises(Refused, match="状态下不能") as caught:
        find_move(state, action)
    assert state.label in caught.value.reason
    for move in moves_from(state):
        assert move.action.label in caught.value.reason


@pytest.mark.parametrize("state", list(State))
def test_every_pair(state):
    for action in Action:
        move = TABLE.get((state, action))
        if move is None:
            check_missing_pair(state, action)
            continue
        facts = good_facts(move)
        assert decide_move(state, action, facts) is move
        assert target_of(move, State.VISITING) == (move.target or State.VISITING)
        stranger = replace(facts, roles=frozenset({"station"}))
        with pytest.raises(Refused, match="须由"):
            decide_move(state, action, stranger)


@pytest.mark.parametrize("key", TABLE, ids=lambda key: f"{key[0]}-{key[1]}")
def test_each_requirement_is_named_when_it_is_missing(key):
    move = TABLE[key]
    facts = good_facts(move)
    for field in move.fields:
        if field.required:
            left = {k: v for k, v in facts.given.items() if k != field.name}
            texts = [o.text for o in obstacles(move, replace(facts, given=left))]
            assert f"未填写{field.label}" in texts
    for kind in move.documents:
        texts = [
            o.text
            for o in obstacles(move, replace(facts, documents=facts.documents - {kind}))
        ]
        assert f"尚未制作《{kind.label}》" in texts
    if move.note:
        assert [o.text for o in obstacles(move, replace(facts, note=" "))] == [
            "未填写办理意见"
        ]


def reachable_from(start):
    seen, todo = {start}, [start]
    while todo:
        for move in moves_from(todo.pop()):
            target = move.target
            if target is not None and target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def test_every_state_can_be_reached_and_every_open_state_can_end():
    assert reachable_from(State.ALERTED) == set(State)
    for state in set(State) - ENDS - {State.SUSPENDED}:
        assert reachable_from(state) & ENDS, state


def test_ends_can_only_be_reopened():
    for state in ENDS - {State.MERGED}:
        assert [m.action for m in moves_from(state)] == [Action.REOPEN]
    assert moves_from(State.MERGED) == ()


def test_stages_follow_the_loop():
    order = ["平台预警", "线上排查", "线索移交", "现场核查", "依法处理", "结果反馈"]
    assert [stage.label for stage in Stage] == order
    assert [stage.place for stage in Stage] == [1, 2, 3, 4, 5, 6]
    assert stage_of(State.SUSPENDED, Stage.VISIT) is Stage.VISIT
    assert stage_of(State.EXTERNAL) is Stage.DISPOSAL
    assert stage_of(State.ENDED) is Stage.CHECK


@pytest.mark.parametrize("pair", sorted(sorted(p) for p in CONFLICTS))
def test_one_person_cannot_fill_both(pair):
    for duty, other in (pair, pair[::-1]):
        for (state, action), move in TABLE.items():
            if move.duty is not Duty(duty):
                continue
            facts = good_facts(move, duties={Duty(other): frozenset({1})})
            with pytest.raises(Refused, match="请换人办理"):
                decide_move(state, action, facts)
            another = replace(facts, actor=2)
            assert decide_move(state, action, another) is move


def refuses(action, state=None, text="", **changes):
    key = next(k for k in TABLE if k[1] is action and (state is None or k[0] is state))
    with pytest.raises(Refused) as caught:
        decide_move(*key, good_facts(TABLE[key], **changes))
    assert text in "；".join(caught.value.missing), caught.value.missing


def given_for(action, state=None, **changes):
    key = next(k for k in TABLE if k[1] is action and (state is None or k[0] is state))
    return {**good_facts(TABLE[key]).given, **changes}


def test_only_the_receiver_accepts():
    refuses(Action.ACCEPT, text="只有接收单位", unit=8)
    refuses(Action.ACCEPT, text="只有接收单位", unit=None, handling_unit=None)


def test_findings_need_a_visit_or_a_reason():
    refuses(Action.SUBMIT_FINDINGS, text="尚无已完成的现场核查", visit_done=False)
    refuses(Action.SUBMIT_FINDINGS, text="现有 1 人", officers=1)
    off_site = given_for(Action.SUBMIT_FINDINGS, mode="off_site", off_site_reason="")
    refuses(Action.SUBMIT_FINDINGS, text="为何无须现场核查", given=off_site)


def test_filing_needs_cause_dates_and_limitation():
    refuses(Action.REQUEST_FILING, text="尚未选择案由", cause="")
    refuses(Action.REQUEST_FILING, text="尚未填写发现日期", act_ended_on=None)
    refuses(
        Action.REQUEST_FILING,
        text="发现日期早于",
        discovered_on=date(2026, 1, 1),
        act_ended_on=date(2026, 1, 2),
    )
    old = {"act_ended_on": date(2024, 10, 1), "discovered_on": date(2026, 10, 2)}
    refuses(Action.REQUEST_FILING, text="已逾 2 年", **old)
    key = (State.ASSESSING, Action.REQUEST_FILING)
    in_time = old | {"discovered_on": date(2026, 10, 1)}
    assert decide_move(*key, good_facts(TABLE[key], **in_time))
    assert decide_move(*key, good_facts(TABLE[key], **old, limitation_years=5))


def test_large_fines_carry_the_right_to_a_hearing():
    given = given_for(Action.NOTIFY, hearing_right=False)
    refuses(
        Action.NOTIFY, text="必须告知听证权利", given=given, proposed=Decimal(50000)
    )
    key = (State.NOTICE, Action.NOTIFY)
    small = good_facts(TABLE[key], given=given, proposed=Decimal(49999))
    assert decide_move(*key, small)


def test_notice_must_have_run_out():
    refuses(Action.FINISH_NOTICE, text="尚未届满", given={}, notice_last_day=TODAY)
    refuses(Action.FINISH_NOTICE, text="尚不能确定", given={}, notice_last_day=None)
    refuses(
        Action.FINISH_NOTICE,
        text="须填写复核意见",
        given={"waived": True},
        defence_open=True,
    )


def test_hearing_in_time_and_announced():
    refuses(Action.REQUEST_HEARING, text="未告知听证权利", hearing_right=False)
    refuses(Action.REQUEST_HEARING, text="期限已于", notice_last_day=TODAY - DAY)
    refuses(Action.FINISH_HEARING, text="尚未登记送达日期", hearing_first_day=None)
    refuses(Action.FINISH_HEARING, text="最早可于", hearing_first_day=TODAY + DAY)


def test_decision_inside_the_law():
    decide = (State.DECIDING, Action.DECIDE)

    def amount(value, **more):
        return good_facts(
            TABLE[decide],
            given={"amount": Decimal(value), "deviation_reason": "说明"},
            **more,
        )

    refused = {
        "超过法定上限": amount(5001),
        "低于法定下限": amount(999),
        "未履行事先告知": amount(1000, notice_served_on=None),
        "须经负责人集体讨论": amount(1000, discussion_reason="大额"),
        "不得因此加重": amount(1001, defence_open=True),
        "须退回后重新告知": amount(1001, noticed=Decimal(1000)),
    }
    for text, facts in refused.items():
        with pytest.raises(Refused) as caught:
            decide_move(*decide, facts)
        assert text in "；".join(caught.value.missing)
    bare = replace(amount(2000), given={"amount": Decimal(2000)})
    with pytest.raises(Refused, match="须说明理由"):
        decide_move(*decide, bare)
    assert decide_move(*decide, amount(999, reduction_basis="第三十二条"))
    assert decide_move(*decide, amount(1000, discussion_reason="大额", discussed=True))


def test_on_the_spot_has_a_ceiling():
    given = given_for(Action.SPOT_PENALTY, amount=Decimal(3001))
    refuses(Action.SPOT_PENALTY, text="不超过 3,000 元", given=given)


def test_electronic_service_needs_consent():
    given = given_for(Action.SERVE, method="electronic", consent=False)
    refuses(Action.SERVE, text="电子送达须有", given=given)


def test_the_wrong_decision_is_not_served():
    refuses(Action.SERVE, text="不是行政处罚决定", decision="none")
    refuses(Action.SERVE_NO_PENALTY, text="不是不予处罚决定", decision="penalty")


def test_payment_urging_and_court():
    refuses(Action.FULFIL, text="尚欠缴 500 元", owed=Decimal(500))
    refuses(Action.URGE, text="缴款期限至", payment_last_day=TODAY)
    refuses(Action.URGE, text="无须催告", owed=Decimal(0))
    refuses(Action.APPLY_COURT, text="催告期限至", urge_last_day=TODAY)
    refuses(Action.APPLY_COURT, text="最早可于", court_first_day=TODAY + DAY)
    refuses(Action.APPLY_COURT, text="期限已于", court_last_day=TODAY - DAY)


def test_closing_needs_everything_done_or_a_reason():
    given = given_for(Action.GIVE_FEEDBACK, open_reason="")
    open_ = ("1 项整改未验收",)
    refuses(
        Action.GIVE_FEEDBACK, text="1 项整改未验收", given=given, open_obligations=open_
    )
    key = (State.FEEDBACK, Action.GIVE_FEEDBACK)
    with_reason = {**given, "open_reason": "企业已停产注销"}
    facts = good_facts(TABLE[key], given=with_reason, open_obligations=open_)
    assert decide_move(*key, facts)
    missing_form = frozenset(DocumentKind) - {DocumentKind.CLOSING_FORM}
    refuses(Action.APPROVE_CLOSING, text="结案审批表", documents=missing_form)
    key = (State.CLOSING, Action.APPROVE_CLOSING)
    clue = good_facts(TABLE[key], documents=missing_form, is_case=False)
    assert decide_move(*key, clue)


def test_dates_before_the_act_and_in_the_future_are_refused():
    given = given_for(Action.SERVE, served_on=TODAY + DAY)
    refuses(Action.SERVE, text="不能晚于今天", given=given)
    given = given_for(Action.SERVE, served_on=TODAY - 32 * DAY)
    refuses(Action.SERVE, text="早于违法行为终了日期", given=given)
    given = given_for(Action.ORDER_ONLY, correct_by=TODAY - DAY)
    refuses(Action.ORDER_ONLY, text="不能早于今天", given=given)


def test_lenient_needs_every_condition_and_the_amount():
    state = State.ASSESSING
    refuses(
        Action.PROPOSE_LENIENT, state, "尚未完成不予处罚条件核对", lenient_missing=None
    )
    refuses(
        Action.PROPOSE_LENIENT, state, "及时改正", lenient_missing=("及时改正：不符合",)
    )
    refuses(Action.PROPOSE_LENIENT, state, "免予处罚金额", exempted=None)


def test_discussion_has_a_quorum():
    given = given_for(Action.CONCLUDE_DISCUSSION, attendees=2)
    refuses(Action.CONCLUDE_DISCUSSION, text="不少于 3 人", given=given)


def test_answers_are_typed_or_refused():
    fields = TABLE[State.DECIDING, Action.DECIDE].fields
    assert parse(fields, {"amount": "12,000.50"}) == {"amount": Decimal("12000.50")}
    for bad in ("abc", "NaN", "1e400", "0.001"):
        with pytest.raises(Refused, match="罚款金额（元）填写有误"):
            parse(fields, {"amount": bad})
    with pytest.raises(Refused, match="没有这一项：x"):
        parse(fields, {"amount": "1", "x": "1"})
    notify = TABLE[State.NOTICE, Action.NOTIFY].fields
    typed = parse(notify, {"served_on": "2026-11-20", "hearing_right": "no"})
    assert typed == {"served_on": date(2026, 11, 20), "hearing_right": False}
    with pytest.raises(Refused, match="送达日期填写有误"):
        parse(notify, {"served_on": "2026-13-01"})


def test_every_kind_of_document_has_its_form():
    assert set(FORMS) == set(DocumentKind)
    series = [form.series for form in FORMS.values() if form.series]
    assert len(series) == len(set(series))
