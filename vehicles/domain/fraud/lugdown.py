"""Lugdown: engine-to-roller ratio, wheel power, rated power.

Three rules about the same test: the speed ratio must hold from the power scan to the end
(gear change, clutch slip or a foreign rpm signal breaks it), the wheel power must reach
40 % of the rated power, and the rated power must be that of the registration.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from vehicles.domain.fraud.base import (
    Finding,
    Params,
    SingleRule,
    exceeds,
    name_of,
    runs,
    vehicle_key,
)
from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.shapes import VehicleTest

RATIO, POWER, RATED = (
    "rpm_roller_ratio_drift",
    "wheel_power_low",
    "rated_power_mismatch",
)
LOADED = ("power_scan", "point_100", "point_80")


@dataclass(frozen=True, slots=True)
class RatioParams(Params):
    """A drift beyond ``tolerance`` for ``seconds`` rows in a row is a finding."""

    source: str = "咸环(隽)罚〔2024〕7号：功率扫描至结束，转速比变化超过 ±5 % 应中止"
    tolerance: float = 0.05
    seconds: int = 3
    least_speed_kmh: float = 10.0
    reference_rows: int = 5


@dataclass(frozen=True, slots=True)
class PowerParams(Params):
    """``share`` of the rated power that the wheels must reach."""

    source: str = "闽明环罚〔2024〕156号：最大轮边功率不低于额定功率的 40 %"
    share: float = 0.4


@dataclass(frozen=True, slots=True)
class RatedParams(Params):
    """Relative ``tolerance``; ``peers`` like vehicles stand in for a registration."""

    source: str = "闽明环罚〔2024〕156号：录入额定功率与登记不符（50/103、60/120 kW）"
    tolerance: float = 0.1
    peers: int = 4
    agreement: float = 0.8


def loaded_rows(curve: Curve, least_speed: float) -> list[int]:
    """Return the rows from the power scan to the end, in which the wheels turn.

    Without phases the scan starts where the speed is highest.
    """
    speeds = curve.values("speed_kmh")
    if any(phase in LOADED for phase in curve.phases):
        rows = [i for i, phase in enumerate(curve.phases) if phase in LOADED]
    else:
        top = max(range(curve.rows), key=lambda i: speeds[i] or 0.0, default=0)
        power = curve.values("power_kw")
        most = max((value or 0.0 for value in power), default=0.0)
        loaded = (i for i in range(top, curve.rows) if (power[i] or 0.0) >= most / 10)
        rows = list(loaded) if most > 0 else list(range(top, curve.rows))
    return [i for i in rows if (speeds[i] or 0.0) >= least_speed]


class RatioDrift(SingleRule):
    """Engine rpm ÷ roller rpm from the power scan to the end."""

    params: RatioParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield a finding when the ratio leaves its band around the scan's start."""
        curve = test.process
        if test.method != "lugdown" or not curve.has("rpm"):
            return
        ratios = self._ratios(curve)
        if len(ratios) < self.params.reference_rows + self.params.seconds:
            return
        base = median(ratio for _, ratio in ratios[: self.params.reference_rows])
        off = [ratio / base - 1 for _, ratio in ratios]
        away = [exceeds(abs(value), self.params.tolerance) for value in off]
        found = [run for run in runs(away) if run[1] >= self.params.seconds]
        if not found:
            return
        start = found[0][0]
        worst = max(off, key=abs)
        length = sum(size for _, size in found)
        second = curve.times()[ratios[start][0]]
        yield Finding(
            name_of(test),
            RATIO,
            round(min(0.99, 0.6 + abs(worst) * 2), 2),
            f"加载减速第 {second:g} s 起发动机与滚筒转速比偏离功率扫描开始值超过 "
            f"±{self.params.tolerance:.0%} 共 {length} s，最大偏离 {worst:+.1%}",
            second=second,
            numbers={"base": round(base, 3), "worst": round(worst, 4), "rows": length},
        )

    def _ratios(self, curve: Curve) -> list[tuple[int, float]]:
        rpm = curve.values("rpm")
        wheel = curve.values("roller_rpm" if curve.has("roller_rpm") else "speed_kmh")
        found = []
        for i in loaded_rows(curve, self.params.least_speed_kmh):
            engine, roller = rpm[i], wheel[i]
            if engine and roller:
                found.append((i, engine / roller))
        return found


class WheelPower(SingleRule):
    """Largest wheel power against the rated power."""

    params: PowerParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield a finding unless the test was failed for it, as it should be."""
        rated = test.registration.rated_power_kw or test.vehicle.rated_power_kw
        if test.method != "lugdown" or not rated or test.verdict.overall == "fail":
            return
        given = test.results.max_wheel_power_kw
        measured = [
            value
            for value, counted in zip(
                test.process.values("power_kw"),
                test.process.sampled(test.method),
                strict=True,
            )
            if value is not None and counted
        ]
        shown = max(measured, default=None)
        known = [value for value in (given, shown) if value is not None]
        if not known or not exceeds(self.params.share * rated, min(known)):
            return
        power = min(known)
        what = "上报" if power == given else "过程数据中"
        yield Finding(
            name_of(test),
            POWER,
            round(min(0.99, 0.7 + (self.params.share - power / rated)), 2),
            f"{what}最大轮边功率 {power:g} kW，仅为额定功率 {rated:g} kW 的 "
            f"{power / rated:.0%}，低于 {self.params.share:.0%} 仍未判不合格",
            numbers={"power": power, "rated": rated},
        )


class RatedPower:
    """Entered rated power against registration, own history and like vehicles."""

    def __init__(self, params: RatedParams) -> None:
        self.params = params
        self.models: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
        self.vehicles: dict[str, list[tuple[str, float]]] = defaultdict(list)
        self.done: set[str] = set()

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Compare with the registration at once; remember for the rest."""
        entered = test.vehicle.rated_power_kw
        if not entered:
            return
        report, known = name_of(test), test.registration.rated_power_kw
        if known:
            if self._differs(entered, known):
                self.done.add(report)
                yield self._finding(report, entered, known, "登记", 0.95)
        else:
            self.vehicles[vehicle_key(test)].append((report, entered))
        vehicle = test.vehicle
        if vehicle.model:
            key = f"{vehicle.brand}/{vehicle.model}/{vehicle.engine_model}".upper()
            self.models[key].append((report, vehicle_key(test), known or entered))

    def _differs(self, entered: float, known: float) -> bool:
        return exceeds(abs(entered / known - 1), self.params.tolerance)

    def _finding(
        self, report: str, entered: float, known: float, what: str, score: float
    ) -> Finding:
        return Finding(
            report,
            RATED,
            score,
            f"录入额定功率 {entered:g} kW，{what}为 {known:g} kW，"
            f"相差 {entered / known - 1:+.0%}",
            numbers={"entered": entered, "known": known},
        )

    def finish(self) -> Iterable[Finding]:
        """Yield entries that differ from most like vehicles, or from other tests."""
        for rows in self.models.values():
            by_vehicle: dict[str, list[float]] = defaultdict(list)
            for _, vin, power in rows:
                by_vehicle[vin].append(power)
            typical = median(median(powers) for powers in by_vehicle.values())
            agreeing = sum(
                not self._differs(median(powers), typical)
                for powers in by_vehicle.values()
            )
            enough = agreeing >= max(
                self.params.peers, self.params.agreement * len(by_vehicle)
            )
            if enough:
                yield from self._unlike(rows, typical, "同型号车辆", 0.75)
        for vin, powers in self.vehicles.items():
            if len(powers) >= 3:
                typical = median(power for _, power in powers)
                rows = [(report, vin, power) for report, power in powers]
                yield from self._unlike(rows, typical, "该车其他检验", 0.75)

    def _unlike(
        self,
        rows: list[tuple[str, str, float]],
        typical: float,
        what: str,
        score: float,
    ) -> Iterable[Finding]:
        for report, _, power in rows:
            if report not in self.done and self._differs(power, typical):
                self.done.add(report)
                yield self._finding(report, power, typical, what, score)
