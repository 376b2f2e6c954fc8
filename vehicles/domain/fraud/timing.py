"""Time and cycle: speed tracking, number of rows, and tests that are too short."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from vehicles.domain.codes import METHOD_NAMES, Method
from vehicles.domain.fraud.base import (
    Finding,
    Params,
    SingleRule,
    exceeds,
    name_of,
    runs,
)
from vehicles.domain.inspection.cycle import TARGETS
from vehicles.domain.inspection.process import CYCLE_ROWS, PHASES, Curve
from vehicles.domain.inspection.shapes import VehicleTest

SPEED, ROWS, SHORT = "speed_out_of_tolerance", "rows_not_195", "test_too_short"
CYCLES = (Method.VMAS, Method.TRANSIENT)


@dataclass(frozen=True, slots=True)
class SpeedParams(Params):
    """Off by more than ``tolerance_kmh`` from every set speed within ``tolerance_s``.

    More than ``in_a_row`` seconds at a stretch or ``in_all`` seconds together count.
    Where no set speed was sent, the published cycle stands in, unless the tests of the
    file agree on another one (``peers`` of them); a test that is off it for
    ``other_cycle`` of its time drives another cycle, which cannot be judged.
    """

    source: str = "沈阳 V2.4：连续 3 s 或累计 15 s 超差；±2 km/h、±1 s 属 memory"
    tolerance_kmh: float = 2.0
    tolerance_s: int = 1
    in_a_row: int = 3
    in_all: int = 15
    peers: int = 8
    other_cycle: float = 0.5


@dataclass(frozen=True, slots=True)
class RowParams(Params):
    """Rows the 195 s cycle must have."""

    source: str = "XZ A22：简易瞬态过程数据 195 行"
    rows: int = CYCLE_ROWS


@dataclass(frozen=True, slots=True)
class ShortParams(Params):
    """A test may be shorter than its phases by ``tolerance`` at most.

    Where more than ``usual`` of at least ``peers`` tests of a method are, the equipment
    counts otherwise; then only those under half of the median stand out.
    """

    source: str = "JS 2020-06 阶段时长；柴油方法为平台设置"
    tolerance: float = 0.05
    usual: float = 0.5
    peers: int = 8
    double_idle_s: float = 120.0
    asm_s: float = 25.0
    cycle_s: float = 195.0
    lugdown_s: float = 25.0
    free_acceleration_s: float = 34.0


def cycle_rows(curve: Curve) -> list[int]:
    """Return the rows of the cycle itself: all but those of the preparation."""
    prepared = {phase.code for phase in PHASES[Method.VMAS] if not phase.sampled}
    return [i for i, phase in enumerate(curve.phases) if phase not in prepared]


@dataclass(frozen=True, slots=True)
class _Drive:
    """What is remembered of a test without set speeds: its speeds by second."""

    report: str
    start: float
    speeds: dict[int, float]


class SpeedTracking:
    """The driver must follow the cycle, or the test is void."""

    def __init__(self, params: SpeedParams) -> None:
        self.params = params
        self.drives: list[_Drive] = []

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Yield a finding when a counted test was out of tolerance too long."""
        curve = test.process
        if test.method not in CYCLES or not curve.has("speed_kmh"):
            return
        if test.verdict.overall in ("aborted", "invalid"):
            return
        rows = cycle_rows(curve)
        if not rows:
            return
        times = curve.times()
        given = curve.values("speed_kmh")
        if not curve.has("target_speed_kmh"):
            start = times[rows[0]]
            known = {
                round(times[i] - start): speed
                for i in rows
                if (speed := given[i]) is not None
            }
            self.drives.append(_Drive(name_of(test), start, known))
            return
        targets = [curve.values("target_speed_kmh")[i] or 0.0 for i in rows]
        off = [
            self._off(speed, row, targets)
            for row, speed in enumerate(given[i] for i in rows)
        ]
        yield from self._judge(name_of(test), off, [times[i] for i in rows])

    def finish(self) -> Iterable[Finding]:
        """Yield what the published cycle, or the one most tests drove, tells."""
        targets = self._agreed()
        if targets is None:
            return
        for drive in self.drives:
            seconds = sorted(second for second in drive.speeds if second < len(targets))
            off = [
                self._off(drive.speeds[second], second, targets) for second in seconds
            ]
            away = sum(exceeds(value, 0) for value in off)
            if away < self.params.other_cycle * len(off):
                yield from self._judge(
                    drive.report, off, [drive.start + second for second in seconds]
                )

    def _agreed(self) -> list[float] | None:
        """Return the set speeds: those published, or the median of all tests.

        None when the tests neither drive the published cycle nor agree among themselves.
        """
        published = list(TARGETS)
        if len(self.drives) < self.params.peers:
            return published
        middle, wide = [], []
        for second, target in enumerate(published):
            speeds = [d.speeds[second] for d in self.drives if second in d.speeds]
            speed = median(speeds) if speeds else target
            middle.append(speed)
            wide.append(median(abs(v - speed) for v in speeds) if speeds else 0.0)
        off = [self._off(speed, row, published) for row, speed in enumerate(middle)]
        if sum(exceeds(value, 0) for value in off) <= self.params.in_all:
            return published
        loose = sum(value > self.params.tolerance_kmh / 2 for value in wide)
        return middle if loose < 0.1 * len(middle) else None

    def _judge(
        self, report: str, off: list[float], times: list[float]
    ) -> Iterable[Finding]:
        away = [exceeds(value, 0) for value in off]
        longest = max(runs(away), key=lambda run: run[1], default=(0, 0))
        if longest[1] <= self.params.in_a_row and sum(away) <= self.params.in_all:
            return
        first = longest[0] if longest[1] > self.params.in_a_row else away.index(True)
        yield Finding(
            report,
            SPEED,
            round(min(0.99, 0.7 + 0.01 * sum(away)), 2),
            f"车速超出 ±{self.params.tolerance_kmh:g} km/h 共 {sum(away)} s，最长连续 "
            f"{longest[1]} s（允许连续 {self.params.in_a_row} s、累计 "
            f"{self.params.in_all} s），最大偏差 {max(off) + self.params.tolerance_kmh:.1f} "
            "km/h，检测应作废",
            second=times[first],
            numbers={"rows": sum(away), "longest": longest[1]},
        )

    def _off(self, speed: float | None, row: int, targets: Sequence[float]) -> float:
        """Return by how much a row is beyond tolerance of all set speeds near it.

        Not above 0 where it is within it, or unknown.
        """
        if speed is None:
            return 0.0
        reach = self.params.tolerance_s
        near = targets[max(0, row - reach) : row + reach + 1]
        return max(min(near) - speed, speed - max(near)) - self.params.tolerance_kmh


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


class TooShort:
    """A test that took less time than its phases need."""

    def __init__(self, params: ShortParams) -> None:
        self.params = params
        self.seen: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
        self.needed: dict[str, float] = {
            "double_idle": params.double_idle_s,
            "asm": params.asm_s,
            "vmas": params.cycle_s,
            "transient": params.cycle_s,
            "lugdown": params.lugdown_s,
            "free_acceleration": params.free_acceleration_s,
        }

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Remember how long a test took by the clock and by its process rows."""
        ended = test.verdict.overall in ("aborted", "invalid")
        if test.method not in self.needed or ended:
            return ()
        if test.process.rows or _measured(test):
            for what, seconds in self._times(test):
                self.seen[test.method, what].append((name_of(test), seconds))
        return ()

    def _times(self, test: VehicleTest) -> Iterable[tuple[str, float]]:
        if test.started_at and test.ended_at:
            yield "起止时间相差", (test.ended_at - test.started_at).total_seconds()
        if test.process.rows and test.method not in CYCLES:
            times = test.process.times()
            yield "过程数据只覆盖", max(times) - min(times) + 1

    def finish(self) -> Iterable[Finding]:
        """Yield the tests that are too short, by the worse of both measures."""
        worst: dict[str, Finding] = {}
        for (method, what), rows in self.seen.items():
            needed = self.needed[method]
            bar = needed * (1 - self.params.tolerance)
            typical = median(seconds for _, seconds in rows)
            share = sum(seconds < bar for _, seconds in rows) / len(rows)
            if len(rows) >= self.params.peers and share > self.params.usual:
                bar = typical / 2
            for report, seconds in rows:
                held = worst.get(report)
                shorter = held is None or seconds < float(held.numbers["seconds"])
                if seconds < bar and shorter:
                    worst[report] = self._finding(report, method, what, seconds, needed)
        yield from worst.values()

    def _finding(
        self, report: str, method: str, what: str, seconds: float, needed: float
    ) -> Finding:
        return Finding(
            report,
            SHORT,
            round(min(0.99, 0.75 + 0.25 * (1 - seconds / needed)), 2),
            f"{METHOD_NAMES[Method(method)]}{what} {seconds:g} s，"
            f"短于各阶段所需 {needed:g} s",
            numbers={"seconds": seconds, "needed": needed},
        )


def _measured(test: VehicleTest) -> bool:
    results = test.results
    return any(getattr(results, name) is not None for name in results.__slots__)
