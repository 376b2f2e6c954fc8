"""What the checks look at: the series of one logger, as arrays.

Times are epoch seconds (UTC), ascending and unique; values are in the unit of the
logger's point, NaN where absent; flags are the ASCII codes of HJ 212-2017 table 8.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

NORMAL = ord("N")
STOPPED = ord("F")
BEIJING_S = 8 * 3600
HOUR_S = 3600
DAY_S = 86_400

FLOW = frozenset(("a00000", "w00000", "a01011"))
OXYGEN = "a19001"
TEMPERATURE = "a01012"
FURNACE = "a01901"
GAS_STATE = frozenset(
    (
        "a01001", "a01002", "a01006", "a01007", "a01008", "a01011", "a01012",
        "a01013", "a01014", "a01015", "a01016", "a01017", "a01901", "a01902",
        "a19001", "a00000",
    )
)  # fmt: skip
WATER_STATE = frozenset(("w00000", "w01001", "w01009", "w01010", "w01014"))


def is_pollutant(code: str) -> bool:
    """Return whether a factor is a concentration, not a state of the gas or water."""
    return (
        code[:1] in "aw"
        and len(code) == 6
        and code not in GAS_STATE
        and code not in WATER_STATE
    )


@dataclass(frozen=True, slots=True)
class PointLimit:
    """A limit as a check sees it; ``converted`` if it binds the converted value."""

    high: float | None
    low: float | None = None
    converted: bool = False
    kind: str = ""
    averaging: str = ""


@dataclass
class Series:
    """One factor of one logger under one command (2011, 2051, 2061)."""

    code: str
    period: str
    times: Ints
    values: Floats
    flags: Bytes
    interval: int
    converted: Floats | None = None
    sampled: Ints | None = None
    low: float | None = None
    high: float | None = None
    limits: tuple[PointLimit, ...] = ()
    unit: str = ""

    def __len__(self) -> int:
        return len(self.times)

    @cached_property
    def valid(self) -> Mask:
        """Where the value is there and flagged normal: all a warning may rest on."""
        mask: Mask = (self.flags == NORMAL) & np.isfinite(self.values)
        return mask

    def slice(self, begin: int, end: int) -> slice:
        """Return the slice of ``begin`` ≤ time < ``end``."""
        low, high = np.searchsorted(self.times, (begin, end))
        return slice(int(low), int(high))

    def median(self, begin: int, end: int, *, valid: bool = True) -> float:
        """Return the median of a window, NaN if it is empty."""
        part = self.slice(begin, end)
        values = self.values[part]
        mask = self.valid[part] if valid else np.isfinite(values)
        return float(np.median(values[mask])) if mask.any() else float("nan")


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """When frames of one command say they are of, and when they were sent (QN, or −1).

    ``arrived`` are the different data times without those that cannot be true.
    """

    data: Ints
    sent: Ints
    arrived: Ints


@dataclass(frozen=True, slots=True)
class Repeat:
    """A key that came again with another value."""

    code: str
    period: str
    time: int
    first: float
    other: float
    sent: int


@dataclass(frozen=True, slots=True)
class Event:
    """A line of field information (CN 3020)."""

    time: int
    code: str
    text: str


@dataclass
class Station:
    """One logger with all it sent, its calibration plan and stops declared elsewhere."""

    mn: str
    medium: str
    outlet: str = ""
    reference: float | None = None
    series: Mapping[str, Mapping[str, Series]] = field(default_factory=dict)
    frames: Mapping[str, FrameTimes] = field(default_factory=dict)
    repeats: tuple[Repeat, ...] = ()
    events: tuple[Event, ...] = ()
    plans: tuple[tuple[int, int], ...] = ()
    declared: tuple[tuple[int, int], ...] = ()

    @cached_property
    def main(self) -> dict[str, Series]:
        """The fullest series of each factor: what statistics are made on."""
        return {
            code: max(found.values(), key=len)
            for code, found in sorted(self.series.items())
            if any(len(one) for one in found.values())
        }

    def all(self) -> Iterable[Series]:
        """Yield every series in a fixed order."""
        for code in sorted(self.series):
            for period in sorted(self.series[code]):
                yield self.series[code][period]

    @cached_property
    def span(self) -> tuple[int, int]:
        """First and last data time of the logger."""
        starts = [int(s.times[0]) for s in self.main.values()]
        ends = [int(s.times[-1]) + s.interval for s in self.main.values()]
        return (min(starts), max(ends)) if starts else (0, 0)

    @cached_property
    def days(self) -> float:
        """Length of the record in days, at least a tenth."""
        return max((self.span[1] - self.span[0]) / DAY_S, 0.1)

    @cached_property
    def interval(self) -> int:
        """The shortest interval of any factor, in s."""
        return min((s.interval for s in self.main.values()), default=60)

    @cached_property
    def flow(self) -> Series | None:
        """The flow or, lacking one, the velocity."""
        for code in ("a00000", "w00000", "a01011"):
            if code in self.main:
                return self.main[code]
        return None

    @cached_property
    def pollutants(self) -> list[Series]:
        """The main series of concentrations."""
        return [s for code, s in self.main.items() if is_pollutant(code)]
