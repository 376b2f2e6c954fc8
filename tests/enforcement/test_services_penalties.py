"""Law and discretion: what a person has to settle before a fine is worked out."""

from datetime import date
from decimal import Decimal

import pytest

from enforcement.models import BasisChoice, Cause, DiscretionTable, LegalBasis
from enforcement.services import penalties
from tests.enforcement.refusing import put, refused, told

TODAY = date(2026, 11, 23)
LEAST = {
    "extent": "slight",
    "duration": "day",
    "place": "ordinary",
    "repeat": "none",
    "correction": "at_once",
    "harm": "none",
}


@pytest.fixture
def choose(clue, people, now):
    def make(topic="", ended=date(2026, 11, 1), **more):
        if topic:
            put(clue, cause=Cause.objects.get(topic=topic), act_ended_on=ended)
        return penalties.choose_basis(case=clue, actor=people["alice"], now=now, **more)

    return make


@pytest.fixture
def run(clue, people, now):
    def make(table=None, **more):
        table = table or DiscretionTable.objects.get(code="general")
        return penalties.run_discretion(
            case=clue, table=table, actor=people["alice"], now=now,
            **{"answers": LEAST, **more},
        )  # fmt: skip

    return make


def test_what_cannot_be_weighed_by_amount_is_for_a_person(clue, choose):
    """A fixed fine became one per machine on 2026-08-15: neither is plainly lighter."""
    put(
        clue,
        cause=Cause.objects.get(topic="machinery_over"),
        act_ended_on=date(2026, 8, 1),
    )
    with refused("请选择依据并说明理由") as caught:
        choose()
    assert caught.value.missing[0].startswith("计罚方式不同：")
    old = LegalBasis.objects.get(code="air114-1")
    with refused("须说明理由"):
        choose(basis=old, reason=" ")
    choice = choose(basis=old, reason="只有一台机械，数额相同")
    assert (choice.basis, choice.act_basis, choice.lighter) == (old, old, "")
    assert choice.comparison["outcome"] == "unclear"


def test_a_basis_asks_for_its_act_first(clue, choose):
    for fields in (
        {"cause": None, "act_ended_on": TODAY},
        {"cause": Cause.objects.get(topic="exceed_air"), "act_ended_on": None},
    ):
        put(clue, **fields)
        with refused("请先填写案由和违法行为终了日期"):
            choose()


@pytest.mark.parametrize(
    ("topic", "code"), [("monitoring_rules", "reg820"), ("daily_fine", "code1060")],
    ids=["no fine", "by the day"],
)  # fmt: skip
def test_a_basis_without_a_range_is_chosen_but_not_worked_out(choose, run, topic, code):
    Cause.objects.filter(topic=topic).update(ours=True)
    assert choose(topic).basis.code == code
    with refused("没有可以计算的罚款幅度"):
        run()


def test_a_fine_is_worked_out_by_a_table_in_force_for_the_cause(clue, choose, run):
    with refused("请先选择法律依据"):
        run()
    choose("exceed_air")
    table = DiscretionTable.objects.get(code="general")
    for fields in (
        {"valid_from": date(2026, 11, 24), "valid_to": None},
        {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 11, 22)},
    ):
        DiscretionTable.objects.filter(pk=table.pk).update(**fields)
        with refused("不在有效期内"):
            run()
    for fields in (
        {"valid_from": TODAY, "valid_to": TODAY},
        {"valid_from": TODAY, "valid_to": None},
    ):
        DiscretionTable.objects.filter(pk=table.pk).update(**fields)
        assert run().current
    table.causes.remove(clue.cause)
    with refused("不适用于本案案由"):
        run()
    table.causes.add(clue.cause)
    with refused("裁量因子“"):
        run(answers={})
    assert clue.discretion_runs.filter(current=True).count() == 1
    assert told(clue, "run_discretion") == (2, 2)


def test_choosing_anew_sets_the_calculation_aside(clue, choose, run):
    choose("exceed_air")
    run()
    choose()
    assert not clue.discretion_runs.filter(current=True).exists()
    assert BasisChoice.objects.get().bounds == (Decimal(100_000), Decimal(1_000_000))
