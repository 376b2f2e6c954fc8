"""Time and cycle: speed tracking, number of rows, and tests that are too short."""

from collections.abc import Iterable
from dataclasses import dataclass

from vehicles.domain.codes import METHOD_NAMES, Method
from vehicles.domain.fraud.base import Finding, Params, SingleRule, name_of, runs
from vehicles.domain.inspection.cycle import TARGETS
from vehicles.domain.inspection.process import CYCLE_ROWS, PHASES, Curve
from vehicles.domain.inspection.shapes import VehicleTest

SPEED, ROWS, SHORT = "speed_out_of_tolerance", "rows_not_195", "test_too_short"
CYCLES = (Method.VMAS, Method.TRANSIENT)


@dataclass(frozen=True, slots=True)
class SpeedParams(Params):
    """Off by more than ``tolerance_kmh`` from every set speed within ``tolerance_s``.

    More than ``in_a_row`` seconds at a stretch or ``in_all`` seconds together count.
    """

    source: str = "沈阳 V2.4：连续 3 s 或累计 15 s 超差；±2 km/h、±1 s 属 memory"
    tolerance_kmh: float = 2.0
    tolerance_s: int = 1
    in_a_row: int = 3
    in_all: int = 15


@dataclass(frozen=True, slots=True)
class RowParams(Params):
    """Rows the 195 s cycle must have."""

    source: str = "XZ A22：简易瞬态过程数据 195 行"
    rows: int = CYCLE_ROWS


@dataclass(frozen=True, slots=True)
class ShortParams(Params):
    """A test may be shorter than its phases by ``tolerance`` at most."""

    source: str = "JS 2020-06 阶段时长；柴油方法为平台设置"
    tolerance: float = 0.05
    double_idle_s: float = 120.0
    asm_s: float = 25.0
    cycle_s: float = 195.0
    lugdown_s: float = 25.0
    free_acceleration_s: float = 34.0


def cycle_rows(curve: Curve) -> list[int]:
    """Return the rows of the cycle itself: all but those of the preparation."""
    prepared = {phase.code for phase in PHASES[Method.VMAS] if not phase.sampled}
    return [i for i, phase in enumerate(curve.phases) if phase not in prepared]


class SpeedTracking(SingleRule):
    """The driver must follow the cycle, or the test is void."""

    params: SpeedParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield a finding when a counted test was out of tolerance too long."""
        curve = test.process
        if test.method not in CYCLES or not curve.has("speed_kmh"):
            return
        rows = cycle_rows(curve)
        speed = [curve.values("speed_kmh")[i] for i in rows]
        targets = self._targets(curve, rows)
        off = [self._off(value, row, targets) for row, value in enumerate(speed)]
        away = [value > 0 for value in off]
        longest = max(runs(away), key=lambda run: run[1], default=(0, 0))
        if longest[1] <= self.params.in_a_row and sum(away) <= self.params.in_all:
            return
        first = longest[0] if longest[1] > self.params.in_a_row else away.index(True)
        second = curve.times()[rows[first]]
        yield Finding(
            name_of(test),
            SPEED,
            round(min(0.99, 0.7 + 0.01 * sum(away)), 2),
            f"车速超出 ±{self.params.tolerance_kmh:g} km/h 共 {sum(away)} s，最长连续 "
            f"{longest[1]} s（允许连续 {self.params.in_a_row} s、累计 "
            f"{self.params.in_all} s），最大偏差 {max(off) + self.params.tolerance_kmh:.1f} "
            "km/h，检测应作废",
            second=second,
            numbers={"rows": sum(away), "longest": longest[1]},
        )

    def _targets(self, curve: Curve, rows: list[int]) -> list[float]:
        if curve.has("target_speed_kmh"):
            return [curve.values("target_speed_kmh")[i] or 0.0 for i in rows]
        times = curve.times()
        start = times[rows[0]] if rows else 0.0
        seconds = [round(times[i] - start) for i in rows]
        return [TARGETS[s] if 0 <= s < len(TARGETS) else 0.0 for s in seconds]

    def _off(self, speed: float | None, row: int, targets: list[float]) -> float:
        """Return by how much a row is beyond tolerance of all set speeds near it."""
        if speed is None:
            return 0.0
        reach = self.params.tolerance_s
        near = targets[max(0, row - reach) : row + reach + 1]
        low, high = min(near), max(near)
        return max(low - speed, speed - high, 0.0) - self.params.tolerance_kmh


class RowCount(SingleRule):
    """The 195 s cycle has 195 rows; dropped or repeated rows show editing."""

    params: RowParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield a finding when a finished cycle has another number of rows."""
        if test.method not in CYCLES or not test.process.rows:
            return
        if test.verdict.overall in ("aborted", "invalid"):
            return
        count = len(cycle_rows(test.process))
        if count != self.params.rows:
            yield Finding(
                name_of(test),
                ROWS,
                0.9,
                f"{METHOD_NAMES[Method(test.method)]}过程数据 {count} 行，"
                f"应为 {self.params.rows} 行",
                numbers={"rows": count},
            )


class TooShort(SingleRule):
    """A test that took less time than its phases need."""

    params: ShortParams

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield a finding from the clock, or from the process rows."""
        needed = {
            "double_idle": self.params.double_idle_s,
            "asm": self.params.asm_s,
            "vmas": self.params.cycle_s,
            "transient": self.params.cycle_s,
            "lugdown": self.params.lugdown_s,
            "free_acceleration": self.params.free_acceleration_s,
        }.get(test.method)
        if needed is None or test.verdict.overall in ("aborted", "invalid"):
            return
        if not test.process.rows and not _measured(test):
            return
        least = needed * (1 - self.params.tolerance)
        found = self._times(test)
        short = [(what, seconds) for what, seconds in found if seconds < least]
        if short:
            what, seconds = min(short, key=lambda item: item[1])
            yield Finding(
                name_of(test),
                SHORT,
                round(min(0.99, 0.75 + 0.25 * (1 - max(seconds, 0) / needed)), 2),
                f"{METHOD_NAMES[Method(test.method)]}{what} {seconds:g} s，"
                f"短于各阶段所需 {needed:g} s",
                numbers={"seconds": seconds, "needed": needed},
            )

    def _times(self, test: VehicleTest) -> Iterable[tuple[str, float]]:
        if test.started_at and test.ended_at:
            yield "起止时间相差", (test.ended_at - test.started_at).total_seconds()
        if test.process.rows and test.method not in CYCLES:
            times = test.process.times()
            yield "过程数据只覆盖", max(times) - min(times) + 1


def _measured(test: VehicleTest) -> bool:
    results = test.results
    return any(getattr(results, name) is not None for name in results.__slots__)
