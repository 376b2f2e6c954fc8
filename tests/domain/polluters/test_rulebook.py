"""The numbers an installation may change: their defaults, and how they reach the rules."""

from dataclasses import fields

import pytest

from polluters.domain.checks.thresholds import DEFAULT
from polluters.domain.rulebook import (
    KINDS,
    NUMBERS,
    SCOPE,
    SHARED_ALLOWANCE,
    KindOfMark,
    thresholds,
    validity_rules,
)
from polluters.domain.validity import DEFAULT_RULES


@pytest.mark.parametrize(
    ("code", "value", "unit"),
    [
        ("gas_hour_share", 0.75, ""), ("gas_day_hours", 20, "h"), ("slot_share", 0.5, ""),
        ("water_hour_values", 1, "个"), ("water_day_share", 0.75, ""),
        ("quarter_share", 0.75, ""), ("furnace_limit", 850, "℃"), ("furnace_count", 5, "个"),
        ("disagreement", 0.02, ""), ("mark_deadline_hour", 12, "时"),
        ("mark_backdate_h", 24, "h"), ("mark_least_h", 2, "h"), ("own_marks_exempt", 1, ""),
        ("rate_target", 0.9, ""), ("national_tolerance", 0.02, ""), ("expiry_notice_d", 30, "d"),
        ("quota_notice_share", 0.8, ""), ("change_declare_h", 24, "h"),
        ("substitute_high_share", 0.9, ""), ("substitute_mid_share", 0.75, ""),
        ("substitute_high_hours", 180, "h"), ("substitute_mid_hours", 720, "h"),
        ("trend_horizon_h", 6, "h"), ("trend_window_h", 6, "h"), ("season_weeks", 8, "周"),
        ("season_bar", 7, "倍"), ("joint_days", 60, "d"), ("explanation_days", 3, "d"),
        ("portal_file_mb", 20, "MB"), ("portal_files", 6, "个"),
        ("check.skew_s", 60, "s"), ("check.step_score", 7.5, ""),
    ],
)  # fmt: skip
def test_a_number_has_its_default_and_its_unit(
    code: str, value: float, unit: str
) -> None:
    number = NUMBERS[code]
    assert (number.code, number.value, number.unit) == (code, value, unit)
    assert number.name
    assert number.source


def test_every_threshold_but_its_sources_is_a_number() -> None:
    listed = {code for code in NUMBERS if code.startswith("check.")}
    assert "check.sources" not in listed
    assert len(listed) == len(fields(DEFAULT)) - 1
    assert len(NUMBERS) == len(listed) + 9 + 21
    assert NUMBERS["check.skew_s"].source.startswith("现场时钟偏差")
    assert NUMBERS["check.zero_s"].source == "见检查项目录，平台取值"


def test_kinds_of_marks_and_their_allowances() -> None:
    assert {
        kind.code: (kind.group, kind.flag, kind.exempts, kind.stops, kind.yearly_hours, kind.each_hours)
        for kind in KINDS
    } == {
        "maintenance": ("device", "M", True, False, 30, None),
        "calibration": ("device", "C", True, False, None, None),
        "device_fault": ("device", "D", True, False, None, None),
        "standard_check": ("device", "", True, False, None, None),
        "link_fault": ("device", "B", False, False, None, None),
        "stopped": ("production", "F", True, True, None, None),
        "starting": ("production", "", True, False, 60, None),
        "stopping": ("production", "", True, False, 60, None),
        "cooling": ("production", "", True, False, 60, None),
        "baking": ("production", "", True, False, 60, None),
        "production_fault": ("production", "", True, False, 60, 4),
        "accident": ("production", "", True, False, 60, 4),
    }  # fmt: skip
    assert {kind.code for kind in KINDS if kind.yearly_hours == 60} == SHARED_ALLOWANCE
    plain = KindOfMark("x", "", "device")
    assert (plain.exempts, plain.stops) == (True, False)


def test_five_industries_are_bound_from_2023() -> None:
    assert len(SCOPE) == 5
    assert {day.isoformat() for _, day, _ in SCOPE} == {"2023-01-01"}


def test_numbers_reach_the_rules_of_valid_means() -> None:
    assert validity_rules({}) == DEFAULT_RULES
    found = validity_rules({"gas_day_hours": 18.0, "slot_share": 0.6, "furnace_count": 4.0,
                            "water_hour_values": 2.0, "other": 1})  # fmt: skip
    assert (found.gas_day_hours, found.slot_share, found.furnace_count) == (18, 0.6, 4)
    for number in (found.gas_day_hours, found.furnace_count, found.water_hour_values):
        assert isinstance(number, int)
    assert found.gas_hour_share == 0.75


def test_numbers_reach_the_thresholds_of_the_checks() -> None:
    assert thresholds({}) == DEFAULT
    found = thresholds(
        {"check.skew_s": 90.0, "check.step_score": 8.0, "check.sources": 5}
    )
    assert (found.skew_s, found.step_score) == (90, 8.0)
    assert isinstance(found.skew_s, int)
    assert isinstance(found.step_score, float)
    assert found.sources == DEFAULT.sources
