"""What is said about a case: facts, people, remarks, the check-list, links."""

from datetime import date

import pytest

from enforcement.models import CaseLink
from enforcement.services import content
from enforcement.services.cases import add_alerts, open_case
from tests.enforcement.refusing import put, refused, told


def test_a_summary_changes_with_its_old_text_kept(clue, people, now):
    def edit(text):
        return content.edit_summary(
            case=clue, text=text, reason="核对", actor=people["alice"], now=now
        )

    with refused("事实摘要不能为空"):
        edit(" \n")
    row = edit(" 窑尾在线监测超标 ")
    assert row.text == "窑尾在线监测超标"
    with refused("内容没有变化"):
        edit("窑尾在线监测超标 ")
    assert told(clue, "edit_summary") == (1, 1)


def test_the_days_of_an_act_are_in_order_and_not_to_come(clue, people, now):
    first, second, today, tomorrow = (date(2026, 11, day) for day in (1, 2, 23, 24))

    def fill(started, ended, found, **more):
        content.set_facts(
            case=clue, actor=people["alice"], now=now, cause=None,
            act_started_on=started, act_ended_on=ended, discovered_on=found, **more,
        )  # fmt: skip
        clue.refresh_from_db()

    for days, word in (
        ((second, first, today), "终了日期早于开始日期"),
        ((None, second, first), "发现日期早于违法行为终了日期"),
        ((tomorrow, None, None), "不能晚于今天"),
        ((None, None, tomorrow), "不能晚于今天"),
    ):
        with refused(word):
            fill(*days)
    fill(
        today,
        today,
        today,
        upstream_number=" 8号 ",
        external_ref="X",
        party={"a": " b "},
    )
    assert (clue.upstream_number, clue.external_ref) == ("8号", "X")
    # what is not stated stays, days apart
    fill(None, first, second)
    assert (clue.act_started_on, clue.act_ended_on) == (None, first)
    assert (clue.upstream_number, clue.external_ref) == ("8号", "X")
    assert (clue.party, clue.kind, clue.party_kind) == ({"a": "b"}, "exhaust", "entity")
    fill(
        None,
        None,
        None,
        kind="smoke",
        party_kind="person",
        upstream_number="",
        party={},
    )
    assert (clue.kind, clue.party_kind, clue.upstream_number) == ("smoke", "person", "")
    assert clue.party == {}
    assert told(clue, "set_facts") == (3, 3)


def test_only_officers_with_a_card_and_in_scope_are_assigned(clue, people, now):
    def assign(lead, *helpers):
        return content.assign(
            case=clue, lead=people[lead], helpers=[people[name] for name in helpers],
            actor=people["rita"], now=now,
        )  # fmt: skip

    with refused("复核员丙不是执法人员"):
        assign("rita")
    with refused("分管领导戊不是执法人员"):
        assign("alice", "lead")
    with refused("外县己不在本案管辖范围内"):
        assign("alice", "charlie")
    people["bob"].card_number = ""
    people["bob"].save()
    with refused("核查员乙没有登记执法证号"):
        assign("alice", "bob")
    assign("alice", "duty", "alice")
    assign("duty", "alice")
    clue.refresh_from_db()
    assert clue.handler == people["duty"]
    leads = clue.people.filter(lead=True).values_list("user__username", flat=True)
    assert list(leads) == ["duty"]
    assert clue.people.count() == 2


def test_a_remark_says_something_also_on_what_has_ended(clue, people, now):
    put(clue, state="closed", ended_at=now)
    with refused("批注不能为空"):
        content.comment(case=clue, text="  ", actor=people["lead"], now=now)
    with refused("管辖"):
        content.comment(case=clue, text="x", actor=people["charlie"], now=now)
    step = content.comment(case=clue, text=" 已阅 ", actor=people["lead"], now=now)
    assert (step.note, told(clue, "comment")) == ("已阅", (1, 1))


def test_a_checklist_is_answered_whole(clue, people, now):
    def fill(*answers, conclusion="数据有效", who="duty"):
        items = [
            {
                "code": str(n),
                "text": f"第{n}项",
                **({"answer": a} if a is not None else {}),
            }
            for n, a in enumerate(answers, 1)
        ]
        return content.fill_checklist(
            case=clue, items=items, conclusion=conclusion, actor=people[who], now=now
        )

    with refused("还有 2 项未填写", missing=("未填写：第2项", "未填写：第3项")):
        fill("属实", " ", None)
    with refused("未填写排查结论"):
        fill("属实", conclusion=" ")
    with refused("角色"):
        fill("属实", who="lead")
    assert fill("属实", "无").data["items"][1]["answer"] == "无"


@pytest.fixture
def other(make_alert, people, now):
    return open_case(alerts=[make_alert("b")], actor=people["duty"], now=now)


def test_two_cases_are_linked_once(clue, other, people, now):
    def link(to, kind="related"):
        return content.link_cases(
            case=clue,
            other=to,
            kind=kind,
            note="同一车队",
            actor=people["duty"],
            now=now,
        )

    with refused("不能关联自身"):
        link(clue)
    link(other)
    with refused("两案已经关联"):
        link(other)
    link(other, "joint")
    assert CaseLink.objects.filter(case=clue, other=other).count() == 2
    assert told(clue, "link") == (2, 2)


def test_nothing_is_added_to_what_has_ended(clue, make_alert, people, now):
    third = make_alert("c")
    put(clue, state="ended", ended_at=now)
    with refused("线索已办结，不能再并入预警"):
        add_alerts(case=clue, alerts=[third], actor=people["duty"], now=now)
    with refused("案件已办结；如有新情况请先重新启动"):
        content.edit_summary(
            case=clue, text="新", reason="", actor=people["duty"], now=now
        )
