"""零值 and 流量为零: how long a zero must last, and what must show operation."""

import math

import pytest

from polluters.domain.checks import flow_zero, zero
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.series import Series
from tests.domain.polluters.series_lab import STEP, T0, around, context, series

N = 200


def gone(
    code: str, level: float, size: float, *zeros: tuple[int, int], **fields: object
) -> Series:
    """Return a series about ``level`` that reads 0 in these index spans."""
    values = around(level, size, N)
    for begin, end in zeros:
        values[begin:end] = [0.0] * (end - begin)
    return series(code, values, **fields)  # type: ignore[arg-type]


FLOW = series("a00000", around(1000, 20, N))


def spans(hits: list[Hit]) -> list[tuple[int, int]]:
    return [((h.begin - T0) // STEP, (h.end - T0) // STEP) for h in hits]


# 零值.


def test_a_zero_while_the_flow_goes_on_is_told_in_full() -> None:
    [hit] = zero.find(context(gone("a21026", 50, 1, (60, 70)), FLOW))
    assert (hit.code, hit.check, hit.count) == ("a21026", "zero", 10)
    assert (hit.begin, hit.end) == (T0 + 60 * STEP, T0 + 70 * STEP)
    # 1800 s are three values of ten minutes; ten are 3.33 times that.
    assert hit.score == pytest.approx(10 / 3)
    assert hit.data["usual"] == 49.0
    assert hit.data["evidence"] == "流量 1000（平时 1000），表明仍在运行"


@pytest.mark.parametrize(
    ("length", "interval", "found"),
    [(2, 600, False), (3, 600, True), (3, 60, False), (29, 60, False), (30, 60, True),
     (2, 3600, False), (3, 3600, True)],
)  # fmt: skip
def test_a_zero_lasts_half_an_hour_and_three_values(
    length: int, interval: int, found: bool
) -> None:
    one = gone("a21026", 50, 1, (60, 60 + length), interval=interval)
    flow = series("a00000", around(1000, 20, N), interval=interval)
    assert bool(zero.find(context(one, flow))) is found


def test_a_factor_that_often_reads_zero_needs_six_hours() -> None:
    # Beside the longest run 3 of 200 are zero: over one in a hundred.
    often = ((10, 11), (30, 31), (50, 51))
    short = gone("a21026", 50, 1, *often, (100, 135))
    assert zero.find(context(short, FLOW)) == []
    long = gone("a21026", 50, 1, *often, (100, 136))
    assert spans(zero.find(context(long, FLOW))) == [(100, 136)]
    rarely = gone("a21026", 50, 1, (10, 11), (30, 31), (100, 110))
    assert spans(zero.find(context(rarely, FLOW))) == [(100, 110)]


def test_the_zeros_a_series_makes_likely_set_the_bar_half_as_high_again() -> None:
    # Runs of 13 and 26 are usual: 1.5 × 3 × the 99th percentile of (13, 26) is 116.4.
    profile_of = context(gone("a21026", 50, 1, (5, 18), (30, 56), (70, 100)), FLOW)
    one = profile_of.station.main["a21026"]
    bar = zero.bar(profile_of.profile(one), 1800, 3)
    assert bar == pytest.approx(1.5 * 3 * (13 + 13 * 0.99))


def test_chance_sets_the_bar_where_hours_are_sent() -> None:
    # Nineteen single zeros of 200 beside the two longest runs: 200 / 0.01 = 20,000 by a
    # share of 0.095, half as high again, is over six hours.
    singles = tuple((i, i + 1) for i in range(5, 105, 5))
    found = context(gone("a21026", 50, 1, *singles, (150, 158), interval=3600))
    bar = zero.bar(found.profile(found.station.main["a21026"]), 1800, 3)
    assert bar == pytest.approx(1.5 * math.log(20_000) / -math.log(0.095))


@pytest.mark.parametrize(
    ("code", "level", "size", "struck"),
    [
        ("a21026", 5.1, 0.1, True),  # 5.0 and 5.2: the step is 0.1, the median 5.1
        ("a21026", 6, 1, False),  # median 5 after the zeros: not over five steps of 1
        ("a21026", 7, 1, True),
        ("a01012", 100, 1, True),
        ("a01014", 10, 1, True),
        ("w01009", 10, 1, True),
        ("a01006", 100, 1, False),
    ],
)
def test_only_factors_that_are_usually_far_from_zero_are_looked_at(
    code: str, level: float, size: float, struck: bool
) -> None:
    one = gone(code, level, size, (60, 70))
    assert bool(zero.find(context(one, FLOW))) is struck


def test_the_flow_has_its_own_check() -> None:
    assert zero.find(context(gone("a00000", 1000, 20, (60, 70)))) == []


@pytest.mark.parametrize(
    ("now", "words"),
    [(15.1, "a34013 15.1，表明仍在运行"), (15.0, "")],
)
def test_another_concentration_over_three_tenths_shows_operation(
    now: float, words: str
) -> None:
    other = [50.0] * 60 + [now] * 10 + [50.0] * 130
    found = zero.find(context(gone("a21026", 50, 1, (60, 70)), series("a34013", other)))
    assert [hit.data["evidence"] for hit in found] == ([words] if words else [])


def test_a_low_concentration_shows_operation_too() -> None:
    low = series("a34013", [0.5] * N)
    [hit] = zero.find(context(gone("a21026", 50, 1, (60, 70)), low))
    assert hit.data["evidence"] == "a34013 0.5，表明仍在运行"
    [other] = flow_zero.find(context(gone("a00000", 1000, 20, (60, 70)), low))
    assert other.data["evidence"] == "颗粒物 0.5，浓度与平时相当"


def test_no_more_than_three_signs_are_named() -> None:
    others = [series(code, around(50, 1, N)) for code in ("a21002", "a34013", "a21005")]
    heat = series("a01012", around(100, 1, N))
    [hit] = zero.find(context(gone("a21026", 50, 1, (60, 70)), FLOW, heat, *others))
    assert str(hit.data["evidence"]).count("、") == 2


@pytest.mark.parametrize(
    ("code", "level", "words"),
    [
        (
            "a19001",
            9,
            "含氧量亦为 0，不是停运状态（停运时接近 21%），属仪器或数采仪异常",
        ),
        ("w01001", 7, "pH 亦为 0，属仪器或数采仪异常"),
    ],
)
def test_zero_of_oxygen_or_ph_is_no_stop(code: str, level: float, words: str) -> None:
    one = gone("a21026", 50, 1, (60, 70))
    other = gone(code, level, 0.5, (60, 70))
    found = {hit.code: hit.data["evidence"] for hit in zero.find(context(one, other))}
    assert found["a21026"] == words
    quiet = series(code, [20.9] * N)
    assert zero.find(context(one, quiet)) == []


def test_alone_nothing_shows_a_stop_and_with_others_at_rest_all_do() -> None:
    one = gone("a21026", 50, 1, (60, 70))
    [hit] = zero.find(context(one))
    assert hit.data["evidence"] == "无其他参数表明停运"
    resting = gone("a00000", 1000, 20, (60, 70))
    assert zero.find(context(one, resting)) == []


# 流量为零而有浓度.

DUST = series("a34013", around(50, 1, N))


def test_no_flow_while_there_is_dust_is_told_in_full() -> None:
    one = gone("a00000", 1000, 20, (60, 70))
    sulphur = series("a21026", [40.0] * 60 + [12.1] * 10 + [40.0] * 130)
    [hit] = flow_zero.find(context(one, DUST, sulphur))
    assert (hit.code, hit.check, hit.count) == ("a00000", "flow_zero", 10)
    assert (hit.begin, hit.end) == (T0 + 60 * STEP, T0 + 70 * STEP)
    assert hit.score == pytest.approx(10 / 3)
    assert hit.data == {
        "usual": 980.0, "evidence": "二氧化硫 12.1、颗粒物 50，浓度与平时相当",
    }  # fmt: skip


@pytest.mark.parametrize("code", ["a00000", "w00000", "a01011"])
@pytest.mark.parametrize(
    ("length", "interval", "found"),
    [(2, 600, False), (3, 600, True), (1, 3600, False), (2, 3600, True)],
)
def test_no_flow_lasts_half_an_hour_and_two_values(
    code: str, length: int, interval: int, found: bool
) -> None:
    one = gone(code, 1000, 20, (60, 60 + length), interval=interval)
    dust = series("a34013", around(50, 1, N), interval=interval)
    assert bool(flow_zero.find(context(one, dust))) is found


def test_a_hundredth_of_the_usual_flow_is_none() -> None:
    for level, found in ((9.8, True), (-9.8, True), (9.9, False)):
        values = around(1000, 20, N)
        values[60:70] = [level] * 10  # the median is 980, a low value more than half
        assert bool(flow_zero.find(context(series("a00000", values), DUST))) is found


def test_a_pump_that_often_stops_sets_its_own_bar() -> None:
    # Usual stops of 8 and 8: thrice that is 24, and chance gives log(N/0.01)/log(25/2).
    usual = ((10, 18), (30, 38))
    one = gone("a00000", 1000, 20, *usual, (60, 83))
    assert flow_zero.find(context(one, DUST)) == []
    two = gone("a00000", 1000, 20, *usual, (60, 84))
    assert spans(flow_zero.find(context(two, DUST))) == [(60, 84)]


@pytest.mark.parametrize(
    ("usual", "now", "found"),
    [(9, 19, True), (9, 19.1, False), (15.9, 20, False), (16, 20, True)],
)
def test_the_oxygen_of_air_shows_a_stop_where_fuel_is_burnt(
    usual: float, now: float, found: bool
) -> None:
    oxygen = series("a19001", [usual] * 60 + [now] * 10 + [usual] * 130)
    one = gone("a00000", 1000, 20, (60, 70))
    assert bool(flow_zero.find(context(one, DUST, oxygen))) is found


@pytest.mark.parametrize(("now", "found"), [(15.0, False), (15.1, True)])
def test_a_concentration_under_three_tenths_is_no_evidence(
    now: float, found: bool
) -> None:
    dust = series("a34013", [50.0] * 60 + [now] * 10 + [50.0] * 130)
    one = gone("a00000", 1000, 20, (60, 70))
    assert bool(flow_zero.find(context(one, dust))) is found


def test_at_most_three_concentrations_are_named() -> None:
    others = [
        series(code, around(50, 1, N))
        for code in ("a21002", "a34013", "a21005", "a21026")
    ]
    [hit] = flow_zero.find(context(gone("a00000", 1000, 20, (60, 70)), *others))
    assert str(hit.data["evidence"]).count("、") == 2


def test_a_plant_that_mostly_stands_still_has_no_usual_flow() -> None:
    assert flow_zero.find(context(gone("a00000", 1000, 20, (0, 150)), DUST)) == []
