"""What the gases tell: diluted samples, and analysers that do not move."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vehicles.domain.codes import DIESEL_METHODS, GAS_METHODS
from vehicles.domain.fraud.base import Finding, Params, SingleRule, name_of, runs
from vehicles.domain.inspection.process import COLUMNS, Curve
from vehicles.domain.inspection.shapes import VehicleTest

DILUTED, CONSTANT = "low_co_co2", "gas_constant"
RUNNING_RPM = 300.0


@dataclass(frozen=True, slots=True)
class DilutedParams(Params):
    """CO+CO₂ under ``floor_pct`` for ``seconds`` in a row, or for ``share`` of rows.

    Fuel cut-off lowers CO₂ in honest tests: rows while the speed falls, and ``lag_s``
    after that, are left out where the speed is known.
    """

    source: str = "沈阳 V2.4 CoCo2=6；VMASParams COCO2Min=6；FS“co+co2 小于6%,终止检测”"
    floor_pct: float = 6.0
    seconds: int = 8
    share: float = 0.25
    lag_s: int = 8


@dataclass(frozen=True, slots=True)
class ConstantParams(Params):
    """All gases unmoved for ``seconds`` while rpm moves by ``rpm_move``.

    One gas alone counts from ``single_seconds`` on; values at or under ``clean`` (by
    column) are a clean engine, not a stuck analyser.
    """

    source: str = "平台设置（memory）：气体值连续不变 ≥10 s 而转速在变"
    seconds: int = 10
    rpm_move: float = 200.0
    single_seconds: int = 60
    single_rpm_move: float = 500.0
    clean_hc_ppm: float = 12.0
    clean_co_pct: float = 0.05
    clean_no_ppm: float = 8.0
    clean_k_m1: float = 0.05


class Diluted(SingleRule):
    """CO+CO₂ below the floor: probe out, or air let in."""

    params: DilutedParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield a finding for a long or frequent shortfall."""
        curve = test.process
        if test.method not in GAS_METHODS or not curve.has("co2_pct"):
            return
        rpm = curve.values("rpm")
        counted = [
            sampled and not braking
            for sampled, braking in zip(
                curve.sampled(test.method), self._braking(curve), strict=True
            )
        ]
        sums: list[float | None] = []
        for row, (co, co2) in enumerate(
            zip(curve.values("co_pct"), curve.values("co2_pct"), strict=True)
        ):
            turns = rpm[row]
            off = turns is not None and turns < RUNNING_RPM
            skip = co2 is None or off or not counted[row]
            sums.append(None if skip or co2 is None else (co or 0.0) + co2)
        measured = [value for value in sums if value is not None]
        if len(measured) < self.params.seconds:
            return
        low = [value is not None and value < self.params.floor_pct for value in sums]
        start, longest = max(runs(low), key=lambda run: run[1], default=(0, 0))
        share = sum(low) / len(measured)
        if longest < self.params.seconds and share < self.params.share:
            return
        least = min(measured)
        second = curve.times()[start]
        yield Finding(
            name_of(test),
            DILUTED,
            round(min(0.99, 0.65 + 0.35 * share), 2),
            f"取样过程 CO+CO₂ 低于 {self.params.floor_pct:g}% 共 {sum(low)} s"
            f"（占 {share:.0%}，最长连续 {longest} s，最低 {least:.2f}%），"
            f"自第 {second:g} s 起，应中止检测",
            second=second,
            numbers={"rows": sum(low), "longest": longest, "least": round(least, 3)},
        )

    def _braking(self, curve: Curve) -> list[bool]:
        """Return for each row whether fuel may have been cut off at, or before, it."""
        speeds = curve.values("speed_kmh")
        falls = [_falls(speeds, row) for row in range(curve.rows)]
        return [
            any(falls[max(0, row - self.params.lag_s) : row + 1])
            for row in range(curve.rows)
        ]


def _falls(speeds: Sequence[float | None], row: int) -> bool:
    """Return whether the speed falls by more than 1 km/h over the seconds around a row."""
    before, after = speeds[max(row - 1, 0)], speeds[min(row + 1, len(speeds) - 1)]
    return before is not None and after is not None and before - after > 1.0


def _same(values: Sequence[float | None]) -> list[bool]:
    """Return for each row whether it equals the row before."""
    return [False] + [
        a is not None and a == b for a, b in zip(values, values[1:], strict=False)
    ]


class Constant(SingleRule):
    """Analyser values that stand still or are zero while the engine speed moves."""

    params: ConstantParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield at most one finding: all gases, else one gas, else all zero."""
        curve = test.process
        names: tuple[str, ...]
        if test.method in GAS_METHODS:
            names = ("co_pct", "co2_pct", "hc_ppm", "no_ppm")
        elif test.method in DIESEL_METHODS:
            names = ("k_m1", "nox_ppm", "co2_pct")
        else:
            return
        held = [name for name in names if curve.has(name)]
        if not held or not curve.has("rpm"):
            return
        found = (
            self._together(test, held)
            or self._alone(test, held)
            or self._zero(test, held)
        )
        if found is not None:
            yield found

    def _moves(self, curve: Curve, start: int, length: int) -> float:
        turns = [
            v for v in curve.values("rpm")[start : start + length] if v is not None
        ]
        return max(turns) - min(turns) if turns else 0.0

    def _idle_gas(self, name: str, value: float | None) -> bool:
        """Return whether a constant value is what a clean engine may show."""
        clean = {
            "co_pct": self.params.clean_co_pct,
            "hc_ppm": self.params.clean_hc_ppm,
            "no_ppm": self.params.clean_no_ppm,
            "k_m1": self.params.clean_k_m1,
        }
        return value is not None and name in clean and value <= clean[name]

    def _longest(
        self, curve: Curve, still: list[bool], seconds: int, move: float
    ) -> tuple[int, int] | None:
        fit = [
            (start - 1, length + 1)
            for start, length in runs(still)
            if length + 1 >= seconds
            and self._moves(curve, start - 1, length + 1) >= move
        ]
        return max(fit, key=lambda run: run[1], default=None)

    def _together(self, test: VehicleTest, held: list[str]) -> Finding | None:
        curve = test.process
        columns = [_same(curve.values(name)) for name in held]
        still = [all(flags) for flags in zip(*columns, strict=True)]
        run = self._longest(curve, still, self.params.seconds, self.params.rpm_move)
        if run is None or not self._stands_out(still, run):
            return None
        telling = [
            name
            for name in held
            if not self._idle_gas(name, curve.values(name)[run[0]])
        ]
        if not telling:
            return None
        return self._finding(test, run, held, 0.95 if len(held) > 1 else 0.8)

    def _stands_out(self, still: list[bool], run: tuple[int, int]) -> bool:
        """Return whether a run is far longer than the test's other ones.

        Coarse analysers repeat values for some seconds; a stuck one does so for long.
        """
        others = sorted(
            (length + 1 for start, length in runs(still) if start - 1 != run[0]),
            reverse=True,
        )
        usual = others[len(others) // 4] if others else 1
        return run[1] >= 3 * usual

    def _alone(self, test: VehicleTest, held: list[str]) -> Finding | None:
        curve = test.process
        for name in held:
            values = curve.values(name)
            run = self._longest(
                *(curve, _same(values), self.params.single_seconds),
                self.params.single_rpm_move,
            )
            if run is not None and not self._idle_gas(name, values[run[0]]):
                return self._finding(test, run, [name], 0.7)
        return None

    def _zero(self, test: VehicleTest, held: list[str]) -> Finding | None:
        curve = test.process
        names = [name for name in held if name != "co2_pct"]
        if len(names) < 2 or curve.rows < self.params.seconds:
            return None
        if any(value for name in names for value in curve.values(name)):
            return None
        if self._moves(curve, 0, curve.rows) < self.params.rpm_move:
            return None
        return self._finding(test, (0, curve.rows), names, 0.8)

    def _finding(
        self, test: VehicleTest, run: tuple[int, int], names: list[str], score: float
    ) -> Finding:
        curve, (start, length) = test.process, run
        values = "、".join(
            f"{COLUMNS[name].label} {curve.values(name)[start] or 0:g}{COLUMNS[name].unit}"
            for name in names
        )
        second = curve.times()[start]
        moved = self._moves(curve, start, length)
        return Finding(
            name_of(test),
            CONSTANT,
            score,
            f"第 {second:g} s 起连续 {length} s 气体值不变（{values}），"
            f"同时发动机转速变化 {moved:.0f} r/min",
            second=second,
            numbers={"rows": length, "rpm_moved": round(moved)},
        )
