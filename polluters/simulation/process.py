"""What an outlet emits at any moment: load, oxygen, flow, concentrations, flags.

Quantities hang together as in a real plant: more load, more flow and less oxygen;
NOx follows the furnace; a converted value is the measured one at reference oxygen
(HJ 212-2017 D.2: C × (21 − O2ref) / (21 − O2)); water analysers work in batches and
hold their value until the next.
"""

import math
import zlib
from dataclasses import dataclass, field
from datetime import datetime

from polluters.domain.hj212 import BEIJING
from polluters.simulation.noise import smooth, wander
from polluters.simulation.scenario import Effect, Episode
from polluters.simulation.specs import OutletSpec, PointSpec

DAY = 86_400
CONTINUOUS = frozenset({"a01012", "a01013", "a01014", "w01001", "w01010", "a01901"})
FLOWS = frozenset({"a00000", "w00000", "a01011"})
FURNACE = frozenset({"a21002", "a21026", "a21005"})
# Hours of the day at which a kind works less (heating works more at night).
NIGHT_DIP = {
    "food": 0.55,
    "paper": 0.15,
    "chemical": 0.1,
    "sewage": 0.35,
    "power": 0.18,
    "incinerator": 0.05,
    "kiln": 0.04,
    "cooler": 0.04,
    "coal_boiler": -0.15,
    "gas_boiler": -0.2,
}


@dataclass(slots=True)
class Sample:
    """What is measured at one moment; ``converted`` only where it applies."""

    value: float
    converted: float | None
    flag: str


@dataclass(slots=True)
class OutletProcess:
    """One outlet's behaviour; ``start`` is when the scenario begins."""

    spec: OutletSpec
    seed: int
    start: datetime
    episodes: tuple[Episode, ...] = ()
    _points: dict[str, PointSpec] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._points = {point.code: point for point in self.spec.points}

    def online(self, moment: datetime) -> bool:
        """Whether the logger has a connection."""
        return self._progress(Effect.OFFLINE, moment) is None

    def measure(self, moment: datetime) -> dict[str, Sample]:
        """Return every point's sample by code, in the points' own units."""
        seconds = moment.timestamp()
        load = self._load(moment)
        result: dict[str, Sample] = {}
        oxygen = self._oxygen(seconds, load, moment)
        for point in self.spec.points:
            value = self._value(point, seconds, load, oxygen, moment)
            result[point.code] = Sample(value, None, "N")
        self._tamper(result, moment)
        self._flag(result, moment)
        for point in self.spec.points:
            if point.converted:
                self._convert(result, point, oxygen, moment)
        return result

    def sampled_at(self, point: PointSpec, moment: datetime) -> datetime | None:
        """Return when a batch analyser drew the sample it shows now."""
        if not point.batch_minutes:
            return None
        period = point.batch_minutes * 60
        stamp = math.floor(moment.timestamp() / period) * period
        return datetime.fromtimestamp(stamp, tz=BEIJING)

    # --- the plant ------------------------------------------------------------

    def _seed(self, name: str) -> int:
        return self.seed ^ zlib.crc32(name.encode()) << 16

    def _load(self, moment: datetime) -> float:
        """Return the load, about 0.35 to 1.1."""
        local = moment.astimezone(BEIJING)
        hour = local.hour + local.minute / 60 + local.second / 3600
        dip = NIGHT_DIP.get(self.spec.kind, 0.1)
        day = 0.5 - 0.5 * math.cos((hour - 3) / 24 * 2 * math.pi)
        noise = 0.05 * wander(self._seed("load"), moment.timestamp())
        return max(0.3, 0.95 - dip * (1 - day) + noise)

    def _oxygen(self, seconds: float, load: float, moment: datetime) -> float:
        point = self._points.get("a19001")
        if point is None:
            return 0.0
        lean = 3.0 * (0.9 - load)
        noise = point.spread * wander(self._seed("a19001"), seconds)
        oxygen = point.typical * (1 + noise) + lean
        if self._progress(Effect.DILUTED, moment) is not None:
            oxygen += 5.5
        return min(max(oxygen, 1.0), 20.6)

    def _value(
        self,
        point: PointSpec,
        seconds: float,
        load: float,
        oxygen: float,
        moment: datetime,
    ) -> float:
        if point.code == "a19001":
            return oxygen
        if point.batch_minutes:
            sampled = self.sampled_at(point, moment)
            seconds = sampled.timestamp() if sampled else seconds
        relative = 1 + point.spread * wander(self._seed(point.code), seconds)
        if point.code in FLOWS:
            relative *= load / 0.9
        elif point.code in FURNACE:
            furnace = smooth(self._seed("furnace"), seconds, 1800)
            relative *= (0.75 + 0.27 * load) * (1 + 0.5 * point.spread * furnace)
        elif point.code not in CONTINUOUS:
            relative *= 0.85 + 0.15 * load
        value = point.typical * relative
        if point.converted and self.spec.reference_o2 is not None:
            # Typical values are converted ones; the air the furnace has too much of
            # thins what is measured.
            value *= (21 - oxygen) / (21 - self.spec.reference_o2)
        value = self._exceed(point, value, oxygen, moment)
        return min(max(value, point.range_low), point.range_high)

    def _convert(
        self,
        result: dict[str, Sample],
        point: PointSpec,
        oxygen: float,
        moment: datetime,
    ) -> None:
        sample = result[point.code]
        reference = self.spec.reference_o2
        if reference is None:
            return
        seen = oxygen
        if self._progress(Effect.DILUTED, moment) is not None:
            seen -= 5.5
        factor = (21 - reference) / (21 - min(seen, 20.5))
        sample.converted = sample.value * factor

    # --- what goes wrong ------------------------------------------------------

    def _progress(self, effect: Effect, moment: datetime) -> float | None:
        seconds = (moment - self.start).total_seconds()
        for episode in self.episodes:
            if episode.effect is effect:
                return episode.progress(seconds)
        return None

    def _exceed(
        self, point: PointSpec, value: float, oxygen: float, moment: datetime
    ) -> float:
        """Let the main pollutant climb to 1.35 times its lowest enforceable limit."""
        since = self._progress(Effect.EXCEED, moment)
        if since is None or point.code != self.victim:
            return value
        limit = min(
            (
                row.high
                for row in point.limits
                if row.high is not None and row.kind in ("standard", "permit")
            ),
            default=value,
        )
        target = limit * (
            1.35 + 0.06 * wander(self._seed("exceed"), moment.timestamp())
        )
        if point.converted and self.spec.reference_o2 is not None:
            target *= (21 - oxygen) / (21 - self.spec.reference_o2)
        rise = min(1.0, since / 120)
        return value + (max(target, value) - value) * rise

    @property
    def victim(self) -> str:
        """The factor that exceeds or is tampered with: NOx or COD if there is one."""
        for code in ("a21002", "w01018", "a34013"):
            if code in self._points:
                return code
        return self.spec.points[0].code

    def _tamper(self, result: dict[str, Sample], moment: datetime) -> None:
        victim = self._points[self.victim]
        sample = result[victim.code]
        if self._progress(Effect.CONSTANT, moment) is not None:
            sample.value = victim.typical * 0.62
        if self._progress(Effect.SCALED, moment) is not None:
            sample.value *= 0.45
        if self._progress(Effect.NO_FLOW, moment) is not None:
            for code in FLOWS & result.keys():
                result[code].value = 0.0

    def _flag(self, result: dict[str, Sample], moment: datetime) -> None:
        """Half an hour of maintenance, then a zero and a span check."""
        since = self._progress(Effect.MAINTENANCE, moment)
        if since is None:
            return
        for code, sample in result.items():
            point = self._points[code]
            if since < 1800 or not point.limits:
                sample.flag = "M"
            else:
                sample.flag = "C"
                span = 0.0 if since < 2200 else 0.8
                sample.value = point.range_low + span * (
                    point.range_high - point.range_low
                )
