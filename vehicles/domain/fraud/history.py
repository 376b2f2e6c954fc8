"""What a vehicle's own tests tell: mileage, quick passes, retests, station shopping."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from vehicles.domain.fraud.base import Brief, Finding, Params, brief, clock
from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.inspection.shapes import VehicleTest

ODOMETER, FAST, MANY, SHOPPING = (
    "odometer_backwards",
    "fast_retest",
    "many_retests",
    "station_shopping",
)


@dataclass(frozen=True, slots=True)
class OdometerParams(Params):
    """Kilometres that a reading may lie under an earlier one (rounding, typing)."""

    source: str = "平台设置（memory）：里程倒退"
    tolerance_km: float = 50.0


@dataclass(frozen=True, slots=True)
class FastParams(Params):
    """Fail to pass in fewer than ``minutes``."""

    source: str = "平台设置（memory）：不合格后 10 分钟内合格"
    minutes: float = 10.0


@dataclass(frozen=True, slots=True)
class ManyParams(Params):
    """More than ``retests`` retests of a vehicle in a day."""

    source: str = "平台设置（memory）：一日复检超过 3 次"
    retests: int = 3


@dataclass(frozen=True, slots=True)
class ShoppingParams(Params):
    """Failed at one station, tested at another within ``days``."""

    source: str = "UP 上报规范：两个月内他站不合格不得跨站复检"
    days: int = 60


@dataclass(slots=True)
class _PerVehicle:
    """Tests by vehicle; the base of the rules below."""

    params: object
    vehicles: dict[str, list[Brief]] = field(default_factory=lambda: defaultdict(list))

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Remember a test under its vehicle."""
        memory = brief(test)
        if memory.vin and (test.started_at or test.ended_at):
            self.vehicles[memory.vin].append(memory)
        return ()

    def finish(self) -> Iterable[Finding]:
        """Yield the findings of every vehicle."""
        for members in self.vehicles.values():
            yield from self.about(sorted(members, key=lambda item: item.start))

    def about(self, tests: list[Brief]) -> Iterable[Finding]:
        """Yield the findings of one vehicle's tests in order of time."""
        raise NotImplementedError


class Odometer(_PerVehicle):
    """A mileage under an earlier one."""

    params: OdometerParams

    def about(self, tests: list[Brief]) -> Iterable[Finding]:
        """Compare each reading with the highest before it that others support."""
        read = [(item.odometer, item) for item in tests if item.odometer is not None]
        for index, (km, item) in enumerate(read):
            earlier = [held for held in read[:index] if not self._typo(*held, read)]
            if not earlier:
                continue
            most, top = max(earlier, key=lambda held: held[0])
            back = most - km
            if back > self.params.tolerance_km:
                yield Finding(
                    item.report,
                    ODOMETER,
                    round(min(0.95, 0.65 + back / 100_000), 2),
                    f"里程 {km:,.0f} km，低于 {clock(top.start)} 报告 {top.report}"
                    f" 的 {most:,.0f} km，倒退 {back:,.0f} km",
                    related=(top.report,),
                    numbers={"back_km": back},
                )

    def _typo(
        self, km: float, item: Brief, read: Iterable[tuple[float, Brief]]
    ) -> bool:
        """Return whether a reading is about ten times all that came after it."""
        later = [other for other, o in read if o.start > item.start]
        return len(later) >= 2 and km > 5 * max(later)


class FastRetest(_PerVehicle):
    """Failed, and passed minutes later."""

    params: FastParams

    def about(self, tests: list[Brief]) -> Iterable[Finding]:
        """Yield passes that follow a failure too soon."""
        for before, after in zip(tests, tests[1:], strict=False):
            gap = (after.start - before.end).total_seconds() / 60
            if (before.outcome, after.outcome) != ("fail", "pass"):
                continue
            if gap < self.params.minutes:
                yield Finding(
                    after.report,
                    FAST,
                    round(min(0.95, 0.65 + 0.03 * (self.params.minutes - gap)), 2),
                    f"{clock(before.end)} 不合格（报告 {before.report}），"
                    f"{max(gap, 0):.1f} 分钟后开始复检并合格，短于 "
                    f"{self.params.minutes:g} 分钟",
                    related=(before.report,),
                    numbers={"minutes": round(gap, 1)},
                )


class ManyRetests(_PerVehicle):
    """Too many tests of one vehicle in a day."""

    params: ManyParams

    def about(self, tests: list[Brief]) -> Iterable[Finding]:
        """Yield every test of a day with too many of them."""
        days: dict[str, list[Brief]] = defaultdict(list)
        for item in tests:
            days[f"{item.start.astimezone(BEIJING):%Y-%m-%d}"].append(item)
        for day, items in days.items():
            retests = len(items) - 1
            if retests <= self.params.retests:
                continue
            outcomes = "、".join(_word(item.outcome) for item in items[:8])
            for item in items:
                yield Finding(
                    item.report,
                    MANY,
                    round(min(0.95, 0.6 + 0.05 * retests), 2),
                    f"该车 {day} 检验 {len(items)} 次（复检 {retests} 次，上限 "
                    f"{self.params.retests} 次），结论依次为 {outcomes}",
                    related=tuple(o.report for o in items if o is not item)[:20],
                    numbers={"retests": retests},
                )


class StationShopping(_PerVehicle):
    """Failed at one station and tested at another."""

    params: ShoppingParams

    def about(self, tests: list[Brief]) -> Iterable[Finding]:
        """Yield tests at another station while a failure is open."""
        failed: Brief | None = None
        for item in tests:
            if failed is not None and item.station != failed.station:
                days = (item.start - failed.end) / timedelta(days=1)
                if days <= self.params.days:
                    yield self._finding(item, failed, days)
            if item.outcome == "fail" and (
                failed is None or item.station == failed.station
            ):
                failed = item
            elif item.outcome == "pass":
                failed = None

    def _finding(self, item: Brief, failed: Brief, days: float) -> Finding:
        return Finding(
            item.report,
            SHOPPING,
            0.85 if item.outcome == "pass" else 0.6,
            f"{clock(failed.end)} 在机构 {failed.station} 不合格（报告 {failed.report}），"
            f"{days:.1f} 天后换到机构 {item.station} 检验，结论{_word(item.outcome)}",
            related=(failed.report,),
            numbers={"days": round(days, 1)},
        )


def _word(outcome: str) -> str:
    words = {"pass": "合格", "fail": "不合格", "aborted": "中止", "invalid": "无效"}
    return words.get(outcome, outcome or "未定")
