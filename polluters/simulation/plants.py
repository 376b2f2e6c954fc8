"""Thirty invented enterprises of Bortala and their loggers.

Names, codes, people and permits are made up; places are towns of the prefecture
(WGS 84). :data:`ENTERPRISES` is what the demo seeds and the simulator plays.
"""

import hashlib
from dataclasses import dataclass
from datetime import date

from polluters.domain.hj212.codes import POLLUTANTS
from polluters.simulation.kinds import KINDS, FactorKind, analyser
from polluters.simulation.specs import (
    EnterpriseSpec,
    LoggerSpec,
    OutletSpec,
    PointSpec,
    make_uscc,
)

DISTRICTS = {
    "博乐市": ("652701", 82.07, 44.90),
    "阿拉山口市": ("652702", 82.56, 45.17),
    "精河县": ("652722", 82.89, 44.60),
    "温泉县": ("652723", 81.03, 44.97),
}
MEDIUM_PREFIX = {"gas": "DA", "water": "DW"}


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the table below; ``east``/``north`` are degrees from the town."""

    name: str
    short: str
    district: str
    place: str
    industry: str
    kinds: tuple[str, ...]
    east: float
    north: float
    contact: str
    permit: str = "key"
    version: int = 2017
    crc: str = "standard"
    label: str = "start"
    encrypted: bool = False
    cubic_seconds: bool = False
    pascal: bool = False
    interval: int = 30
    access: str = "direct"


BOLE, ALA, JINGHE, WENQUAN = DISTRICTS
CEMENT, POWER_PLANT, HEAT = "水泥制造", "火力发电", "热力生产和供应"
SEWERAGE, PAPER_MILL = "污水处理及其再生利用", "机制纸及纸板制造"
WASTE, CHEMISTRY = "环境卫生管理（生活垃圾焚烧）", "无机碱及基础化学原料制造"

_ROWS = (
    _Row("博州云岭水泥有限责任公司", "云岭水泥", BOLE, "五台工业园区", CEMENT,
         ("kiln", "cooler"), 0.07, -0.21, "马云岭", cubic_seconds=True),
    _Row("精河县沙泉子水泥有限公司", "沙泉子水泥", JINGHE, "工业园区北区", CEMENT,
         ("kiln", "cooler"), 0.12, 0.03, "周沙泉", version=2025),
    _Row("博乐北疆雪峰热电有限公司", "雪峰热电", BOLE, "东城产业园", POWER_PLANT,
         ("power",), 0.05, -0.02, "陈雪峰", version=2025, encrypted=True),
    _Row("精河河岸热电联产有限公司", "河岸热电", JINGHE, "城西工业区", POWER_PLANT,
         ("power",), -0.05, 0.01, "李河岸"),
    _Row("阿拉山口口岸综合能源有限公司", "口岸能源", ALA, "综合保税区", POWER_PLANT,
         ("power",), 0.01, -0.03, "王口岸", pascal=True),
    _Row("博乐市南城集中供热有限公司", "南城供热", BOLE, "南城路", HEAT,
         ("coal_boiler",), 0.0, -0.02, "赵暖阳"),
    _Row("博乐市北城供热站有限公司", "北城供热", BOLE, "北京北路", HEAT,
         ("gas_boiler",), 0.01, 0.03, "孙北辰", permit="simple", interval=60),
    _Row("阿拉山口市暖风供热有限公司", "暖风供热", ALA, "友谊街", HEAT,
         ("gas_boiler",), -0.01, 0.01, "钱暖风", permit="simple"),
    _Row("精河县枸乡热力有限公司", "枸乡热力", JINGHE, "乌伊路", HEAT,
         ("coal_boiler",), 0.01, -0.01, "吴枸乡", version=2005),
    _Row("温泉县圣泉供热有限公司", "圣泉供热", WENQUAN, "青年路", HEAT,
         ("coal_boiler",), 0.01, 0.01, "郑圣泉", label="end"),
    _Row("精河大河沿镇暖家供热有限公司", "暖家供热", JINGHE, "大河沿子镇", HEAT,
         ("coal_boiler",), -0.42, 0.07, "冯暖家", crc="modbus_high_first"),
    _Row("博乐五台供热服务有限公司", "五台供热", BOLE, "五台工业园区", HEAT,
         ("gas_boiler",), 0.08, -0.20, "褚五台", permit="simple", version=2005),
    _Row("博乐市清源污水处理有限公司", "清源水务", BOLE, "东郊", SEWERAGE,
         ("sewage",), 0.09, -0.01, "卫清源", version=2025),
    _Row("阿拉山口市碧洲水务有限公司", "碧洲水务", ALA, "南区", SEWERAGE,
         ("sewage",), 0.02, -0.02, "蒋碧洲"),
    _Row("精河县绿洲排水有限公司", "绿洲排水", JINGHE, "城北", SEWERAGE,
         ("sewage",), 0.02, 0.04, "沈绿洲"),
    _Row("温泉县博河源污水处理厂", "博河源污水厂", WENQUAN, "城东", SEWERAGE,
         ("sewage",), 0.05, -0.01, "韩河源", interval=60),
    _Row("博乐五台园区污水处理有限公司", "五台园区水务", BOLE, "五台工业园区", SEWERAGE,
         ("sewage",), 0.10, -0.22, "杨五台", access="forwarded"),
    _Row("博州苇湖纸业有限公司", "苇湖纸业", BOLE, "达勒特镇", PAPER_MILL,
         ("paper", "coal_boiler"), 0.28, -0.09, "朱苇湖"),
    _Row("精河沙洲包装纸业有限公司", "沙洲纸业", JINGHE, "工业园区南区", PAPER_MILL,
         ("paper",), 0.13, -0.02, "秦沙洲", version=2005),
    _Row("博乐红果番茄制品有限公司", "红果番茄", BOLE, "青得里镇", "蔬菜加工",
         ("food",), -0.10, 0.02, "尤红果", permit="simple"),
    _Row("温泉县高山乳业有限公司", "高山乳业", WENQUAN, "哈日布呼镇", "液体乳制造",
         ("food",), 0.31, -0.03, "许高山", permit="simple"),
    _Row("精河枸红生物食品有限公司", "枸红食品", JINGHE, "托里镇", "果蔬饮料制造",
         ("food",), 0.24, -0.05, "何枸红", permit="simple", interval=60),
    _Row("博乐金穗淀粉有限公司", "金穗淀粉", BOLE, "小营盘镇", "淀粉及淀粉制品制造",
         ("food", "gas_boiler"), -0.18, -0.04, "吕金穗", version=2025),
    _Row("博乐牧原清真屠宰有限公司", "牧原屠宰", BOLE, "贝林哈日莫墩乡", "牲畜屠宰",
         ("food",), 0.14, 0.05, "施牧原", permit="simple"),
    _Row("精河盐湖氯碱化工有限公司", "盐湖氯碱", JINGHE, "盐化工园区", CHEMISTRY,
         ("chemical", "coal_boiler"), 0.20, 0.09, "张盐湖"),
    _Row("阿拉山口东联化工有限公司", "东联化工", ALA, "化工园区", CHEMISTRY,
         ("chemical",), 0.03, -0.05, "孔东联", version=2025, encrypted=True),
    _Row("精河蓝晶硅材料有限公司", "蓝晶硅材", JINGHE, "工业园区北区",
         "其他非金属矿物制品制造", ("chemical", "gas_boiler"), 0.14, 0.04, "曹蓝晶"),
    _Row("博州丰谷化肥有限公司", "丰谷化肥", BOLE, "五台工业园区", "氮肥制造",
         ("chemical", "coal_boiler"), 0.09, -0.23, "严丰谷", crc="modbus_low_first"),
    _Row("博乐市净城环保发电有限公司", "净城环保", BOLE, "西郊固废园", WASTE,
         ("incinerator",), -0.12, 0.06, "华净城", version=2025),
    _Row("精河县新焰环保能源有限公司", "新焰环保", JINGHE, "固废处置中心", WASTE,
         ("incinerator",), 0.09, -0.08, "金新焰"),
)  # fmt: skip


def _digest(*parts: object) -> str:
    """Return stable upper-case hex digits made from the parts."""
    text = "|".join(map(str, parts))
    return hashlib.sha256(text.encode()).hexdigest().upper()


def make_mn(row_name: str, code: str, version: int, district_code: str) -> str:
    """Return an MN of the version's form: 14 digits for 2005, else 24 hex signs."""
    digits = _digest(row_name, code)
    if version == 2005:
        return district_code + f"{int(digits[:8], 16) % 10**8:08d}"
    return district_code + digits[:18]


def _logger(row: _Row, code: str) -> LoggerSpec:
    district_code = DISTRICTS[row.district][0]
    seed = _digest("logger", row.name, code)
    return LoggerSpec(
        mn=make_mn(row.name, code, row.version, district_code),
        version=row.version,
        password=f"{int(seed[:6], 16) % 1_000_000:06d}",
        model={2005: "K37A", 2017: "DL-2017", 2025: "DL-2025S"}[row.version],
        sim=f"89860{int(seed[6:18], 16) % 10**15:015d}",
        time_label=row.label,
        crc=row.crc,
        access=row.access,
        rtd_interval_s=row.interval,
        minute_interval=1 if KINDS[_kind_of(row, code)].medium == "gas" else 10,
        key_current=seed[18:50].lower() if row.encrypted else "",
    )


def _kind_of(row: _Row, code: str) -> str:
    return dict(zip(_codes(row), row.kinds, strict=True))[code]


def _codes(row: _Row) -> list[str]:
    """Return DA001, DW001, DA002 … in the order of the row's kinds."""
    codes: list[str] = []
    for kind in row.kinds:
        prefix = MEDIUM_PREFIX[KINDS[kind].medium]
        number = 1 + sum(code.startswith(prefix) for code in codes)
        codes.append(f"{prefix}{number:03d}")
    return codes


def _point(row: _Row, code: str, factor: FactorKind) -> PointSpec:
    wire_code, wire_factor = factor.code, 1.0
    if row.version == 2005:
        wire_code = POLLUTANTS[factor.code].old_code or factor.code
    if factor.code == "a00000" and row.cubic_seconds:
        wire_factor = 3600.0
    if factor.code == "a01013" and row.pascal:
        wire_factor = 0.001
    serial = f"BY{_digest(row.name, code, factor.code)[:8]}"
    number = int(_digest("serial", serial)[:6], 16) % 1000
    return PointSpec(
        code=factor.code,
        unit=factor.unit,
        typical=factor.typical,
        spread=factor.spread,
        range_low=factor.range_low,
        range_high=factor.range_high,
        wire_code=wire_code,
        wire_factor=wire_factor,
        decimals=factor.decimals,
        converted=factor.converted,
        batch_minutes=factor.batch_minutes,
        limits=factor.limits,
        analyser=analyser(factor, f"{serial}{number:03d}"),
    )


def _outlet(row: _Row, code: str, longitude: float, latitude: float) -> OutletSpec:
    kind = _kind_of(row, code)
    shape = KINDS[kind]
    step = 0.002 * int(code[2:])
    return OutletSpec(
        code=code,
        name=shape.name,
        medium=shape.medium,
        kind=kind,
        standard=shape.standard,
        judging=shape.judging,
        longitude=round(longitude + step, 5),
        latitude=round(latitude + step / 2, 5),
        logger=_logger(row, code),
        points=tuple(_point(row, code, factor) for factor in shape.factors),
        section_area=shape.section_area,
        destination=shape.destination or "大气",
        reference_o2=shape.reference_o2,
    )


def _enterprise(number: int, row: _Row) -> EnterpriseSpec:
    district_code, longitude, latitude = DISTRICTS[row.district]
    longitude = round(longitude + row.east, 5)
    latitude = round(latitude + row.north, 5)
    uscc = make_uscc(district_code, f"MA7{_digest('uscc', row.name)[:5]}".ljust(8, "0"))
    letter = {"key": "V", "simple": "Q", "registered": "W"}[row.permit]
    return EnterpriseSpec(
        name=row.name,
        short_name=row.short,
        uscc=uscc,
        source_code=f"{district_code}{number:06d}",
        permit_number=f"{uscc}001{letter}",
        permit_kind=row.permit,
        permit_until=date(2027 + number % 4, 1 + number % 12, 28),
        key_years=(2024, 2025, 2026) if row.permit == "key" else (2026,),
        industry=row.industry,
        district=row.district,
        district_code=district_code,
        address=f"博尔塔拉蒙古自治州{row.district}{row.place}",
        longitude=longitude,
        latitude=latitude,
        contact=row.contact,
        phone=f"1990909{number:04d}",
        outlets=tuple(_outlet(row, code, longitude, latitude) for code in _codes(row)),
    )


ENTERPRISES: tuple[EnterpriseSpec, ...] = tuple(
    _enterprise(number, row) for number, row in enumerate(_ROWS, start=1)
)


def outlets_in_order() -> list[tuple[EnterpriseSpec, OutletSpec]]:
    """Return every outlet: first the first one of each enterprise, then the others."""
    pairs = [(plant, outlet) for plant in ENTERPRISES for outlet in plant.outlets]
    return sorted(pairs, key=lambda pair: pair[0].outlets.index(pair[1]) > 0)
