"""Payments, remedies, publication and credit repair: refused without a trace, done once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from enforcement.models import Decision
from enforcement.selectors.facts import case_owes
from enforcement.services import money
from enforcement.services.clocks import running, start_clock
from tests.enforcement.refusing import put, refused, told

TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24)


def decide(case, people, **fields):
    return Decision.objects.create(
        case=case,
        decided_by=people["lead"],
        **{
            "kind": "penalty",
            "amount": Decimal(10_000),
            "decided_on": date(2026, 10, 30),
            "served_on": date(2026, 11, 1),
            "pay_by": date(2026, 11, 16),
            **fields,
        },
    )


@pytest.fixture
def fined(clue, people):
    decide(clue, people)
    return put(clue, state="fulfilling")


@pytest.fixture
def act(people, now):
    """Call a service of money with good answers, save those that a test changes."""
    good = {
        "register_payment": {
            "kind": "fine",
            "amount": Decimal(10_000),
            "paid_on": date(2026, 11, 10),
            "receipt": "PJ-1",
        },
        "register_remedy": {
            "kind": "review",
            "body": "州人民政府",
            "accepted_on": date(2026, 11, 17),
        },
        "end_remedy": {
            "result": "upheld",
            "ended_on": TODAY,
            "reference": "博政复决〔2026〕1号",
        },
        "publish_decision": {"published_on": date(2026, 11, 3), "url": " /gs/1 "},
        "repair_credit": {"repaired_on": TODAY, "note": "已整改"},
    }

    def call(name, row, **changes):
        fields = {"actor": people["alice"], "now": now, **good[name], **changes}
        over = "remedy" if name == "end_remedy" else "case"
        return getattr(money, name)(**{over: row}, **fields)

    return call


def test_without_a_fine_nothing_is_registered_of_one(clue, people, act):
    """Neither an undecided case nor a decision not to punish has a fine."""
    put(clue, state="serving")
    with refused("尚无处理决定"):
        act("register_remedy", clue)
    for spared in (False, True):
        if spared:
            decide(clue, people, kind="none", amount=0)
        for name in ("register_payment", "publish_decision", "repair_credit"):
            with refused("没有罚款决定"):
                act(name, clue)


def test_a_fine_that_is_paid_takes_no_more(fined, people, act):
    start_clock(case=fined, code="payment", day=date(2026, 11, 1))
    act("register_payment", fined)
    assert told(fined, "register_payment") == (1, 1)
    period = fined.clocks.get(rule__code="payment")
    assert period.stopped_on == date(2026, 11, 10)
    for kind in ("fine", "late"):
        with refused("已经缴清"):
            act("register_payment", fined, kind=kind, receipt="PJ-2")


def test_the_day_of_service_and_today_are_days_to_pay(fined, act):
    for day, receipt in ((date(2026, 11, 1), "PJ-1"), (TODAY, "PJ-2")):
        row = act(
            "register_payment", fined, paid_on=day, receipt=receipt, amount=Decimal(1)
        )
        assert row.paid_on == day


def test_money_goes_to_the_oldest_fine_on_which_it_is_owed(fined, people, act):
    start_clock(case=fined, code="payment", day=date(2026, 11, 1))
    daily = decide(fined, people, kind="daily", amount=Decimal(5_000), pay_by=TODAY)
    act("register_payment", fined)
    assert running(fined).filter(rule__code="payment").exists()
    with refused("不超过应缴 5,000 元"):
        act("register_payment", fined, receipt="PJ-2", amount=Decimal(5_001))
    second = act("register_payment", fined, receipt="PJ-2", amount=Decimal(5_000))
    assert second.decision == daily
    assert not running(fined).filter(rule__code="payment").exists()
    assert case_owes(fined, TODAY).total == 0


def test_a_remedy_is_registered_once_and_ended_once(fined, people, act):
    for changes, word in (
        ({"kind": "appeal"}, "种类和受理机关"),
        ({"body": "  "}, "种类和受理机关"),
        ({"accepted_on": date(2026, 10, 29)}, "决定日期与今天之间"),
        ({"accepted_on": TOMORROW}, "决定日期与今天之间"),
    ):
        with refused(word):
            act("register_remedy", fined, **changes)
    review = act("register_remedy", fined, accepted_on=date(2026, 10, 30))
    with refused("同类程序尚未终结"):
        act("register_remedy", fined)
    suit = act(
        "register_remedy",
        fined,
        kind="suit",
        body=" 博乐市人民法院 ",
        accepted_on=TODAY,
    )
    assert suit.body == "博乐市人民法院"
    assert act("end_remedy", suit).ended_on == TODAY
    for changes, word in (
        ({"result": "won"}, "请选择结果"),
        ({"ended_on": date(2026, 10, 29)}, "受理日期与今天之间"),
        ({"ended_on": TOMORROW}, "受理日期与今天之间"),
    ):
        with refused(word):
            act("end_remedy", review, **changes)
    ended = act("end_remedy", review, ended_on=date(2026, 10, 30), reference=" 1号 ")
    assert (ended.result, ended.reference) == ("upheld", "1号")
    assert told(fined, "end_remedy") == (2, 2)
    with refused("已经终结"):
        act("end_remedy", review)
    # what has ended stands in the way of no further one
    act("register_remedy", fined)


def test_late_fees_run_on_when_the_remedy_has_ended(fined, act, now):
    review = act("register_remedy", fined)
    assert case_owes(fined, TODAY).late == 0
    act("end_remedy", review, ended_on=date(2026, 11, 20))
    assert case_owes(fined, TODAY).late > 0


def test_a_decision_is_published_once_for_a_year(fined, people, act):
    start_clock(case=fined, code="publicity", day=date(2026, 10, 30))
    for day in (date(2026, 10, 29), TOMORROW):
        with refused("决定日期与今天之间"):
            act("publish_decision", fined, published_on=day)
    done = act("publish_decision", fined)
    assert (done.publish_until, done.publication_url) == (date(2027, 11, 3), "/gs/1")
    period = fined.clocks.get(rule__code="publicity")
    assert period.stopped_on == date(2026, 11, 3)
    with refused("已经公示"):
        act("publish_decision", fined)


def test_credit_is_repaired_once_by_whom_it_concerns(fined, people, act, now):
    with refused("角色"):
        act("repair_credit", fined, actor=people["rita"])
    with refused("管辖"):
        act("repair_credit", fined, actor=people["charlie"])
    with refused("尚未公示"):
        act("repair_credit", fined)
    act("publish_decision", fined, published_on=TODAY)
    with refused("尚未缴清"):
        act("repair_credit", fined)
    act("register_payment", fined)
    put(fined, state="closed", ended_at=now)  # a repair comes after the closing
    for day in (date(2026, 11, 22), TOMORROW):
        with refused("公示日期与今天之间"):
            act("repair_credit", fined, repaired_on=day)
    done = act("repair_credit", fined)
    assert (done.credit_repaired_on, done.publish_until) == (TODAY, TODAY)
    with refused("已于 2026-11-23 登记信用修复"):
        act("repair_credit", fined, now=now + timedelta(days=1), repaired_on=TOMORROW)
    assert told(fined, "repair_credit") == (1, 1)


def test_a_publication_that_has_run_out_is_not_lengthened_by_a_repair(fined, act, now):
    act("register_payment", fined)
    act("publish_decision", fined, published_on=date(2026, 10, 30))
    later = now + timedelta(days=400)
    with refused("公示已于 2027-10-30 届满"):
        act("repair_credit", fined, now=later, repaired_on=date(2027, 10, 31))
    done = act("repair_credit", fined, now=later, repaired_on=date(2027, 10, 30))
    assert done.publish_until == date(2027, 10, 30)
