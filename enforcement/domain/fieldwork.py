"""What two officers' phones write about one visit, merged field by field.

A phone without signal keeps its own copy. Each field carries the count ``n`` of times it
was written; a phone sends the count it started from (``base``). A field that somebody else
has written since is a conflict: it is shown with both values and nothing is overwritten.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

ANSWERS = {"yes": "符合", "no": "不符合", "na": "不适用"}
SIGNERS = {"officer1": "执法人员", "officer2": "执法人员", "party": "当事人代表"}
UNSIGNED = {
    "officer1": "执法人员一未签名",
    "officer2": "执法人员二未签名",
    "party": "当事人代表未签名；拒绝签名的在签名处注明“拒签”",
}
LONGEST_TEXT = 2000
MOST_FIELDS = 200

Stored = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a check-list; ``reading`` compares the site's value with the platform's."""

    code: str
    group: str
    text: str
    hint: str = ""
    kind: str = "check"
    factor: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A field as a phone wrote it; ``base`` is the count it had seen."""

    field: str
    value: Any
    base: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that somebody else has written meanwhile."""

    field: str
    mine: Any
    theirs: Any
    by: str
    at: str
    n: int


def merge(
    stored: Mapping[str, Mapping[str, Any]],
    changes: Iterable[Change],
    *,
    by: str,
) -> tuple[Stored, list[Conflict]]:
    """Return the fields after ``changes`` and the conflicts among them.

    Equal values are no conflict; a repeated change (a phone that got no answer) neither.
    """
    after: Stored = {name: dict(field) for name, field in stored.items()}
    conflicts: list[Conflict] = []
    for change in changes:
        held = after.get(change.field)
        if held is not None and held["v"] == change.value:
            continue
        if held is not None and held["n"] != change.base:
            conflicts.append(
                Conflict(
                    change.field,
                    change.value,
                    held["v"],
                    str(held["by"]),
                    str(held["at"]),
                    int(held["n"]),
                )
            )
            continue
        after[change.field] = {
            "v": change.value,
            "n": (int(held["n"]) if held else 0) + 1,
            "by": by,
            "at": change.at.isoformat(),
        }
    return after, conflicts


def true_time(at: datetime, sent_at: datetime, now: datetime) -> datetime:
    """Return when something happened by the server's clock.

    The phone's clock may be wrong by a day; the time between the act and the sending is
    right. Never later than ``now``.
    """
    return min(now - (sent_at - at), now)


def clock_offset(sent_at: datetime, now: datetime) -> timedelta:
    """Return how far the phone's clock is behind the server's."""
    return now - sent_at


def value_of(stored: Mapping[str, Mapping[str, Any]], field: str) -> Any:
    """Return a field's value or None."""
    held = stored.get(field)
    return held["v"] if held else None


def wrong_value(field: str, value: Any, items: Collection[str]) -> str:
    """Return why ``value`` cannot stand in ``field``, or an empty string."""
    head, _, rest = field.partition(":")
    if head == "a":
        return _wrong_answer(rest, value, items)
    if head == "sign":
        good = isinstance(value, dict) and isinstance(value.get("name"), str)
        return "" if rest in SIGNERS and good else f"{field}：签名缺少姓名"
    if field == "found":
        return "" if isinstance(value, bool) else "是否发现问题应为是或否"
    if field in ("conclusion", "statement"):
        if not isinstance(value, str):
            return f"{field}：应为文字"
        return "" if len(value) <= LONGEST_TEXT else f"{field}：最多 {LONGEST_TEXT} 字"
    return f"没有这一项：{field[:40]}"


def _wrong_answer(code: str, value: Any, items: Collection[str]) -> str:
    if code not in items:
        return f"清单中没有这一项：{code[:40]}"
    if not isinstance(value, dict):
        return f"{code}：应为答案与说明"
    answer, note, site = (value.get(key, "") for key in ("answer", "note", "site"))
    if answer and answer not in ANSWERS:
        return f"{code}：答案应为符合、不符合或不适用"
    if not isinstance(note, str) or len(note) > LONGEST_TEXT:
        return f"{code}：说明最多 {LONGEST_TEXT} 字"
    if site != "":
        try:
            float(site)
        except (TypeError, ValueError):
            return f"{code}：现场示值应为数字"
    return ""


def obstacles(
    items: Iterable[Item],
    stored: Mapping[str, Mapping[str, Any]],
    photographed: Collection[str],
) -> list[str]:
    """Return what is missing before the visit can be finished, in words."""
    missing: list[str] = []
    for number, item in enumerate(items, 1):
        given = value_of(stored, f"a:{item.code}") or {}
        missing += [
            f"第 {number} 项“{item.text}”{what}"
            for what in _lacks(item, given, item.code in photographed)
        ]
    if not str(value_of(stored, "conclusion") or "").strip():
        missing.append("未填写核查情况")
    if value_of(stored, "found") is None:
        missing.append("未选择是否发现问题")
    missing += [
        text for role, text in UNSIGNED.items() if not value_of(stored, f"sign:{role}")
    ]
    return missing


def _lacks(item: Item, given: Mapping[str, Any], photographed: bool) -> list[str]:
    answer = given.get("answer", "")
    if item.kind == "reading":
        done = given.get("site", "") != "" or answer == "na"
        return [] if done else ["未填写现场示值"]
    if not answer:
        return ["未作答"]
    if answer != "no":
        return []
    lacks = [] if str(given.get("note", "")).strip() else ["不符合，未写说明"]
    return lacks if photographed else [*lacks, "不符合，未拍照"]


def deviation(site: object, platform: float | None) -> float | None:
    """Return (site − platform) ÷ platform in per cent; None where it has no sense.

    数据一致性: the instrument on site and the platform at one DataTime.
    """
    try:
        value = float(str(site))
    except ValueError:
        return None
    if not platform:
        return None
    return (value - platform) / platform * 100


def route(
    start: tuple[float, float] | None, places: list[tuple[float, float] | None]
) -> list[int]:
    """Return the order in which to visit ``places`` (longitude, latitude): nearest next.

    Places without coordinates come last, in the order given.
    """
    left = [index for index, place in enumerate(places) if place is not None]
    order: list[int] = []
    here = start
    while left:
        nearest = left[0]
        if here is not None:
            gaps = {index: _far(here, places[index]) for index in left}
            nearest = min(left, key=gaps.__getitem__)
        left.remove(nearest)
        order.append(nearest)
        here = places[nearest]
    return order + [index for index, place in enumerate(places) if place is None]


def _far(one: tuple[float, float], other: tuple[float, float] | None) -> float:
    """Return a number that grows with distance; 0.71 is the cosine of Bortala's latitude."""
    assert other is not None
    return ((one[0] - other[0]) * 0.71) ** 2 + (one[1] - other[1]) ** 2
