"""Preservation, sealing and fines by the day: each on its own document, each once."""

from datetime import date
from decimal import Decimal

import pytest

from enforcement.domain.documents import DocumentKind
from enforcement.models import Decision
from enforcement.services import measures
from enforcement.services.documents import void_document
from tests.enforcement.refusing import papers, put, refused, told

TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24)


@pytest.mark.parametrize(
    ("begin", "end", "code", "kind", "last_day"),
    [
        # 7 working days; 30 days
        ("preserve", "end_preservation", "preservation", DocumentKind.PRESERVATION,
         date(2026, 12, 2)),
        ("seize", "release_seizure", "seizure", DocumentKind.SEIZURE,
         date(2026, 12, 23)),
    ],
    ids=["preserve", "seize"],
)  # fmt: skip
def test_a_measure_runs_from_its_document_to_its_end(
    clue, people, now, begin, end, code, kind, last_day
):
    def start():
        return measures.begin_measure(
            case=clue, measure=begin, note="台账", actor=people["alice"], now=now
        )

    def stop(note="已返还"):
        return measures.end_measure(
            case=clue, measure=end, note=note, actor=people["alice"], now=now
        )

    with refused(f"尚未制作《{kind.label}》"):
        start()
    papers(clue, people["alice"], now, kind, state="draft")
    with refused("尚未制作"):
        start()
    [paper] = papers(clue, people["alice"], now, kind)
    step = start()
    assert step.data["document"] == paper.pk
    clock = clue.clocks.get(rule__code=code)
    assert (clock.last_day, clock.stopped_on) == (last_day, None)
    with refused("正在执行中"):
        start()
    with refused("未填写处理情况"):
        stop(" ")
    stop()
    clock.refresh_from_db()
    assert clock.stopped_on == TODAY
    with refused("没有正在执行的措施"):
        stop()
    with refused("已结束", "另行制作"):
        start()
    assert (told(clue, begin), told(clue, end)) == ((1, 1), (1, 1))
    papers(clue, people["alice"], now, kind, version=2)
    start()
    assert clue.clocks.filter(rule__code=code).count() == 2
    stop()
    assert (told(clue, begin), told(clue, end)) == ((2, 2), (2, 2))


@pytest.fixture
def fined(clue, people):
    Decision.objects.create(
        case=clue, kind="penalty", amount=Decimal(10_000), decided_by=people["lead"],
        decided_on=date(2026, 11, 1), served_on=date(2026, 11, 2),
    )  # fmt: skip
    return put(clue, state="fulfilling", discovered_on=date(2026, 10, 20))


def by_day(case, people, now, **changes):
    fields = {"days": 3, "served_on": date(2026, 11, 20), "actor": people["lead"]}
    return measures.decide_daily_fine(
        case=case, note="复查仍超标", now=now, **{**fields, **changes}
    )


KIND = DocumentKind.DAILY_FINE_DECISION


@pytest.mark.parametrize("kind", ["", "none", "spot"])
def test_only_a_penalty_in_force_is_fined_on_by_the_day(clue, people, now, kind):
    papers(clue, people["alice"], now, KIND)
    if kind:
        Decision.objects.create(
            case=clue, kind=kind, decided_by=people["lead"], decided_on=TODAY
        )
    with refused("没有可以按日连续计罚的处罚决定"):
        by_day(clue, people, now)


def test_each_daily_fine_rests_on_a_decision_of_its_own(fined, people, now):
    with refused(f"尚未制作《{KIND.label}》"):
        by_day(fined, people, now)
    [void, paper] = papers(fined, people["alice"], now, KIND, KIND)
    void_document(document=void, reason="笔误", actor=people["alice"], now=now)
    for changes, word in (
        ({"days": 0}, "不小于 1"),
        ({"days": 32}, "至今最多 31 日"),
        ({"served_on": date(2026, 10, 31)}, "原决定日期与今天之间"),
        ({"served_on": TOMORROW}, "原决定日期与今天之间"),
        ({"actor": people["alice"]}, "角色"),
    ):
        with refused(word):
            by_day(fined, people, now, **changes)
    decision = by_day(fined, people, now)
    assert (decision.amount, decision.pay_by) == (30_000, date(2026, 12, 5))
    paper.refresh_from_db()
    assert (paper.state, paper.served_on) == ("served", date(2026, 11, 20))
    # the form sent again does not fine again
    with refused("已据以计罚", "另行制作"):
        by_day(fined, people, now)
    papers(fined, people["alice"], now, KIND, version=3)
    again = by_day(fined, people, now, days=1, served_on=TODAY)
    # on the original fine, not on the daily one
    assert again.amount == 10_000
    assert told(fined, "daily_fine") == (2, 2)


def test_a_decision_that_was_served_before_keeps_its_day(fined, people, now):
    served = date(2026, 11, 1)
    [paper] = papers(
        fined, people["alice"], now, KIND, state="served", served_on=served
    )
    decision = by_day(fined, people, now, served_on=served)
    paper.refresh_from_db()
    assert (paper.served_on, decision.served_on) == (served, served)
