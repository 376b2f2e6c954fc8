"""Visits: one at a time, each step once, by its officers, with a handler from then on."""

from datetime import date

import pytest

from enforcement.models import Inspection, Setting
from enforcement.selectors.fieldwork import visits_of
from enforcement.selectors.settings import forget_settings
from enforcement.services import visits
from enforcement.services.cases import move_case
from tests.enforcement.refusing import put, refused, told


@pytest.fixture
def plan(clue, people, now):
    def make(**changes):
        fields = {
            "kind": "case",
            "conversion": "线上不能查明",
            "phone_check": "已核实",
            "planned_on": date(2026, 11, 24),
            "notice_number": "博州环检通〔2026〕1号",
            "officers": [people["alice"], people["bob"]],
            "actor": people["alice"],
            **changes,
        }
        return visits.plan_visit(case=clue, now=now, **fields)

    return make


@pytest.fixture
def act(people, now):
    """Take a step of a visit, by whoever takes it where nothing goes wrong."""
    usual = {
        "approve": {"actor": "lead"},
        "start": {"actor": "alice"},
        "finish": {"actor": "bob", "conclusion": " 属实 ", "found": True},
        "cancel": {"actor": "alice", "reason": "企业停产"},
    }

    def call(step, visit, **changes):
        fields = {**usual[step], **changes}
        fields["actor"] = people[fields["actor"]]
        return getattr(visits, f"{step}_visit")(visit=visit, now=now, **fields)

    return call


def test_a_visit_is_planned_approved_begun_and_finished_once(
    clue, people, plan, act, now
):
    visit = plan(planned_on=date(2026, 11, 23))  # today will do
    with refused("已有一项未完成的现场核查"):
        plan()
    with refused("尚未登记到达现场"):
        act("finish", visit)
    act("approve", visit)
    with refused("不在待批准状态"):
        act("approve", visit)
    with refused("已有一项未完成的现场核查"):
        plan()
    act("start", visit)
    clue.refresh_from_db()
    assert clue.handler == people["alice"]
    leads = clue.people.filter(lead=True).values_list("user__username", flat=True)
    assert list(leads) == ["alice"]
    with refused("未经批准"):
        act("start", visit)
    with refused("已经开始的核查不能取消"):
        act("cancel", visit)
    with refused("只有计划中的执法人员可以完成核查"):
        act("finish", visit, actor="duty")
    with refused("未填写核查情况"):
        act("finish", visit, conclusion=" ")
    done = act("finish", visit)
    assert (done.state, done.conclusion, done.left_at) == ("done", "属实", now)
    with refused("尚未登记到达现场"):
        act("finish", visit)
    assert Inspection.objects.filter(visit=visit).count() == 1
    for step in ("plan", "approve", "start", "finish"):
        assert told(clue, f"{step}_visit") == (1, 1)
    assert plan().pk != visit.pk  # the next one may be planned now


def test_the_officer_who_arrives_does_not_take_the_case_from_its_handler(
    clue, people, plan, act
):
    put(clue, handler=people["bob"])
    visit = plan()
    act("approve", visit)
    act("start", visit)
    clue.refresh_from_db()
    assert clue.handler == people["bob"]
    assert not clue.people.filter(user=people["alice"], lead=True).exists()


def test_a_visit_is_cancelled_before_it_begins_with_the_reason(clue, plan, act):
    visit = plan()
    with refused("未填写取消原因"):
        act("cancel", visit, reason=" ")
    assert act("cancel", visit, actor="rita").state == "cancelled"
    with refused("不能取消"):
        act("cancel", visit)
    second = plan()
    act("approve", second)
    assert act("cancel", second, actor="lead").state == "cancelled"
    with refused("未经批准"):
        act("start", second)
    assert told(clue, "cancel_visit") == (2, 2)


def test_the_bureau_says_which_kinds_of_visit_need_the_notice(clue, plan, act):
    visit = plan(notice_number="")
    act("approve", visit)
    with refused("尚未制作《"):
        act("start", visit)
    Setting.objects.update_or_create(
        key="notice_kinds", defaults={"value": "routine special", "source": "测试"}
    )
    forget_settings()
    assert act("start", visit).state == "started"


@pytest.mark.parametrize("approved", [False, True], ids=["planned", "approved"])
def test_a_clue_that_is_withdrawn_sends_nobody_out(
    clue, people, plan, act, now, approved
):
    """Its visit is on no phone any more, where nobody could cancel it."""
    visit = plan()
    if approved:
        act("approve", visit)
    assert list(visits_of(people["alice"])) == [visit]
    move_case(
        case=clue, action="withdraw", actor=people["lead"], now=now, note="重复交办"
    )
    visit.refresh_from_db()
    assert visit.state == "cancelled"
    assert not visits_of(people["alice"])
