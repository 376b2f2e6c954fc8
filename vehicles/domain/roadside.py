"""What a roadside check must hold before it is taken, and what its readings mean."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_K, MOST_LEVEL = 30.0, 5
FUTURE = timedelta(minutes=5)
OLDEST = timedelta(days=30)
SKEW_S = 300.0
"""A phone whose clock is further off has its times corrected, and the check says so."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured at the roadside, and the verdict given."""

    means: str
    verdict: str
    smoke_k: float | None = None
    limit_k: float | None = None
    ringelmann: int | None = None
    obd_fault: str = ""
    note: str = ""


def over_limit(reading: Reading) -> bool | None:
    """Return whether the reading is over its limit; None where it cannot say."""
    if reading.means == "smoke_meter":
        if reading.smoke_k is None or reading.limit_k is None:
            return None
        return reading.smoke_k > reading.limit_k
    if reading.means == "ringelmann":
        return None if reading.ringelmann is None else reading.ringelmann >= 1
    return None


def faults(reading: Reading) -> dict[str, str]:
    """Return what is wrong with a reading, by field; empty when it can be taken."""
    wrong: dict[str, str] = {}
    if reading.means == "smoke_meter" and reading.smoke_k is None:
        wrong["smoke_k"] = "请填写光吸收系数 k"
    if reading.means == "ringelmann" and reading.ringelmann is None:
        wrong["ringelmann"] = "请选择林格曼级"
    if reading.means == "obd" and not reading.obd_fault.strip():
        wrong["obd_fault"] = "请填写 OBD 读数；无故障填“无”"
    for name in ("smoke_k", "limit_k"):
        value = getattr(reading, name)
        if value is not None and not 0 <= value <= MOST_K:
            wrong[name] = f"应在 0～{MOST_K:g} m⁻¹ 之间，请核对读数"
    if reading.ringelmann is not None and not 0 <= reading.ringelmann <= MOST_LEVEL:
        wrong["ringelmann"] = "应为 0～5 级"
    if reading.verdict not in ("pass", "fail"):
        wrong["verdict"] = "请选择结论"
    over = over_limit(reading)
    if not wrong and over and reading.verdict == "pass":
        wrong["verdict"] = "读数超过限值，结论应为不合格"
    if not wrong and over is False and reading.verdict == "fail" and not reading.note:
        wrong["note"] = "读数未超限值而判不合格，请写明依据（如拆除后处理装置）"
    return wrong


@dataclass(frozen=True, slots=True)
class Times:
    """When a check took place by the platform's clock."""

    at: datetime
    ahead_s: float | None
    fault: str = ""


def true_time(at: datetime, sent_at: datetime | None, now: datetime) -> Times:
    """Return the time of a check, corrected where the phone's clock is far off.

    ``sent_at`` is the phone's clock when it sent; ``now`` the platform's on arrival.
    """
    ahead = (sent_at - now).total_seconds() if sent_at else None
    if ahead is not None and abs(ahead) > SKEW_S:
        try:
            at -= timedelta(seconds=ahead)
        except OverflowError:
            return Times(at, ahead, "检查时间不可能，请核对手机时间")
    if at > now + FUTURE:
        return Times(at, ahead, "检查时间在将来，请核对手机时间")
    if at < now - OLDEST:
        return Times(at, ahead, "检查时间早于 30 天前，请核对手机时间")
    return Times(at, ahead)
