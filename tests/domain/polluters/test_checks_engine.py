"""What one finding explains of another: shadows are left out, and the order is fixed."""

import pytest

from polluters.domain.checks.catalogue import CATALOGUE
from polluters.domain.checks.engine import (
    CHECKS,
    EXPLAINS,
    run_checks,
    without_shadows,
)
from polluters.domain.checks.finding import Hit
from tests.domain.polluters.series_lab import STEP, T0, noise, series, station

HOUR = 3600


def hit(check: str, begin: int, end: int, code: str = "a21026") -> Hit:
    return Hit(code, check, begin, end)


def left(*hits: Hit) -> list[str]:
    return [one.check for one in without_shadows(hits)]


@pytest.mark.parametrize(
    ("one", "shadows"),
    [(check, sorted(shadows)) for check, shadows in sorted(EXPLAINS.items())],
)
def test_a_finding_leaves_out_what_it_explains_on_its_factor(
    one: str, shadows: list[str]
) -> None:
    codes = {"tn_below_nh3n": "w21003", "cod_below_bod": "w01017"}
    code = codes.get(one, "a21026")
    for shadow in shadows:
        assert left(hit(one, 0, 100, code), hit(shadow, 0, 100, code)) == [one]
        other = hit(shadow, 0, 100, "a99999")
        assert left(hit(one, 0, 100, code), other) == [one, shadow]


def test_what_is_not_explained_stays() -> None:
    assert left(hit("step", 0, 100), hit("negative", 0, 100)) == ["negative"]
    assert left(hit("step", 0, 100), hit("changed", 0, 100)) == ["step", "changed"]
    assert left(hit("step", 0, 100)) == ["step"]


@pytest.mark.parametrize(
    ("begin", "end", "explained"),
    [
        # The longer one runs from 0 to 10 h; its edges reach an hour further.
        (10 * HOUR, 30 * HOUR, True),  # begins at its end
        (11 * HOUR - 1, 30 * HOUR, True),
        (11 * HOUR, 30 * HOUR, False),  # nothing in common any more
        (-HOUR, 30 * HOUR, True),  # begins an hour before it
        (-HOUR - 1, 30 * HOUR, False),  # under half in common
        (-HOUR - 1, 20 * HOUR, True),  # 12 h of 21 h
        (5 * HOUR, 17 * HOUR, True),  # 6 h of 12 h
        (5 * HOUR, 17 * HOUR + 1, False),
    ],
)
def test_a_shadow_begins_at_an_edge_or_lies_half_inside(
    begin: int, end: int, explained: bool
) -> None:
    found = left(hit("constant", 0, 10 * HOUR), hit("step", begin, end))
    assert (found == ["constant"]) is explained


@pytest.mark.parametrize("check", ["joint_step", "declared_stop_running", "clock_skew"])
def test_a_finding_of_the_station_explains_the_steps_of_every_factor(
    check: str,
) -> None:
    one = hit(check, 0, 10 * HOUR, "")
    assert left(one, hit("step", 9 * HOUR, 90 * HOUR)) == [check]
    assert left(one, hit("step", 11 * HOUR, 90 * HOUR)) == [check, "step"]
    assert left(one, hit("constant", 0, HOUR)) == [check, "constant"]


@pytest.mark.parametrize(
    ("check", "codes"),
    [("tn_below_nh3n", ("w21001", "w21003")), ("cod_below_bod", ("w01018", "w01017"))],
)
def test_the_partners_of_water_explain_both_steps(
    check: str, codes: tuple[str, str]
) -> None:
    for code in codes:
        assert left(hit(check, 0, HOUR, codes[0]), hit("step", 0, HOUR, code)) == [
            check
        ]
    other = hit("step", 0, HOUR, "w21011")
    assert left(hit(check, 0, HOUR, codes[0]), other) == [check, "step"]


def test_findings_come_by_time_with_the_unit_of_their_point() -> None:
    values = noise(50, 0.3, 400)
    values[100:112] = [50.0] * 12
    values[300:312] = [70.0] * 12
    sulphur = series("a21026", values, unit="mg/m3")
    dust = noise(20, 0.3, 400, seed=2)
    dust[200:212] = [20.0] * 12
    found = run_checks(station(sulphur, series("a34013", dust)))
    assert [(f.check, f.code, int(f.begin.timestamp())) for f in found] == [
        ("constant", "a21026", T0 + 100 * STEP),
        ("constant", "a34013", T0 + 200 * STEP),
        ("constant", "a21026", T0 + 300 * STEP),
    ]
    assert "50 mg/m³" in found[0].why
    assert "20 ，" not in found[1].why


def test_hits_up_to_three_hours_apart_are_one_finding() -> None:
    for gap, count in ((18, 1), (19, 2)):
        values = noise(50, 0.3, 400)
        values[100:112] = [50.0] * 12
        values[112 + gap : 124 + gap] = [70.0] * 12
        assert len(run_checks(station(series("a21026", values)))) == count


def test_every_check_is_run() -> None:
    assert len(CHECKS) == 21
    assert len(CATALOGUE) == 26
