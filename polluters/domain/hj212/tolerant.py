"""Reading a CP that departs from HJ 212, one noted tolerance at a time.

The standard's own examples hold some of these slips (C.14 ``01018-Rtd`` without its
letter, C.23 and C.41 without the separator before ``EndTime``); the others are what
devices in the field send.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite

from polluters.domain.hj212.codes import (
    DATA_FLAGS,
    MARK_SUFFIXES,
    OLD_CODES,
    OLD_DATA_FLAGS,
    POLLUTANTS,
    SUFFIXES,
    TEXT_SUFFIXES,
    has_standard_form,
    is_standard_code,
)
from polluters.domain.hj212.frame import Arranged, Item, Note, parse_time

_SUFFIX_BY_LOWER = {suffix.lower(): suffix for suffix in sorted(SUFFIXES)}
_LOWER_CODES = {code.lower(): code for code in POLLUTANTS if code[0] in "aw"}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GLUED = re.compile(r"([+-]?\d*\.?\d*)([A-Za-z]\w{0,23}(?:-[A-Za-z]+)?=.*)", re.ASCII)
_GLUED_FLAG = re.compile(r"([A-Z0-9])(\w{2,24}-[A-Za-z]+=.*)", re.ASCII)
_TIMES = ("DataTime", "BeginTime", "EndTime")


@dataclass(slots=True)
class Body:
    """The CP of a frame: parameters, items, notes, and the times among them.

    ``problem`` says why it cannot be used, and is empty when it can. While ``arranged``
    is there, the items may still have to be made from it.
    """

    params: dict[str, str] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    media: frozenset[str] = frozenset()
    data_time: datetime | None = None
    begin_time: datetime | None = None
    end_time: datetime | None = None
    problem: str = ""
    arranged: Arranged | None = field(default=None, compare=False)


def standard_code(raw_code: str) -> str | None:
    """Return the HJ 212-2017 code for a code as sent; None if its form is odd.

    A code no table knows is returned as it is, provided it is a plain word.
    """
    if raw_code in OLD_CODES:
        return OLD_CODES[raw_code]
    if is_standard_code(raw_code) or has_standard_form(raw_code):
        return raw_code
    if raw_code.lower() in _LOWER_CODES or not re.fullmatch(
        r"[A-Za-z]\w{0,23}", raw_code, re.ASCII
    ):
        return None
    return raw_code


def note_codes(mapped: list[tuple[str, str]]) -> tuple[list[Note], frozenset[str]]:
    """Return the notes on (sent, standard) codes and the media they belong to."""
    notes = []
    old = [f"{raw}→{code}" for raw, code in mapped if OLD_CODES.get(raw) == code]
    if old:
        notes.append(Note("old_codes", "2005 版编码已转换：" + "、".join(old)))
    unknown = [raw for raw, code in mapped if not is_standard_code(code)]
    if unknown:
        notes.append(Note("unknown_codes", "编码表以外的因子：" + "、".join(unknown)))
    media = {POLLUTANTS[code].medium for _, code in mapped if code in POLLUTANTS}
    return notes, frozenset(media)


def read_tolerantly(text: str) -> Body:
    """Read the text between ``CP=&&`` and ``&&``, noting each departure."""
    reader = _Reader()
    for separator, token in _tokens(text, reader.notes):
        reader.take(separator, token)
    return reader.finish()


def _tokens(text: str, notes: list[Note]) -> list[tuple[str, str]]:
    """Cut a CP into (separator before it, token); ``//…//`` texts stay whole."""
    pieces = re.split(r"([;,])", text)
    tokens: list[tuple[str, str]] = []
    separator = ";"
    inside = False
    for piece in pieces:
        if piece in (";", ",") and not inside:
            separator = piece
        elif inside:
            tokens[-1] = (tokens[-1][0], tokens[-1][1] + piece)
            inside = not piece.endswith("//")
        elif piece.strip():
            tokens.append((separator, piece))
            inside = "-Info=//" in piece and not re.search(r"=//.*//$", piece)
    if re.search(r"[;,]\s*$", text):
        notes.append(Note("trailing_separator", "结尾有多余的分隔符"))
    if re.search(r"^[;,]|[;,]\s*[;,]", text):
        notes.append(Note("stray_separator", "有空的字段"))
    return tokens


class _Reader:
    """Collects tokens into parameters and items."""

    def __init__(self) -> None:
        self.params: dict[str, str] = {}
        self.items: dict[str, Item] = {}
        self.notes: list[Note] = []
        self.group: list[str] = []
        self.last: tuple[Item | None, str] = (None, "")
        self.sent: dict[str, str] = {}

    def note(self, code: str, text: str) -> None:
        """Add a note once."""
        note = Note(code, text)
        if note not in self.notes:
            self.notes.append(note)

    def take(self, separator: str, token: str) -> None:
        """Read one ``name=value``."""
        if separator == ";":
            self.group = []
        name, equals, value = token.partition("=")
        if name.strip() != name or value.strip() != value:
            self.note("whitespace", "字段前后有空白")
            name, value = name.strip(), value.strip()
        if not equals:
            self._continue_value(separator, token)
            return
        value, rest = self._unglue(name, value)
        code, dash, suffix = name.partition("-")
        if dash:
            self._attribute(separator, code, suffix, value)
        elif name in SUFFIXES and self.last[0] is not None:
            self.note(
                "bare_attribute", f"{name} 缺少因子编码，归入 {self.last[0].code}"
            )
            self._put(self.last[0], name, value)
        else:
            self._parameter(separator, name, value)
        if rest:
            self.take(";", rest)

    def _unglue(self, name: str, value: str) -> tuple[str, str]:
        """Part a value from a following ``name=value`` that lost its separator."""
        suffix = name.partition("-")[2]
        if "=" not in value or suffix in TEXT_SUFFIXES:
            return value, ""
        pattern = _GLUED_FLAG if suffix.lower() == "flag" else _GLUED
        match = pattern.fullmatch(value)
        if match is None:
            return value, ""
        self.note("separator_missing", f"{name} 之后缺少分隔符")
        return match[1], match[2]

    def _continue_value(self, separator: str, token: str) -> None:
        """A token without ``=`` belongs to the value before it."""
        item, name = self.last
        if item is not None and name in item.values:
            item.values[name] += separator + token
        elif item is None and name in self.params:
            self.params[name] += separator + token
        else:
            self.note("stray_text", f"无法归属的文字 {token[:40]!r}")
            return
        self.note("separator_in_value", f"{name} 的值含有分隔符")

    def _parameter(self, separator: str, name: str, value: str) -> None:
        if separator == "," and self.params:
            self.note("comma_for_semicolon", f"{name} 前应为分号")
        if name in self.params:
            self.note("repeated_parameter", f"{name} 出现多次")
            if name not in _TIMES:
                self.params[name] += "," + value
        else:
            self.params[name] = value
        self.last = (None, name)

    def _attribute(self, separator: str, raw: str, suffix: str, value: str) -> None:
        code = self._code(raw)
        known = suffix if suffix in SUFFIXES else _SUFFIX_BY_LOWER.get(suffix.lower())
        if known is None:
            self.note("unknown_suffix", f"未知后缀 {raw}-{suffix}")
            known = suffix
        elif known != suffix:
            self.note("suffix_case", f"-{suffix} 应写作 -{known}")
        item = self.items.get(code)
        if item is None:
            if separator == "," and (self.group or self.params):
                self.note("comma_for_semicolon", f"{raw} 前应为分号")
            item = self.items[code] = Item(code, {}, raw_code=raw)
            self.sent[code] = raw
        elif code not in self.group:
            self.note("item_split", f"{code} 的属性分散在多处")
        self.group.append(code)
        self._put(item, known, value)

    def _code(self, raw: str) -> str:
        """Return the standard code; repair a lost letter or a wrong case."""
        lower = raw.lower()
        if raw not in POLLUTANTS and raw not in OLD_CODES and lower in _LOWER_CODES:
            self.note("code_case", f"{raw} 应写作 {_LOWER_CODES[lower]}")
            return _LOWER_CODES[lower]
        if self.group and raw and self.group[-1][1:] == raw:
            self.note("code_letter_missing", f"{raw} 应写作 {self.group[-1]}")
            return self.group[-1]
        return standard_code(raw) or raw

    def _put(self, item: Item, suffix: str, value: str) -> None:
        """Store one attribute of an item; the first of two stays."""
        self.last = (item, suffix)
        if suffix == "Flag" and item.flag is None:
            item.flag = self._flag(item.code, value)
        elif suffix == "EFlag" and item.eflag is None:
            item.eflag = value or None
        elif suffix == "SampleTime" and item.sample_time is None:
            item.sample_time = self.time(f"{item.code}-SampleTime", value)
            if item.sample_time is None:
                item.values[suffix] = value
        elif suffix not in item.values and suffix not in MARK_SUFFIXES:
            item.values[suffix] = value
        else:
            self.note(
                "duplicate_attribute", f"{item.code}-{suffix} 重复，未取 {value!r}"
            )

    def _flag(self, code: str, value: str) -> str | None:
        if value in DATA_FLAGS:
            return value
        if value.upper() in DATA_FLAGS:
            self.note("flag_case", f"{code}-Flag={value} 应为大写")
            return value.upper()
        if value in OLD_DATA_FLAGS and value:
            self.note("old_flag", f"{code}-Flag={value} 为 2005 版标记")
        elif value:
            self.note("unknown_flag", f"{code}-Flag={value[:10]!r} 未定义")
        else:
            self.note("empty_value", f"{code}-Flag 为空")
        return value[:8] or None

    def time(self, name: str, value: str) -> datetime | None:
        """Read a time, forgiving milliseconds, lost seconds and stray signs."""
        moment = parse_time(value)
        if moment is not None:
            return moment
        digits = "".join(sign for sign in value if "0" <= sign <= "9")
        if len(digits) == 12:
            digits += "00"
        moment = parse_time(digits[:14]) if len(digits) in (14, 15, 17) else None
        if moment is None:
            self.note("bad_time", f"{name}={value[:40]!r} 不是时间")
        else:
            self.note(
                "time_form", f"{name}={value[:40]!r} 不是 14 位时间，按 {digits[:14]}"
            )
        return moment

    def _number(self, item: Item, suffix: str, value: str) -> None:
        if _NUMBER.fullmatch(value) and isfinite(float(value)):
            item.numbers[suffix] = float(value)
        elif suffix not in SUFFIXES or suffix in TEXT_SUFFIXES | MARK_SUFFIXES:
            return
        elif value:
            self.note("not_a_number", f"{item.code}-{suffix}={value[:40]!r} 不是数")
        else:
            self.note("empty_value", f"{item.code}-{suffix} 为空")

    def finish(self) -> Body:
        """Turn texts into numbers and times and return the body."""
        for item in self.items.values():
            for suffix, value in item.values.items():
                self._number(item, suffix, value)
        times = {
            name: self.time(name, self.params[name])
            for name in _TIMES
            if name in self.params
        }
        problem = "；".join(
            f"{name}={self.params[name][:40]!r} 不是时间"
            for name, moment in times.items()
            if moment is None
        )
        notes, media = note_codes([(raw, code) for code, raw in self.sent.items()])
        return Body(
            params=self.params,
            items=list(self.items.values()),
            notes=[*notes, *self.notes],
            media=media,
            data_time=times.get("DataTime"),
            begin_time=times.get("BeginTime"),
            end_time=times.get("EndTime"),
            problem=problem,
        )
