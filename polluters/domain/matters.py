"""Findings that do not come of a series: marks, upkeep, rates, quotas, forecasts.

They share the form of the checks (``Check``), so that one page, one alert and one admin
serve all of them. ``kind`` is the kind of alert: those that are no suspicion may be told
to the enterprise.
"""

from collections.abc import Mapping

from polluters.domain.checks.catalogue import CATALOGUE, Check, Severity

MONITORING = "monitoring_{medium}"
CRITICAL, MAJOR, MINOR, INFO = Severity

_MARKS = (
    Check(
        "late_mark", "标记逾期", MINOR,
        "{mark}（{begin} 至 {end}）于 {made} 标记，晚于时限 {deadline}（{source}）",
        MONITORING, kind="late-mark", ask="核对企业标记制度与当日工况",
    ),
    Check(
        "unmarked", "未按时标记", MINOR,
        "{factor}自 {begin} 至 {end}（{duration}）数采仪标记为{flag}，"
        "至时限 {deadline} 未在国家平台标记",
        MONITORING, kind="late-mark", ask="要求企业说明原因并核对当日工况",
    ),
    Check(
        "backdated_mark", "超标后补标", MAJOR,
        "{mark}（{begin} 至 {end}）于 {made} 标记，晚于时段开始 {delay}；"
        "该时段的超标预警已于 {known} 发出",
        "fake_data", kind="anomaly-mark", ask="核对同期工况、门禁与视频，防止以标记逃避认定",
    ),
    Check(
        "mark_allowance", "标记时长超限", MAJOR,
        "{mark}{year} 年累计 {used} 小时，超过允许的 {allowed} 小时（{source}）",
        MONITORING, kind="late-mark", ask="核对启停炉与故障次数",
    ),
    Check(
        "mark_too_long", "单次标记过长", MINOR,
        "{mark}自 {begin} 至 {end} 持续 {duration}，超过每次允许的 {allowed} 小时"
        "（{source}）",
        MONITORING, kind="late-mark", ask="核对故障维修记录",
    ),
)  # fmt: skip
_LEDGER = (
    Check(
        "upkeep_overdue", "运维任务逾期", MINOR,
        "{what}应于 {due} 前完成，已逾期 {duration}",
        MONITORING, kind="upkeep", ask="督促运维单位完成并登记结果",
    ),
    Check(
        "upkeep_failed", "校准校验不合格", MAJOR,
        "{what}于 {done} 进行，结果不合格{error}",
        MONITORING, kind="upkeep", ask="核对上次合格以来的数据是否有效",
    ),
    Check(
        "consumable_expired", "标气或试剂过期", MINOR,
        "{what}有效期至 {due}，已过期 {duration}仍在使用",
        MONITORING, kind="upkeep", ask="更换并复核过期期间的校准",
    ),
    Check(
        "certificate_expired", "运维人员证书过期", MINOR,
        "{what}证书有效期至 {due}，已过期 {duration}",
        MONITORING, kind="upkeep",
    ),
    Check(
        "service_lapsed", "运维合同到期", MINOR,
        "与{what}的运维合同于 {due} 到期，已 {duration}无有效合同",
        MONITORING, kind="upkeep",
    ),
    Check(
        "installation_overdue", "安装联网逾期", MAJOR,
        "{what}应于 {due} 前联网，现为{stage}，已逾期 {duration}",
        MONITORING, kind="upkeep", ask="核对名录与许可证要求，责令限期联网",
    ),
    Check(
        "parameter_undeclared", "参数修改未申报", MAJOR,
        "数采仪于 {begin} 上报参数改动（{what}），{limit} 小时内无申报",
        "fake_data", kind="parameter", ask="调取参数修改日志与站房视频",
    ),
)  # fmt: skip
_FIGURES = (
    Check(
        "national_mismatch", "与国家平台数据不符", MAJOR,
        "{factor}{day} 有 {count} 个{period}均值与国家平台相差超过 {tolerance}"
        "（如 {at} 本平台 {value}，国家平台 {other} {unit}）",
        "fake_data", kind="anomaly-national", ask="比对两个平台收到的原始报文",
    ),
    Check(
        "rate_low", "有效传输率不足", MINOR,
        "{month}有效传输率 {value}（有效率 {validity} × 传输率 {transmission}），"
        "低于目标 {target}；缺失或无效 {lacking} 小时",
        MONITORING, kind="transmission", ask="查联网、供电与运维记录",
    ),
    Check(
        "quota_high", "许可排放量预警", MINOR,
        "{factor}{year} 年已排放 {used} t，占许可量 {quota} t 的 {share}{forecast}",
        "exceed_{medium}", kind="quota", ask="核对产量与排放量核算",
    ),
)  # fmt: skip
_FORECASTS = (
    Check(
        "will_exceed", "趋势预警", MINOR,
        "{factor}{text}",
        MONITORING, kind="forecast", ask="关注治理设施运行，提前调整工况",
    ),
    Check(
        "unusual_level", "同期水平异常", INFO,
        "{factor}{begin} 小时均值{text}",
        MONITORING, kind="anomaly-level", ask="核对负荷、原料与治理设施",
    ),
    Check(
        "odd_hour", "多因子关系异常", INFO,
        "{begin} 至 {end} 各因子的组合与平时不同，主要由{drivers}引起",
        MONITORING, kind="anomaly-joint", ask="核对工况与各分析仪，是否有单台仪器失真",
    ),
)  # fmt: skip
MARKS = {check.code: check for check in _MARKS}
LEDGER = {check.code: check for check in _LEDGER}
FIGURES = {check.code: check for check in _FIGURES}
FORECASTS = {check.code: check for check in _FORECASTS}
KNOWN: Mapping[str, Check] = CATALOGUE | MARKS | LEDGER | FIGURES | FORECASTS
"""Every kind of finding by its code."""
OPEN_KINDS = frozenset(("late-mark", "upkeep", "transmission", "quota", "forecast"))
"""Kinds that carry no suspicion: the enterprise may read them."""
TOLD = frozenset(
    code for code, check in KNOWN.items() if check.kind in OPEN_KINDS
) | frozenset(("missing", "offline", "clock_skew", "future_time", "negative"))
"""Findings that an enterprise may read of itself."""
