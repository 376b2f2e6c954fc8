"""When a listed vehicle may leave the watch list, and how urgent a match is."""

from dataclasses import dataclass
from datetime import date, datetime

from bozhou_eco.common.calendar import add_months
from vehicles.domain.inspection.read import BEIJING

GRAVE = frozenset({"repeated", "obd_tamper", "finding", "not_retested"})
"""Reasons for which a match is told as major."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an entry: its exit rule, its last trigger, later passed tests."""

    trigger: str
    needs_retest: bool
    clean_months: int
    last_trigger_at: datetime
    passed_at: datetime | None = None
    inspection_until: date | None = None


def clean_until(standing: Standing) -> date:
    """Return the first day on which the clean months are over."""
    return add_months(
        standing.last_trigger_at.astimezone(BEIJING).date(), standing.clean_months
    )


def lacks(standing: Standing, *, now: datetime) -> list[str]:
    """Return what still stands between an entry and its exit; empty means it leaves."""
    missing = []
    today = now.astimezone(BEIJING).date()
    retested = (
        standing.passed_at is not None and standing.passed_at > standing.last_trigger_at
    )
    if standing.needs_retest and not retested:
        missing.append("复检合格")
    until = clean_until(standing)
    if today < until:
        missing.append(f"无新增异常至 {until:%Y-%m-%d}")
    valid = standing.inspection_until
    if standing.trigger == "overdue" and not retested and (valid or today) < today:
        missing.append("检验有效期更新")
    return missing


def exit_words(standing: Standing) -> str:
    """Return the reason given for an exit by rule."""
    words = []
    if standing.needs_retest:
        words.append("复检合格")
    if standing.clean_months:
        words.append(f"连续 {standing.clean_months} 个月无新增异常")
    return "，".join(words) or "触发情形已消除"


def severity_of(triggers: list[str]) -> str:
    """Return the severity of a match of a vehicle listed for ``triggers``."""
    return "major" if GRAVE.intersection(triggers) else "minor"
