"""One CALID+CVN on unlike vehicles: one substitute plugged in for many (替代 OBD).

Vehicles of one model share their software lawfully, so only unlike vehicles count. Seen
in 兴2221环罚〔2025〕5号 (7,979 reports with one CALID and CVN).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from vehicles.domain.fraud.base import (
    Finding,
    Params,
    brief,
    exceeds,
    name_of,
    vehicle_key,
)
from vehicles.domain.inspection.shapes import Vehicle, VehicleTest

CODE = "calid_cvn_shared"


@dataclass(frozen=True, slots=True)
class CalidParams(Params):
    """``unlike_least`` groups of unlike vehicles make a finding.

    From ``whole_group`` tests on, all of them are named; below that the first is taken
    as the rightful owner. Where more than ``usual`` of at least ``peers`` vehicles share
    with unlike ones, the file names software by other rules than vehicles carry it, and
    only groups ``outlier`` times as large as usual count.
    """

    source: str = "兴2221环罚〔2025〕5号；澜沧、开封、诸暨同类案件"
    unlike_least: int = 2
    whole_group: int = 4
    litres_tolerance: float = 0.05
    usual: float = 0.6
    peers: int = 20
    outlier: float = 5.0


@dataclass(slots=True)
class _Seen:
    report: str
    vin: str
    at: datetime
    maker: str
    model: str
    engine: str
    fuel: str
    litres: float | None

    @property
    def kind(self) -> str:
        return f"{self.maker}/{self.model}"


def _trivial(code: str) -> bool:
    plain = "".join(char for char in code.upper() if char.isalnum())
    return len(plain) < 4 or len(set(plain)) < 2 or plain in ("NULL", "NONE", "UNKNOWN")


def _seen(test: VehicleTest) -> _Seen:
    vehicle: Vehicle = test.vehicle
    named = bool(vehicle.brand or vehicle.model)
    memory = brief(test)
    return _Seen(
        name_of(test),
        vehicle_key(test),
        memory.start,
        (vehicle.brand or vehicle.vin[:3]).upper()
        if named
        else vehicle.vin[:8].upper(),
        vehicle.model.upper(),
        vehicle.engine_model.upper(),
        vehicle.fuel,
        vehicle.displacement_l,
    )


class SharedCalid:
    """Collect vehicles by CALID and CVN."""

    def __init__(self, params: CalidParams) -> None:
        self.params = params
        self.groups: dict[tuple[str, str], list[_Seen]] = defaultdict(list)
        self.kinds: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)

    def see(self, test: VehicleTest) -> Iterable[Finding]:
        """Remember the engine control units of a test."""
        for ecu in test.obd.ecus:
            if (
                ecu.unit not in ("engine", "")
                or _trivial(ecu.calid)
                or _trivial(ecu.cvn)
            ):
                continue
            key = (ecu.calid.upper(), ecu.cvn.upper())
            seen = _seen(test)
            self.groups[key].append(seen)
            self.kinds[seen.kind][key] += 1
        return ()

    def like(self, a: _Seen, b: _Seen) -> bool:
        """Return whether two vehicles may lawfully carry the same software."""
        if a.vin == b.vin or (a.kind == b.kind and a.model):
            return True
        if a.engine and a.engine == b.engine:
            return True
        if a.maker != b.maker or a.fuel != b.fuel:
            return False
        if a.litres and b.litres:
            apart = abs(a.litres - b.litres) / max(a.litres, b.litres)
            return not exceeds(apart, self.params.litres_tolerance)
        return not (a.model and b.model)

    def finish(self) -> Iterable[Finding]:
        """Yield findings for every group of unlike vehicles."""
        found = {}
        for key, members in self.groups.items():
            clusters = self._clusters(members)
            if len(clusters) >= self.params.unlike_least:
                found[key] = clusters
        least = self._least(found)
        for key, clusters in found.items():
            if len(self.groups[key]) >= least:
                yield from self._about(key, self.groups[key], clusters)

    def _clusters(self, members: list[_Seen]) -> list[list[_Seen]]:
        clusters: list[list[_Seen]] = []
        for seen in members:
            home = next((c for c in clusters if self.like(c[0], seen)), None)
            if home is None:
                clusters.append([seen])
            else:
                home.append(seen)
        return clusters

    def _least(self, found: Iterable[tuple[str, str]]) -> float:
        """Return the size from which a group counts."""
        everyone = {seen.vin for members in self.groups.values() for seen in members}
        sizes = [len(self.groups[key]) for key in found]
        sharing = {seen.vin for key in found for seen in self.groups[key]}
        rare = len(sharing) <= self.params.usual * len(everyone)
        if not sizes or rare or len(everyone) < self.params.peers:
            return 0.0
        return self.params.outlier * median(sizes)

    def _about(
        self, key: tuple[str, str], members: list[_Seen], clusters: list[list[_Seen]]
    ) -> Iterable[Finding]:
        innocent = self._owner(key, clusters)
        if innocent is None and len(members) < self.params.whole_group:
            innocent = [min(members, key=lambda seen: seen.at)]
        spared = {id(seen) for seen in innocent or ()}
        makers = "、".join(
            sorted({cluster[0].kind.strip("/") for cluster in clusters})[:4]
        )
        vehicles = len({seen.vin for seen in members})
        for seen in members:
            if id(seen) not in spared:
                yield Finding(
                    seen.report,
                    CODE,
                    round(min(0.99, 0.6 + 0.06 * vehicles + 0.05 * len(clusters)), 2),
                    f"CALID {key[0]}、CVN {key[1]} 出现在 {vehicles} 辆车的 {len(members)} 份"
                    f"报告中，涉及 {len(clusters)} 类不同车型（{makers}）",
                    related=tuple(o.report for o in members if o is not seen)[:20],
                    numbers={"vehicles": vehicles, "kinds": len(clusters)},
                )

    def _owner(
        self, key: tuple[str, str], clusters: list[list[_Seen]]
    ) -> list[_Seen] | None:
        """Return the cluster whose model carries this software elsewhere too."""
        owners = []
        for cluster in clusters:
            vins = {seen.vin for seen in cluster}
            here = sum(
                self.kinds[kind][key] for kind in {seen.kind for seen in cluster}
            )
            total = sum(
                sum(self.kinds[kind].values())
                for kind in {seen.kind for seen in cluster}
            )
            if len(vins) >= 2 and here >= 0.5 * total:
                owners.append(cluster)
        return owners[0] if len(owners) == 1 else None
