"""One move against the facts: who, what has to be stated, from which day to which."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow.actions import (
    CONFLICTS,
    Action,
    Duty,
    Field,
    FieldKind,
)
from enforcement.domain.workflow.facts import Facts, ObstacleKind, Refused
from enforcement.domain.workflow.moves import CONSENT, SERVICE, Move, day
from enforcement.domain.workflow.states import ENDS, Stage, State, stage_of
from enforcement.domain.workflow.table import (
    TABLE,
    decide_move,
    find_move,
    moves_from,
    obstacles,
    person_conflict,
    target_of,
)

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def facts(**known: object) -> Facts:
    base = {"now": NOW, "actor": 1, "roles": frozenset({"officer"}), "note": "意见"}
    return Facts(**(base | known))  # type: ignore[arg-type]


def move(**parts: object) -> Move:
    base = {"action": Action.SERVE, "target": State.FULFILLING, "roles": ("officer",)}
    return Move(**(base | parts))  # type: ignore[arg-type]


def texts(one: Move, known: Facts) -> list[str]:
    return [found.text for found in obstacles(one, known)]


def asked(field: Field, value: object, **known: object) -> list[str]:
    return texts(move(fields=(field,)), facts(given={field.name: value}, **known))


def test_any_of_the_roles_will_do() -> None:
    two = move(roles=("reviewer", "leader"))
    assert texts(two, facts(roles=frozenset({"leader", "x"}))) == []
    (found,) = obstacles(two, facts(roles=frozenset({"officer"})))
    assert (found.kind, found.text) == (
        ObstacleKind.ROLE,
        "送达处罚决定须由复核员、负责人办理",
    )


def test_a_reason_is_written_unless_the_move_asks_for_none() -> None:
    (found,) = obstacles(move(), facts(note="  "))
    assert (found.kind, found.text, found.subject) == (
        ObstacleKind.FIELD,
        "未填写办理意见",
        "note",
    )
    assert texts(move(note=False), facts(note="")) == []


@pytest.mark.parametrize("value", [None, ""], ids=["none", "empty"])
def test_what_is_required_is_stated(value: object) -> None:
    assert asked(Field("x", "甲"), value) == ["未填写甲"]
    assert asked(Field("x", "甲", required=False), value) == []
    assert asked(Field("x", "甲", FieldKind.DATE, required=False), value) == []


@pytest.mark.parametrize(("value", "texts_"), [("a", []), ("b", ["甲不在可选范围内"])])
def test_a_choice_is_among_its_options(value: str, texts_: list[str]) -> None:
    field = Field("x", "甲", FieldKind.CHOICE, (("a", "A"),))
    assert asked(field, value) == texts_
    assert asked(Field("x", "甲", FieldKind.TEXT, (("a", "A"),)), value) == []


@pytest.mark.parametrize(
    ("value", "good"),
    [(Decimal(0), True), (Decimal("-0.01"), False), (5, False), (Decimal(1), True)],
    ids=["nothing", "less", "no-decimal", "one"],
)
def test_an_amount_is_not_negative(value: object, good: bool) -> None:
    field = Field("x", "罚款", FieldKind.MONEY)
    assert asked(field, value) == ([] if good else ["罚款应为不小于 0 的金额"])


@pytest.mark.parametrize(
    ("past", "stated", "text"),
    [
        (True, date(2026, 11, 23), ""),
        (True, date(2026, 11, 24), "日期不能晚于今天"),
        (True, date(2026, 11, 1), ""),
        (True, date(2026, 10, 31), "日期早于违法行为终了日期 2026-11-01"),
        (False, date(2026, 11, 23), ""),
        (False, date(2026, 11, 22), "日期不能早于今天"),
        (False, date(2026, 12, 31), ""),
    ],
)
def test_a_day_lies_between_the_act_and_today_or_from_today_on(
    past: bool, stated: date, text: str
) -> None:
    field = day("x", "日期", past=past)
    found = asked(field, stated, act_ended_on=date(2026, 11, 1))
    assert found == ([text] if text else [])


def test_a_day_before_an_act_to_come_is_not_asked_of_the_future() -> None:
    field = day("x", "期限", past=False)
    assert asked(field, TODAY, act_ended_on=date(2026, 12, 1)) == []
    assert asked(day("x", "日期"), date(2020, 1, 1)) == []
    assert asked(day("x", "日期"), "2026-11-23") == ["日期不是日期"]


def test_a_day_is_required_and_past_unless_said_otherwise() -> None:
    field = day("x", "日期")
    assert (field.required, field.past) == (True, True)
    assert (Field("x", "甲").required, Field("x", "甲").past) == (True, True)
    assert CONSENT.required is False
    assert [one.required for one in SERVICE] == [True, True, False]
    assert move().note is True


def test_a_document_that_is_missing_is_named() -> None:
    needs = move(documents=(DocumentKind.SITE_RECORD, DocumentKind.PENALTY_DECISION))
    (found,) = obstacles(needs, facts(documents=frozenset({DocumentKind.SITE_RECORD})))
    assert (found.kind, found.text, found.subject) == (
        ObstacleKind.DOCUMENT,
        "尚未制作《行政处罚决定书》",
        "penalty_decision",
    )


def test_a_condition_is_told_with_its_name() -> None:
    def never(known: Facts) -> str:
        return f"不行{known.actor}"

    def always(known: Facts) -> str:
        return ""

    (found,) = obstacles(move(guards=(always, never)), facts())
    assert (found.kind, found.text, found.subject) == (
        ObstacleKind.CONDITION,
        "不行1",
        "never",
    )


@pytest.mark.parametrize("duty", list(Duty), ids=str)
def test_a_person_is_kept_from_the_functions_that_exclude_each_other(
    duty: Duty,
) -> None:
    for other in Duty:
        known = facts(duties={other: frozenset({1, 5})})
        excluded = frozenset((duty, other)) in CONFLICTS
        assert person_conflict(duty, known) == (other if excluded else None)
        assert person_conflict(duty, facts(duties={other: frozenset({5})})) is None


def test_a_person_in_the_way_is_told_both_functions() -> None:
    known = facts(duties={Duty.INVESTIGATE: frozenset({1})})
    (found,) = obstacles(move(duty=Duty.DECIDE), known)
    assert found.kind is ObstacleKind.PERSON
    assert found.text == "本人已参与本案的调查，不能再承担决定，请换人办理"


def test_only_resuming_goes_back_to_where_it_was() -> None:
    assert target_of(move(), State.NOTICE) is State.FULFILLING
    assert target_of(move(target=None), State.NOTICE) is State.NOTICE
    with pytest.raises(Refused, match="没有可以恢复到的状态"):
        target_of(move(target=None), None)
    assert {one.action for one in TABLE.values() if one.target is None} == {
        Action.RESUME
    }


def test_a_pair_that_is_not_there_is_refused_with_what_is_possible() -> None:
    with pytest.raises(Refused) as refusal:
        find_move(State.ENDED, Action.DECIDE)
    assert refusal.value.reason == ("“线上办结”状态下不能作出处罚决定；可以：重新启动")
    with pytest.raises(Refused, match="可以：无$"):
        find_move(State.MERGED, Action.DECIDE)
    assert all(
        TABLE[State.NOTICE, one.action] is one for one in moves_from(State.NOTICE)
    )


def test_a_refusal_tells_the_first_reason_and_lists_all() -> None:
    with pytest.raises(Refused) as refusal:
        decide_move(State.SERVING, Action.SERVE, facts(note="", roles=frozenset()))
    assert refusal.value.reason == refusal.value.missing[0]
    assert refusal.value.missing[:3] == (
        "送达处罚决定须由执法人员办理",
        "未填写送达日期",
        "未填写送达方式",
    )
    assert Refused("x").missing == ("x",)


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        (State.ALERTED, Stage.ALERT), (State.CHECKING, Stage.CHECK),
        (State.ENDED, Stage.CHECK), (State.HANDOVER, Stage.HANDOVER),
        (State.VISITING, Stage.VISIT), (State.VISITED, Stage.VISIT),
        (State.DECIDING, Stage.DISPOSAL), (State.FEEDBACK, Stage.FEEDBACK),
        (State.CLOSED, Stage.FEEDBACK), (State.WITHDRAWN, Stage.HANDOVER),
        (State.MERGED, Stage.HANDOVER), (State.SUSPENDED, Stage.HANDOVER),
    ],
)  # fmt: skip
def test_a_state_has_its_stage_or_keeps_the_one_before(
    state: State, stage: Stage
) -> None:
    assert stage_of(state, Stage.HANDOVER) is stage


def test_these_moves_and_no_others_ask_for_no_reason() -> None:
    without = {one.action.value for one in TABLE.values() if not one.note}
    assert without == {
        "accept", "approve_closing", "approve_filing", "approve_findings",
        "conclude_discussion", "finish_notice", "fulfil", "give_feedback", "notify",
        "police_took", "record_defence", "record_reply", "request_hearing", "serve",
        "serve_no_penalty", "take_up", "urge",
    }  # fmt: skip


def test_these_statements_and_no_others_may_stay_empty() -> None:
    fields = {
        (m.action.value, f.name, f.required) for m in TABLE.values() for f in m.fields
    }
    assert {(action, name) for action, name, required in fields if not required} == {
        ("decide", "deviation_reason"), ("finish_notice", "defence_opinion"),
        ("finish_notice", "waived"), ("give_feedback", "open_reason"),
        ("notify", "consent"), ("record_reply", "reply_number"), ("serve", "consent"),
        ("serve_no_penalty", "consent"), ("submit_findings", "off_site_reason"),
        ("transfer_out", "reply_by"),
    }  # fmt: skip


def test_only_these_days_lie_ahead() -> None:
    ahead = {
        (m.action.value, f.name) for m in TABLE.values() for f in m.fields if not f.past
    }
    assert ahead == {
        ("defer", "until"),
        ("order_only", "correct_by"),
        ("transfer_out", "reply_by"),
    }


def test_every_open_state_but_the_last_step_can_be_suspended() -> None:
    suspended = {state for state, action in TABLE if action is Action.SUSPEND}
    assert suspended == set(State) - ENDS - {State.SUSPENDED, State.CLOSING}
    resumed = {state for state, action in TABLE if action is Action.RESUME}
    assert resumed == {State.SUSPENDED}


def test_texts_that_stand_in_a_short_column_say_how_long_they_may_be() -> None:
    fields = {
        (m.action.value, f.name, f.most) for m in TABLE.values() for f in m.fields
    }
    assert {(action, name, most) for action, name, most in fields if most} == {
        ("transfer_out", "matter", 240),
        ("record_reply", "reply_number", 60),
    }
