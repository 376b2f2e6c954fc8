"""What a change of law, a revocation, a reopening or a late calendar leaves behind."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError
from django.db.models import QuerySet

from bozhou_eco.overview.selectors.figures import Period as YearPeriod
from bozhou_eco.overview.selectors.figures import _lenient as year_lenient
from enforcement.domain.documents import DocumentKind as Doc
from enforcement.domain.figures import Period
from enforcement.models import Cause, Decision, LenientTest
from enforcement.selectors import figures
from enforcement.selectors.facts import build_facts, case_owes
from enforcement.selectors.history import earlier_findings
from enforcement.services import clocks, penalties
from enforcement.services.cases import move_case, open_case
from tests.enforcement.refusing import papers, put, refused

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def decide(case, people, **fields):
    good = {
        "kind": "penalty",
        "amount": Decimal(10_000),
        "decided_on": date(2026, 11, 20),
    }
    return Decision.objects.create(
        case=case, decided_by=people["lead"], **{**good, **fields}
    )


def test_a_basis_chosen_before_the_law_changed_is_compared_before_the_fine(
    clue, people, now
):
    act = {"act_ended_on": date(2026, 8, 1), "discovered_on": date(2026, 8, 2)}
    put(clue, cause=Cause.objects.get(topic="exceed_air"), state="deciding", **act)
    last, first = (datetime(2026, 8, day, 4, tzinfo=UTC) for day in (14, 15))

    def choose(when):
        return penalties.choose_basis(case=clue, actor=people["alice"], now=when)

    def waits(when):
        return build_facts(case=clue, actor=people["lead"], now=when).lighter_open

    assert choose(last).comparison == {}
    assert (waits(last), waits(first)) == (False, True)
    assert choose(first).comparison["new"]["title"] != ""
    assert not waits(first)
    assert not waits(now)


def test_fines_by_the_day_fall_with_the_decision_they_follow(clue, people, now):
    put(clue, state="fulfilling", filed_on=date(2026, 9, 1), outcome="penalty")
    served = {"served_on": date(2026, 11, 20), "pay_by": date(2026, 12, 5)}
    earlier = decide(clue, people, kind="spot", amount=Decimal(200))
    decide(clue, people, **served)
    daily = decide(clue, people, kind="daily", amount=Decimal(30_000), **served)
    assert case_owes(clue, TODAY).total == 40_200
    move_case(
        case=clue, action="decision_revoked", actor=people["lex"], now=now,
        note="复议撤销", data={"by": "review", "ruling": "1号"},
    )  # fmt: skip
    daily.refresh_from_db()
    earlier.refresh_from_db()
    assert (daily.revoked_on, earlier.revoked_on) == (TODAY, None)
    assert case_owes(clue, TODAY).total == 200


@pytest.fixture
def spared(clue, people, now):
    """Return a case that was closed without a penalty three days ago."""
    on = date(2026, 11, 20)
    put(clue, state="closed", outcome="lenient", ended_at=now - 3 * DAY)
    decide(clue, people, kind="none", amount=0, decided_on=on)
    LenientTest.objects.create(
        case=clue, ground="minor", answers={"answers": {}, "missing": []},
        exempted=Decimal(20_000), passed=True, approved_on=on,
        actor=people["alice"], at=now - 3 * DAY,
    )  # fmt: skip
    return clue


def test_reopening_takes_the_exempted_amount_back_and_asks_for_a_new_test(
    spared, people, now
):
    def exempted(last):
        period = Period(date(2026, 1, 1), last)
        found = {one.code: one.value for one in figures.figures(people["lead"], period)}
        rows = year_lenient(people["lead"], YearPeriod(period.first, last))
        assert sum(row.exempted for row in rows) == found["exempted"]
        return found["exempted"]

    assert exempted(TODAY) == 20_000
    move_case(
        case=spared, action="reopen", actor=people["lead"], now=now, note="新证据"
    )
    assert (exempted(TODAY), exempted(TODAY - DAY)) == (0, 20_000)
    facts = build_facts(case=spared, actor=people["lead"], now=now)
    assert facts.lenient_missing == ("案件已重新办理，条件须重新核对",)
    assert facts.decision == ""
    # approved again, on the same day even, it counts again
    decide(spared, people, kind="none", amount=0, decided_on=TODAY)
    LenientTest.objects.update(approved_on=TODAY)
    assert exempted(TODAY) == 20_000


def test_a_deferral_gives_more_time_and_never_less(clue, people, now):
    papers(clue, people["lead"], now, Doc.DEFERRAL)
    put(clue, state="fulfilling")
    decision = decide(clue, people, pay_by=date(2026, 12, 7))

    def defer(until):
        move_case(
            case=clue, action="defer", actor=people["lead"], now=now, note="困难",
            data={"until": until},
        )  # fmt: skip

    for until in (TODAY, date(2026, 12, 7)):
        with refused("应晚于现缴款期限 2026-12-07"):
            defer(until)
    defer(date(2026, 12, 8))
    with refused("应晚于现缴款期限 2026-12-08"):
        defer(date(2026, 12, 8))
    decision.refresh_from_db()
    assert decision.deferred_to == date(2026, 12, 8)


def test_nothing_reaches_the_party_before_it_was_made(clue, people, now):
    papers(clue, people["alice"], now, Doc.PRIOR_NOTICE)
    put(clue, state="notice", act_ended_on=date(2026, 11, 1))

    def notify(served):
        data = {"served_on": served, "method": "direct", "hearing_right": "yes"}
        move_case(
            case=clue,
            action="notify",
            actor=people["alice"],
            now=now,
            note="",
            data=data,
        )

    put(clue, cause=Cause.objects.get(topic="exceed_air"))
    penalties.choose_basis(case=clue, actor=people["alice"], now=now)
    with refused("送达日期早于《", "定稿日期 2026-11-23"):
        notify(TODAY - 10 * DAY)
    notify(TODAY)
    clue.refresh_from_db()
    assert clue.state == "notified"


def test_a_day_set_by_a_document_moves_with_pauses_and_extensions(clue, people, now):
    last = date(2026, 12, 10)
    clock = clocks.start_clock(case=clue, code="upstream", day=TODAY, fixed=last)
    clocks.pause_clock(clock=clock, actor=people["duty"], now=now, reason="待监测")
    clock.refresh_from_db()
    assert clock.last_day is None
    clocks.resume_clock(clock=clock, actor=people["duty"], now=now + 4 * DAY)
    clock.refresh_from_db()
    assert clock.last_day == last + 3 * DAY  # the day it starts on never counts
    asked = clocks.ask_extension(
        clock=clock, days=5, reason="待鉴定", actor=people["duty"], now=now
    )
    clocks.decide_extension(
        extension=asked, grant=True, actor=people["lead"], now=now, note="同意"
    )
    clock.refresh_from_db()
    assert clock.last_day == last + 8 * DAY
    clock.fixed_day = date.max
    clocks.recompute(clock)
    assert clock.last_day == date.max


def test_a_fine_falls_due_once_the_calendar_of_next_year_is_known(clue, people):
    on = date(2026, 12, 28)
    decision = decide(clue, people, decided_on=on, served_on=on)
    daily = decide(clue, people, kind="daily", decided_on=on, served_on=on)
    payment = clocks.start_clock(case=clue, code="payment", day=on)
    suit = clocks.start_clock(case=clue, code="suit", day=on)
    assert (payment.last_day, decision.pay_by) == (None, None)
    payment.last_day, suit.last_day = date(2027, 1, 12), date(2027, 6, 28)
    for clock in (payment, suit, suit):
        clocks.follow_clock(clock)
    decision.refresh_from_db()
    daily.refresh_from_db()
    assert (decision.pay_by, daily.pay_by) == (date(2027, 1, 12), None)
    [court] = clocks.running(clue).filter(rule__code="court_request")
    assert court.started_on == date(2027, 6, 28)


def test_two_clues_are_not_merged_into_each_other_at_once(
    clue, make_alert, people, now, monkeypatch
):
    """The other officer holds the target while merging it into this clue."""
    second = make_alert("b", subject_key="outlet:18")
    other = open_case(alerts=[second], actor=people["duty"], now=now)

    def held(self, *args, **kwargs):
        assert kwargs.get("nowait")
        raise OperationalError("could not obtain lock on row")

    def merge():
        move_case(
            case=clue, action="merge", actor=people["alice"], now=now, note="同一事",
            data={"into": other.number},
        )  # fmt: skip

    lock = QuerySet.select_for_update
    with monkeypatch.context() as patch:
        patch.setattr(
            QuerySet,
            "select_for_update",
            lambda self, *a, **k: (
                held(self, *a, **k) if k.get("nowait") else lock(self, *a, **k)
            ),
        )
        with refused("正由他人办理"):
            merge()
    merge()
    clue.refresh_from_db()
    assert clue.merged_into == other


def test_a_case_under_another_name_of_the_same_party_is_a_first_one_no_more(
    clue, people, now
):
    """Opened by hand, it shares neither outlet nor registered enterprise."""
    cause = Cause.objects.get(topic="exceed_air")
    code = {"code": "91652722MA0000001X"}
    earlier = open_case(
        actor=people["duty"], now=now, subject_key="manual:晨岭", subject_name="晨岭"
    )
    found = date(2026, 3, 1)
    put(earlier, cause=cause, outcome="penalty", party=code, discovered_on=found)
    put(clue, cause=cause, party={}, discovered_on=TODAY)
    assert earlier_findings(clue) == []
    put(clue, party=code)
    assert [row["reference"] for row in earlier_findings(clue)] == [earlier.number]
