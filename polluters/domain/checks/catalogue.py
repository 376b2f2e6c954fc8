"""The check catalogue: code, severity, words, legal topic, and whether it can be overruled.

``text`` is what an officer can put in a record; its placeholders are filled from the
hit. ``topic`` is a topic of the legal bases; ``{medium}`` in it is ``air`` or ``water``.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """As of alerts: 严重 较重 一般 提示."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of finding."""

    code: str
    name: str
    severity: Severity
    text: str
    topic: str
    override: bool = True
    ask: str = ""
    kind: str = "anomaly"


SPAN = "{factor}自 {begin} 至 {end}（{duration}）"
MONITORING = "monitoring_{medium}"
FAKE = "fake_data"
EVADE = "evade_{medium}"
CRITICAL, MAJOR, MINOR, INFO = Severity

_CHECKS = (
    Check(
        "constant",
        "恒值",
        MAJOR,
        SPAN + "数值恒为 {value} {unit}，连续 {count} 个数据不变；"
        "该因子平时相同值最长持续 {usual}",
        FAKE,
        ask="查分析仪采样与进样记录、数采仪参数、零点量程设置",
    ),
    Check(
        "zero",
        "零值",
        MAJOR,
        SPAN + "连续 {count} 个数据为 0，平时中位值 {usual} {unit}；同期{evidence}",
        MONITORING,
        ask="查分析仪故障记录与生产工况",
    ),
    Check(
        "negative",
        "负值",
        MINOR,
        SPAN + "出现负值 {count} 个，最低 {value} {unit}",
        MONITORING,
        ask="查零点漂移与校准记录",
    ),
    Check(
        "over_range",
        "超量程",
        MAJOR,
        SPAN
        + "有 {count} 个正常标记数据超出量程上限 {limit} {unit}，最高 {value} {unit}",
        MONITORING,
        ask="查量程设置是否与备案一致、是否应标记 T",
    ),
    Check(
        "range_flag",
        "超量程标记不实",
        MINOR,
        SPAN + "{count} 个数据标记为 T（超量程），但数值 {value} {unit} "
        "在量程 {limit} {unit} 以内",
        MONITORING,
    ),
    Check(
        "step",
        "突变",
        MINOR,
        SPAN + "由 {before} {unit} 突变为 {after} {unit}，变化 {score} 倍于平时波动，"
        "同期负荷无相应变化",
        MONITORING,
        ask="查同期生产负荷、治理设施运行与参数修改记录",
    ),
    Check(
        "joint_step",
        "多因子同时突变",
        MAJOR,
        "自 {begin} 至 {end}（{duration}）{factors}在同一时刻突变（{changes}），"
        "无停运、维护或校准标记",
        FAKE,
        ask="查数采仪参数修改日志与站房视频",
    ),
    Check(
        "flat_top",
        "贴限",
        MAJOR,
        SPAN + "{share} 的数据堆积在 {low}–{limit} {unit}（{what}），未见更高值，"
        "平时该区间占 {usual}",
        FAKE,
        ask="查数采仪上限设置、折算参数与原始记录",
    ),
    Check(
        "too_smooth",
        "过于平滑",
        MAJOR,
        SPAN + "相邻数据波动仅为平时的 {share}（{value} {unit}，平时 {usual} {unit}）",
        FAKE,
        ask="查滤波、平均或模拟参数设置",
    ),
    Check(
        "periodic",
        "周期性重复",
        MAJOR,
        SPAN + "数据按 {period} 周期重复，{share}",
        FAKE,
        ask="查是否回放历史数据或由程序生成",
    ),
    Check(
        "missing",
        "数据缺失",
        MINOR,
        SPAN + "缺少数据 {count} 个，{evidence}",
        MONITORING,
        ask="查分析仪与数采仪通讯、停运申报",
    ),
    Check(
        "offline",
        "数采仪无数据",
        MINOR,
        "数采仪自 {begin} 至 {end}（{duration}）没有任何数据，之后也未补传，"
        "之前无停运标记",
        MONITORING,
        ask="查供电、SIM 卡与数采仪运行状态",
    ),
    Check(
        "stale",
        "未更新测量",
        MAJOR,
        SPAN + "分析仪采样时间停在 {value}，超过平时周期 {usual}，数据仍在上报",
        MONITORING,
        ask="查分析仪是否停止采样而数采仪重复上报",
    ),
    Check(
        "clock_skew",
        "时钟偏差",
        MINOR,
        "数采仪自 {begin} 至 {end}（{duration}）数据时间与发送时间相差 {value}，"
        "平时为 {usual} 秒",
        MONITORING,
        override=False,
        ask="远程校时并核对数据归属时段",
    ),
    Check(
        "future_time",
        "数据时间在未来",
        MINOR,
        "{count} 帧数据的时间晚于发送时间（最晚 {value}，发送于 {begin}）",
        MONITORING,
        override=False,
        ask="校时；相关数据不参与统计",
    ),
    Check(
        "tn_below_nh3n",
        "总氮小于氨氮",
        MAJOR,
        "自 {begin} 至 {end}（{duration}）总氮 {value} mg/L 低于氨氮 {other} mg/L，"
        "不符合总氮包含氨氮的关系",
        MONITORING,
        ask="比对质控样，查两台分析仪校准记录",
    ),
    Check(
        "cod_below_bod",
        "化学需氧量小于生化需氧量",
        MAJOR,
        "自 {begin} 至 {end}（{duration}）化学需氧量 {value} mg/L 低于"
        "五日生化需氧量 {other} mg/L，不符合两者关系",
        MONITORING,
        ask="比对质控样，查两台分析仪校准记录",
    ),
    Check(
        "flow_zero",
        "流量为零而有浓度",
        MAJOR,
        SPAN + "流量为 0，平时中位值 {usual} {unit}；同期{evidence}",
        EVADE,
        ask="查流量计、旁路与实际排放",
    ),
    Check(
        "o2_high",
        "含氧量偏高",
        MINOR,
        SPAN + "含氧量 {value}%，平时 {usual}%，{evidence}；折算值无意义或被稀释",
        EVADE,
        ask="查漏风、稀释空气与停炉情况",
    ),
    Check(
        "converted_mismatch",
        "折算值与复算不符",
        MAJOR,
        SPAN + "上报折算值与按基准氧 {reference}% 复算值相差 {share}"
        "（如 {at} 上报 {value}，复算 {other} {unit}），共 {count} 个",
        FAKE,
        ask="查数采仪折算公式与基准氧、过量空气系数设置",
    ),
    Check(
        "mean_mismatch",
        "上报均值与复算不符",
        MAJOR,
        SPAN + "上报小时均值与由明细数据计算的均值相差 {share}"
        "（如 {at} 上报 {value}，计算 {other} {unit}），共 {count} 个",
        FAKE,
        ask="查数采仪均值计算与数据修改",
    ),
    Check(
        "flag_abuse",
        "标记使用异常",
        MAJOR,
        SPAN + "标记为{flag}，{evidence}",
        MONITORING,
        ask="核对运维记录、站房视频与同期工况",
    ),
    Check(
        "declared_stop_running",
        "标停未停",
        CRITICAL,
        "自 {begin} 至 {end}（{duration}）标记为停运，但{evidence}",
        FAKE,
        ask="现场核实生产状态，调取用电与工况数据",
    ),
    Check(
        "changed",
        "数据事后改变",
        MAJOR,
        "{factor}自 {begin} 至 {end} 有 {count} 个已上报数据被改变"
        "（如 {at} 由 {value} 改为 {other} {unit}）",
        FAKE,
        override=False,
        ask="调取两次原始报文，查数采仪修改日志",
    ),
    Check(
        "calibration_unplanned",
        "计划外校准",
        MINOR,
        SPAN + "标记为校准，{evidence}",
        MONITORING,
        ask="核对校准计划、门禁与视频",
    ),
    Check(
        "station_event",
        "站房供电或门禁事件",
        MINOR,
        "{begin} 站房上报：{text}，前后无维护标记",
        MONITORING,
        ask="查视频与出入登记",
    ),
)
CATALOGUE: dict[str, Check] = {check.code: check for check in _CHECKS}
