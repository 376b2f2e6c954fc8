"""Words of a station's software and the platform's words for the same.

A dialect is a table of (kind, theirs, ours); the rows below seed the vendors whose codes
were found in public specifications. ``translate`` walks a posted document and replaces
values of the fields in ``FIELDS``; unknown words are left for validation to refuse.
"""

from collections.abc import Mapping
from typing import Any

FIELDS: dict[str, str] = {
    "plate_color": "plate_color",
    "fuel": "fuel",
    "method": "method",
    "category": "category",
    "outcome": "outcome",
    "overall": "outcome",
    "tailpipe": "outcome",
    "transmission": "transmission",
    "drive": "drive",
}
"""Field names whose values a dialect may map, with the kind of their table."""

Dialect = Mapping[tuple[str, str], str]

_COLORS = {
    "XZ": "1 blue 2 yellow 3 white 4 black 5 green 6 yellow_green",
    "YH": "0 blue 1 yellow 2 white 3 black 4 green 5 other",
    "JINHUA": "1 blue 2 yellow 3 black 4 white 5 green 0 other",
    "V4": "0 blue 1 yellow 2 white 3 black 4 green",
}
_METHODS = {
    "XZ": "1 double_idle 2 asm 3 vmas 4 lugdown 5 free_acceleration 7 ringelmann 8 transient",
    "XZ-B": "1 double_idle 2 asm 3 vmas 4 lugdown 6 free_acceleration 7 ringelmann",
}
_CATEGORIES = {
    "XZ": "1 periodic 2 registration 3 comparison 4 spot_check 5 transfer",
    "JS": "1 periodic 2 registration 3 transfer 4 comparison 5 road_recheck 6 spot_check",
}
_OUTCOMES = {
    "XZ": "0 fail 1 pass 2 exempt",
    "JS": "0 fail 1 pass 2 aborted 3 invalid",
}


def _rows(kind: str, tables: dict[str, str]) -> list[tuple[str, str, str, str]]:
    found = []
    for vendor, words in tables.items():
        parts = words.split()
        found += [
            (vendor, kind, theirs, ours)
            for theirs, ours in zip(parts[::2], parts[1::2], strict=True)
        ]
    return found


SEED: tuple[tuple[str, str, str, str], ...] = (
    *_rows("plate_color", _COLORS),
    *_rows("method", _METHODS),
    *_rows("category", _CATEGORIES),
    *_rows("outcome", _OUTCOMES),
    ("XZ", "fuel", "P", "P"),
    ("JINHUA", "fuel", "X", "P"),
)
"""Rows (vendor, kind, theirs, ours) that seed the dialect tables."""


def translate(document: Any, dialect: Dialect) -> Any:
    """Return the document with mapped words; it is not changed in place."""
    if not dialect:
        return document
    if isinstance(document, Mapping):
        return {
            name: _word(name, value, dialect)
            if name in FIELDS
            else value
            if name == "process"
            else translate(value, dialect)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [translate(item, dialect) for item in document]
    return document


def _word(name: str, value: Any, dialect: Dialect) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    return dialect.get((FIELDS[name], str(value)), value)
