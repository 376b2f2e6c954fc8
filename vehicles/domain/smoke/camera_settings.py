"""What may be set per camera: thresholds by name, and which plates pass there."""

from dataclasses import fields

from vehicles.domain.plates import PROVINCES
from vehicles.domain.smoke.verdict import Thresholds

MOST = 100
COUNTS = frozenset(one.name for one in fields(Thresholds) if one.type in (int, "int"))
NUMBERS = frozenset(one.name for one in fields(Thresholds)) | {"home_share"}


def wrong_thresholds(given: object) -> str:
    """What is wrong with a camera's thresholds, in words; empty when nothing is."""
    if not isinstance(given, dict):
        return '应为 JSON 对象，例如 {"home": "新", "detector": 0.12}'
    wrong = (_wrong(str(name), value) for name, value in given.items())
    return next((words for words in wrong if words), "")


def _wrong(name: str, value: object) -> str:
    if name == "home":
        known = isinstance(value, str) and len(value) <= 1 and value in PROVINCES
        return "" if known else f"home 应为省份简称或空，现为 {value}"
    if name not in NUMBERS:
        return f"没有名为 {name} 的阈值；可用 home、{'、'.join(sorted(NUMBERS))}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{name} 应为数，现为 {value}"
    most = 1 if name == "home_share" else MOST
    if not 0 <= value <= most:
        return f"{name} 应在 0–{most} 之间，现为 {value}"
    if name in COUNTS and value != int(value):
        return f"{name} 应为整数，现为 {value}"
    return ""
