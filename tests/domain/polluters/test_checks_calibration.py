"""计划外校准: the plan, the habitual hour and the working day excuse a calibration."""

import pytest

from polluters.domain.checks import calibration
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.thresholds import Thresholds
from tests.domain.polluters.series_lab import DAY, HOUR, STEP, T0, context, series

DAYS = 30


def calibrated(
    *moments: tuple[float, int], plans: tuple[tuple[int, int], ...] = (), codes: int = 1
) -> list[Hit]:
    """Return what is found with calibrations at (hours from ``T0``, values)."""
    flags = ["N"] * (DAYS * 144)
    for hour, length in moments:
        at = round(hour * 6)
        flags[at : at + length] = "C" * length
    listed = [
        series(code, [5.0] * len(flags), flags="".join(flags))
        for code in ("a21026", "a34013")[:codes]
    ]
    return calibration.find(
        context(*listed, plans=plans, rules=Thresholds(per_month=99))
    )


def nightly(*days: int, hour: float = 2) -> list[tuple[float, int]]:
    return [(24 * day + hour, 3) for day in days]


def test_no_calibration_is_no_finding() -> None:
    assert calibrated() == []


def test_outside_a_plan_is_told_in_full_and_of_all_factors_once() -> None:
    plan = (T0 + 20 * HOUR, T0 + 22 * HOUR)
    [hit] = calibrated((2, 3), (21, 3), plans=(plan,), codes=2)
    assert (hit.code, hit.check, hit.score) == ("", "calibration_unplanned", 1.0)
    assert (hit.begin, hit.end) == (T0 + 2 * HOUR, T0 + 2 * HOUR + 3 * STEP)
    assert hit.data == {"factor": "分析仪", "evidence": "不在已备案的校准计划内"}


def test_touching_a_plan_is_enough() -> None:
    begin, end = T0 + 2 * HOUR, T0 + 2 * HOUR + 3 * STEP
    for plan, hits in (
        ((end - 1, end + HOUR), 0), ((end, end + HOUR), 1),
        ((begin - HOUR, begin + 1), 0), ((begin - HOUR, begin), 1),
    ):  # fmt: skip
        assert len(calibrated((2, 3), plans=(plan,))) == hits


def test_half_an_hour_between_flags_is_one_calibration() -> None:
    plan = ((T0 + 99 * DAY, T0 + 100 * DAY),)
    [hit] = calibrated((2, 1), (2.0 + 4 / 6, 1), plans=plan)
    assert (hit.begin, hit.end) == (T0 + 2 * HOUR, T0 + 2 * HOUR + 5 * STEP)
    assert len(calibrated((2, 1), (2.0 + 5 / 6, 1), plans=plan)) == 2


def test_the_habitual_hour_is_learned_from_four_others() -> None:
    four = nightly(1, 2, 3, 4)
    [hit] = calibrated(*four, (24 * 6 + 21, 3))
    assert hit.begin == T0 + 6 * DAY + 21 * HOUR
    assert hit.data["evidence"] == "平时校准在 02 时前后，本次在工作时间之外"
    assert calibrated(*four[:3], (24 * 6 + 21, 3)) == []


@pytest.mark.parametrize(
    ("hour", "found"),
    [(5, False), (5 + 1 / 6, True), (23, False), (23 - 1 / 6, True)],
)
def test_three_hours_off_the_habit_are_let_pass(hour: float, found: bool) -> None:
    # The habit of 02:00 reaches over midnight on the clock's face.
    assert bool(calibrated(*nightly(1, 2, 3, 4), (24 * 6 + hour, 3))) is found


@pytest.mark.parametrize(
    ("hour", "length", "found"),
    [
        (7, 6, False), (7 - 1 / 6, 6, True), (19, 6, False), (19, 7, True),
        (12, 47, False), (12, 49, True),
    ],
)  # fmt: skip
def test_from_seven_to_twenty_is_the_working_day(
    hour: float, length: int, found: bool
) -> None:
    assert bool(calibrated(*nightly(1, 2, 3, 4), (24 * 6 + hour, length))) is found


def test_seven_in_ten_within_an_hour_and_a_half_are_a_habit() -> None:
    habit = nightly(1, 2, 3, 4, 5, 6, 7)
    day = [(24 * d + 12.0, 3) for d in (8, 9, 10)]
    [seven] = calibrated(*habit, *day, (24 * 12 + 22, 3))
    assert "02 时前后" in str(seven.data["evidence"])
    # Six of ten at night are no habit, nor are they all within the working day.
    assert calibrated(*habit[:6], *day, (24 * 11 + 12.0, 3), (24 * 12 + 22, 3)) == []


@pytest.mark.parametrize(("apart", "habit"), [(1.5, True), (1.5 + 1 / 6, False)])
def test_calibrations_up_to_an_hour_and_a_half_apart_are_one_habit(
    apart: float, habit: bool
) -> None:
    early, late = nightly(1, 2), nightly(3, 4, hour=2 + apart)
    assert bool(calibrated(*early, *late, (24 * 6 + 21, 3))) is habit


def test_a_calibration_at_night_where_others_are_at_work() -> None:
    # Ten at work at hours apart, so that no hour is a habit; nine of ten are enough.
    hours = (7, 9, 11, 13, 15, 17, 18.5, 7, 9, 11)
    others = [(24 * (day + 1) + hour, 3) for day, hour in enumerate(hours)]
    [hit] = calibrated(*others, (24 * 14 + 23, 3))
    assert hit.data["evidence"] == "平时校准均在工作时间内，本次在夜间"
    one_night = [*others[:9], (24 * 10 + 4.0, 3)]
    found = calibrated(*one_night, (24 * 14 + 23, 3))
    assert [round((h.begin - T0) / HOUR) for h in found] == [244, 24 * 14 + 23]
    two = [*others[:8], (24 * 9 + 4.0, 3), (24 * 10 + 1.0, 3)]
    assert calibrated(*two, (24 * 14 + 23, 3)) == []


def test_what_is_unplanned_every_day_is_a_habit_of_the_plant() -> None:
    flags = ["N"] * (DAYS * 144)
    for day in range(6):
        flags[day * 144 + 12] = "C"
    one = series("a21026", [5.0] * len(flags), flags="".join(flags))
    plan = ((T0 + 99 * DAY, T0 + 100 * DAY),)
    assert calibration.find(context(one, plans=plan)) == []  # six, five a month
    assert (
        len(calibration.find(context(one, plans=plan, rules=Thresholds(per_month=6))))
        == 6
    )
