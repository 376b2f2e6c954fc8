"""Tests that contradict themselves: no exhaust, old instruments, wrong verdicts."""

from datetime import date, datetime

import pytest

from tests.domain.vehicles.tests_lab import after, car, curve, inspected, reports, told
from vehicles.domain.fraud.contradictions import (
    CalibrationOverdue,
    ElectricParams,
    ElectricTailpipe,
    OverdueParams,
    VerdictContradicts,
    VerdictParams,
)
from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.inspection.results import Results
from vehicles.domain.inspection.shapes import Appearance, Instrument

IDLING = curve("low_sample", co_pct=[0.1, 0.2, 0.1])


@pytest.mark.parametrize(
    ("fuel", "more", "named"),
    [
        ("", {"method": "vmas", "process": IDLING}, False),
        ("A", {"method": "vmas", "process": IDLING}, False),
        ("O", {"method": "vmas"}, False),
        ("C", {"method": "none"}, False),
        ("C", {"method": "vmas"}, True),
        ("N", {"method": "ringelmann"}, True),
        ("P", {"method": "none", "process": IDLING}, True),
        ("Y", {"method": "none", "results": Results(k80_m1=0.0)}, True),
        ("X", {"method": "unheard of", "results": Results(visible_smoke=False)}, True),
    ],
    ids=[
        "fuel unknown",
        "petrol",
        "hybrid",
        "electric without a test",
        "a method is enough",
        "any method",
        "rows are enough",
        "a result of 0 is enough",
        "an answer is enough",
    ],
)
def test_a_vehicle_without_exhaust_has_no_tailpipe_test(fuel, more, named) -> None:
    found = told(
        ElectricTailpipe(ElectricParams()), inspected(vehicle=car(fuel=fuel), **more)
    )
    assert reports(found) == (["R1"] if named else [])


@pytest.mark.parametrize(
    ("fuel", "method", "why"),
    [
        (
            "C",
            "vmas",
            "燃料种类为电（C），却有尾气检测（简易瞬态工况法），过程数据 3 行",
        ),
        ("P", "none", "燃料种类为氢（P），却有尾气检测，过程数据 3 行"),
    ],
    ids=["with a method", "without"],
)
def test_what_was_measured_on_it_is_told(fuel, method, why) -> None:
    (found,) = told(
        ElectricTailpipe(ElectricParams()),
        inspected(vehicle=car(fuel=fuel), method=method, process=IDLING),
    )
    assert (found.rule, found.score, found.why) == ("ev_tailpipe", 0.95, why)
    assert found.numbers == {"rows": 3}


def meter(**more) -> Instrument:
    return Instrument(**({"kind": "gas_analyser", "serial": "G1"} | more))


def overdue(*tests, **params):
    return told(CalibrationOverdue(OverdueParams(**params)), *tests)


@pytest.mark.parametrize(
    ("instrument", "faults"),
    [
        (meter(), ""),
        (meter(verified_until=date(2026, 3, 2)), ""),
        (
            meter(verified_until=date(2026, 3, 1)),
            "气体分析仪 G1 检定有效期至 2026-03-01",
        ),
        (meter(checked_at=after(-24 * 60)), ""),
        (
            meter(checked_at=after(-24 * 60 - 1)),
            "气体分析仪 G1 最近检查 03-01 08:59，已过 24 h",
        ),
        (
            meter(checked_at=after(-36 * 60)),
            "气体分析仪 G1 最近检查 02-28 21:00，已过 36 h",
        ),
        (meter(check_passed=True), ""),
        (meter(check_passed=False), "气体分析仪 G1 最近检查不合格"),
        (
            meter(kind="scale", serial="S", check_passed=False),
            "scale S 最近检查不合格",
        ),
    ],
    ids=[
        "nothing known",
        "verified to the day",
        "a day over",
        "checked 24 hours ago",
        "a minute more",
        "a day and a half",
        "check passed",
        "check failed",
        "of an unknown kind",
    ],
)
def test_an_instrument_is_verified_and_checked_within_a_day(instrument, faults) -> None:
    found = overdue(inspected(instruments=(instrument,)))
    assert [item.why for item in found] == (
        [f"03-02 09:00 检验时：{faults}"] if faults else []
    )


def test_days_of_verification_are_days_in_beijing() -> None:
    night = datetime(2026, 3, 2, 0, 30, tzinfo=BEIJING)
    until = meter(verified_until=date(2026, 3, 1))
    test = inspected(instruments=(until,), started_at=None, ended_at=night)
    assert reports(overdue(test)) == ["R1"]
    assert (
        overdue(inspected(instruments=(until,), started_at=None, ended_at=None)) == []
    )


def test_four_faults_are_named_and_all_are_counted() -> None:
    meters = [meter(serial=f"G{n}", check_passed=False) for n in range(4)]
    aged = meter(serial="OLD", checked_at=after(-48 * 60))
    (found,) = overdue(inspected(instruments=(aged, *meters)))
    assert (found.rule, found.score) == ("calibration_overdue", 0.9)
    assert found.numbers == {"faults": 5}
    assert [f"G{n}" in found.why for n in range(4)] == [True] * 4
    assert "OLD" not in found.why
    (found,) = overdue(inspected(instruments=(aged, *meters[:3])))
    assert found.why.endswith("；气体分析仪 OLD 最近检查 02-28 09:00，已过 48 h")


@pytest.mark.parametrize(
    ("old", "fresh", "told_of"),
    [(11, 8, 11), (10, 10, 10), (11, 9, 0), (11, 11, 11)],
    ids=["too few to know", "half are old", "more than half", "half of more"],
)
def test_where_most_checks_are_old_the_time_means_something_else(
    old, fresh, told_of
) -> None:
    ages = [48 * 60] * old + [60] * fresh
    tests = [
        inspected(f"R{n}", instruments=(meter(), meter(checked_at=after(-age))))
        for n, age in enumerate(ages)
    ]
    none = [inspected(f"N{n}", instruments=(meter(),)) for n in range(30)]
    failed = inspected("F", instruments=(meter(check_passed=False),))
    found = overdue(*tests, *none, failed)
    assert reports(found) == ["F"] + [f"R{n}" for n in range(told_of)]


def judged(report="R1", **more):
    given = {
        "outcome": "pass",
        "method": "vmas",
        "results": Results(co_g_km=8.1, hc_g_km=1.0, nox_g_km=1.0),
        **more,
    }
    return inspected(report, **given)


def contradicting(*tests, **params):
    return told(VerdictContradicts(VerdictParams(**params)), *tests)


def clean(report="R1"):
    return judged(report, results=Results(co_g_km=8.0))


@pytest.mark.parametrize(
    ("test", "named"),
    [
        (clean(), False),
        (judged(), True),
        (judged(outcome="fail"), False),
        (judged(started_at=None), True),
        (judged(started_at=None, ended_at=None), False),
        (judged(results=Results(co_g_km=6.0)), False),
        (judged(results=Results(), appearance=Appearance(visible_smoke=True)), True),
        (
            judged(
                method="lugdown",
                vehicle=car(rated_power_kw=100.0),
                results=Results(max_wheel_power_kw=10.0),
            ),
            False,
        ),
    ],
    ids=[
        "at the limit",
        "over it",
        "failed as it should be",
        "only the end is known",
        "no time is known",
        "between limit b and a",
        "visible smoke",
        "wheel power has a rule of its own",
    ],
)
def test_a_pass_must_be_borne_out_by_the_looser_limits(test, named) -> None:
    assert reports(contradicting(test)) == (["R1"] if named else [])


def test_the_stricter_limits_may_be_chosen() -> None:
    between = judged(results=Results(co_g_km=6.0))
    assert reports(contradicting(between, variant="b")) == ["R1"]


def test_limits_hold_from_their_day_on_in_beijing() -> None:
    first = datetime(2019, 5, 1, 0, 30, tzinfo=BEIJING)
    assert reports(contradicting(judged(started_at=first))) == ["R1"]
    before = datetime(2019, 4, 30, 23, 30, tzinfo=BEIJING)
    assert contradicting(judged(started_at=before)) == []


def test_four_reasons_are_told_and_all_are_counted() -> None:
    bad = Appearance(
        mechanical_ok=False,
        control_devices_complete=False,
        oil_burning_or_smoke=True,
        visible_smoke=True,
        exhaust_leak=True,
    )
    (found,) = contradicting(judged(appearance=bad))
    assert (found.rule, found.score) == ("verdict_contradicts", 0.85)
    assert found.numbers == {"reasons": 5}
    assert found.why == (
        "报告结论为合格，但机械状况不良；污染控制装置不齐全；"
        "烧机油或严重冒黑烟；有明显可见黑烟或蓝烟"
    )


@pytest.mark.parametrize(
    ("bad", "good", "told_of"),
    [(7, 12, 7), (6, 14, 6), (7, 13, 0), (7, 17, 7)],
    ids=["too few to know", "30 percent", "35 percent", "29 percent"],
)
def test_where_many_passes_contradict_other_limits_were_used(
    bad, good, told_of
) -> None:
    tests = [judged(f"B{n}") for n in range(bad)]
    tests += [clean(f"G{n}") for n in range(good)]
    failed = [judged(f"F{n}", outcome="fail") for n in range(30)]
    assert len(contradicting(*tests, *failed)) == told_of
