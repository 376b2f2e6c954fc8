"""A sheet of somebody's list, before anyone says what its cells mean."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ．－／：]")
BLANKS = re.compile(r"\s+")


class TableError(ValueError):
    """The file as a whole cannot be read; the message says what to do, in Chinese."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows under a header line. ``rows`` are pairs of the file's row number and cells.

    ``merged`` names, per row number, the merged range that touches the row.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[object, ...]], ...]
    merged: Mapping[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class RowReport:
    """What became of one row: values by field, errors that refuse it, and notes."""

    number: int
    values: dict[str, object] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def plain_text(cell: object) -> tuple[str, bool]:
    """Return a cell's text in half-width letters, and whether it had full-width ones."""
    text = "" if cell is None else str(cell)
    return unicodedata.normalize("NFKC", text).strip(), bool(FULL_WIDTH.search(text))


def plain_header(cell: object) -> str:
    """Return a heading without blanks, units in brackets and marks of obligation."""
    text = BLANKS.sub("", plain_text(cell)[0])
    return re.sub(r"[(\[].*?[)\]]|[*：:]", "", text).upper()


def columns_of(
    header: tuple[str, ...], names: Mapping[str, str], needed: tuple[str, ...]
) -> dict[str, int]:
    """Return the position of every known field; TableError names what is missing."""
    found: dict[str, int] = {}
    for place, heading in enumerate(header):
        name = names.get(plain_header(heading))
        if name is None:
            continue
        if name in found:
            raise TableError(f"表头“{heading}”与前面的列重复，请只保留一列")
        found[name] = place
    lacking = [label for label in needed if names[label.upper()] not in found]
    if lacking:
        raise TableError(
            "表头缺少“" + "”“".join(lacking) + "”列；请把表头放在第一行，名称与模板一致"
        )
    return found
