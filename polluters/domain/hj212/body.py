"""What stands between ``CP=&&`` and ``&&``: parameters and items.

A logger sends the same names in the same order again and again; only the values
change. The arrangement of names is worked out once, by :func:`_arrange`, and kept
in a bounded cache; a body that does not fit an arrangement exactly (an unknown
suffix, a stray separator, a value that is no number …) goes through the tolerant
reader, which notes each departure. Both give the same result where both apply.
"""

import re
from dataclasses import dataclass
from itertools import groupby
from math import isfinite
from operator import itemgetter
from typing import Any, NamedTuple

from polluters.domain.hj212.codes import (
    DATA_FLAGS,
    MARK_SUFFIXES,
    NUMERIC_SUFFIXES,
)
from polluters.domain.hj212.frame import Arranged, Item, Note, parse_time
from polluters.domain.hj212.tolerant import (
    Body,
    note_codes,
    read_tolerantly,
    standard_code,
)

# What is left of a body after these are deleted is its shape. Signs that Python, but
# not HJ 212, takes for part of a number (blanks, "_", other digits) stay in it, and
# so make the body irregular.
_ORDINARY = bytes(set(range(33, 127)) - set(b"=,;_"))
_REGULAR = re.compile(rb"=(?:[,;]=)*")
_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9]*", re.ASCII)
_GOOD_FLAGS = frozenset(DATA_FLAGS)
_CACHE_ENTRIES = 4096
_CACHE_LENGTH = 1024


class _ItemPlan(NamedTuple):
    """Where one item's attributes stand among the values and the numbers.

    ``names`` is None when there is only the ``first``; ``rare`` holds the places of
    EFlag and SampleTime when there is one; a place of -1 means absent.
    """

    code: str
    raw_code: str
    first: str
    start: int
    stop: int
    number: int
    number_stop: int
    names: tuple[str, ...] | None
    flag: int
    rare: tuple[int, int] | None


@dataclass(slots=True, eq=False)
class Plan:
    """How to read every body that has the same names and separators.

    Two plans are the same only if they are one object, so a plan may serve as the key
    under which others keep what they have worked out from it.
    """

    parameters: tuple[tuple[str, int], ...]
    items: tuple[_ItemPlan, ...]
    numbers: Any  # itemgetter over all values that must be numbers, or None
    flags: Any  # itemgetter over all data flags, or None
    notes: tuple[Note, ...]
    media: frozenset[str]
    normal: tuple[str, ...]  # what ``flags`` gives when every flag is N
    rare: bool  # whether an item has EFlag or SampleTime

    def places(self) -> list[tuple[str, dict[str, int]]]:
        """Return each item's code and the place of its attributes among the numbers."""
        return [
            (
                item.code,
                {
                    name: item.number + at
                    for at, name in enumerate(item.names or (item.first,))
                },
            )
            for item in self.items
        ]

    def fill(self, values: list[str], numbers: list[float]) -> list[Item]:
        """Return the items of a body that follows the plan."""
        items = []
        for (
            code,
            raw_code,
            first,
            start,
            stop,
            number,
            last,
            names,
            flag,
            rare,
        ) in self.items:
            if names is None:
                texts = {first: values[start]}
                floats = {first: numbers[number]}
            else:
                texts = dict(zip(names, values[start:stop]))  # noqa: B905 - hot path
                floats = dict(zip(names, numbers[number:last]))  # noqa: B905
            mark = values[flag] if flag >= 0 else None
            item = Item(code, texts, mark, None, None, raw_code, floats)
            if rare is not None:
                _add_rare(item, rare, values)
            items.append(item)
        return items


_plans: dict[tuple[bytes, tuple[str, ...]], Plan | None] = {}


def read_body(raw: bytes, text: str) -> Body:
    """Read the CP of a frame, given as bytes and as text without the ``&&``."""
    body = read_lazily(raw, text)
    if body.arranged is not None:
        body.items = body.arranged.items()
    return body


def read_lazily(raw: bytes, text: str) -> Body:
    """Read the CP, but leave regular items in ``arranged`` until they are asked for."""
    if not text:
        return Body()
    parts = text.replace(",", "=").replace(";", "=").split("=")
    key = (raw.translate(None, _ORDINARY), tuple(parts[::2]))
    try:
        plan = _plans[key]
    except KeyError:
        plan = _arrange(*key)
        if len(raw) <= _CACHE_LENGTH:
            if len(_plans) >= _CACHE_ENTRIES:
                _plans.clear()
            _plans[key] = plan
    if plan is not None:
        body = _follow(plan, parts[1::2])
        if body is not None:
            return body
    return read_tolerantly(text)


def _follow(plan: Plan, values: list[str]) -> Body | None:
    """Fill a plan with values, or return None if a value needs a closer look."""
    try:
        numbers = list(map(float, plan.numbers(values))) if plan.numbers else []
    except ValueError:
        return None
    flags = plan.flags(values) if plan.flags else plan.normal
    normal = flags == plan.normal
    if not normal and not _GOOD_FLAGS.issuperset(flags):
        return None
    if not isfinite(sum(numbers)):
        return None
    body = Body(
        {name: values[place] for name, place in plan.parameters},
        [],
        list(plan.notes),
        plan.media,
        arranged=Arranged(plan, values, numbers, normal),
    )
    if plan.rare and not _times_hold(plan, values):
        return None
    return body if _add_times(body) else None


def _times_hold(plan: Plan, values: list[str]) -> bool:
    """Whether every SampleTime is a time."""
    return all(
        item.rare is None
        or item.rare[1] < 0
        or parse_time(values[item.rare[1]]) is not None
        for item in plan.items
    )


def _add_rare(item: Item, rare: tuple[int, int], values: list[str]) -> None:
    """Add EFlag and SampleTime."""
    eflag, sampled = rare
    if eflag >= 0:
        item.eflag = values[eflag] or None
    if sampled >= 0:
        item.sample_time = parse_time(values[sampled])


def _add_times(body: Body) -> bool:
    """Read the times among the parameters; return whether all are times."""
    params = body.params
    if "DataTime" in params:
        body.data_time = parse_time(params["DataTime"])
        if body.data_time is None:
            return False
    if "BeginTime" in params:
        body.begin_time = parse_time(params["BeginTime"])
        if body.begin_time is None:
            return False
    if "EndTime" in params:
        body.end_time = parse_time(params["EndTime"])
        return body.end_time is not None
    return True


def _arrange(shape: bytes, names: tuple[str, ...]) -> Plan | None:
    """Work out the plan for a regular body, or None if it has to be read tolerantly."""
    if not _REGULAR.fullmatch(shape):
        return None
    pairs = [name.partition("-")[::2] for name in names]
    parameters = [(name, at) for at, (name, suffix) in enumerate(pairs) if not suffix]
    if not _parameters_regular(parameters):
        return None
    first = len(parameters)
    if any(not suffix for _, suffix in pairs[first:]):
        return None
    separators = shape[1::2]
    if b"," in separators[:first]:
        return None
    plans: list[_ItemPlan] = []
    number_at = 0
    for code, members in groupby(range(first, len(pairs)), key=lambda at: pairs[at][0]):
        places = list(members)
        plan = _arrange_item(code, places, [pairs[at][1] for at in places], number_at)
        joins = separators[places[0] : places[-1]]
        if plan is None or joins != b"," * len(joins):
            return None
        if places[0] > first and separators[places[0] - 1 : places[0]] != b";":
            return None
        number_at = plan.number_stop
        plans.append(plan)
    if len({plan.code for plan in plans}) != len(plans):
        return None
    mapped = [(plan.raw_code, plan.code) for plan in plans]
    notes, media = note_codes(mapped)
    flags = [plan.flag for plan in plans if plan.flag >= 0]
    numbers = [at for plan in plans for at in range(plan.start, plan.stop)]
    return Plan(
        tuple(parameters),
        tuple(plans),
        _getter(numbers),
        _getter(flags),
        tuple(notes),
        media,
        ("N",) * len(flags),
        any(plan.rare is not None for plan in plans),
    )


def _parameters_regular(parameters: list[tuple[str, int]]) -> bool:
    names = [name for name, _ in parameters]
    return (
        [place for _, place in parameters] == list(range(len(parameters)))
        and len(set(names)) == len(names)
        and all(_PARAMETER.fullmatch(name) for name in names)
        and not any(name in NUMERIC_SUFFIXES or name in MARK_SUFFIXES for name in names)
    )


def _arrange_item(
    raw_code: str, places: list[int], suffixes: list[str], number_at: int
) -> _ItemPlan | None:
    """Plan one item whose value attributes stand side by side, or None."""
    code = standard_code(raw_code)
    marks = {
        suffix: place
        for suffix, place in zip(suffixes, places, strict=True)
        if suffix in MARK_SUFFIXES
    }
    named = [
        (suffix, place)
        for suffix, place in zip(suffixes, places, strict=True)
        if suffix in NUMERIC_SUFFIXES
    ]
    if code is None or len(set(suffixes)) != len(suffixes) or not named:
        return None
    if len(named) + len(marks) != len(suffixes):
        return None
    start, stop = named[0][1], named[-1][1] + 1
    if stop - start != len(named):
        return None
    names = tuple(suffix for suffix, _ in named)
    rare = (marks.get("EFlag", -1), marks.get("SampleTime", -1))
    return _ItemPlan(
        code,
        raw_code,
        names[0],
        start,
        stop,
        number_at,
        number_at + len(names),
        names if len(names) > 1 else None,
        marks.get("Flag", -1),
        rare if max(rare) >= 0 else None,
    )


def _getter(places: list[int]) -> Any:
    """Return a function that takes these places of a list as a tuple, or None."""
    if not places:
        return None
    if len(places) == 1:
        only = places[0]
        return lambda values: (values[only],)
    return itemgetter(*places)
