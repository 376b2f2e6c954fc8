"""Pollutant codes, command codes and the other closed lists of HJ 212.

Codes: HJ 212-2017 appendix B with the HJ/T 212-2005 codes they replace. Commands:
HJ 212-2017 table 9; those of 2025 and of 2005 are marked by their version.
"""

import csv
import re
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).resolve().parent.parent / "data" / "pollutants.csv"


class PollutantCode(NamedTuple):
    """One row of appendix B. ``usual_unit`` differs where the table errs."""

    code: str
    old_code: str
    name: str
    name_en: str
    unit: str
    usual_unit: str
    medium: str
    datatype: str
    source: str


def read_pollutants() -> dict[str, PollutantCode]:
    """Return the project's pollutant table by code."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return {row[0]: PollutantCode(*row) for row in rows}


POLLUTANTS = read_pollutants()
OLD_CODES = {row.old_code: code for code, row in POLLUTANTS.items() if row.old_code}

# Codes outside appendix B that the standard itself uses: devices (SB1), field
# information (i11001), processes (e01001), electricity (d…) and key production
# conditions (p…) of 2025.
_OTHER = re.compile(r"SB\d{1,3}|i\d{5}|e\d{5}|[dp]\d{5}")
_VENDOR = re.compile(r"[awgn]\d{5}[A-Za-z]?")


def is_standard_code(code: str) -> bool:
    """Whether HJ 212 itself knows this item code."""
    return code in POLLUTANTS or _OTHER.fullmatch(code) is not None


def has_standard_form(code: str) -> bool:
    """Whether a code at least looks like one of HJ 525 (a34514, w99001)."""
    return _VENDOR.fullmatch(code) is not None


NUMERIC_SUFFIXES = frozenset(
    [
        "Rtd",
        "Min",
        "Avg",
        "Max",
        "ZsRtd",
        "ZsMin",
        "ZsAvg",
        "ZsMax",
        "Cou",
        "ZsCou",
        "RS",
        "RT",
        "Data",
        "DayData",
        "NightData",
        "ValidNum",
        "TotalNum",
    ]
)
TEXT_SUFFIXES = frozenset(("Info", "SN"))
MARK_SUFFIXES = frozenset(("Flag", "EFlag", "SampleTime"))
SUFFIXES = NUMERIC_SUFFIXES | TEXT_SUFFIXES | MARK_SUFFIXES
DATA_FLAGS = {
    "N": "正常",
    "F": "停运",
    "M": "维护",
    "S": "手工输入",
    "D": "故障",
    "C": "校准",
    "T": "超量程上限",
    "B": "通讯异常",
}
OLD_DATA_FLAGS = frozenset("P0123")

SYSTEM_TYPES = {
    "21": "地表水质量监测",
    "22": "空气质量监测",
    "23": "声环境质量监测",
    "24": "地下水质量监测",
    "25": "土壤质量监测",
    "26": "海水质量监测",
    "27": "挥发性有机物监测",
    "31": "大气环境污染源",
    "32": "地表水体环境污染源",
    "33": "地下水体环境污染源",
    "34": "海洋环境污染源",
    "35": "土壤环境污染源",
    "36": "声环境污染源",
    "37": "振动环境污染源",
    "38": "放射性环境污染源",
    "39": "工地扬尘污染源",
    "41": "电磁环境污染源",
    "44": "用电监控",
    "45": "关键工况监控",
    "51": "烟气排放过程监控",
    "52": "污水排放过程监控",
    "91": "系统交互",
}
ST_MEDIUM = {
    **dict.fromkeys(("21", "24", "26", "32", "33", "34"), "water"),
    **dict.fromkeys(("22", "27", "31", "39"), "air"),
    **dict.fromkeys(("23", "36"), "noise"),
}


class Command(NamedTuple):
    """One command code. ``direction``: down (platform → logger), up, or both."""

    code: str
    name: str
    direction: str
    since: int = 2017
    until: int = 9999


_COMMANDS = (
    Command("1000", "设置超时时间及重发次数", "down", 2005),
    Command("1001", "上传数采仪硬件序列号", "up", 2025),
    Command("1002", "设置设备唯一标识", "down", 2025),
    Command("1011", "提取/上传现场机时间", "both", 2005),
    Command("1012", "设置现场机时间", "down", 2005),
    Command("1013", "现场机时间校准请求", "up"),
    Command("1014", "下发新密钥", "down", 2025),
    Command("1021", "提取污染物报警门限值", "both", 2005, 2016),
    Command("1022", "设置污染物报警门限值", "down", 2005, 2016),
    Command("1031", "提取上位机地址", "both", 2005, 2016),
    Command("1032", "设置上位机地址", "down", 2005, 2016),
    Command("1041", "提取数据上报时间", "both", 2005, 2016),
    Command("1042", "设置数据上报时间", "down", 2005, 2016),
    Command("1061", "提取/上传实时数据间隔", "both", 2005),
    Command("1062", "设置实时数据间隔", "down", 2005),
    Command("1063", "提取/上传分钟数据间隔", "both"),
    Command("1064", "设置分钟数据间隔", "down"),
    Command("1072", "设置现场机访问密码", "down", 2005),
    Command("2011", "污染物实时数据", "both", 2005),
    Command("2012", "停止察看实时数据", "down", 2005),
    Command("2013", "周期原始数据", "up", 2025),
    Command("2021", "设备运行状态数据", "both", 2005),
    Command("2022", "停止察看设备运行状态", "down", 2005),
    Command("2031", "污染物日历史数据", "both", 2005),
    Command("2041", "设备运行时间日历史数据", "both", 2005),
    Command("2051", "污染物分钟数据", "both", 2005),
    Command("2052", "单次噪声监测数据", "up", 2025),
    Command("2061", "污染物小时数据", "both", 2005),
    Command("2062", "自动标样核查数据", "up", 2025),
    Command("2071", "污染物报警记录", "both", 2005, 2016),
    Command("2072", "报警事件", "up", 2005, 2016),
    Command("2081", "数采仪开机时间", "up"),
    Command("2111", "焚烧炉温度五分钟均值", "up", 2025),
    Command("3011", "零点校准量程校准", "down", 2005),
    Command("3012", "即时采样", "down", 2005),
    Command("3013", "启动清洗/反吹", "down", 2005),
    Command("3014", "比对采样", "down", 2005),
    Command("3015", "超标留样", "both"),
    Command("3016", "设置采样时间周期", "down"),
    Command("3017", "提取采样时间周期", "both"),
    Command("3018", "提取出样时间", "both"),
    Command("3019", "提取/上传设备唯一标识", "both"),
    Command("3020", "提取/上传现场机信息", "both"),
    Command("3021", "设置现场机参数", "down"),
    Command("9011", "请求应答", "up", 2005),
    Command("9012", "执行结果", "up", 2005),
    Command("9013", "通知应答", "both", 2005),
    Command("9014", "数据应答", "both", 2005),
    Command("9015", "心跳", "up", 2025),
    Command("9021", "登录注册", "up", 2005, 2016),
    Command("9022", "登录应答", "down", 2005, 2016),
)
COMMANDS = {command.code: command for command in _COMMANDS}

REQUEST_RETURNS = {
    "1": "准备执行请求",
    "2": "请求被拒绝",
    "3": "PW 错误",
    "4": "MN 错误",
    "5": "ST 错误",
    "6": "Flag 错误",
    "7": "QN 错误",
    "8": "CN 错误",
    "9": "CRC 校验错误",
    "100": "未知错误",
}
EXECUTION_RETURNS = {
    "1": "执行成功",
    "2": "执行失败，原因未知",
    "3": "命令请求条件错误",
    "4": "通讯超时",
    "5": "系统繁忙不能执行",
    "6": "系统故障",
    "100": "没有数据",
}
