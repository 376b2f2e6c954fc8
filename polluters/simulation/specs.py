"""What a plant of the simulation is described by; frozen, no Django."""

from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """A limit row; names and values as in ``polluters.models.Limit``."""

    kind: str  # standard, permit, ultra_low, warning
    averaging: str  # hour, day, 24h, 5min
    standard: str
    source: str
    low: float | None = None
    high: float | None = None
    condition: "MappingProxyType[str, Any]" = field(
        default_factory=lambda: MappingProxyType({})
    )
    article: str = ""
    valid_from: date = date(2024, 1, 1)
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class AnalyserSpec:
    """An analyser and its acceptance record."""

    model: str
    maker: str
    serial: str
    method: str
    range_low: float
    range_high: float
    unit: str
    accepted_on: date
    accepted_number: str


@dataclass(frozen=True, slots=True)
class PointSpec:
    """One factor of an outlet, and how it behaves in the simulation.

    ``wire_code`` and ``wire_factor`` (wire value × factor = value in ``unit``) say how
    this logger sends it. ``typical`` and ``spread`` (relative standard deviation) are
    in ``unit``.
    """

    code: str
    unit: str
    typical: float
    spread: float
    range_low: float
    range_high: float
    wire_code: str
    wire_factor: float = 1.0
    decimals: int = 2
    converted: bool = False
    batch_minutes: int | None = None
    limits: tuple[LimitSpec, ...] = ()
    analyser: AnalyserSpec | None = None


@dataclass(frozen=True, slots=True)
class LoggerSpec:
    """A data logger; names as in ``polluters.models.Logger``. Intervals in s and min."""

    mn: str
    version: int
    password: str = "123456"  # noqa: S105 - the default of the standard
    model: str = ""
    sim: str = ""
    time_label: str = "start"
    crc: str = "standard"
    access: str = "direct"
    rtd_interval_s: int = 30
    minute_interval: int = 1
    key_current: str = ""


@dataclass(frozen=True, slots=True)
class OutletSpec:
    """An outlet with its one logger and its points, in display order."""

    code: str
    name: str
    medium: str  # gas, water
    kind: str  # key of the simulation's behaviour
    standard: str
    judging: str  # hour, day, incineration
    longitude: float
    latitude: float
    logger: LoggerSpec
    points: tuple[PointSpec, ...]
    section_area: float | None = None
    destination: str = ""
    reference_o2: float | None = None


@dataclass(frozen=True, slots=True)
class EnterpriseSpec:
    """An invented enterprise; names as in ``polluters.models.Enterprise``."""

    name: str
    short_name: str
    uscc: str
    source_code: str
    permit_number: str
    permit_kind: str  # key, simple, registered
    permit_until: date
    key_years: tuple[int, ...]
    industry: str
    district: str
    district_code: str
    address: str
    longitude: float
    latitude: float
    contact: str
    phone: str
    outlets: tuple[OutletSpec, ...]
    crs: str = "WGS84"


_USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def make_uscc(district_code: str, body: str) -> str:
    """Return a 18-sign 统一社会信用代码 with both check signs (GB 32100, GB 11714).

    ``body`` has 8 signs.
    """
    total = sum(
        int(sign, 36) * weight for sign, weight in zip(body, _BODY_WEIGHTS, strict=True)
    )
    rest = 11 - total % 11
    check = {10: "X", 11: "0"}.get(rest, str(rest))
    head = f"91{district_code}{body}{check}"
    value = sum(
        _USCC_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(head)
    )
    return head + _USCC_SIGNS[(31 - value % 31) % 31]
