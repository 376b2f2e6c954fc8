"""The part of a frame before ``CP=``: HJ 212-2017 table 2, and what devices make of it.

Everything after QN repeats from frame to frame of one logger, so its reading is
cached by its text; the cache is bounded and simply starts again when full.
"""

import re
from typing import NamedTuple

from polluters.domain.hj212.codes import COMMANDS, SYSTEM_TYPES
from polluters.domain.hj212.frame import Note

VERSIONS = {0: 2005, 1: 2017, 2: 2025}
NAMES = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_BY_LOWER = {name.lower(): name for name in NAMES}
_ORDER = {name: place for place, name in enumerate(NAMES)}
_MN_2017 = re.compile(r"[0-9A-F]{24}")
_MN_ANY = re.compile(r"[\w.\-]{1,64}", re.ASCII)
_CACHE_ENTRIES = 4096
_CACHE_LENGTH = 200


class Header(NamedTuple):
    """The header fields but QN, read and judged."""

    st: str
    cn: str
    pw: str
    mn: str
    flag: int | None
    version: int
    needs_ack: bool
    pnum: int | None
    pno: int | None
    rf: bool
    notes: tuple[Note, ...]


class BadField(NamedTuple):
    """A header that cannot be used, and why."""

    detail: str


_cache: dict[str, Header | BadField] = {}


def read_header(text: str) -> tuple[str | None, Header | BadField, tuple[Note, ...]]:
    """Split a header into QN and the rest; return (qn, header, notes on QN)."""
    if text[:3] == "QN=" and text[20:21] == ";" and text[3:20].isdigit():
        qn: str | None = text[3:20]
        rest = text[21:]
        notes: tuple[Note, ...] = ()
    else:
        qn, rest, notes = _find_qn(text)
    header = _cache.get(rest)
    if header is None:
        header = _read_rest(rest)
        if len(rest) <= _CACHE_LENGTH:
            if len(_cache) >= _CACHE_ENTRIES:
                _cache.clear()
            _cache[rest] = header
    if qn is None and isinstance(header, Header) and header.version > 2005:
        notes = (*notes, Note("qn_missing", "2017 年以后的数据包应有 QN"))
    return qn, header, notes


def _find_qn(text: str) -> tuple[str | None, str, tuple[Note, ...]]:
    """Take QN out of a header in which it is absent, misplaced or odd."""
    match = re.search(r"(?:^|[;,])\s*QN=([^;,]*)[;,]?", text, re.IGNORECASE)
    if match is None:
        return None, text, ()
    before = text[: match.start()]
    after = text[match.end() :]
    rest = f"{before};{after}" if before and after else before or after
    value = match[1].strip()
    notes = []
    if before:
        notes.append(Note("field_order", "QN 不在首位"))
    if not (len(value) == 17 and value.isascii() and value.isdigit()):
        notes.append(Note("qn_form", f"QN 应为 17 位数字，收到 {value[:40]!r}"))
    return value or None, rest, tuple(notes)


def _read_rest(text: str) -> Header | BadField:
    notes: list[Note] = []
    fields = _fields(text, notes)
    problem = _required(fields)
    if problem is not None:
        return problem
    flag_text = fields.get("Flag")
    flag = None if flag_text in (None, "") else int(str(flag_text))
    version = _version(flag, notes)
    pnum, pno = _parts(fields, flag, notes)
    rf = fields.get("RF") == "1"
    if "RF" in fields and not (rf and version == 2025):
        notes.append(Note("rf", f"RF={fields['RF']}：仅 2025 版补发包带 RF=1"))
    _judge(fields, version, notes)
    return Header(
        st=fields.get("ST", ""),
        cn=fields["CN"],
        pw=fields.get("PW", ""),
        mn=fields["MN"],
        flag=flag,
        version=version,
        needs_ack=bool(flag and flag & 1),
        pnum=pnum,
        pno=pno,
        rf=rf,
        notes=tuple(notes),
    )


def _fields(text: str, notes: list[Note]) -> dict[str, str]:
    fields: dict[str, str] = {}
    if text and not text.endswith(";"):
        notes.append(Note("separator_missing", "CP 前缺少分号"))
    if "," in text:
        notes.append(Note("comma_for_semicolon", "包头以逗号分隔"))
    for part in re.split("[;,]", text.rstrip(";,")):
        name, equals, value = part.strip().partition("=")
        known = _BY_LOWER.get(name.lower())
        if not name:
            continue
        if known is None or not equals:
            notes.append(Note("unknown_field", f"未知字段 {part[:40]!r}"))
            continue
        if known != name:
            notes.append(Note("name_case", f"{name} 应写作 {known}"))
        if known in fields:
            notes.append(Note("duplicate_field", f"{known} 重复，取首值"))
            continue
        fields[known] = value.strip()
    places = [_ORDER[name] for name in fields]
    if places != sorted(places):
        notes.append(Note("field_order", "字段次序与标准不同"))
    return fields


def _required(fields: dict[str, str]) -> BadField | None:
    """Return what makes the header unusable, if anything does."""
    cn, mn = fields.get("CN", ""), fields.get("MN", "")
    if not (len(cn) == 4 and cn.isascii() and cn.isdigit()):
        return BadField(f"CN 缺失或不是 4 位数字：{cn[:20]!r}")
    if not _MN_ANY.fullmatch(mn):
        return BadField(f"MN 缺失或含非法字符：{mn[:40]!r}")
    for name in ("Flag", "PNUM", "PNO"):
        value = fields.get(name, "")
        if value and not (value.isascii() and value.isdigit() and len(value) <= 9):
            return BadField(f"{name} 不是数字：{value[:20]!r}")
    return None


def _version(flag: int | None, notes: list[Note]) -> int:
    if flag is None:
        return 2005
    version = VERSIONS.get(flag >> 2)
    if version is None:
        notes.append(Note("unknown_version", f"Flag={flag} 的版本位未定义，按 2025 版"))
        return 2025
    return version


def _parts(
    fields: dict[str, str], flag: int | None, notes: list[Note]
) -> tuple[int | None, int | None]:
    pnum = int(fields["PNUM"]) if fields.get("PNUM") else None
    pno = int(fields["PNO"]) if fields.get("PNO") else None
    announced = bool(flag and flag & 2)
    if announced and (pnum is None or pno is None):
        notes.append(Note("parts_missing", "Flag 标明分包但缺少 PNUM 或 PNO"))
    if pnum is not None and not announced:
        notes.append(Note("parts_unannounced", "有 PNUM 但 Flag 未标明分包"))
    if pnum is not None and pno is not None and not 1 <= pno <= pnum:
        notes.append(Note("part_number", f"PNO={pno} 不在 1 至 PNUM={pnum} 之间"))
    return pnum, pno


def _judge(fields: dict[str, str], version: int, notes: list[Note]) -> None:
    """Note what is odd about ST, CN, PW and MN, and keep it."""
    st, pw = fields.get("ST", ""), fields.get("PW")
    if st not in SYSTEM_TYPES:
        notes.append(Note("unknown_st", f"ST={st[:10]} 不在系统编码表中"))
    command = COMMANDS.get(fields["CN"])
    if command is None:
        notes.append(Note("unknown_cn", f"CN={fields['CN']} 不在命令编码表中"))
    elif not command.since <= version <= command.until:
        notes.append(
            Note(
                "cn_version", f"CN={command.code} 不属于 {version} 版（{command.name}）"
            )
        )
    if not pw:
        notes.append(Note("pw_missing", "PW 为空"))
    elif len(pw) != 6:
        notes.append(Note("pw_length", f"PW 应为 6 位，收到 {len(pw)} 位"))
    if version >= 2017 and not _MN_2017.fullmatch(fields["MN"]):
        notes.append(Note("mn_form", "MN 不是 24 位 0-9A-F"))
