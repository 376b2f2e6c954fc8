"""All rules together: their codes and parameters, and the checker that feeds them."""

import pytest

from tests.domain.vehicles.tests_lab import after, car, inspected, reports
from vehicles.domain.fraud.gases import DilutedParams
from vehicles.domain.fraud.history import ManyParams
from vehicles.domain.fraud.registry import (
    NAMES,
    RULES,
    Checker,
    ParameterError,
    with_values,
)
from vehicles.domain.fraud.smoke import Seen


def test_every_rule_has_a_code_a_name_a_source_and_a_scope() -> None:
    assert len(RULES) == 23
    assert all(code == info.code and info.name for code, info in RULES.items())
    assert all(info.params.source for info in RULES.values())
    assert {info.scope for info in RULES.values()} == {"test", "vehicle", "line", "all"}
    assert set(NAMES) == set(RULES) | {
        "pass_rate_station", "pass_rate_line", "pass_rate_inspector",
    }  # fmt: skip


def test_values_of_the_right_kind_are_taken() -> None:
    changed = with_values(DilutedParams(), {"floor_pct": 5, "seconds": 9})
    assert (changed.floor_pct, changed.seconds, changed.share) == (5, 9, 0.25)
    assert with_values(ManyParams(), {}) == ManyParams()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"minutes": 3}, "没有参数 minutes；可用：source、retests"),
        ({"retests": 3.5}, "参数 retests 应为 int"),
        ({"retests": "3"}, "参数 retests 应为 int"),
        ({"retests": True}, "参数 retests 应为 int"),
        ({"source": 3}, "参数 source 应为 str"),
    ],
    ids=["unknown", "a fraction", "a text", "yes", "a number"],
)
def test_other_values_are_refused_by_name(values, words) -> None:
    with pytest.raises(ParameterError, match=words):
        with_values(ManyParams(), values)


def test_a_number_stands_for_a_fraction_but_yes_for_none() -> None:
    with pytest.raises(ParameterError, match="floor_pct 应为 float"):
        with_values(DilutedParams(), {"floor_pct": True})


def test_the_checker_feeds_the_rules_that_were_named() -> None:
    electric = inspected(vehicle=car(fuel="C"))
    assert set(Checker().rules) == set(RULES)
    assert reports(list(Checker(["ev_tailpipe"]).see(electric))) == ["R1"]
    assert list(Checker([]).see(electric)) == []
    assert list(Checker(["fast_retest"]).see(electric)) == []


def test_a_parameter_of_one_rule_is_its_own() -> None:
    checker = Checker(["many_retests"], {"many_retests": {"retests": 0}})
    for n in range(2):
        list(checker.see(inspected(f"R{n}", minute=n)))
    assert reports(list(checker.finish())) == ["R0", "R1"]


def test_captures_go_to_the_rule_that_waits_for_them() -> None:
    seen = Seen("新E00001", after(days=1))
    for codes, named in ((["smoke_after_pass"], ["R1"]), (["fast_retest"], [])):
        checker = Checker(codes)
        list(checker.see(inspected()))
        checker.see_capture(seen)
        assert reports(list(checker.finish())) == named
