"""A vehicle's own tests: mileage, quick passes, many retests, other stations."""

import pytest

from tests.domain.vehicles.tests_lab import car, inspected, reports, told
from vehicles.domain.fraud.history import (
    FastParams,
    FastRetest,
    ManyParams,
    ManyRetests,
    Odometer,
    OdometerParams,
    ShoppingParams,
    StationShopping,
)
from vehicles.domain.inspection.shapes import Vehicle, VehicleTest

DAY = 24 * 60.0


def driven(*readings: float | None, rule: Odometer | None = None, **params):
    """Return what is said of one reading a day."""
    tests = [
        inspected(f"R{n}", minute=n * DAY, vehicle=car(odometer_km=reading))
        for n, reading in enumerate(readings)
    ]
    return told(rule or Odometer(OdometerParams(**params)), *tests)


@pytest.mark.parametrize(
    ("readings", "named"),
    [
        ((10_000,), []),
        ((10_000, 10_000), []),
        ((10_000, 9_950), []),
        ((10_000, 9_949), ["R1"]),
        ((10_000, None, 9_000), ["R2"]),
        ((10_000, 30_000, 20_000, 25_000), ["R2", "R3"]),
        ((10_000, 0), ["R1"]),
        ((0, 100), []),
        ((100_000, 10_100, 10_200), []),
        ((100_000, 20_000, 19_000), ["R1", "R2"]),
        ((100_000, 20_000, 19_990), ["R1", "R2"]),
        ((100_100, 20_000, 20_000), []),
        ((100_000, 10_100), ["R1"]),
        ((10_000, 100_000, 10_100), ["R2"]),
        ((10_000, 100_000, 10_100, 10_200), []),
        ((50_000, 8_000, 10_100), ["R1", "R2"]),
    ],
    ids=[
        "one test",
        "the same",
        "50 km less",
        "51 km less",
        "a reading is missing between",
        "below the highest, not the last",
        "nothing at all is read",
        "a new car",
        "ten times all that came later is a typing error",
        "five times the highest later one is none",
        "exactly five times is none",
        "more than five times is a typing error",
        "one later reading says too little",
        "one after it",
        "two after it",
        "the highest later one is what counts",
    ],
)
def test_mileage_does_not_go_back_by_more_than_fifty_kilometres(
    readings, named
) -> None:
    assert reports(driven(*readings)) == named


def test_how_far_it_went_back_is_told() -> None:
    (found,) = driven(62_345, 50_000)
    assert (found.rule, found.score) == ("odometer_backwards", 0.77)
    assert found.related == ("R0",)
    assert found.numbers == {"back_km": 12_345}
    assert found.why == (
        "里程 50,000 km，低于 03-02 09:00 报告 R0 的 62,345 km，倒退 12,345 km"
    )
    assert [item.score for item in driven(400_000, 100_000)] == [0.95]


def test_the_order_is_that_of_time_and_each_vehicle_is_its_own() -> None:
    late = inspected("LATE", minute=DAY, vehicle=car(odometer_km=9_000.0))
    early = inspected("EARLY", vehicle=car(odometer_km=10_000.0))
    other = inspected("OTHER", minute=2 * DAY, vehicle=car(2, odometer_km=5.0))
    assert reports(told(Odometer(OdometerParams()), late, other, early)) == ["LATE"]


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, True),
        ({"started_at": None}, True),
        ({"ended_at": None}, True),
        ({"started_at": None, "ended_at": None}, False),
        ({"vehicle": Vehicle(odometer_km=1.0)}, False),
    ],
    ids=["whole", "only an end", "only a start", "no time", "no vehicle"],
)
def test_only_tests_with_a_vehicle_and_a_time_are_remembered(more, kept) -> None:
    first = inspected("R0", minute=-DAY, vehicle=car(odometer_km=10_000.0))
    given = {"vehicle": car(odometer_km=1.0), **more}
    nameless = inspected("N", minute=-DAY, vehicle=Vehicle(odometer_km=10_000.0))
    found = told(Odometer(OdometerParams()), first, nameless, inspected("R1", **given))
    assert reports(found) == (["R1"] if kept else [])


def visit(report: str, minute: float, outcome: str, station="A", lasts=10.0):
    return inspected(
        report, minute=minute, outcome=outcome, station=station, lasts=lasts
    )


@pytest.mark.parametrize(
    ("before", "outcome", "minute", "named"),
    [
        ("fail", "pass", 20.0, []),
        ("fail", "pass", 19.9, ["R2"]),
        ("fail", "fail", 12.0, []),
        ("pass", "pass", 12.0, []),
        ("aborted", "pass", 12.0, []),
    ],
    ids=[
        "ten minutes after its end",
        "less",
        "failed again",
        "passed twice",
        "aborted",
    ],
)
def test_a_pass_comes_ten_minutes_after_a_failure(
    before, outcome, minute, named
) -> None:
    tests = visit("R1", 0, before), visit("R2", minute, outcome)
    assert reports(told(FastRetest(FastParams()), *tests)) == named


@pytest.mark.parametrize(
    ("minute", "score", "minutes", "words"),
    [(16.26, 0.76, 6.3, "6.3"), (4.0, 0.95, -6.0, "0.0"), (10.0, 0.95, 0.0, "0.0")],
    ids=["six minutes later", "before it ended", "at once"],
)
def test_how_soon_it_passed_is_told(minute, score, minutes, words) -> None:
    (found,) = told(
        FastRetest(FastParams()), visit("R1", 0, "fail"), visit("R2", minute, "pass")
    )
    assert (found.rule, found.score, found.related) == ("fast_retest", score, ("R1",))
    assert found.numbers == {"minutes": minutes}
    assert found.why == (
        f"03-02 09:10 不合格（报告 R1），{words} 分钟后开始复检并合格，短于 10 分钟"
    )


@pytest.mark.parametrize(
    ("minutes", "named"),
    [
        ((0, 60, 120, 180), 0),
        ((0, 60, 120, 180, 240), 5),
        ((-530, 0, 60, 120, 899), 5),
        ((-541, 0, 60, 120, 180), 0),
        ((0, 60, 120, 180, 900), 0),
    ],
    ids=["four", "five", "from 00:10 to 23:59", "one before midnight", "one after it"],
)
def test_a_vehicle_is_retested_three_times_a_day_in_beijing(minutes, named) -> None:
    tests = [visit(f"R{n}", minute, "fail") for n, minute in enumerate(minutes)]
    assert len(told(ManyRetests(ManyParams()), *tests)) == named


def test_the_day_of_many_retests_is_told() -> None:
    outcomes = ["fail", "aborted", "invalid", "", "odd", "fail", "fail", "fail", "pass"]
    tests = [visit(f"R{n}", 30 * n, word) for n, word in enumerate(outcomes)]
    found = told(ManyRetests(ManyParams()), *tests[:5])
    assert {(item.rule, item.score) for item in found} == {("many_retests", 0.8)}
    assert found[1].related == ("R0", "R2", "R3", "R4")
    assert found[1].numbers == {"retests": 4}
    assert found[1].why == (
        "该车 2026-03-02 检验 5 次（复检 4 次，上限 3 次），"
        "结论依次为 不合格、中止、无效、未定、odd"
    )
    every = told(ManyRetests(ManyParams()), *tests)
    assert {item.score for item in every} == {0.95}
    assert every[0].why.endswith("未定、odd、不合格、不合格、不合格")
    crowd = [visit(f"R{n}", 10 * n, "fail") for n in range(22)]
    assert {len(item.related) for item in told(ManyRetests(ManyParams()), *crowd)} == {
        20
    }


def shopping(*tests: VehicleTest):
    return told(StationShopping(ShoppingParams()), *tests)


@pytest.mark.parametrize(
    ("visits", "named"),
    [
        ((("A", "fail"), ("A", "pass")), []),
        ((("A", "pass"), ("B", "pass")), []),
        ((("A", "fail"), ("B", "pass")), ["R1"]),
        ((("A", "fail"), ("B", "fail"), ("A", "fail")), ["R1"]),
        ((("A", "fail"), ("B", "fail"), ("C", "pass"), ("B", "pass")), ["R1", "R2"]),
        ((("A", "fail"), ("A", "pass"), ("B", "fail")), []),
        ((("A", "fail"), ("A", "aborted"), ("B", "aborted")), ["R2"]),
        ((("A", "aborted"), ("B", "pass")), []),
    ],
    ids=[
        "retested where it failed",
        "passed before",
        "passed elsewhere",
        "back where it failed first",
        "a third station",
        "passed in between",
        "aborted in between",
        "an aborted test is no failure",
    ],
)
def test_a_failed_vehicle_is_retested_where_it_failed(visits, named) -> None:
    tests = [
        visit(f"R{n}", n * DAY, outcome, station)
        for n, (station, outcome) in enumerate(visits)
    ]
    assert reports(shopping(*tests)) == named


@pytest.mark.parametrize(
    ("days", "named"), [(60, ["R2"]), (60.0005, [])], ids=["sixty days", "more"]
)
def test_a_failure_is_open_for_sixty_days_after_its_end(days, named) -> None:
    tests = visit("R1", 0, "fail"), visit("R2", 10 + days * DAY, "pass", "B")
    assert reports(shopping(*tests)) == named


def test_the_last_failure_at_the_station_counts() -> None:
    again = visit("R1", 0, "fail"), visit("R2", 2 * DAY, "fail")
    (found,) = shopping(*again, visit("R3", 3 * DAY, "pass", "B"))
    assert found.related == ("R2",)


@pytest.mark.parametrize(
    ("outcome", "score", "word"),
    [("pass", 0.85, "合格"), ("fail", 0.6, "不合格")],
    ids=["passed", "failed"],
)
def test_where_it_failed_and_went_is_told(outcome, score, word) -> None:
    (found,) = shopping(
        visit("R1", 0, "fail"), visit("R2", 1.26 * DAY + 10, outcome, "B")
    )
    assert (found.rule, found.score) == ("station_shopping", score)
    assert (found.related, found.numbers) == (("R1",), {"days": 1.3})
    assert found.why == (
        f"03-02 09:10 在机构 A 不合格（报告 R1），1.3 天后换到机构 B 检验，结论{word}"
    )
