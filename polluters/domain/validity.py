"""When a mean is valid: numbers as settings with their source, never bare constants."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

S17 = "HJ 212-2017"
MEMORY = "待与标准原文核对"
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "usable_flags": f"{S17} 表 8：仅 N（正常）计入均值",
        "gas_hour_share": f"{S17} D.2.2（引 HJ/T 75）：每小时不少于 45 个有效分钟均值",
        "gas_day_hours": f"{S17} D.2.2：每日不少于 20 个有效小时均值",
        "slot_share": "平台取值：一分钟内过半实时值有效，该分钟有效",
        "water_hour_values": f"{S17} D.1：小时值由 1 至 6 个十分钟值得出",
        "water_day_share": f"HJ 356-2019，{MEMORY}",
        "quarter_share": f"HJ 75-2017 季度有效数据捕集率 75%，{MEMORY}",
        "furnace_limit": f"GB 18485-2014 / 生态环境部令第 10 号，{MEMORY}",
        "furnace_count": f"生态环境部令第 10 号，一日超过 5 个五分钟均值，{MEMORY}",
        "disagreement": "平台取值：与数采仪均值相差超过 2% 列为问题",
    }
)


@dataclass(frozen=True, slots=True)
class ValidityRules:
    """The numbers that decide whether a mean is valid; ``sources`` says where from."""

    usable_flags: frozenset[str] = frozenset("N")
    stopped_flags: frozenset[str] = frozenset("F")
    gas_hour_share: float = 0.75
    gas_day_hours: int = 20
    slot_share: float = 0.5
    water_hour_values: int = 1
    water_day_share: float = 0.75
    quarter_share: float = 0.75
    furnace_limit: float = 850.0
    furnace_count: int = 5
    disagreement: float = 0.02
    sources: Mapping[str, str] = field(default_factory=lambda: SOURCES)


DEFAULT_RULES = ValidityRules()
FLAG_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "N": "正常",
        "F": "停运",
        "M": "维护",
        "S": "手工输入",
        "D": "故障",
        "C": "校准",
        "T": "超量程上限",
        "B": "通讯异常",
    }
)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def slot_length(interval: timedelta) -> timedelta:
    """Return the shortest period that counts as one value: a minute, or the interval."""
    return max(interval, MINUTE)


def needed(due: int, share: float) -> int:
    """Return how many of ``due`` values must be valid; at least one."""
    return max(1, math.ceil(due * share - 1e-9))


def flag_word(flag: str) -> str:
    """Return a flag in words."""
    return FLAG_WORDS.get(flag, f"标记 {flag or '缺失'}")
