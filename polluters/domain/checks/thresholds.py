"""Numbers of the checks, each with where it comes from; an installation may change them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

OWN = "平台取值，随数据自身统计量自适应"
SEEN = "公开规则文件中的取值，非标准条文"
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "skew_s": f"现场时钟偏差超过 1 分钟（R042，{SEEN}）",
        "converted_share": f"折算值与复算值相差 ±2%（R068，{SEEN}）",
        "mean_share": OWN,
        "o2_running": OWN,
        "calibration": f"校准在计划或工作时间之外（R061，{SEEN}）",
        "constant": f"恒值：长时间不变（{SEEN}），时长按数据自身分布",
        "flat_top": f"数据堆积在限值或量程（R070，{SEEN}）",
        "periodic": f"频谱、自相关异常（R059，{SEEN}）",
        "joint": f"多因子同时突变（R053，{SEEN}）",
    }
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Times are in seconds, shares without unit; ``sources`` says where from."""

    constant_s: int = 3600
    constant_samples: int = 5
    constant_odds: float = 0.02
    zero_s: int = 1800
    zero_samples: int = 3
    negative_share: float = 0.2
    negative_range: float = 0.004
    step_score: float = 7.5
    joint_score: float = 5.0
    step_ratio: float = 0.34
    step_hold_s: int = 1800
    smooth_factor: float = 3.0
    smooth_s: int = 5400
    periodic_share: float = 0.72
    flat_band: float = 0.06
    flat_share: float = 0.6
    missing_s: int = 2700
    missing_samples: int = 4
    silent_s: int = 3 * 3600
    skew_s: int = 60
    future_s: int = 1800
    converted_share: float = 0.02
    mean_share: float = 0.02
    o2_running: float = 19.0
    o2_s: int = 1800
    flow_zero_s: int = 1800
    stop_running_s: int = 3600
    maintenance_s: int = 16 * 3600
    calibration_s: int = 6 * 3600
    fault_s: int = 72 * 3600
    joint_factors: int = 2
    per_month: float = 5.0
    sources: Mapping[str, str] = field(default_factory=lambda: SOURCES)


DEFAULT = Thresholds()
