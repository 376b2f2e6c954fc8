"""What a move brings about besides the state, and when it may not be made after all."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from enforcement.domain.documents import DocumentKind as Doc
from enforcement.models import (
    BasisChoice,
    CaseLink,
    Cause,
    DeadlineRule,
    Decision,
    LegalBasis,
    Transfer,
)
from enforcement.selectors.settings import forget_settings
from enforcement.services.cases import move_case, open_case
from enforcement.services.clocks import running, start_clock
from enforcement.services.steps import verify_steps
from tests.enforcement.refusing import papers, put, refused

TODAY = date(2026, 11, 23)


@pytest.fixture
def go(people, now):
    """Take an action on a case as somebody of the bureau."""

    def move(case, action, who="alice", note="同意", **data):
        move_case(
            case=case, action=action, actor=people[who], now=now, note=note, data=data
        )
        case.refresh_from_db()
        return case

    return move


def decide(case, people, **fields):
    return Decision.objects.create(
        case=case,
        decided_by=people["lead"],
        **{
            "kind": "penalty",
            "amount": Decimal(10_000),
            "decided_on": date(2026, 11, 20),
            **fields,
        },
    )


def codes(case):
    """Return the running periods, but for the one of the clue's first state."""
    rows = running(case).exclude(rule__code="alert")
    return set(rows.values_list("rule__code", flat=True))


def test_a_clue_is_handed_to_a_department_only(clue, people, plant, units, now, go):
    papers(clue, people["duty"], now, Doc.CHECK_REPORT, Doc.HANDOVER_LETTER)
    put(clue, state="checking")
    for unit in (plant.pk, 0):
        with refused("接收单位不存在或不是执法部门"):
            go(clue, "hand_over", "duty", unit=unit)
    go(clue, "hand_over", "duty", unit=units["jinghe"].pk)
    assert (clue.state, clue.unit) == ("handover", units["jinghe"])


@pytest.mark.parametrize(
    ("action", "data", "state", "outcome", "left"),
    [
        ("record_reply", {"replied_on": TODAY, "result": "已处罚"}, "feedback",
         "transferred", "replied"),
        ("reply_refused", {"replied_on": TODAY}, "assessing", "", "refused"),
    ],
    ids=["answered", "sent back"],
)  # fmt: skip
def test_the_answer_belongs_to_the_matter_that_was_handed_over_whole(
    clue, go, action, data, state, outcome, left
):
    """A joint part that is still open is not what the case waits for."""
    put(clue, state="external")
    row = {"case": clue, "authority": "police", "matter": "x", "sent_on": TODAY}
    joint = Transfer.objects.create(state="sent", joint=True, **row)
    with refused("没有等待回函的移送"):
        go(clue, action, "duty", **data)
    whole = Transfer.objects.create(state="received", **row)
    go(clue, action, "duty", note="不属管辖", **data)
    whole.refresh_from_db()
    joint.refresh_from_db()
    assert (whole.state, whole.replied_on, joint.state) == (left, TODAY, "sent")
    assert (clue.state, clue.outcome) == (state, outcome)
    assert whole.result == ("已处罚" if state == "feedback" else "不属管辖")


def test_ways_that_end_without_a_penalty(clue, people, now, go):
    put(clue, state="assessing")
    assert go(clue, "no_violation", "rita").outcome == "no_violation"
    put(clue, state="filing", outcome="")
    assert go(clue, "refuse_filing", "lead").outcome == "not_filed"
    put(clue, state="crime", outcome="", filed_on=TODAY)
    start_clock(case=clue, code="case_total", day=TODAY)
    go(clue, "police_took", "duty", reply_number="1", replied_on=TODAY)
    assert (clue.state, clue.outcome) == ("feedback", "crime")
    assert "case_total" not in codes(clue)
    assert verify_steps(clue) == []


def test_an_order_to_correct_runs_to_the_day_it_names(clue, people, now, go):
    due = TODAY + timedelta(days=10)
    papers(clue, people["alice"], now, Doc.CORRECTION_ORDER)
    put(clue, state="assessing")
    go(clue, "order_only", note="修复旁路阀", correct_by=due)
    row = clue.rectifications.get()
    assert (row.demand, row.due_on) == ("修复旁路阀", due)
    assert running(clue).get(rule__code="correction").last_day == due
    with refused("整改前后对比"):
        go(clue, "confirm_corrected", corrected_on=TODAY)
    go(clue, "correction_failed")
    assert (clue.state, codes(clue)) == ("assessing", {"assess"})
    papers(clue, people["alice"], now, Doc.CORRECTION_ORDER)
    go(clue, "order_only", note="再次责令", correct_by=due)
    clue.rectifications.update(state="accepted")
    go(clue, "confirm_corrected", corrected_on=TODAY)
    assert (clue.state, clue.outcome, codes(clue)) == (
        "feedback", "corrected", {"feedback"},
    )  # fmt: skip
    assert clue.clocks.filter(rule__code="correction", stopped_on=TODAY).count() == 2


def test_a_case_that_is_filed_anew_keeps_its_number(clue, make_alert, people, now, go):
    put(clue, state="filing")
    number = go(clue, "approve_filing", "lead").case_number
    assert number
    put(clue, state="filing", filed_on=None)
    go(clue, "approve_filing", "lead")
    assert (clue.case_number, clue.filed_on) == (number, TODAY)
    # and takes none away from the next
    other = open_case(alerts=[make_alert("b")], actor=people["duty"], now=now)
    put(other, state="filing", unit=clue.unit)
    last = int(number.rstrip("号").split("〕")[1])
    assert go(other, "approve_filing", "lead").case_number.endswith(f"〕{last + 1}号")


SERVICE = {"served_on": date(2026, 11, 21), "method": "direct"}


def test_a_decision_is_served_after_it_was_made(clue, people, now, go):
    [letter, _] = papers(
        clue, people["alice"], now, Doc.PENALTY_DECISION, Doc.SERVICE_RECEIPT,
        issued_at=now - timedelta(days=3),
    )  # fmt: skip
    put(clue, state="serving")
    with refused("不是行政处罚决定"):
        go(clue, "serve", **SERVICE)
    decision = decide(clue, people, decided_on=date(2026, 11, 21))
    with refused("送达日期早于决定日期 2026-11-21"):
        go(clue, "serve", **{**SERVICE, "served_on": date(2026, 11, 20)})
    go(clue, "serve", **SERVICE)
    decision.refresh_from_db()
    letter.refresh_from_db()
    # 15 days after the 21st end on a Sunday, and roll to Monday
    assert decision.pay_by == date(2026, 12, 7)
    assert (decision.served_on, letter.state) == (SERVICE["served_on"], "served")
    assert codes(clue) == {"payment", "review_request", "suit", "court_request"}
    suit = running(clue).get(rule__code="suit")
    court = running(clue).get(rule__code="court_request")
    assert court.started_on == suit.last_day


def test_periods_that_the_bureau_does_not_keep_are_not_started(clue, people, now, go):
    DeadlineRule.objects.filter(code__in=["suit", "payment"]).delete()
    forget_settings()
    before = now - timedelta(days=3)
    made = (Doc.PENALTY_DECISION, Doc.SERVICE_RECEIPT)
    papers(clue, people["alice"], now, *made, issued_at=before)
    put(clue, state="serving")
    decision = decide(clue, people)
    go(clue, "serve", **SERVICE)
    decision.refresh_from_db()
    assert (decision.served_on, decision.pay_by) == (SERVICE["served_on"], None)
    assert codes(clue) == {"review_request"}


def test_a_fine_on_the_spot_is_served_with_its_record(clue, people, now, go):
    record, form = papers(
        clue, people["alice"], now, Doc.SITE_RECORD, Doc.SPOT_DECISION
    )
    for name in ("alice", "bob"):
        clue.people.create(user=people[name], duty="investigate", since=now)
    basis = LegalBasis.objects.get(code="code1124")
    BasisChoice.objects.create(
        case=clue, basis=basis, act_basis=basis, reason="x", actor=people["alice"],
        at=now,
    )  # fmt: skip
    for amount, penalties in (("0", ["警告"]), ("200", ["罚款"])):
        put(clue, state="assessing", cause=Cause.objects.get(topic="vehicle_tamper"))
        go(clue, "spot_penalty", amount=amount, served_on=TODAY)
        decision = clue.decisions.latest("pk")
        assert (decision.kind, decision.penalties) == ("spot", penalties)
        assert (decision.served_on, clue.state) == (TODAY, "fulfilling")
    record.refresh_from_db()
    form.refresh_from_db()
    assert (record.state, form.state, clue.outcome) == ("issued", "served", "penalty")


def test_a_deferral_moves_the_period_and_its_warnings(clue, people, now, go):
    until = date(2027, 3, 1)
    papers(clue, people["lead"], now, Doc.DEFERRAL)
    put(clue, state="fulfilling")
    with refused("没有需要缴纳的决定"):
        go(clue, "defer", "lead", until=until)
    decision = decide(clue, people)
    go(clue, "defer", "lead", until=until)  # no period to move
    decision.refresh_from_db()
    assert (decision.deferred_to, codes(clue)) == (until, set())
    clock = start_clock(case=clue, code="payment", day=date(2026, 11, 1))
    clock.warned_at = clock.overdue_at = now
    clock.save()
    go(clue, "defer", "lead", until=until + timedelta(days=1))
    clock.refresh_from_db()
    assert clock.last_day == clock.fixed_day == until + timedelta(days=1)
    assert (clock.warned_at, clock.overdue_at, clock.stopped_on) == (None, None, None)


def test_a_revoked_decision_starts_the_procedure_again(clue, people, now, go):
    put(clue, state="fulfilling", filed_on=date(2026, 9, 1), outcome="penalty")
    data = {"by": "review", "ruling": "博政复决〔2026〕1号"}
    with refused("没有可以撤销的决定"):
        go(clue, "decision_revoked", "lex", **data)
    decision = decide(clue, people)
    start_clock(case=clue, code="suit", day=TODAY)
    go(clue, "decision_revoked", "lex", **data)
    decision.refresh_from_db()
    assert decision.revoked_on == TODAY
    assert (clue.state, clue.round, clue.outcome) == ("investigating", 2, "")
    assert codes(clue) == {"case_total"}
    assert clue.clocks.get(rule__code="suit").cancelled


def test_a_clue_is_merged_into_one_that_is_open(clue, make_alert, people, now, go):
    second = make_alert("b", subject_key="outlet:18")
    other = open_case(alerts=[second], actor=people["duty"], now=now)
    for into in ("博州环线索〔2026〕99号", clue.number):
        with refused("没有这个编号的线索或案件"):
            go(clue, "merge", into=into)
    put(other, state="closed", ended_at=now)
    with refused("不能并入已办结的案件"):
        go(clue, "merge", into=other.number)
    put(other, state="investigating", ended_at=None, case_number="博州环立〔2026〕7号")
    with refused("未填写办理意见"):  # another party asks for the reason as well
        go(clue, "merge", into=other.number, note=" ")
    go(clue, "merge", into=other.case_number)
    assert (clue.merged_into, clue.outcome, clue.is_open) == (other, "merged", False)
    assert other.alert_links.count() == 2
    link = CaseLink.objects.get()
    assert (link.case, link.other, link.kind) == (clue, other, "merged")


def test_a_case_of_another_district_is_no_target_of_a_merger(
    clue, make_alert, districts, people, now, go
):
    far = open_case(
        alerts=[make_alert("far", district=districts["温泉县"])],
        actor=people["duty"],
        now=now,
    )
    with refused("没有这个编号"):
        go(clue, "merge", into=far.number)
    assert go(clue, "merge", "duty", into=far.number).merged_into == far
