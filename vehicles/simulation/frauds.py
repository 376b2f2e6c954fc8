"""Plant known frauds into honest tests; every plant says which reports it touched."""

from collections.abc import Callable

from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.simulation import frauds_alone as alone
from vehicles.simulation import frauds_among as among
from vehicles.simulation.planter import Planted, Planter

__all__ = ["FRAUDS", "Planted", "Planter", "plant"]

FRAUDS: dict[str, Callable[[Planter, int], None]] = {
    "substitute": alone.substitute,
    "foreign_vin": alone.foreign_vin,
    "ratio_drift": alone.ratio_drift,
    "power_faked": alone.power_faked,
    "low_co2": alone.low_co2,
    "bad_driving": alone.bad_driving,
    "dropped_rows": alone.dropped_rows,
    "too_short": alone.too_short,
    "stuck_analyser": alone.stuck_analyser,
    "copied_environment": among.copied_environment,
    "overlapping": among.overlapping,
    "rolled_back": among.rolled_back,
    "fast_retest": among.fast_retest,
    "many_retests": among.many_retests,
    "shopping": among.shopping,
    "electric": alone.electric,
    "cal_overdue": alone.cal_overdue,
    "copied_curve": among.copied_curve,
    "capacity": among.capacity,
}


def plant(
    tests: list[VehicleTest], *, seed: int, each: int, kinds: list[str] | None = None
) -> Planted:
    """Plant ``each`` tests of every kind of fraud; the same seed plants the same."""
    planter = Planter(tests, seed)
    for name in kinds or list(FRAUDS):
        FRAUDS[name](planter, each)
    return planter.result()
