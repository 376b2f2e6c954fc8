"""Where a level changes: its size, its score, and what is no change of level."""

import math

import numpy as np
import pytest

from polluters.domain.checks.jumps import (
    Jump,
    _changes,
    _every_day,
    _holds,
    end_of,
    find_jumps,
    widths,
)
from polluters.domain.checks.profile import Profile, make_profile
from tests.domain.polluters.series_lab import DAY, HOUR, STEP, T0, noise, series

N = 600


def profile(values: list[float], code: str = "a21026", **fields: object) -> Profile:
    return make_profile(series(code, values, **fields), [])  # type: ignore[arg-type]


def jumped(
    factor: float,
    begin: int = 300,
    end: int = N,
    *,
    code: str = "a21026",
    level: float = 50,
) -> Profile:
    """Return noise of 2 % about a level that is ``factor`` of itself in a part."""
    values = noise(level, 0.02, N)
    for i in range(begin, end):
        values[i] = round(values[i] * factor, 2)
    return profile(values, code)


def jumps(
    one: Profile, *, bar: float = 5, ratio: float = 0.34, hold_s: int = 1800
) -> list[Jump]:
    return find_jumps(one, bar=bar, ratio=ratio, hold_s=hold_s)


@pytest.mark.parametrize(
    ("interval", "held", "wanted"),
    [
        (60, 1, (5, 15)), (300, 1, (5, 15)), (301, 1, (3, 6)), (600, 1, (3, 6)),
        (3600, 1, (3, 6)), (600, 6, (2, 4)), (600, 5, (3, 6)), (60, 4, (5, 15)),
    ],
)  # fmt: skip
def test_a_level_is_of_more_values_where_they_come_faster(
    interval: int, held: int, wanted: tuple[int, int]
) -> None:
    values = [float(i + 1) for i in range(20) for _ in range(held)]
    one = profile(values, "w01018", interval=interval)
    assert one.row_interval == interval * held
    assert widths(one) == wanted


def test_a_doubled_level_is_one_jump_with_its_figures() -> None:
    [jump] = jumps(jumped(2))
    assert jump.time == T0 + 300 * STEP
    assert jump.row == 300
    assert jump.before == pytest.approx(50, rel=0.02)
    assert jump.after == pytest.approx(100, rel=0.02)
    # On the logarithm's scale with its floor: a tenth of the median, some 7.5.
    median = jumped(2).median
    floor = 0.1 * median + 0.03
    size = math.log(100 + floor) - math.log(50 + floor)
    assert jump.size == pytest.approx(size, rel=0.05)
    assert jump.score > 20


def test_a_halved_level_is_a_jump_down() -> None:
    [jump] = jumps(jumped(0.5))
    assert jump.size < 0
    assert jump.score > 20
    assert (jump.before, jump.after) == (
        pytest.approx(50, rel=0.02), pytest.approx(25, rel=0.02),
    )  # fmt: skip


@pytest.mark.parametrize(("factor", "found"), [(1.35, False), (1.6, True)])
def test_a_concentration_changes_by_a_ratio(factor: float, found: bool) -> None:
    # ln((50 f + 5) / 55) is 0.34 at f = 1.45.
    assert bool(jumps(jumped(factor, 500), ratio=0.34)) is found
    assert jumps(jumped(factor, 500), ratio=0.5) == []


@pytest.mark.parametrize(("rise", "found"), [(2.5, False), (4.5, True)])
def test_a_state_changes_by_three_spreads(rise: float, found: bool) -> None:
    # Noise of 2 % about 50 has a spread of 1; half a record higher widens it little.
    values = noise(50, 0.02, N)
    for i in range(560, N):
        values[i] += rise
    assert bool(jumps(profile(values, "a01012"), bar=2)) is found


def test_the_bar_is_in_spreads_of_the_changes_themselves() -> None:
    one = jumped(2)
    [jump] = jumps(one)
    assert len(jumps(one, bar=jump.score * 0.99)) == 1
    assert jumps(one, bar=jump.score * 1.6) == []


def test_a_brief_spike_is_no_change_of_level() -> None:
    assert jumps(jumped(3, 300, 301)) == []
    assert jumps(jumped(3, 300, 302)) == []
    # Jumps up to six values, twice a side, apart are one.
    assert [jump.row for jump in jumps(jumped(3, 300, 306))] == [300]
    assert [jump.row for jump in jumps(jumped(3, 300, 307))] == [300, 307]
    assert jumps(jumped(3, 300, 307), hold_s=4 * HOUR) == []


def test_short_records_have_no_jumps() -> None:
    # Eighteen values, six of three, are the least that is looked at.
    flat = [50.0, 51.0, 50.0, 51.0, 50.0, 51.0, 50.0, 51.0, 50.0]
    high = [150.0, 151.0, 150.0, 151.0, 150.0, 151.0, 150.0, 151.0, 150.0]
    assert jumps(profile([*flat[:8], *high]), bar=0.5) == []
    assert jumps(profile([*flat, *high]), bar=0.5)[0].row == 9


def test_a_change_across_a_gap_is_not_judged() -> None:
    values = noise(50, 0.02, 300) + noise(100, 0.02, 300)
    times = [T0 + i * STEP + (HOUR if i >= 300 else 0) for i in range(N)]
    assert jumps(profile(values, times=times)) == []
    assert len(jumps(profile(values))) == 1


def test_changes_are_of_medians_of_neighbours_and_none_across_gaps() -> None:
    one = profile(
        [1.0, 2.0, 3.0, 9.0, 9.0, 9.0], times=[T0 + i * STEP for i in range(6)]
    )
    found = _changes(one.values, one, 2)
    # At 2: median(3, 9) − median(1, 2); at 3: 9 − 2.5; at 4: 9 − 6.
    assert found[2:5].tolist() == [4.5, 6.5, 3.0]
    assert np.isnan(found[[0, 1, 5]]).all()
    broken = profile(
        [1.0, 2.0, 3.0, 9.0, 9.0, 9.0, 9.0, 9.0],
        times=[T0 + i * STEP + (DAY if i >= 4 else 0) for i in range(8)],
    )
    across = _changes(broken.values, broken, 2)
    assert across[2] == 4.5
    assert np.isnan(across[3:6]).all()
    assert across[6] == 0


def flat(count: int = 200) -> Profile:
    return profile([50.0 + i % 2 for i in range(count)])


def jump_at(row: int, *, size: float = 1.0, after: float = 100.0) -> Jump:
    return Jump(T0 + row * STEP, size, 9.0, 50.0, after, row)


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [(10, 10, True), (3, 10, True), (2, 10, False), (10, 3, True), (10, 2, False)],
)
def test_both_levels_have_lasted(before: int, after: int, holds: bool) -> None:
    scaled = np.array([0.0] * before + [1.0] * after)
    jump = jump_at(before)
    assert _holds(flat(), scaled, jump, 3, 1800) is holds


@pytest.mark.parametrize(
    ("size", "holds"), [(1.0, True), (1.66, True), (1.67, False), (-1.0, False)]
)
def test_six_tenths_of_the_change_last(size: float, holds: bool) -> None:
    scaled = np.array([0.0] * 20 + [1.0] * 20)
    assert _holds(flat(), scaled, jump_at(20, size=size), 3, 1800) is holds


@pytest.mark.parametrize(
    ("held", "hold_s", "holds"),
    [(3, 1800, True), (2, 1800, False), (4, 3600, True), (3, 3600, False),
     (4, 4300, True), (3, 4300, False)],
)  # fmt: skip
def test_the_new_level_lasts_for_most_of_the_time_asked(
    held: int, hold_s: int, holds: bool
) -> None:
    # 1800 s are three values, but it is one more than a side of three: four.
    scaled = np.array([0.0] * 20 + [1.0] * held + [0.0] * 20)
    assert _holds(flat(), scaled, jump_at(20), 3, hold_s) is holds


def test_batches_need_no_more_than_a_side() -> None:
    held = [float(i + 1) for i in range(20) for _ in range(12)]
    one = profile(held, "w01018")
    scaled = np.array([0.0] * 10 + [1.0, 1.0] + [0.0] * 10)
    jump = Jump(T0, 1.0, 9.0, 0.0, 1.0, 10)
    assert _holds(one, scaled, jump, 2, 1800) is True
    assert _holds(one, scaled, jump, 3, 1800) is True
    assert _holds(one, scaled, jump, 5, 1800) is False


@pytest.mark.parametrize(
    ("days", "size", "every"),
    [
        ([1, 2, 3], 0.4, True), ([1, 2, 3], 0.39, False), ([1, 2], 1.0, False),
        ([1, 2, 3], -1.0, False), ([], 1.0, False),
    ],
)  # fmt: skip
def test_a_change_that_comes_at_this_hour_on_three_days_is_a_shift(
    days: list[int], size: float, every: bool
) -> None:
    one = flat(10 * 144)
    change = np.zeros(10 * 144)
    jump = jump_at(5 * 144 + 60)
    for day in days:
        change[day * 144 + 60] = size
    assert _every_day(one, change, jump, 3) is every
    down = jump_at(5 * 144 + 60, size=-1.0)
    assert _every_day(one, -change, down, 3) is every


@pytest.mark.parametrize(
    ("rows", "every"), [(3, True), (4, False), (-3, True), (-4, False)]
)
def test_the_hour_of_a_shift_is_half_an_hour_or_a_side(rows: int, every: bool) -> None:
    one = flat(10 * 144)
    change = np.zeros(10 * 144)
    for day in (1, 2, 3):
        change[day * 144 + 60 + rows] = 1.0
    assert _every_day(one, change, jump_at(5 * 144 + 60), 3) is every
    assert _every_day(one, change, jump_at(5 * 144 + 60), 4) is True


def test_a_fifth_of_many_days_is_a_shift() -> None:
    one = flat(31 * 144)
    for days, every in ((5, False), (6, True)):  # of thirty other days
        change = np.zeros(31 * 144)
        for day in range(1, 1 + days):
            change[day * 144 + 60] = 1.0
        assert _every_day(one, change, jump_at(20 * 144 + 60), 3) is every


def test_one_day_has_no_others_to_compare_with() -> None:
    assert _every_day(flat(100), np.ones(100), jump_at(50), 3) is False


def levels(*parts: tuple[float, int]) -> Profile:
    return profile([level + i % 2 for level, count in parts for i in range(count)])


def test_a_level_ends_where_it_goes_back_over_half_way() -> None:
    one = levels((50, 100), (100, 36), (50, 200))
    # Blocks of six values: the sixth after the jump is the first at the old level.
    assert end_of(one, jump_at(100), []) == T0 + 136 * STEP
    half = levels((50, 100), (100, 36), (75, 200))
    assert end_of(half, jump_at(100), []) == T0 + 243 * STEP + STEP
    down = levels((100, 100), (50, 36), (100, 200))
    fall = Jump(T0 + 100 * STEP, -1.0, 9.0, 100.0, 50.0, 100)
    assert end_of(down, fall, []) == T0 + 136 * STEP


def test_a_level_that_stays_ends_with_the_day_or_the_record() -> None:
    one = levels((50, 100), (100, 300))
    assert end_of(one, jump_at(100), []) == T0 + 244 * STEP
    short = levels((50, 100), (100, 30))
    assert end_of(short, jump_at(100), []) == T0 + 130 * STEP


def test_the_opposite_jump_is_the_end() -> None:
    one = levels((50, 100), (100, 40), (50, 200))
    back = jump_at(140, size=-1.0)
    assert end_of(one, jump_at(100), [back]) == T0 + 140 * STEP
    same = jump_at(120, size=1.0)
    assert end_of(one, jump_at(100), [same]) == T0 + 142 * STEP
    assert end_of(one, jump_at(100), [jump_at(90, size=-1.0)]) == T0 + 142 * STEP
    # Within two blocks after the half-way look, not later.
    assert end_of(one, jump_at(100), [jump_at(154, size=-1.0)]) == T0 + 154 * STEP
    assert end_of(one, jump_at(100), [jump_at(155, size=-1.0)]) == T0 + 142 * STEP


@pytest.mark.parametrize(("interval", "side"), [(60, 60), (600, 6), (3600, 3)])
def test_the_way_back_is_looked_for_by_blocks_of_an_hour_or_a_side(
    interval: int, side: int
) -> None:
    listed = levels(
        (50, 2 * side), (100, 2 * side - 1), (50, 10 * side)
    ).values.tolist()
    one = profile(listed, interval=interval)
    jump = Jump(T0 + 2 * side * interval, 1.0, 9.0, 50.0, 100.0, 2 * side)
    # The block that begins one value before the end is mostly low: it is the way back
    # only as the second one.
    assert end_of(one, jump, []) == T0 + 4 * side * interval
