"""Read the descriptions of documents."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow import Field, FieldKind

FOLDER = Path(__file__).parent / "forms"
_KINDS = {
    "text": FieldKind.TEXT,
    "long": FieldKind.LONG,
    "date": FieldKind.DATE,
    "datetime": FieldKind.TEXT,
    "money": FieldKind.MONEY,
    "count": FieldKind.COUNT,
    "yes_no": FieldKind.YES_NO,
}
_HAN = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”〔〕"
_SPACE_BEFORE = re.compile(rf"(?<=[{_HAN}]) (?=\{{\{{)")
_SPACE_AFTER = re.compile(rf"(?<=\}}\}}) (?=[{_HAN}])")
_HINTS = {"datetime": "如 2026年11月23日 10时30分"}


class Line:
    """Kinds of lines in a description."""

    TITLE = "title"
    TO = "to"
    TEXT = "text"
    LOOP = "loop"
    ROW = "row"
    WIDE = "wide"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Block:
    """One line of a document: its kind and its cells or text."""

    kind: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A kind of document: what it asks for and what it says."""

    kind: DocumentKind
    fields: tuple[Field, ...]
    blocks: tuple[Block, ...]


@cache
def paper(kind: DocumentKind) -> Paper:
    """Return the description of ``kind``; ValueError names a line that is malformed."""
    text = (FOLDER / f"{kind.value}.txt").read_text(encoding="utf-8")
    head, found, body = text.partition("---\n")
    if not found:
        raise ValueError(f"{kind}: no line of three dashes")
    fields = tuple(_ask(line) for line in head.splitlines() if line.strip())
    blocks = tuple(_block(line) for line in body.splitlines() if line.strip())
    return Paper(kind, fields, blocks)


def _ask(line: str) -> Field:
    if not line.startswith("ask: "):
        raise ValueError(f"not an ask line: {line}")
    name, label, kind, *more = (part.strip() for part in line[5:].split("|"))
    return Field(
        name,
        label,
        _KINDS[kind],
        required="optional" not in more,
        past=False,
        help=_HINTS.get(kind, ""),
    )


def _block(line: str) -> Block:
    line = _SPACE_AFTER.sub("", _SPACE_BEFORE.sub("", line))
    if line.startswith("# "):
        return Block(Line.TITLE, (line[2:].strip(),))
    if line.startswith("> "):
        return Block(Line.TO, (line[2:].strip(),))
    if line.startswith("|| "):
        return Block(Line.WIDE, _cells(line[3:]))
    if line.startswith("| "):
        return Block(Line.ROW, _cells(line[2:]))
    if line.strip() == "=":
        return Block(Line.SIGN, ())
    if line.startswith("{%p"):
        return Block(Line.LOOP, (line.strip(),))
    return Block(Line.TEXT, (line.strip(),))


def _cells(text: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in text.split(" | "))
