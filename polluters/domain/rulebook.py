"""Numbers that an installation may change: their defaults, each with where it is from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date

from polluters.domain.checks.thresholds import DEFAULT, Thresholds
from polluters.domain.validity import DEFAULT_RULES, SOURCES, ValidityRules

UNREAD = "未见规则全文，待与原文核对"
MARK_RULE = f"《污染物排放自动监测设备标记规则》（2023-01-01 施行），{UNREAD}"
OWN = "平台取值"


@dataclass(frozen=True, slots=True)
class Number:
    """A default: its value, unit and source."""

    code: str
    name: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class KindOfMark:
    """A default kind of mark; see the table of marks."""

    code: str
    name: str
    group: str
    flag: str = ""
    exempts: bool = True
    stops: bool = False
    yearly_hours: float | None = None
    each_hours: float | None = None
    source: str = MARK_RULE


_VALIDITY_NAMES: Mapping[str, tuple[str, str]] = {
    "gas_hour_share": ("废气小时有效分钟占比", ""),
    "gas_day_hours": ("废气日有效小时数", "h"),
    "slot_share": ("分钟内有效实时值占比", ""),
    "water_hour_values": ("废水小时最少有效值", "个"),
    "water_day_share": ("废水日有效小时占比", ""),
    "quarter_share": ("季度有效数据捕集率", ""),
    "furnace_limit": ("焚烧炉温下限", "℃"),
    "furnace_count": ("一日允许低于炉温下限的五分钟均值", "个"),
    "disagreement": ("上报均值与计算均值允许相对差", ""),
}
_OTHER = (
    Number("mark_deadline_hour", "标记时限（次日几时）", 12, "时", MARK_RULE),
    Number("mark_backdate_h", "事后补标判定（距时段开始）", 24, "h", OWN),
    Number("mark_least_h", "须标记的非正常时段最短", 2, "h", OWN),
    Number("own_marks_exempt", "不适用标记规则的单位，及时说明可否免判", 1, "", OWN),
    Number("rate_target", "有效传输率目标", 0.9, "", f"75% 自 2014 年；90%/95% {UNREAD}"),
    Number("national_tolerance", "与国家平台均值允许相对差", 0.02, "", OWN),
    Number("expiry_notice_d", "有效期到期前提醒", 30, "d", OWN),
    Number("quota_notice_share", "许可排放量提醒比例", 0.8, "", OWN),
    Number("change_declare_h", "参数修改申报时限", 24, "h", OWN),
    Number("substitute_high_share", "替代：高捕集率界", 0.9, "", f"HJ 75-2017，{UNREAD}"),
    Number("substitute_mid_share", "替代：低捕集率界", 0.75, "", f"HJ 75-2017，{UNREAD}"),
    Number(
        "substitute_high_hours", "替代：高捕集率取前几个有效小时最大值", 180, "h",
        f"HJ 75-2017，{UNREAD}",
    ),
    Number(
        "substitute_mid_hours", "替代：低捕集率取前几个有效小时最大值", 720, "h",
        f"HJ 75-2017，{UNREAD}",
    ),
    Number("trend_horizon_h", "趋势预警提前量", 6, "h", OWN),
    Number("trend_window_h", "趋势取用时段", 6, "h", OWN),
    Number("season_weeks", "同期基线取用周数", 8, "周", OWN),
    Number("season_bar", "同期偏离（稳健标准差）", 7, "倍", OWN),
    Number("joint_days", "多变量取用天数", 60, "d", OWN),
    Number("explanation_days", "企业说明时限（工作日）", 3, "d", OWN),
    Number("portal_file_mb", "企业附件单个上限", 20, "MB", OWN),
    Number("portal_files", "企业附件每次个数上限", 6, "个", OWN),
)  # fmt: skip


def _validity() -> tuple[Number, ...]:
    return tuple(
        Number(code, name, float(getattr(DEFAULT_RULES, code)), unit, SOURCES[code])
        for code, (name, unit) in _VALIDITY_NAMES.items()
    )


def _checks() -> tuple[Number, ...]:
    return tuple(
        Number(
            f"check.{one.name}",
            f"检查阈值 {one.name}",
            float(getattr(DEFAULT, one.name)),
            "s" if one.name.endswith("_s") else "",
            DEFAULT.sources.get(one.name, "见检查项目录，" + OWN),
        )
        for one in fields(DEFAULT)
        if one.name != "sources"
    )


NUMBERS: Mapping[str, Number] = {
    number.code: number for number in (*_validity(), *_OTHER, *_checks())
}
KINDS = (
    KindOfMark("maintenance", "自动监测设备维护", "device", "M", yearly_hours=30),
    KindOfMark("calibration", "校准", "device", "C"),
    KindOfMark("device_fault", "自动监测设备故障", "device", "D"),
    KindOfMark("standard_check", "标样核查", "device"),
    KindOfMark("link_fault", "通讯异常", "device", "B", exempts=False, source=OWN),
    KindOfMark("stopped", "停运", "production", "F", stops=True),
    KindOfMark("starting", "启炉（启动）", "production", yearly_hours=60),
    KindOfMark("stopping", "停炉（停机）", "production", yearly_hours=60),
    KindOfMark("cooling", "停炉降温", "production", yearly_hours=60),
    KindOfMark("baking", "烘炉", "production", yearly_hours=60),
    KindOfMark(
        "production_fault", "生产或治理设施故障", "production",
        yearly_hours=60, each_hours=4,
    ),
    KindOfMark("accident", "事故", "production", yearly_hours=60, each_hours=4),
)  # fmt: skip
# Starting, stopping, fault and accident share one allowance.
SHARED_ALLOWANCE = frozenset(
    ("starting", "stopping", "cooling", "baking", "production_fault", "accident")
)
SCOPE: tuple[tuple[str, date, str], ...] = tuple(
    (industry, date(2023, 1, 1), MARK_RULE)
    for industry in ("生活垃圾焚烧", "火力发电", "水泥制造", "纸板制造", "造纸")
)


def validity_rules(values: Mapping[str, float]) -> ValidityRules:
    """Return the rules of valid means with an installation's numbers."""
    whole = ("gas_day_hours", "water_hour_values", "furnace_count")
    changed: dict[str, float] = {
        code: int(values[code]) if code in whole else values[code]
        for code in _VALIDITY_NAMES
        if code in values
    }
    return replace(DEFAULT_RULES, **changed)  # type: ignore[arg-type]


def thresholds(values: Mapping[str, float]) -> Thresholds:
    """Return the thresholds of the checks with an installation's numbers."""
    changed: dict[str, float] = {}
    for one in fields(DEFAULT):
        code = f"check.{one.name}"
        if one.name != "sources" and code in values:
            whole = isinstance(getattr(DEFAULT, one.name), int)
            changed[one.name] = int(values[code]) if whole else values[code]
    return replace(DEFAULT, **changed)  # type: ignore[arg-type]
