"""What follows from the kind of an alert, before any setting of the bureau.

Kinds are open strings chosen by the app that owns the facts. A kind is looked up by its
name, then by its longest known prefix before a dot or dash, then `OTHER`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class KindPolicy:
    """How alerts of a kind live.

    ``verdict``: the alert waits for a verdict after it has returned to normal.
    ``momentary``: the fact is a point in time and never "clears".
    ``confidential``: never shown to the enterprise or station it concerns.
    ``enterprise_first``: the enterprise may be asked for a self-check (自查自纠).
    ``reopen``: a new occurrence within this time after closing re-opens the old alert.
    ``mute``: how long a judged alert whose condition lasts only counts.
    """

    label: str
    verdict: bool = True
    momentary: bool = False
    confidential: bool = False
    enterprise_first: bool = False
    reopen: timedelta = timedelta(minutes=30)
    mute: timedelta = timedelta(hours=24)


OTHER = KindPolicy("其他预警")

KINDS: Mapping[str, KindPolicy] = {
    "exceedance": KindPolicy("超标预警", enterprise_first=True),
    "exceed": KindPolicy("超标", enterprise_first=True),
    "water-exceedance": KindPolicy("废水超标", enterprise_first=True),
    "offline": KindPolicy("数据中断", verdict=False, enterprise_first=True),
    "missing": KindPolicy("数据缺失", verdict=False, enterprise_first=True),
    "transmission": KindPolicy("有效传输率不足", verdict=False, enterprise_first=True),
    "constant": KindPolicy("数据恒值", confidential=True),
    "jump": KindPolicy("数据突变", confidential=True),
    "hugging": KindPolicy("贴限排放", confidential=True),
    "anomaly": KindPolicy("数据异常", confidential=True),
    "fraud": KindPolicy("涉嫌弄虚作假", confidential=True),
    "stopped-running": KindPolicy("标停未停", confidential=True),
    "door": KindPolicy("站房门禁异常", confidential=True),
    "parameter": KindPolicy("设备参数改动", confidential=True),
    "late-mark": KindPolicy("标记逾期", enterprise_first=True),
    "smoke": KindPolicy("黑烟车", momentary=True),
    "capture": KindPolicy("黑烟抓拍", momentary=True),
    "watch": KindPolicy("监管名单车辆", momentary=True),
    "station": KindPolicy("检验机构异常", confidential=True),
    "inspection": KindPolicy("检验疑点", momentary=True, confidential=True),
    "road": KindPolicy("路检路查", momentary=True),
    "objection": KindPolicy("异议待答复", verdict=False),
    "camera": KindPolicy("摄像机故障", verdict=False),
    "station-offline": KindPolicy("检验机构离线", verdict=False),
    "process": KindPolicy("平台进程停止", verdict=False),
    "canary": KindPolicy("链路自检", verdict=False),
    "integrity": KindPolicy("证据完整性", confidential=True),
    "case": KindPolicy("案件时限", verdict=False),
    "report": KindPolicy("线索周报", verdict=False, momentary=True),
    "clock": KindPolicy("设备时钟偏差", verdict=False, enterprise_first=True),
}

NEVER_FIRST = frozenset(
    {"fraud", "stopped-running", "door", "parameter", "anomaly", "constant", "hugging",
     "jump", "inspection"}
)  # fmt: skip
"""Kinds an enterprise is never warned of first, whatever a setting says: telling the
suspect would let the traces be removed."""


SUSPECT_WORDS = frozenset({"fraud", "tamper", "door", "cheat", "forged"})
"""Words that make any kind, even an unknown one, a matter of suspicion."""

SEPARATORS = re.compile(r"[-_.:]")


def base_of(kind: str) -> str:
    """Return the known kind that ``kind`` is or refines, or an empty string."""
    words = SEPARATORS.split(kind)
    for length in range(len(words), 0, -1):
        name = "-".join(words[:length])
        if name in KINDS:
            return name
    return ""


def is_suspect(kind: str) -> bool:
    """Return whether the name of ``kind`` speaks of suspicion."""
    return not SUSPECT_WORDS.isdisjoint(SEPARATORS.split(kind))


def policy_of(kind: str) -> KindPolicy:
    """Return the built-in policy of ``kind``."""
    base = base_of(kind)
    policy = KINDS[base] if base else OTHER
    if is_suspect(kind):
        return replace(policy, confidential=True, enterprise_first=False)
    return policy


def may_go_first(kind: str) -> bool:
    """Return whether an enterprise may at all be warned of ``kind`` first."""
    if base_of(kind) in NEVER_FIRST or is_suspect(kind):
        return False
    return not policy_of(kind).confidential
