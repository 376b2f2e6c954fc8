"""Pass rates of stations, lines and inspectors against like vehicles.

Failures are compared with what the same mix of vehicles (fuel × stage × age) failed
elsewhere, so a station that tests old diesels is not blamed for them. Fewer failures
than half of the expected, beyond chance, is suspicious; too few data is said so. The
idea is California's Similar Vehicle Failure Rate and Follow-up Pass Rate.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from math import erfc, exp, sqrt

from vehicles.domain.codes import is_diesel
from vehicles.domain.fraud.base import Brief, Finding, Params, brief
from vehicles.domain.inspection.shapes import VehicleTest

STATION, LINE, INSPECTOR = (
    "pass_rate_station",
    "pass_rate_line",
    "pass_rate_inspector",
)
LARGE = 150
"""Means above this are treated by approximation, good to four digits."""
NAMES = {STATION: "检验机构", LINE: "检测线", INSPECTOR: "检验员"}
FIRST, RETEST, FOLLOW_UP = "first", "retest", "follow_up"
MEASURES = {FIRST: "首检", RETEST: "复检", FOLLOW_UP: "合格后下一次检验"}


@dataclass(frozen=True, slots=True)
class RateParams(Params):
    """``ratio`` of expected failures, chance below ``p``, at least ``least`` tests.

    Under ``expected_least`` expected failures nothing can be said. A follow-up is a
    first test at least ``follow_days`` after a pass.
    """

    source: str = "加州 STAR：相似车辆不合格率 ≥50 %（2022-07-01 起）；p 值为平台设置"
    ratio: float = 0.5
    p: float = 0.0005
    least: int = 30
    expected_least: float = 5.0
    follow_days: int = 60
    follow_ratio: float = 1.6


@dataclass(frozen=True, slots=True)
class Rate:
    """Observed against expected failures of one subject.

    ``low`` and ``high`` bound observed/expected with 95 % confidence; ``enough`` says
    whether anything may be concluded.
    """

    tests: int
    failed: int
    expected: float
    low: float
    high: float
    p_few: float
    p_many: float
    enough: bool

    @property
    def ratio(self) -> float:
        """Observed over expected failures."""
        return self.failed / self.expected if self.expected else 0.0


def stratum(test: VehicleTest) -> str:
    """Return the group of like vehicles: fuel, stage and age in bands."""
    vehicle = test.vehicle
    fuel = "柴油" if is_diesel(vehicle.fuel) else "点燃式"
    stage = vehicle.emission_stage if vehicle.emission_stage is not None else "?"
    day = test.started_at or test.ended_at
    if vehicle.registered_on is None or day is None:
        return f"{fuel}/{stage}/?"
    years = (day.date() - vehicle.registered_on).days / 365.25
    band = next((top for top in (6, 10, 15) if years < top), 99)
    return f"{fuel}/{stage}/{band}"


def poisson_cdf(count: int, mean: float) -> float:
    """Return P(X ≤ count) of a Poisson variable; by Wilson and Hilferty if large."""
    if mean <= 0:
        return 1.0
    if count < 0:
        return 0.0
    if mean > LARGE:
        k = count + 1
        z = 3 * sqrt(k) * (1 - 1 / (9 * k) - (mean / k) ** (1 / 3))
        return 0.5 * erfc(-z / sqrt(2))
    term = total = exp(-mean)
    for k in range(1, count + 1):
        term *= mean / k
        total += term
    return min(total, 1.0)


def _bound(count: int, chance: float) -> float:
    """Return the mean at which P(X ≤ count) equals ``chance``."""
    low, high = 0.0, 4.0 * count + 10
    for _ in range(60):
        middle = (low + high) / 2
        if poisson_cdf(count, middle) > chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def rate_of(
    tests: int, failed: int, expected: float, *, least: int, expected_least: float
) -> Rate:
    """Return the comparison with its exact Poisson interval and chances."""
    upper = _bound(failed, 0.025)
    lower = _bound(failed - 1, 0.975) if failed else 0.0
    scale = expected or 1.0
    return Rate(
        tests,
        failed,
        expected,
        lower / scale,
        upper / scale,
        poisson_cdf(failed, expected),
        1 - poisson_cdf(failed - 1, expected) if failed else 1.0,
        tests >= least and expected >= expected_least,
    )


@dataclass(slots=True)
class Tally:
    """Tests and failures by stratum."""

    tests: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    failed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    last: str = ""

    def add(self, group: str, failed: bool, report: str) -> None:
        """Count one test."""
        self.tests[group] += 1
        self.failed[group] += failed
        self.last = report


def expected_failures(mine: Tally, everyone: Tally) -> float:
    """Return how many of ``mine`` would have failed at the others.

    Groups with few tests elsewhere lean on the overall rate (20 tests' worth of it).
    """
    others = sum(everyone.tests.values()) - sum(mine.tests.values())
    failed = sum(everyone.failed.values()) - sum(mine.failed.values())
    overall = failed / others if others else 0.0
    total = 0.0
    for group, count in mine.tests.items():
        n = everyone.tests[group] - count
        f = everyone.failed[group] - mine.failed[group]
        total += count * (f + 20 * overall) / (n + 20)
    return total


class PassRates:
    """Tallies by station, line and inspector for first tests, retests, follow-ups."""

    def __init__(self, params: RateParams) -> None:
        self.params = params
        self.all: dict[str, Tally] = defaultdict(Tally)
        self.subjects: dict[tuple[str, str, str], Tally] = defaultdict(Tally)
        self.vehicles: dict[str, list[tuple[Brief, str, list[tuple[str, str]]]]] = (
            defaultdict(list)
        )

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Count a finished test."""
        if test.verdict.overall not in ("pass", "fail") or test.method == "none":
            return ()
        memory, group = brief(test), stratum(test)
        measure = RETEST if (test.attempt or 1) > 1 else FIRST
        subjects = self._subjects(test)
        self._count(measure, subjects, group, memory)
        if measure == FIRST and memory.vin:
            self.vehicles[memory.vin].append((memory, group, subjects))
        return ()

    def _subjects(self, test: VehicleTest) -> list[tuple[str, str]]:
        person = test.staff.inspector or test.staff.driver
        found = [
            (STATION, test.station),
            (LINE, f"{test.station}/{test.line}"),
        ]
        return found + ([(INSPECTOR, f"{test.station}/{person}")] if person else [])

    def _count(
        self,
        measure: str,
        subjects: list[tuple[str, str]],
        group: str,
        memory: Brief,
    ) -> None:
        failed = memory.outcome == "fail"
        self.all[measure].add(group, failed, memory.report)
        for kind, key in subjects:
            self.subjects[kind, key, measure].add(group, failed, memory.report)

    def _follow_ups(self) -> None:
        wait = timedelta(days=self.params.follow_days)
        for tests in self.vehicles.values():
            tests.sort(key=lambda item: item[0].start)
            for (before, _, subjects), (after, group, _) in zip(
                tests, tests[1:], strict=False
            ):
                if before.outcome == "pass" and after.start - before.end >= wait:
                    self._count(FOLLOW_UP, subjects, group, after)

    def rates(self) -> Iterable[tuple[str, str, str, Rate, str]]:
        """Yield (rule, subject, measure, rate, last report) for every subject."""
        self._follow_ups()
        for (kind, key, measure), mine in self.subjects.items():
            rate = rate_of(
                sum(mine.tests.values()),
                sum(mine.failed.values()),
                expected_failures(mine, self.all[measure]),
                least=self.params.least,
                expected_least=self.params.expected_least,
            )
            yield kind, key, measure, rate, mine.last

    def finish(self) -> Iterable[Finding]:
        """Yield the subjects whose failures are fewer than chance allows."""
        for kind, key, measure, rate, last in self.rates():
            if rate.enough and self._suspect(measure, rate):
                yield describe(kind, key, measure, rate, last)

    def _suspect(self, measure: str, rate: Rate) -> bool:
        if measure == FOLLOW_UP:
            return (
                rate.ratio >= self.params.follow_ratio and rate.p_many < self.params.p
            )
        return rate.ratio <= self.params.ratio and rate.p_few < self.params.p


def describe(
    kind: str, key: str, measure: str, rate: Rate, last: str | None
) -> Finding:
    """Return the finding about a subject, hung on its last report."""
    return Finding(
        last or "",
        kind,
        round(0.6 + 0.3 * abs(1 - min(rate.ratio, 2.0)), 2),
        f"{NAMES[kind]} {key} {MEASURES[measure]} {rate.tests} 次中不合格 {rate.failed} "
        f"次，同类车辆（燃料×阶段×车龄）应约 {rate.expected:.1f} 次，比值 "
        f"{rate.ratio:.2f}（95% 区间 {rate.low:.2f}～{rate.high:.2f}）",
        subject=f"{kind.removeprefix('pass_rate_')}:{key}",
        numbers={
            "measure": measure,
            "tests": rate.tests,
            "failed": rate.failed,
            "expected": round(rate.expected, 1),
        },
    )
