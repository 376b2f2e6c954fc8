"""What one line can do: one test at a time, and only so many a day."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from vehicles.domain.fraud.base import Brief, Finding, Params, brief, clock
from vehicles.domain.inspection.read import BEIJING
from vehicles.domain.inspection.shapes import VehicleTest

OVERLAP, CAPACITY = "line_overlap", "over_capacity"


@dataclass(frozen=True, slots=True)
class OverlapParams(Params):
    """Seconds that two tests of a line may share (clocks, driving off).

    Where most tests of most lines overlap (``usual``, from ``peers`` tests on), the times
    are not those on the line, and nothing follows from them.
    """

    source: str = "V4 联网要求代码 8：一线同时只检一车"
    tolerance_s: float = 30.0
    culprit_overlaps: int = 3
    usual: float = 0.6
    peers: int = 20


@dataclass(frozen=True, slots=True)
class CapacityParams(Params):
    """Most tests of a line in a day and in an hour."""

    source: str = "南京：每线每天最多约 100 辆；每小时上限为平台设置"
    per_day: int = 100
    per_hour: int = 20


class LineOverlap:
    """Two tests at once on one line."""

    def __init__(self, params: OverlapParams) -> None:
        self.params = params
        self.lines: dict[tuple[str, str], list[Brief]] = defaultdict(list)

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Remember when a test was on its line."""
        if test.started_at and test.ended_at and test.ended_at > test.started_at:
            self.lines[test.station, test.line].append(brief(test))
        return ()

    def finish(self) -> Iterable[Finding]:
        """Yield the later of two tests, or the one that overlaps many."""
        found = [
            list(self._pairs(sorted(members, key=lambda item: item.start)))
            for members in self.lines.values()
        ]
        everyone = sum(map(len, self.lines.values()))
        involved = len({id(item) for pairs in found for pair in pairs for item in pair})
        if everyone >= self.params.peers and involved > self.params.usual * everyone:
            return
        for pairs in found:
            degree = Counter(id(item) for pair in pairs for item in pair)
            told: set[str] = set()
            for earlier, later in pairs:
                many = degree[id(earlier)]
                guilty, other = later, earlier
                if many >= self.params.culprit_overlaps and many > degree[id(later)]:
                    guilty, other = earlier, later
                if guilty.report not in told:
                    told.add(guilty.report)
                    yield self._finding(guilty, other)

    def _pairs(self, members: list[Brief]) -> Iterable[tuple[Brief, Brief]]:
        active: list[Brief] = []
        for item in members:
            active = [
                other
                for other in active
                if (other.end - item.start).total_seconds() > self.params.tolerance_s
            ]
            for other in active:
                if other.session != item.session or other.report != item.report:
                    yield other, item
            active.append(item)

    def _finding(self, guilty: Brief, other: Brief) -> Finding:
        start, end = max(guilty.start, other.start), min(guilty.end, other.end)
        seconds = (end - start).total_seconds()
        return Finding(
            guilty.report,
            OVERLAP,
            round(min(0.97, 0.7 + seconds / 1000), 2),
            f"{guilty.line} 线同时检验两车：本次 {clock(guilty.start)} 开始时，"
            f"报告 {other.report} 自 {clock(other.start)} 起在检，重叠 {seconds:.0f} s",
            related=(other.report,),
            numbers={"seconds": seconds},
        )


class OverCapacity:
    """More tests on a line than a day or an hour allows."""

    def __init__(self, params: CapacityParams) -> None:
        self.params = params
        self.lines: dict[tuple[str, str], list[Brief]] = defaultdict(list)

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Remember a test."""
        if test.started_at or test.ended_at:
            self.lines[test.station, test.line].append(brief(test))
        return ()

    def finish(self) -> Iterable[Finding]:
        """Yield a finding for each test of an overfull day or hour."""
        for (_, line), members in self.lines.items():
            told: set[str] = set()
            for unit, limit, form in (
                ("日", self.params.per_day, "%Y-%m-%d"),
                ("小时", self.params.per_hour, "%Y-%m-%d %H"),
            ):
                groups: dict[str, list[Brief]] = defaultdict(list)
                for item in members:
                    groups[item.start.astimezone(BEIJING).strftime(form)].append(item)
                for label, items in groups.items():
                    if len(items) > limit:
                        yield from self._about(line, unit, label, items, limit, told)

    def _about(
        self,
        line: str,
        unit: str,
        label: str,
        items: list[Brief],
        limit: int,
        told: set[str],
    ) -> Iterable[Finding]:
        for item in items:
            if item.report in told:
                continue
            told.add(item.report)
            yield Finding(
                item.report,
                CAPACITY,
                round(min(0.97, 0.6 + 0.3 * (len(items) / limit - 1)), 2),
                f"{line} 线 {label}{'时' if unit == '小时' else ''} 检验 {len(items)} 次，"
                f"超过每{unit} {limit} 次的能力",
                subject=f"line:{item.station}/{line}",
                numbers={"tests": len(items), "limit": limit},
            )
