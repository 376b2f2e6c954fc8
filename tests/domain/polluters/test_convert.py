"""Conversions of HJ 212-2017 appendix D: each formula by hand, and where each stops."""

import pytest

from polluters.domain import convert


@pytest.mark.parametrize(
    ("measured", "reference", "wanted"),
    [
        (15.0, 9.0, 2.0), (9.0, 9.0, 1.0), (0.0, 9.0, 12 / 21), (0.5, 6.0, 15 / 20.5),
        (19.9, 9.0, 12 / 1.1), (20.0, 9.0, None), (20.9, 9.0, None), (-0.1, 9.0, None),
        (None, 9.0, None), (15.0, None, 1.0), (None, None, 1.0), (3.0, 3.0, 1.0),
    ],
)  # fmt: skip
def test_the_oxygen_factor(
    measured: float | None, reference: float | None, wanted: float | None
) -> None:
    found = convert.oxygen_factor(measured, reference)
    assert found == (None if wanted is None else pytest.approx(wanted))


def test_the_guard_is_set_by_the_installation() -> None:
    assert convert.DEFAULT_GUARD.ceiling == 20.0
    guard = convert.OxygenGuard(ceiling=19.0)
    assert convert.oxygen_factor(19.0, 9, guard=guard) is None
    assert convert.oxygen_factor(18.9, 9, guard=guard) == pytest.approx(12 / 2.1)
    assert (
        convert.to_reference_oxygen(50, measured=19, reference=9, guard=guard) is None
    )


def test_a_concentration_at_the_reference_oxygen() -> None:
    assert convert.to_reference_oxygen(50, measured=15, reference=9) == 100
    assert convert.to_reference_oxygen(None, measured=15, reference=9) is None
    assert convert.to_reference_oxygen(50, measured=20.5, reference=9) is None
    assert convert.to_reference_oxygen(50, measured=None, reference=None) == 50


@pytest.mark.parametrize(
    ("measured", "wanted"),
    [(0, 1), (7, 1.5), (20, 21), (20.5, 42), (21, None), (22, None)],
)
def test_excess_air(measured: float, wanted: float | None) -> None:
    assert convert.excess_air(measured) == wanted


@pytest.mark.parametrize(
    ("temperature", "static", "barometric", "wanted"),
    [
        (0, 0, 101_325, 100), (273, 0, 101_325, 200), (-136.5, 0, 101_325, 50),
        (0, 101_325, 101_325, 50), (0, -50_662.5, 101_325, 200), (136.5, 0, 202_650, 75),
        (0, 1, 0, 100 * 101_325), (-272, 0, 101_325, 100 / 273),
        (0, 0, 0, None), (0, -101_325, 101_325, None), (-273, 0, 101_325, None),
        (-300, 0, 101_325, None), (0, 0.5, 0, 100 * 202_650),
    ],
)  # fmt: skip
def test_a_concentration_at_standard_conditions(
    temperature: float, static: float, barometric: float, wanted: float | None
) -> None:
    found = convert.to_standard(
        100, temperature=temperature, static=static, barometric=barometric
    )
    assert found == (None if wanted is None else pytest.approx(wanted))


@pytest.mark.parametrize(
    ("moisture", "wanted"),
    [
        (0, 90),
        (10, 100),
        (55, 200),
        (99, 9000),
        (100, None),
        (-1, None),
        (0.5, 90 / 0.995),
    ],
)
def test_a_concentration_on_dry_gas(moisture: float, wanted: float | None) -> None:
    found = convert.to_dry(90, moisture=moisture)
    assert found == (None if wanted is None else pytest.approx(wanted))


def test_parts_nitrogen_and_flow() -> None:
    assert convert.from_ppm(22.4, molar_mass=64) == pytest.approx(64)
    assert convert.nox_as_no2(30, 5) == pytest.approx(51)
    assert convert.nox_as_no2(0, 5) == 5
    assert convert.wet_flow(velocity=2, area=5) == 36_000


@pytest.mark.parametrize(
    ("temperature", "static", "barometric", "moisture", "wanted"),
    [
        (0, 0, 101_325, 0, 1000), (273, 0, 101_325, 0, 500), (0, 101_325, 101_325, 0, 2000),
        (0, 0, 101_325, 10, 900), (0, 0, 101_325, 99, 10), (273, 0, 202_650, 50, 500),
        (-273, 0, 101_325, 0, None), (-272, 0, 101_325, 0, 273_000),
        (0, 0, 101_325, 100, None), (0, 0, 101_325, -1, None), (0, 0, 101_325, 0.5, 995),
    ],
)  # fmt: skip
def test_the_flow_of_dry_gas_at_standard_conditions(
    temperature: float,
    static: float,
    barometric: float,
    moisture: float,
    wanted: float | None,
) -> None:
    found = convert.dry_standard_flow(
        1000, temperature=temperature, static=static, barometric=barometric, moisture=moisture
    )  # fmt: skip
    assert found == (None if wanted is None else pytest.approx(wanted))


def test_masses_and_volumes() -> None:
    # 50 mg/m3 in 100,000 m3/h are 5 kg an hour.
    assert convert.gas_mass_kg(50, flow=100_000, hours=2) == pytest.approx(10)
    assert convert.water_volume(10, seconds=3600) == pytest.approx(36)
    assert convert.water_mass_kg(30, volume=1000) == pytest.approx(30)


def test_constants_of_appendix_d() -> None:
    assert (convert.AIR_OXYGEN, convert.STANDARD_PRESSURE) == (21, 101_325)
    assert (convert.STANDARD_KELVIN, convert.MOLAR_VOLUME) == (273, 22.4)
    assert pytest.approx(46 / 30) == convert.NO2_OVER_NO
