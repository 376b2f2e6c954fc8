"""The defaults of the checks as an installation finds them, and what may be overruled."""

from dataclasses import fields

import pytest

from polluters.domain.checks import (
    calibration,
    clock,
    constant,
    engine,
    flat_top,
    flow_zero,
    mean_mismatch,
    o2_high,
    periodic,
    step,
    water_logic,
)
from polluters.domain.checks.catalogue import CATALOGUE, Check, Severity
from polluters.domain.checks.thresholds import DEFAULT

HOUR = 60 * 60


def test_times_shares_and_scores_of_the_thresholds() -> None:
    numbers = {one.name: getattr(DEFAULT, one.name) for one in fields(DEFAULT)}
    del numbers["sources"]
    assert numbers == {
        "constant_s": HOUR, "constant_samples": 5, "constant_odds": 0.02,
        "zero_s": HOUR // 2, "zero_samples": 3,
        "negative_share": 0.2, "negative_range": 0.004,
        "step_score": 7.5, "joint_score": 5.0, "step_ratio": 0.34,
        "step_hold_s": HOUR // 2,
        "smooth_factor": 3.0, "smooth_s": HOUR * 3 // 2,
        "periodic_share": 0.72, "flat_band": 0.06, "flat_share": 0.6,
        "missing_s": HOUR * 3 // 4, "missing_samples": 4, "silent_s": 3 * HOUR,
        "skew_s": 60, "future_s": HOUR // 2,
        "converted_share": 0.02, "mean_share": 0.02,
        "o2_running": 19.0, "o2_s": HOUR // 2, "flow_zero_s": HOUR // 2,
        "stop_running_s": HOUR, "maintenance_s": 16 * HOUR, "calibration_s": 6 * HOUR,
        "fault_s": 72 * HOUR, "joint_factors": 2, "per_month": 5.0,
    }  # fmt: skip
    assert DEFAULT.sources["skew_s"].startswith("现场时钟偏差超过 1 分钟")


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (calibration.WORK, (7, 20)), (calibration.HABIT_S, 5400),
        (calibration.HABIT_SHARE, 0.7), (calibration.ENOUGH, 4),
        (clock.ENOUGH, 5), (clock.REGULAR, 0.35), (clock.PLAIN_S, HOUR // 2),
        (clock.CLOCK_S, 2 * HOUR), (constant.FLOOR, 0.002),
        (flat_top.WINDOW_S, 3 * HOUR), (flat_top.LEAST_ROWS, 12),
        (flat_top.CAP_SHARE, 0.25), (flat_top.CAP_ROWS, 18),
        (flow_zero.NOTHING, 0.01), (mean_mismatch.FULL, 0.95), (o2_high.NEAR_AIR, 17),
        (periodic.LONGEST_GRAM, 48), (periodic.POINTS, 144), (periodic.SLOW_POINTS, 72),
        (periodic.SHORT_MORE, 0.1), (periodic.CLEAN, 0.93), (periodic.WAVES, 4),
        (step.STILL_S, 120), (step.NOTHING, 0.05), (step.JOINT_SUM, 14),
        (water_logic.MARGIN, 1.03), (engine.EDGE_S, HOUR), (engine.MERGE_GAP_S, 3 * HOUR),
    ],
)  # fmt: skip
def test_numbers_a_check_keeps_to_itself(number: object, wanted: object) -> None:
    assert number == wanted


def test_clocks_and_changed_data_can_not_be_overruled() -> None:
    fixed = {code for code, check in CATALOGUE.items() if not check.override}
    assert fixed == {"clock_skew", "future_time", "changed"}
    assert Check("x", "", Severity.INFO, "", "").override is True


def test_only_a_running_plant_declared_stopped_is_critical() -> None:
    ranked: dict[str, set[str]] = {}
    for code, check in CATALOGUE.items():
        ranked.setdefault(check.severity.value, set()).add(code)
    assert ranked["critical"] == {"declared_stop_running"}
    assert ranked["minor"] == {
        "negative", "range_flag", "step", "missing", "offline", "clock_skew",
        "future_time", "o2_high", "calibration_unplanned", "station_event",
    }  # fmt: skip
    assert set(ranked) == {"critical", "major", "minor"}
    assert {check.kind for check in CATALOGUE.values()} == {"anomaly"}
