"""Law, discretion and leniency on a real case, over the change of 2026-08-15."""

from datetime import date
from decimal import Decimal

import pytest

from enforcement.domain.workflow import Refused
from enforcement.models import (
    BasisChoice,
    Cause,
    DiscretionRun,
    DiscretionTable,
    LegalBasis,
    PastPenalty,
)
from enforcement.services.content import set_facts
from enforcement.services.penalties import (
    answer_leniency,
    choose_basis,
    run_discretion,
)

MIDDLE = {
    "extent": "middle",
    "duration": "week",
    "place": "ordinary",
    "repeat": "none",
    "correction": "in_time",
    "harm": "none",
}


def facts(case, people, now, topic, ended):
    set_facts(
        case=case,
        actor=people["alice"],
        now=now,
        cause=Cause.objects.get(topic=topic),
        act_started_on=None,
        act_ended_on=ended,
        discovered_on=ended,
    )
    case.refresh_from_db()


def choose(case, people, now, **more):
    return choose_basis(case=case, actor=people["alice"], now=now, **more)


@pytest.mark.parametrize(
    ("topic", "ended", "code", "lighter"),
    [
        ("exceed_air", date(2026, 8, 14), "air99-2", "same"),
        ("exceed_air", date(2026, 8, 15), "code1107-air", ""),
        ("obstruct", date(2026, 8, 14), "air98", "old"),
        ("obstruct", date(2026, 8, 15), "code1229", ""),
        ("evade_air", date(2026, 8, 1), "air99-3", "old"),
    ],
)
def test_the_day_of_the_act_chooses(clue, people, now, topic, ended, code, lighter):
    facts(clue, people, now, topic, ended)
    choice = choose(clue, people, now)
    assert (choice.basis.code, choice.lighter) == (code, lighter)


def test_a_matter_of_the_police_is_transferred_not_fined(clue, people, now):
    facts(clue, people, now, "vehicle_unqualified", date(2026, 11, 20))
    with pytest.raises(Refused, match="公安交管处罚，应当移送"):
        choose(clue, people, now)
    assert not BasisChoice.objects.exists()


def test_no_provision_at_the_act_no_penalty(clue, people, now):
    facts(clue, people, now, "station_noncompliant", date(2026, 8, 1))
    with pytest.raises(Refused, match="没有收录对应的处罚依据"):
        choose(clue, people, now)


def test_serious_tier(clue, people, now):
    facts(clue, people, now, "station_false_report", date(2026, 11, 1))
    choice = choose(clue, people, now, serious=True)
    assert choice.bounds == (Decimal(600_000), Decimal(2_500_000))


def test_per_vehicle_and_goods_value(clue, people, now):
    facts(clue, people, now, "vehicle_tamper", date(2026, 11, 1))
    assert choose(clue, people, now, count=3).bounds == (15_000, 15_000)
    facts(clue, people, now, "cheat_device", date(2026, 11, 1))
    with pytest.raises(Refused, match="货值"):
        choose(clue, people, now)
    found = choose(clue, people, now, goods_value=Decimal(20_000))
    assert found.bounds == (50_000, 250_000)


def test_an_act_that_breaks_two_provisions(clue, people, now):
    facts(clue, people, now, "monitoring_air", date(2026, 11, 1))
    choice = choose(clue, people, now, also=["exceed_air"])
    top = [row for row in choice.overlapping if row["chosen"]]
    assert [row["code"] for row in top] == ["code1107-air"]
    assert "第二十九条" in top[0]["reason"]


def test_a_foreign_basis_is_refused(clue, people, now):
    facts(clue, people, now, "exceed_air", date(2026, 11, 1))
    other = LegalBasis.objects.get(code="code1130")
    with pytest.raises(Refused, match="不适用于本案"):
        choose(clue, people, now, basis=other)


def test_against_the_comparison_only_with_a_reason(clue, people, now):
    facts(clue, people, now, "obstruct", date(2026, 8, 1))
    new = LegalBasis.objects.get(code="code1229")
    with pytest.raises(Refused, match="须说明理由"):
        choose(clue, people, now, basis=new)
    chosen = choose(clue, people, now, basis=new, reason="新法更有利于当事人的理由")
    assert chosen.basis == new


def run(case, people, now, **more):
    table = DiscretionTable.objects.get(code="general")
    fields = {"answers": MIDDLE, **more}
    return run_discretion(
        case=case, table=table, actor=people["alice"], now=now, **fields
    )


def test_discretion_keeps_every_step(clue, people, now):
    facts(clue, people, now, "exceed_air", date(2026, 11, 1))
    choose(clue, people, now)
    found = run(clue, people, now)
    # 30 % × 50 + 20 % × 40 + 10 % × 40 = 27 % of 900,000 above 100,000
    assert found.amount == Decimal(343_000)
    assert [row["label"] for row in found.steps][-2:] == ["基准罚款", "取整"]
    again = run(clue, people, now, adjustments=["cooperate"])
    assert again.amount == Decimal(308_700)
    assert [r.pk for r in DiscretionRun.objects.filter(current=True)] == [again.pk]


def test_choosing_anew_sets_the_calculation_aside(clue, people, now):
    facts(clue, people, now, "exceed_air", date(2026, 11, 1))
    choose(clue, people, now)
    run(clue, people, now)
    choose(clue, people, now)
    assert not DiscretionRun.objects.filter(current=True).exists()


def test_a_table_for_other_causes_is_refused(clue, people, now):
    facts(clue, people, now, "station_false_report", date(2026, 11, 1))
    choose(clue, people, now)
    with pytest.raises(Refused, match="不适用于本案案由"):
        run(clue, people, now)


def test_an_imported_penalty_speaks_against_first(clue, people, plant, now):
    facts(clue, people, now, "exceed_air", date(2026, 11, 20))
    choose(clue, people, now)
    run(clue, people, now)
    codes = ("minor_harm", "corrected", "listed", "education", "commitment")
    answers = {code: {"met": True, "evidence": "材料"} for code in codes}

    def answer():
        return answer_leniency(
            case=clue,
            ground="first",
            answers=answers,
            actor=people["alice"],
            now=now,
            list_item="第 1 项",
        )

    assert (answer().passed, answer().exempted) == (True, Decimal(343_000))
    PastPenalty.objects.create(
        organisation=plant,
        subject_key="x",
        party_name=plant.name,
        cause=Cause.objects.get(topic="exceed_air"),
        found_on=date(2026, 1, 5),
        reference="博州环罚〔2026〕旧1号",
        source="导入",
    )
    found = answer()
    assert found.passed is False
    assert found.earlier == [
        {"found_on": "2026-01-05", "reference": "博州环罚〔2026〕旧1号"}
    ]


@pytest.mark.parametrize(
    ("started", "ended", "found", "reason"),
    [
        (date(2026, 11, 2), date(2026, 11, 1), date(2026, 11, 3), "早于开始日期"),
        (None, date(2026, 11, 2), date(2026, 11, 1), "早于违法行为终了日期"),
        (None, date(2026, 11, 24), date(2026, 11, 24), "不能晚于今天"),
    ],
)
def test_dates_out_of_order_are_refused(
    clue, people, now, started, ended, found, reason
):
    with pytest.raises(Refused, match=reason):
        set_facts(
            case=clue,
            actor=people["alice"],
            now=now,
            cause=None,
            act_started_on=started,
            act_ended_on=ended,
            discovered_on=found,
        )
    clue.refresh_from_db()
    assert clue.act_ended_on is None
