"""The limits that seed the table, and which of them apply on a day."""

from datetime import date

import pytest

from vehicles.domain.codes import Method
from vehicles.domain.inspection.limits import SEED, Limit, applicable

GB = {"double_idle", "asm", "vmas", "transient"}
UPPER = {
    # method, field: limit a, limit b
    ("double_idle", "low_idle_co_pct"): (0.6, 0.4),
    ("double_idle", "low_idle_hc_ppm"): (80, 40),
    ("double_idle", "high_idle_co_pct"): (0.3, 0.3),
    ("double_idle", "high_idle_hc_ppm"): (50, 30),
    ("asm", "asm5025_co_pct"): (0.50, 0.35),
    ("asm", "asm5025_hc_ppm"): (90, 47),
    ("asm", "asm5025_no_ppm"): (700, 420),
    ("asm", "asm2540_co_pct"): (0.40, 0.30),
    ("asm", "asm2540_hc_ppm"): (80, 44),
    ("asm", "asm2540_no_ppm"): (650, 390),
    ("vmas", "co_g_km"): (8.0, 5.0),
    ("vmas", "hc_g_km"): (1.6, 1.0),
    ("vmas", "nox_g_km"): (1.3, 0.7),
    ("transient", "co_g_km"): (3.5, 2.8),
    ("transient", "hc_nox_g_km"): (1.5, 1.2),
    ("free_acceleration", "k_mean_m1"): (1.2, 0.7),
    ("lugdown", "k100_m1"): (1.2, 0.7),
    ("lugdown", "k80_m1"): (1.2, 0.7),
    ("lugdown", "nox80_ppm"): (1500, 900),
    ("ringelmann", "ringelmann_level"): (1, 1),
}


def test_upper_limits_of_variants_a_and_b() -> None:
    found = {
        (limit.method, limit.field, limit.variant): limit.most
        for limit in SEED
        if limit.least is None
    }
    assert found == {
        (*key, variant): most
        for key, pair in UPPER.items()
        for variant, most in zip("ab", pair, strict=True)
    }


@pytest.mark.parametrize("variant", ["a", "b"])
def test_lambda_has_two_bounds_and_wheel_power_a_share_of_the_rated(
    variant: str,
) -> None:
    rows = [one for one in SEED if one.least is not None and one.variant == variant]
    assert [(one.field, one.least, one.most, one.of_rated) for one in rows] == [
        ("lambda_value", 0.95, 1.05, False),
        ("max_wheel_power_kw", 0.4, None, True),
    ]


def test_a_limit_names_its_standard_and_when_it_began() -> None:
    for one in SEED:
        standard = "GB 18285-2018" if one.method in GB else "GB 3847-2018"
        assert (one.standard, one.valid_from) == (standard, date(2019, 5, 1))
        assert one.of_rated is (one.field == "max_wheel_power_kw")


def limit(field: str, most: float, day: int, **more: str) -> Limit:
    given = {"method": "vmas", "variant": "a"} | more
    return Limit(
        given["method"],
        field,
        given["variant"],
        None,
        most,
        "",
        "",
        date(2026, 1, day),
        "",
    )


@pytest.mark.parametrize(
    ("day", "most"), [(9, []), (10, [1]), (19, [1]), (20, [2]), (31, [2])]
)
def test_the_latest_limit_that_has_begun_applies(day: int, most: list[float]) -> None:
    rows = [limit("co_g_km", 1, 10), limit("co_g_km", 2, 20)]
    for order in (rows, rows[::-1]):
        found = applicable(order, method="vmas", variant="a", on=date(2026, 1, day))
        assert [one.most for one in found] == most


def test_of_two_that_begin_on_one_day_the_later_row_applies() -> None:
    rows = [limit("co_g_km", 1, 10), limit("co_g_km", 2, 10)]
    found = applicable(rows, method="vmas", variant="a", on=date(2026, 1, 10))
    assert [one.most for one in found] == [2]


def test_only_limits_of_the_method_and_the_variant_apply() -> None:
    rows = [
        limit("co_g_km", 1, 1),
        limit("co_g_km", 2, 1, variant="b"),
        limit("co_g_km", 3, 1, method="transient"),
        limit("hc_g_km", 4, 1),
    ]
    found = applicable(rows, method="vmas", variant="a", on=date(2026, 1, 1))
    assert [one.most for one in found] == [1, 4]
    assert limit("co_g_km", 1, 1).of_rated is False
    assert set(Method) == {one.method for one in SEED}
