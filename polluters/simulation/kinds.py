"""Which factors each kind of outlet has, with limits and typical values.

The numbers of standards are facts still to be checked against their text; every limit
row says so in ``source``. Permit limits belong to invented permits.
"""

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from polluters.simulation.specs import AnalyserSpec, LimitSpec

UNCHECKED = "标准数值，待与标准原文核对"
INVENTED = "演示许可证（虚构）"
ULTRA = "超低排放指标，待与文件原文核对"


@dataclass(frozen=True, slots=True)
class FactorKind:
    """A factor as plants of one kind have it; limits are (kind, averaging, high)."""

    code: str
    unit: str
    typical: float
    spread: float
    range_high: float
    range_low: float = 0.0
    decimals: int = 2
    converted: bool = False
    batch_minutes: int | None = None
    limits: tuple[LimitSpec, ...] = ()
    method: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class OutletKind:
    """A kind of outlet: medium, standard, judging and factors."""

    name: str
    medium: str
    standard: str
    judging: str
    factors: tuple[FactorKind, ...]
    reference_o2: float | None = None
    section_area: float | None = None
    destination: str = ""


def _standard(standard: str, high: float, averaging: str = "hour") -> LimitSpec:
    return LimitSpec("standard", averaging, standard, UNCHECKED, high=high)


def _permit(high: float, averaging: str = "hour") -> LimitSpec:
    return LimitSpec("permit", averaging, "排污许可证", INVENTED, high=high)


def _ultra(high: float, standard: str) -> LimitSpec:
    return LimitSpec("ultra_low", "hour", standard, ULTRA, high=high)


DUST = ("β 射线/激光散射法", "LSS-2004")
SO2 = ("非分散红外吸收法", "CEMS-2000L")
NOX = ("化学发光法", "CEMS-2000N")
GAS = ("抽取式红外法", "FTIR-3000")
OXYGEN = ("电化学/顺磁法", "OXY-510")


def _flue(
    *, velocity: float, temperature: float, oxygen: float, moisture: float, area: float
) -> tuple[FactorKind, ...]:
    """Return flow, velocity, temperature, pressure, moisture and oxygen of a stack."""
    flow = 3600 * velocity * area * 273 / (273 + temperature) * (1 - moisture / 100)
    return (
        FactorKind("a00000", "m3/h", round(flow, -2), 0.05, round(flow * 2, -3), 0, 1),
        FactorKind("a01011", "m/s", velocity, 0.05, 40, method="皮托管法"),
        FactorKind("a01012", "degC", temperature, 0.03, 300, decimals=1),
        FactorKind("a01013", "kPa", -0.12, 0.15, 5, -5, 3),
        FactorKind("a01014", "%", moisture, 0.06, 40, method="阻容法"),
        FactorKind("a19001", "%", oxygen, 0.06, 25, method=OXYGEN[0], model=OXYGEN[1]),
    )


def _gas_factor(
    code: str,
    typical: float,
    top: float,
    how: tuple[str, str],
    *limits: LimitSpec,
    spread: float = 0.12,
) -> FactorKind:
    return FactorKind(
        code,
        "mg/m3",
        typical,
        spread,
        top,
        decimals=3 if typical < 20 else 2,
        converted=True,
        limits=limits,
        method=how[0],
        model=how[1],
    )


GB4915 = "GB 4915-2013"
GB13223 = "GB 13223-2011"
GB13271 = "GB 13271-2014"
GB18485 = "GB 18485-2014"
GB18918 = "GB 18918-2002"
GB8978 = "GB 8978-1996"
ORDER10 = "生态环境部令第 10 号"

KILN = OutletKind(
    "窑尾烟囱",
    "gas",
    f"{GB4915} 表1",
    "hour",
    (
        *_flue(velocity=14, temperature=105, oxygen=9.4, moisture=8, area=12.6),
        _gas_factor(
            "a34013", 9, 100, DUST, _standard(GB4915, 30), _permit(20),
            _ultra(10, "水泥超低排放"),
        ),
        _gas_factor(
            "a21026", 38, 500, SO2, _standard(GB4915, 200), _permit(100),
            _ultra(35, "水泥超低排放"), spread=0.25,
        ),
        _gas_factor(
            "a21002", 210, 1000, NOX, _standard(GB4915, 400), _permit(320),
            _ultra(50, "水泥超低排放"),
        ),
        _gas_factor("a21001", 4, 50, GAS, _standard(GB4915, 10)),
    ),
    10,
    12.6,
)  # fmt: skip
COOLER = OutletKind(
    "窑头烟囱",
    "gas",
    f"{GB4915} 表1",
    "hour",
    (
        *_flue(velocity=11, temperature=95, oxygen=20.4, moisture=2, area=9.6)[:-1],
        FactorKind(
            "a34013", "mg/m3", 8.5, 0.15, 100, decimals=3,
            limits=(_standard(GB4915, 30), _permit(20)), method=DUST[0], model=DUST[1],
        ),
    ),
    None,
    9.6,
)  # fmt: skip
POWER = OutletKind(
    "机组烟囱",
    "gas",
    f"{GB13223} 表1",
    "hour",
    (
        *_flue(velocity=16, temperature=52, oxygen=6.2, moisture=11, area=19.6),
        _gas_factor(
            "a34013", 4.5, 50, DUST, _standard(GB13223, 30),
            _ultra(10, "煤电超低排放"), _permit(10),
        ),
        _gas_factor(
            "a21026", 18, 200, SO2, _standard(GB13223, 100),
            _ultra(35, "煤电超低排放"), _permit(35), spread=0.2,
        ),
        _gas_factor(
            "a21002", 34, 300, NOX, _standard(GB13223, 100),
            _ultra(50, "煤电超低排放"), _permit(50),
        ),
    ),
    6,
    19.6,
)  # fmt: skip
COAL_BOILER = OutletKind(
    "燃煤锅炉烟囱",
    "gas",
    f"{GB13271} 表2",
    "hour",
    (
        *_flue(velocity=11, temperature=58, oxygen=10.2, moisture=9, area=4.9),
        _gas_factor("a34013", 17, 150, DUST, _standard(GB13271, 50), _permit(40)),
        _gas_factor(
            "a21026", 92, 800, SO2, _standard(GB13271, 300), _permit(200), spread=0.22
        ),
        _gas_factor("a21002", 150, 800, NOX, _standard(GB13271, 300), _permit(250)),
    ),
    9,
    4.9,
)
GAS_BOILER = OutletKind(
    "燃气锅炉烟囱",
    "gas",
    f"{GB13271} 表2",
    "hour",
    (
        *_flue(velocity=8, temperature=92, oxygen=4.1, moisture=14, area=1.8),
        _gas_factor("a34013", 2.6, 50, DUST, _standard(GB13271, 20)),
        _gas_factor("a21026", 4.2, 150, SO2, _standard(GB13271, 50), spread=0.3),
        _gas_factor("a21002", 88, 400, NOX, _standard(GB13271, 200), _permit(150)),
    ),
    3.5,
    1.8,
)
INCINERATOR = OutletKind(
    "焚烧炉烟囱",
    "gas",
    f"{GB18485} 表4",
    "incineration",
    (
        *_flue(velocity=15, temperature=145, oxygen=9.1, moisture=18, area=3.8),
        _gas_factor(
            "a34013", 4, 100, DUST,
            _standard(GB18485, 30), _standard(GB18485, 20, "24h"),
        ),
        _gas_factor(
            "a21026", 22, 300, GAS,
            _standard(GB18485, 100), _standard(GB18485, 80, "24h"), spread=0.3,
        ),
        _gas_factor(
            "a21002", 145, 600, GAS,
            _standard(GB18485, 300), _standard(GB18485, 250, "24h"),
        ),
        _gas_factor(
            "a21024", 12, 200, GAS,
            _standard(GB18485, 60), _standard(GB18485, 50, "24h"), spread=0.3,
        ),
        _gas_factor(
            "a21005", 11, 300, GAS,
            _standard(GB18485, 100), _standard(GB18485, 80, "24h"), spread=0.35,
        ),
        FactorKind(
            "a01901", "degC", 912, 0.012, 1300, decimals=1,
            limits=(
                LimitSpec(
                    "standard", "5min", f"{GB18485} / {ORDER10}", UNCHECKED, low=850
                ),
            ),
            method="热电偶",
        ),
    ),
    11,
    3.8,
)  # fmt: skip


COD = ("重铬酸钾消解-光度法", "COD-3000")
AMMONIA = ("水杨酸分光光度法", "NHN-4210")
PHOSPHORUS = ("钼酸铵分光光度法", "TPN-5200")
NITROGEN = ("碱性过硫酸钾消解-紫外法", "TNN-5100")


def _water(
    standard: str,
    flow: float,
    rows: tuple[tuple[str, float, float, tuple[str, str], tuple[LimitSpec, ...]], ...],
) -> tuple[FactorKind, ...]:
    """Return flow, pH, temperature and the batch-measured factors of a sewer."""
    ph = LimitSpec("standard", "day", standard, UNCHECKED, low=6, high=9)
    return (
        FactorKind("w00000", "L/s", flow, 0.12, flow * 3, method="超声波明渠流量计"),
        FactorKind(
            "w01001", "-", 7.4, 0.015, 14, decimals=2, limits=(ph,), method="玻璃电极法"
        ),
        FactorKind("w01010", "degC", 17, 0.03, 50, decimals=1, method="铂电阻"),
        *(
            FactorKind(
                code, "mg/L", typical, 0.1, top, decimals=3 if typical < 5 else 2,
                batch_minutes=120, limits=limits, method=how[0], model=how[1],
            )
            for code, typical, top, how, limits in rows
        ),
    )  # fmt: skip


_COLD = MappingProxyType({"code": "w01010", "op": "<=", "value": 12, "high": 8})
SEWAGE = OutletKind(
    "总排口",
    "water",
    f"{GB18918} 一级 A",
    "day",
    _water(
        GB18918,
        210,
        (
            ("w01018", 24, 200, COD, (_standard(GB18918, 50, "day"),)),
            (
                "w21003", 1.4, 30, AMMONIA,
                (
                    LimitSpec(
                        "standard", "day", GB18918, UNCHECKED, high=5, condition=_COLD
                    ),
                ),
            ),
            ("w21011", 0.24, 5, PHOSPHORUS, (_standard(GB18918, 0.5, "day"),)),
            ("w21001", 9.6, 50, NITROGEN, (_standard(GB18918, 15, "day"),)),
        ),
    ),
    destination="直接进入江河、湖、库等水环境",
)  # fmt: skip


def _industrial(name: str, flow: float, cod: float, ammonia: float) -> OutletKind:
    return OutletKind(
        name,
        "water",
        f"{GB8978} 表4 一级",
        "day",
        _water(
            GB8978,
            flow,
            (
                (
                    "w01018", cod, 500, COD,
                    (_standard(GB8978, 100, "day"), _permit(90, "day")),
                ),
                (
                    "w21003", ammonia, 60, AMMONIA,
                    (_standard(GB8978, 15, "day"), _permit(12, "day")),
                ),
                ("w21011", 0.5, 10, PHOSPHORUS, (_permit(1, "day"),)),
                ("w21001", ammonia * 2.2 + 3, 100, NITROGEN, (_permit(40, "day"),)),
            ),
        ),
        destination="进入城市污水处理厂",
    )  # fmt: skip


PAPER = _industrial("废水总排口", 46, 58, 3.2)
FOOD = _industrial("废水总排口", 22, 52, 5.5)
CHEMICAL = _industrial("废水总排口", 31, 64, 6.4)

KINDS: MappingProxyType[str, OutletKind] = MappingProxyType(
    {
        "kiln": KILN,
        "cooler": COOLER,
        "power": POWER,
        "coal_boiler": COAL_BOILER,
        "gas_boiler": GAS_BOILER,
        "incinerator": INCINERATOR,
        "sewage": SEWAGE,
        "paper": PAPER,
        "food": FOOD,
        "chemical": CHEMICAL,
    }
)


def analyser(factor: FactorKind, serial: str) -> AnalyserSpec | None:
    """Return the analyser of a factor that has one of its own."""
    if not factor.model:
        return None
    return AnalyserSpec(
        model=factor.model,
        maker="博域仪器（虚构）",
        serial=serial,
        method=factor.method,
        range_low=factor.range_low,
        range_high=factor.range_high,
        unit=factor.unit,
        accepted_on=date(2024, 6, 18),
        accepted_number=f"博环验备〔2024〕{serial[-3:]}号",
    )
