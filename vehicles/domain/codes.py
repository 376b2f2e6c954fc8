"""Code words of vehicles and tests, and their names.

The platform keeps one set of words; a station's software may speak another, which its
dialect table maps (``vehicles.domain.inspection.dialects``). Letters of fuel and use are
those of GA/T 16 and GA 24.3; emission stages are 0 to 6 (国0 … 国六).
"""

from enum import StrEnum


class Method(StrEnum):
    """How tailpipe emissions are measured (检测方法)."""

    DOUBLE_IDLE = "double_idle"
    ASM = "asm"
    VMAS = "vmas"
    TRANSIENT = "transient"
    LUGDOWN = "lugdown"
    FREE_ACCELERATION = "free_acceleration"
    RINGELMANN = "ringelmann"


METHOD_NAMES = {
    Method.DOUBLE_IDLE: "双怠速法",
    Method.ASM: "稳态工况法",
    Method.VMAS: "简易瞬态工况法",
    Method.TRANSIENT: "瞬态工况法",
    Method.LUGDOWN: "加载减速法",
    Method.FREE_ACCELERATION: "自由加速法",
    Method.RINGELMANN: "林格曼黑度法",
}

GAS_METHODS = frozenset({Method.DOUBLE_IDLE, Method.ASM, Method.VMAS, Method.TRANSIENT})
"""Methods for spark ignition (GB 18285-2018)."""

DIESEL_METHODS = frozenset(
    {Method.LUGDOWN, Method.FREE_ACCELERATION, Method.RINGELMANN}
)
"""Methods for compression ignition (GB 3847-2018)."""

FUELS = {
    "A": "汽油",
    "B": "柴油",
    "C": "电",
    "D": "混合油",
    "E": "天然气",
    "F": "液化石油气",
    "L": "甲醇",
    "M": "乙醇",
    "N": "太阳能",
    "O": "混合动力",
    "P": "氢",
    "Q": "生物燃料",
    "X": "氢",
    "Y": "无",
    "Z": "其他",
    "AC": "汽油/电",
    "AE": "汽油/天然气",
    "AF": "汽油/液化石油气",
    "AO": "汽油混合动力",
    "BC": "柴油/电",
    "BE": "柴油/天然气",
    "BO": "柴油混合动力",
}

PURE_ELECTRIC = "C"

NO_EXHAUST = frozenset("CNPXY")
"""Fuels whose vehicles have no tailpipe emission to measure."""

FUEL_WORDS = {
    "petrol": "A",
    "gasoline": "A",
    "汽油": "A",
    "diesel": "B",
    "柴油": "B",
    "electric": "C",
    "电": "C",
    "电动": "C",
    "纯电": "C",
    "纯电动": "C",
    "bev": "C",
    "cng": "E",
    "lng": "E",
    "天然气": "E",
    "lpg": "F",
    "液化石油气": "F",
    "hybrid": "O",
    "混合动力": "O",
    "油电混动": "O",
    "phev": "AC",
    "插电混动": "AC",
    "hydrogen": "P",
    "氢": "P",
}
"""Words other than the letters that are understood when a file is read."""

STAGES = {0: "国0", 1: "国一", 2: "国二", 3: "国三", 4: "国四", 5: "国五", 6: "国六"}


class Category(StrEnum):
    """Why the vehicle is tested (检验类别)."""

    PERIODIC = "periodic"
    REGISTRATION = "registration"
    TRANSFER = "transfer"
    COMPARISON = "comparison"
    SPOT_CHECK = "spot_check"
    ROAD_RECHECK = "road_recheck"


CATEGORY_NAMES = {
    Category.PERIODIC: "定期检验",
    Category.REGISTRATION: "注册登记",
    Category.TRANSFER: "变更/转移",
    Category.COMPARISON: "实验比对",
    Category.SPOT_CHECK: "监督抽检",
    Category.ROAD_RECHECK: "路检复检",
}


class Outcome(StrEnum):
    """Outcome of a test or of one of its parts."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    EXEMPT = "exempt"
    ABORTED = "aborted"
    INVALID = "invalid"


OUTCOME_NAMES = {
    Outcome.PASS: "合格",
    Outcome.FAIL: "不合格",
    Outcome.EXEMPT: "免检",
    Outcome.ABORTED: "中止",
    Outcome.INVALID: "无效",
}

USES = {
    "A": "非营运",
    "B": "公路客运",
    "C": "公交客运",
    "D": "出租客运",
    "E": "旅游客运",
    "F": "货运",
    "G": "租赁",
    "H": "警用",
    "I": "消防",
    "J": "救护",
    "K": "工程救险",
    "L": "营转非",
    "M": "出租转非",
    "N": "教练",
    "O": "幼儿校车",
    "P": "小学生校车",
    "Q": "其他校车",
    "R": "危化品运输",
    "S": "中小学生校车",
    "T": "预约出租",
    "Z": "其他",
}

INSTRUMENTS = {
    "dynamometer": "底盘测功机",
    "gas_analyser": "气体分析仪",
    "flow_meter": "流量分析仪",
    "smoke_meter": "不透光烟度计",
    "nox_analyser": "氮氧化物分析仪",
    "tachometer": "转速计",
    "oil_temperature": "油温计",
    "weather_station": "气象站",
    "obd_reader": "OBD 诊断仪",
    "camera": "摄像机",
}

DAILY_CHECKS = {
    "leak": "泄漏检查",
    "gas_zero": "零点检查",
    "gas_low": "低浓度标气检查",
    "gas_high": "高浓度标气检查",
    "gas_five_point": "五点检查",
    "coast_down": "加载滑行",
    "parasitic_loss": "附加损失测试",
    "smoke_meter": "烟度计检查",
    "flow_meter": "流量计检查",
    "tachometer": "转速计检查",
    "weather": "气象站检查",
    "self_check": "设备自检",
}


def fuel_code(text: str) -> str:
    """Return the fuel letters for a code or a word; ValueError if unknown."""
    plain = text.strip()
    if plain.upper() in FUELS:
        return plain.upper()
    word = FUEL_WORDS.get(plain.lower())
    if word is None:
        raise ValueError(f"燃料种类“{plain}”不在代码表中")
    return word


def has_exhaust(fuel: str) -> bool:
    """Return whether a vehicle of this fuel has a tailpipe to measure."""
    return fuel not in NO_EXHAUST


def is_diesel(fuel: str) -> bool:
    """Return whether the fuel is, in part or whole, diesel."""
    return fuel.startswith("B") or fuel == "Q"
