"""Eleven invented inspection stations of Bortala with lines, staff and instruments."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

DISTRICTS = {
    "652701": "博乐市",
    "652702": "阿拉山口市",
    "652722": "精河县",
    "652723": "温泉县",
}

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "建国志强海燕秀兰文博晓东丽娜伟明玉梅阿依努尔"


@dataclass(frozen=True, slots=True)
class DemoInstrument:
    """An instrument of a line."""

    kind: str
    serial: str
    verified_until: date


@dataclass(frozen=True, slots=True)
class DemoLine:
    """A line with its methods."""

    number: str
    name: str
    methods: tuple[str, ...]
    instruments: tuple[DemoInstrument, ...]


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """A person of a station; ``strict`` scales how honestly failures are found."""

    number: str
    name: str
    duty: str


@dataclass(slots=True)
class DemoStation:
    """An invented station."""

    code: str
    name: str
    region: str
    longitude: float
    latitude: float
    lines: tuple[DemoLine, ...]
    staff: tuple[DemoStaff, ...]
    weight: float
    altitude_kpa: float
    offset_c: float = field(default=0.0)

    @property
    def drivers(self) -> list[str]:
        """Staff numbers of those who drive."""
        return [person.number for person in self.staff if person.duty == "driver"]

    @property
    def signatories(self) -> list[str]:
        """Staff numbers of those who sign."""
        return [person.number for person in self.staff if person.duty == "signatory"]


PLACES = (
    ("652701001", "博乐晨风机动车检测有限公司", 82.055, 44.905, 3, 1.6),
    ("652701002", "博乐青达里车辆检验中心", 82.092, 44.886, 3, 1.4),
    ("652701003", "博乐南城机动车检测站", 82.061, 44.868, 2, 1.1),
    ("652701004", "博乐北环机动车检测有限公司", 82.044, 44.928, 2, 0.9),
    ("652701005", "博乐小营盘检测服务站", 81.963, 44.921, 2, 0.6),
    ("652702001", "阿拉山口通关机动车检测站", 82.566, 45.169, 2, 0.6),
    ("652702002", "阿拉山口双桥车辆检测有限公司", 82.551, 45.158, 2, 0.5),
    ("652722001", "精河枸城机动车检测有限公司", 82.894, 44.607, 3, 1.2),
    ("652722002", "精河托里检测站", 82.702, 44.582, 2, 0.8),
    ("652722003", "精河大河沿车辆检验有限公司", 82.981, 44.641, 2, 0.7),
    ("652723001", "温泉博格达尔机动车检测站", 81.031, 44.972, 2, 0.6),
)
"""Code, name, longitude, latitude, lines and share of the traffic; all invented."""


def _instruments(
    code: str, line: str, kinds: tuple[str, ...], today: date, rng: random.Random
) -> tuple[DemoInstrument, ...]:
    return tuple(
        DemoInstrument(
            kind,
            f"{kind[:2].upper()}{code[4:]}{line}",
            today + timedelta(days=rng.randint(40, 360)),
        )
        for kind in kinds
    )


def make_stations(*, seed: int, today: date) -> list[DemoStation]:
    """Return the stations; the same seed gives the same staff and dates."""
    rng = random.Random(seed)
    stations = []
    for code, name, longitude, latitude, count, weight in PLACES:
        lines = []
        for index in range(count):
            number = f"{index + 1:02d}"
            diesel = index == count - 1
            kinds = (
                (
                    "dynamometer",
                    "smoke_meter",
                    "nox_analyser",
                    "tachometer",
                    "weather_station",
                )
                if diesel
                else (
                    "dynamometer",
                    "gas_analyser",
                    "flow_meter",
                    "tachometer",
                    "weather_station",
                )
            )
            methods = (
                ("lugdown", "free_acceleration", "ringelmann")
                if diesel
                else ("vmas", "double_idle", "asm", "transient")
            )
            label = "柴油线" if diesel else f"汽油 {index + 1} 线"
            lines.append(
                DemoLine(
                    number,
                    label,
                    methods,
                    _instruments(code, number, kinds, today, rng),
                )
            )
        duties = ["driver"] * (2 * count) + ["inspector"] * count + ["signatory"] * 2
        staff = tuple(
            DemoStaff(
                f"{code[-3:]}{place + 1:03d}",
                rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, rng.randint(1, 2))),
                duty,
            )
            for place, duty in enumerate(duties)
        )
        stations.append(
            DemoStation(
                *(code, name, code[:6], longitude, latitude, tuple(lines), staff),
                *(weight, 95.5 + rng.uniform(-3, 2), rng.uniform(-1, 1)),
            )
        )
    return stations
