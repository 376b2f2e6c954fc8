"""Copied environment values: the same temperature, humidity and pressure again."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from vehicles.domain.fraud.base import Brief, Finding, Params, brief, clock
from vehicles.domain.inspection.shapes import VehicleTest

CODE = "environment_copied"
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class EnvironmentParams(Params):
    """``least`` tests with equal values that lie at least ``minutes`` apart in all.

    Values without decimals say less, so ``coarse_least`` of them are needed. Where at
    least ``peer_share`` of the tests of most stations repeat like this, the equipment
    reports so everywhere and nobody stands out.
    """

    source: str = "平台设置（memory）：多车温湿压完全相同"
    least: int = 4
    coarse_least: int = 15
    minutes: float = 30.0
    peer_share: float = 0.5
    peer_stations: int = 3


class CopiedEnvironment:
    """Group tests by their exact weather values."""

    def __init__(self, params: EnvironmentParams) -> None:
        self.params = params
        self.groups: dict[Triple, list[Brief]] = defaultdict(list)
        self.counts: dict[str, int] = defaultdict(int)

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Remember a test's weather values."""
        weather = test.environment
        if (
            weather.temperature_c is None
            or weather.humidity_pct is None
            or weather.pressure_kpa is None
        ):
            return ()
        triple = (weather.temperature_c, weather.humidity_pct, weather.pressure_kpa)
        self.groups[triple].append(brief(test))
        self.counts[test.station] += 1
        return ()

    def finish(self) -> Iterable[Finding]:
        """Yield a finding for each test of a group that is too large."""
        found = {
            triple: members
            for triple, members in self.groups.items()
            if self._suspect(triple, members)
        }
        if self._common(found.values()):
            return
        for triple, members in found.items():
            yield from self._about(triple, members)

    def _suspect(self, triple: Triple, members: list[Brief]) -> bool:
        coarse = all(value == int(value) for value in triple)
        least = self.params.coarse_least if coarse else self.params.least
        if len({member.vin for member in members}) < least:
            return False
        starts = [member.start for member in members]
        span = (max(starts) - min(starts)).total_seconds() / 60
        return span >= self.params.minutes

    def _common(self, groups: Iterable[list[Brief]]) -> bool:
        repeated: dict[str, int] = defaultdict(int)
        for members in groups:
            for member in members:
                repeated[member.station] += 1
        shares = sorted(
            repeated[station] / count for station, count in self.counts.items()
        )
        enough = len(shares) >= self.params.peer_stations
        return enough and shares[len(shares) // 2] >= self.params.peer_share

    def _about(self, triple: Triple, members: list[Brief]) -> Iterable[Finding]:
        members = sorted(members, key=lambda member: member.start)
        places = len({(member.station, member.line) for member in members})
        first, last = members[0].start, members[-1].start
        for member in members:
            yield Finding(
                member.report,
                CODE,
                round(min(0.98, 0.6 + 0.03 * len(members)), 2),
                f"温度 {triple[0]:g} ℃、湿度 {triple[1]:g}%、气压 {triple[2]:g} kPa 在 "
                f"{clock(first)} 至 {clock(last)} 的 {len(members)} 次检验（{places} 条线）"
                "中完全相同",
                related=tuple(o.report for o in members if o is not member)[:20],
                numbers={"tests": len(members), "lines": places},
            )
