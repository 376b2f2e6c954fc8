"""A vehicle that is seen with black smoke soon after it passed."""

import pytest

from tests.domain.vehicles.tests_lab import after, car, inspected
from vehicles.domain.fraud.smoke import Seen, SmokeAfterPass, SmokeParams
from vehicles.domain.inspection.shapes import Vehicle

PLATE = "新E00001"


def smoked(*tests, seen=(), **params):
    rule = SmokeAfterPass(SmokeParams(**params))
    for test in tests:
        assert list(rule.see(test)) == []
    for capture in seen:
        rule.see_capture(capture)
    return list(rule.finish())


@pytest.mark.parametrize(
    ("days", "named"),
    [(-0.001, False), (0.0, True), (30.0, True), (30.0005, False)],
    ids=["before its end", "at its end", "thirty days later", "later still"],
)
def test_a_capture_within_thirty_days_of_the_end_counts(days, named) -> None:
    capture = Seen(PLATE, after(10, days=days))
    assert bool(smoked(inspected(), seen=[capture])) is named


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({}, True),
        ({"outcome": "fail"}, False),
        ({"vehicle": car(2)}, False),
        ({"vehicle": Vehicle()}, False),
        ({"vehicle": car(plate="新e·00001")}, True),
    ],
    ids=["passed", "failed", "another plate", "no plate", "another spelling"],
)
def test_only_a_pass_of_that_plate_counts(more, named) -> None:
    assert bool(smoked(inspected(**more), seen=[Seen(PLATE, after(days=1))])) is named


def test_a_capture_without_a_plate_meets_no_test_without_one() -> None:
    nameless = inspected(vehicle=Vehicle())
    assert smoked(nameless, seen=[Seen("", after(days=1))]) == []


def test_the_last_pass_before_the_capture_is_told() -> None:
    passes = [inspected(f"R{n}", minute=n * 1440) for n in (0, 2, 9)]
    seen = Seen(PLATE, after(10, days=5.26), 2.0, "C-7")
    (found,) = smoked(*passes, seen=[seen])
    assert (found.report, found.rule, found.score) == ("R2", "smoke_after_pass", 0.86)
    assert found.numbers == {"days": 3.3, "capture": "C-7"}
    assert found.why == (
        "03-04 09:10 检验合格，3.3 天后（03-07 15:24）被抓拍冒黑烟，林格曼 2 级"
    )


@pytest.mark.parametrize(
    ("days", "level", "score", "tail"),
    [
        (0, 0.0, 0.9, "，林格曼 0 级"),
        (30, None, 0.5, ""),
        (10, 2.5, 0.77, "，林格曼 2.5 级"),
    ],
    ids=["at once", "at last, level unknown", "a third of the time"],
)
def test_certainty_falls_with_the_days(days, level, score, tail) -> None:
    (found,) = smoked(inspected(), seen=[Seen(PLATE, after(10, days=days), level)])
    assert found.score == score
    assert found.why.endswith(f"被抓拍冒黑烟{tail}")


def test_no_days_at_all_still_take_a_capture_at_the_end_of_the_test() -> None:
    (found,) = smoked(inspected(), seen=[Seen(PLATE, after(10))], days=0)
    assert found.score == 0.9
