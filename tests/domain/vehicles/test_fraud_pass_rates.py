"""Pass rates: like vehicles, exact Poisson chances, and who stands out."""

from datetime import date
from math import exp, lgamma, log

import pytest

from tests.domain.vehicles.tests_lab import car, inspected, told
from vehicles.domain.fraud.pass_rates import (
    PassRates,
    Rate,
    RateParams,
    Tally,
    describe,
    expected_failures,
    poisson_cdf,
    rate_of,
    stratum,
)
from vehicles.domain.inspection.shapes import Staff, Vehicle


@pytest.mark.parametrize(
    ("vehicle", "group"),
    [
        ({"fuel": "B", "emission_stage": 3}, "柴油/3/?"),
        ({"fuel": "A", "emission_stage": 0}, "点燃式/0/?"),
        ({"fuel": "A"}, "点燃式/?/?"),
        ({"emission_stage": 5, "registered_on": date(2020, 3, 3)}, "点燃式/5/6"),
        ({"emission_stage": 5, "registered_on": date(2020, 3, 1)}, "点燃式/5/10"),
        ({"emission_stage": 5, "registered_on": date(2016, 3, 3)}, "点燃式/5/10"),
        ({"emission_stage": 5, "registered_on": date(2016, 3, 1)}, "点燃式/5/15"),
        ({"emission_stage": 5, "registered_on": date(2011, 3, 3)}, "点燃式/5/15"),
        ({"emission_stage": 5, "registered_on": date(2011, 3, 2)}, "点燃式/5/99"),
    ],
    ids=[
        "diesel of unknown age",
        "petrol before the first stage",
        "stage unknown",
        "under six years",
        "over six",
        "under ten",
        "over ten",
        "under fifteen",
        "over fifteen",
    ],
)
def test_like_vehicles_share_fuel_stage_and_age(vehicle, group) -> None:
    assert stratum(inspected(vehicle=car(**vehicle))) == group


def test_age_counts_from_the_day_of_the_test_if_one_is_known() -> None:
    old = car(emission_stage=5, registered_on=date(2016, 1, 1))
    assert stratum(inspected(vehicle=old, started_at=None)) == "点燃式/5/15"
    untimed = inspected(vehicle=old, started_at=None, ended_at=None)
    assert stratum(untimed) == "点燃式/5/?"


@pytest.mark.parametrize(
    ("count", "mean", "chance"),
    [
        (0, 1.0, exp(-1)),
        (2, 3.0, 8.5 * exp(-3)),
        (4, 2.0, 7.0 * exp(-2)),
        (3, 0.0, 1.0),
        (3, -1.0, 1.0),
        (-1, 0.0, 1.0),
        (-1, 2.0, 0.0),
        (60, 1.0, 1.0),
        (50, 2.6, 1.0),
    ],
)
def test_chance_of_so_few_is_poissons(count, mean, chance) -> None:
    assert poisson_cdf(count, mean) == pytest.approx(chance, rel=1e-12)
    assert poisson_cdf(count, mean) <= 1.0


def summed(count: int, mean: float) -> float:
    """Return P(X ≤ count) by adding up every term."""
    terms = [k * log(mean) - mean - lgamma(k + 1) for k in range(count + 1)]
    return sum(exp(term) for term in terms)


@pytest.mark.parametrize(
    ("count", "mean"), [(180, 151.0), (120, 151.0), (151, 151.0), (190, 200.0)]
)
def test_chance_of_large_counts_is_good_to_four_digits(count, mean) -> None:
    found = poisson_cdf(count, mean)
    assert found == pytest.approx(summed(count, mean), abs=1e-4)
    assert found != pytest.approx(summed(count, mean), abs=1e-13)


def test_up_to_150_the_chance_is_exact() -> None:
    assert poisson_cdf(140, 150.0) == pytest.approx(summed(140, 150.0), abs=1e-13)


@pytest.mark.parametrize(
    ("failed", "low", "high"),
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (2, 0.2422, 7.2247), (10, 4.7954, 18.3904)],
)
def test_the_interval_is_that_of_the_tables(failed, low, high) -> None:
    rate = rate_of(100, failed, 1.0, least=30, expected_least=5.0)
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("failed", "doubt"),
    [(1, 1e-11), (10, 1e-11), (120, 1e-11), (150, 1e-4), (400, 1e-4)],
)
def test_the_interval_leaves_two_and_a_half_percent_outside(failed, doubt) -> None:
    rate = rate_of(999, failed, 1.0, least=30, expected_least=5.0)
    assert summed(failed, rate.high) == pytest.approx(0.025, abs=doubt)
    assert summed(failed - 1, rate.low) == pytest.approx(0.975, abs=doubt)


def test_a_rate_holds_observed_against_expected() -> None:
    rate = rate_of(40, 2, 8.0, least=30, expected_least=5.0)
    assert (rate.tests, rate.failed, rate.expected) == (40, 2, 8.0)
    assert rate.ratio == 0.25
    assert (rate.low, rate.high) == pytest.approx((0.2422 / 8, 7.2247 / 8), abs=1e-5)
    assert rate.p_few == pytest.approx(41 * exp(-8))
    assert rate.p_many == pytest.approx(1 - 9 * exp(-8))


def test_without_failures_nothing_is_many_and_without_expectation_nothing_divides() -> (
    None
):
    rate = rate_of(40, 0, 8.0, least=30, expected_least=5.0)
    assert (rate.low, rate.p_many, rate.ratio) == (0.0, 1.0, 0.0)
    bare = rate_of(40, 3, 0.0, least=30, expected_least=5.0)
    assert (bare.ratio, bare.p_few) == (0.0, 1.0)
    assert bare.high == pytest.approx(8.7673, abs=1e-4)


@pytest.mark.parametrize(
    ("tests", "expected", "enough"),
    [(30, 5.0, True), (29, 5.0, False), (30, 4.99, False)],
    ids=["thirty tests, five failures", "too few tests", "too few failures"],
)
def test_too_little_is_said_so(tests, expected, enough) -> None:
    rate = rate_of(tests, 1, expected, least=30, expected_least=5.0)
    assert rate.enough is enough


def tally(**groups: tuple[int, int]) -> Tally:
    """Return a tally of (tests, failed) by group."""
    made = Tally()
    for group, (tests, failed) in groups.items():
        for n in range(tests):
            made.add(group, n < failed, f"{group}{n}")
    return made


def test_a_tally_keeps_counts_and_the_last_report() -> None:
    made = tally(a=(3, 1), b=(2, 2))
    assert (dict(made.tests), dict(made.failed)) == ({"a": 3, "b": 2}, {"a": 1, "b": 2})
    assert (made.last, Tally().last) == ("b1", "")


@pytest.mark.parametrize(
    ("mine", "everyone", "expected"),
    [
        # elsewhere 80 tests, 8 failed: overall 0.1, of the group 8 of 80
        (tally(a=(20, 5)), tally(a=(100, 13)), 20 * (8 + 2) / 100),
        # elsewhere a: 10 of 60, b: 10 of 40; overall 0.2
        (
            tally(a=(40, 0), b=(10, 0)),
            tally(a=(100, 10), b=(50, 10)),
            40 * (10 + 4) / 80 + 10 * (10 + 4) / 60,
        ),
        # the group exists nowhere else: the overall rate stands in
        (tally(a=(5, 1)), tally(a=(5, 1), b=(50, 10)), 5 * 0.2),
        (tally(a=(5, 1)), tally(a=(5, 1)), 0.0),
    ],
    ids=["one group", "two groups", "a group of its own", "nobody else"],
)
def test_expected_is_what_the_same_vehicles_failed_elsewhere(
    mine, everyone, expected
) -> None:
    assert expected_failures(mine, everyone) == pytest.approx(expected)


def seen_at(station: str, tests: int, failed: int, first: int = 0, **more) -> list:
    """Return tests of as many vehicles at a station's lines of their own."""
    return [
        inspected(
            f"{station}{n}",
            station=station,
            line="1",
            outcome="fail" if n < failed else "pass",
            vehicle=car(1000 * first + n),
            **more,
        )
        for n in range(tests)
    ]


def rated(*tests, **params):
    return told(PassRates(RateParams(**params)), *tests)


OTHERS = seen_at("B", 200, 50, 1) + seen_at("C", 200, 50, 2)


def test_a_station_that_fails_too_few_is_told() -> None:
    found = rated(*OTHERS, *seen_at("A", 100, 5))
    assert [(item.rule, item.subject) for item in found] == [
        ("pass_rate_station", "station:A"),
        ("pass_rate_line", "line:A/1"),
    ]
    assert found[0].report == "A99"
    assert found[0].score == 0.84
    assert found[0].numbers == {
        "measure": "first", "tests": 100, "failed": 5, "expected": 25.0,
    }  # fmt: skip
    assert found[0].why == (
        "检验机构 A 首检 100 次中不合格 5 次，同类车辆（燃料×阶段×车龄）应约 25.0 次，"
        "比值 0.20（95% 区间 0.06～0.47）"
    )


@pytest.mark.parametrize(
    ("tests", "failed", "named"),
    [(100, 9, True), (100, 10, False), (29, 0, False), (31, 0, True), (30, 0, False)],
    ids=[
        "9 of 25 by a chance of 1 in 4,500",
        "10 of 25 by a chance of 1 in 1,700",
        "29 tests are too few",
        "none of 7.75 by a chance of 1 in 2,300",
        "none of 7.5 by a chance of 1 in 1,800",
    ],
)
def test_fewer_failures_than_chance_allows(tests, failed, named) -> None:
    assert bool(rated(*OTHERS, *seen_at("A", tests, failed))) is named


@pytest.mark.parametrize(
    ("failed", "named"), [(25, True), (26, False)], ids=["half", "more than half"]
)
def test_only_half_of_the_expected_or_less_is_suspicious(failed, named) -> None:
    assert bool(rated(*OTHERS, *seen_at("A", 200, failed))) is named


def test_lines_and_inspectors_are_judged_beside_their_station() -> None:
    kind = {"staff": Staff(inspector="I1", driver="D1")}
    good = seen_at("A", 100, 25, 3, **kind)
    lax = seen_at("A", 100, 2, 4, staff=Staff(driver="D2"))
    found = rated(*OTHERS, *good, *lax)
    assert [(item.rule, item.subject) for item in found] == [
        ("pass_rate_inspector", "inspector:A/D2")
    ]


def test_others_are_the_same_mix_of_vehicles() -> None:
    old = {"vehicle": car(fuel="B")}
    young = seen_at("A", 100, 2, 3)
    elsewhere = [
        inspected(
            f"Y{n}", station="B", vehicle=car(n), outcome="fail" if n < 4 else "pass"
        )
        for n in range(200)
    ]
    diesel = [
        inspected(f"O{n}", station="B", outcome="fail" if n % 2 else "pass", **old)
        for n in range(200)
    ]
    assert rated(*elsewhere, *diesel, *young) == []


@pytest.mark.parametrize(
    ("more", "counted"),
    [
        ({}, {"first"}),
        ({"attempt": 1}, {"first"}),
        ({"attempt": 2}, {"retest"}),
        ({"outcome": "fail"}, {"first"}),
        ({"outcome": "aborted"}, set()),
        ({"method": "none"}, set()),
    ],
    ids=["attempt unknown", "first", "second", "failed", "aborted", "no method"],
)
def test_first_tests_and_retests_are_measured_apart(more, counted) -> None:
    rule = PassRates(RateParams())
    assert list(rule.see(inspected(**more))) == []
    assert {measure for _, _, measure, _, _ in rule.rates()} == counted


@pytest.mark.parametrize(
    ("before", "days", "attempt", "counted"),
    [
        ("pass", 60, 1, True),
        ("pass", 59.999, 1, False),
        ("fail", 60, 1, False),
        ("pass", 60, 2, False),
    ],
    ids=["sixty days after its end", "less", "after a failure", "a retest"],
)
def test_a_follow_up_is_a_first_test_sixty_days_after_a_pass(
    before, days, attempt, counted
) -> None:
    rule = PassRates(RateParams())
    rule.see(
        inspected("R2", minute=10 + days * 1440, station="B", attempt=attempt,
                  outcome="fail")
    )  # fmt: skip
    rule.see(inspected("R1", station="A", outcome=before))
    follow = {
        key: (rate.tests, rate.failed, last)
        for _, key, measure, rate, last in rule.rates()
        if measure == "follow_up"
    }
    assert follow == ({"A": (1, 1, "R2"), "A/1": (1, 1, "R2")} if counted else {})


def test_nameless_vehicles_have_no_follow_up() -> None:
    rule = PassRates(RateParams())
    for day in (0, 100):
        rule.see(inspected(f"R{day}", minute=day * 1440, vehicle=Vehicle(fuel="A")))
    assert {measure for _, _, measure, _, _ in rule.rates()} == {"first"}


def followed(station: str, first: int, tests: int, failed: int) -> list:
    """Return passes at a station, and tests of the same cars at X a year later."""
    passes = seen_at(station, tests, 0, first)
    later = [
        inspected(
            f"{station}later{n}",
            minute=365 * 1440,
            station="X",
            vehicle=car(1000 * first + n),
            outcome="fail" if n < failed else "pass",
        )
        for n in range(tests)
    ]
    return [*passes, *later]


@pytest.mark.parametrize(
    ("failed", "named"),
    [(45, True), (40, False)],
    ids=["45 of 25 by a chance of 1 in 5,000", "40 of 25 by a chance of 1 in 280"],
)
def test_cars_that_fail_soon_after_a_pass_tell_of_it(failed, named) -> None:
    others = followed("B", 1, 200, 50) + followed("C", 2, 200, 50)
    found = rated(*others, *followed("A", 3, 100, failed))
    subjects = [item.subject for item in found if "合格后下一次检验" in item.why]
    assert subjects == (["station:A", "line:A/1"] if named else [])


@pytest.mark.parametrize(
    ("failed", "named"),
    [(80, True), (79, False)],
    ids=["1.6 times the expected", "a little less"],
)
def test_follow_ups_count_from_sixteen_tenths_on(failed, named) -> None:
    others = followed("B", 1, 200, 50) + followed("C", 2, 200, 50)
    found = rated(*others, *followed("A", 3, 200, failed))
    measures = {item.numbers["measure"] for item in found}
    assert ("follow_up" in measures) is named


@pytest.mark.parametrize(
    ("tests", "named"), [(30, True), (29, False)], ids=["thirty tests", "29"]
)
def test_thirty_tests_are_enough_where_half_fail_elsewhere(tests, named) -> None:
    others = seen_at("B", 200, 100, 1) + seen_at("C", 200, 100, 2)
    assert bool(rated(*others, *seen_at("A", tests, 0))) is named


@pytest.mark.parametrize(
    ("tests", "named"), [(50, True), (49, False)], ids=["five expected", "4.9 expected"]
)
def test_five_expected_failures_are_enough(tests, named) -> None:
    others = followed("B", 1, 200, 20) + followed("C", 2, 200, 20)
    found = rated(*others, *followed("A", 3, tests, 20))
    measures = {item.numbers["measure"] for item in found}
    assert ("follow_up" in measures) is named


def shown(failed: int, expected: float = 10.0) -> Rate:
    return rate_of(100, failed, expected, least=30, expected_least=5.0)


@pytest.mark.parametrize(
    ("failed", "score"),
    [(0, 0.9), (4, 0.78), (10, 0.6), (16, 0.78), (20, 0.9), (40, 0.9)],
)
def test_certainty_grows_with_the_distance_from_the_expected(failed, score) -> None:
    found = describe("pass_rate_line", "A/1", "retest", shown(failed), None)
    assert (found.report, found.score, found.subject) == ("", score, "line:A/1")
    assert found.why.startswith(f"检测线 A/1 复检 100 次中不合格 {failed} 次")


def test_expected_failures_are_told_to_one_digit() -> None:
    found = describe("pass_rate_station", "A", "first", shown(4, 9.876), "R1")
    assert (found.report, found.score) == ("R1", 0.78)
    assert found.numbers["expected"] == 9.9
