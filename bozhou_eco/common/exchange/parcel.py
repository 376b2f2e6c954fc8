"""A parcel: a manifest with its files, checked byte by byte; and the receipt for it."""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

FORM = "bozhou-exchange/1"
MANIFEST = "manifest.json"
NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,79}")
FILE_NAME = re.compile(r"[^\\/:*?\"<>|\x00-\x1f.][^\\/:*?\"<>|\x00-\x1f]{0,119}")
MOST_FILES = 200
MOST_BYTES = 256 * 1024 * 1024
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=6)
# Whatever zipfile and what it unpacks with make of a damaged archive.
DAMAGED = (
    zipfile.BadZipFile,
    RuntimeError,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    zlib.error,
)


class RefusedError(ValueError):
    """A parcel that is not what its manifest says; ``problems`` name each fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file as the manifest describes it; ``rows`` None where it has none."""

    name: str
    sha256: str
    size: int
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Who sends what to whom; ``day`` is the day the content is about."""

    number: str
    kind: str
    sender: str
    receiver: str
    made_at: datetime
    files: tuple[FileEntry, ...]
    day: date | None = None
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the form on the wire."""
        return {
            "form": FORM,
            "number": self.number,
            "kind": self.kind,
            "sender": self.sender,
            "receiver": self.receiver,
            "made_at": self.made_at.isoformat(),
            "day": self.day.isoformat() if self.day else None,
            "note": self.note,
            "files": [asdict(entry) for entry in self.files],
        }

    def as_bytes(self) -> bytes:
        """Return the manifest file."""
        text = json.dumps(self.as_json(), ensure_ascii=False, indent=1)
        return text.encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A manifest and the bytes of its files by name."""

    manifest: Manifest
    files: Mapping[str, bytes]

    @property
    def number(self) -> str:
        """Its identity."""
        return self.manifest.number

    @property
    def digest(self) -> str:
        """A digest over what it says; another content under one number differs."""
        listed = sorted((x.name, x.sha256) for x in self.manifest.files)
        parts = [self.manifest.kind, *(f"{name}:{sha}" for name, sha in listed)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiver says of a parcel."""

    number: str
    accepted: bool
    received_at: datetime
    digest: str = ""
    taken: int = 0
    refused: int = 0
    problems: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        """Return the form on the wire."""
        return {
            "form": FORM,
            **asdict(self),
            "received_at": self.received_at.isoformat(),
            "problems": list(self.problems),
        }

    @classmethod
    def read(cls, data: object) -> "Receipt":
        """Return a receipt from its JSON form; ``RefusedError`` if it is none."""
        if not isinstance(data, Mapping) or not isinstance(data.get("accepted"), bool):
            raise RefusedError(["回执缺少 accepted（true 或 false）"])
        try:
            return cls(
                number=str(data["number"]),
                accepted=data["accepted"],
                received_at=_aware(str(data["received_at"]), "received_at"),
                digest=str(data.get("digest") or ""),
                taken=int(data.get("taken") or 0),
                refused=int(data.get("refused") or 0),
                problems=tuple(str(x) for x in data.get("problems") or ()),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RefusedError([f"回执无法识别：{error}"]) from error


def make_parcel(
    *,
    number: str,
    kind: str,
    sender: str,
    receiver: str,
    files: Mapping[str, bytes],
    now: datetime,
    day: date | None = None,
    rows: Mapping[str, int] | None = None,
    note: str = "",
) -> Parcel:
    """Return a parcel with the manifest of its files; bad names raise ValueError."""
    counted = rows or {}
    entries = tuple(
        FileEntry(name, hashlib.sha256(body).hexdigest(), len(body), counted.get(name))
        for name, body in sorted(files.items())
    )
    manifest = Manifest(number, kind, sender, receiver, now, entries, day, note)
    return open_parcel(manifest.as_bytes(), files)


def read_manifest(body: bytes) -> Manifest:
    """Return a manifest from its bytes; ``RefusedError`` names what is wrong."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusedError([f"清单 {MANIFEST} 不是 JSON：{error}"]) from error
    if not isinstance(data, dict):
        raise RefusedError([f"清单 {MANIFEST} 应为一个 JSON 对象"])
    problems = [
        f"清单缺少 {name}"
        for name in ("number", "kind", "sender", "receiver", "made_at", "files")
        if not data.get(name)
    ]
    if data.get("form", FORM) != FORM:
        problems.append(f"清单格式 {data['form']} 不受支持，应为 {FORM}")
    if data.get("number") and not NUMBER.fullmatch(str(data["number"])):
        problems.append("批次号 number 只能含字母、数字和 _ . -，不超过 80 字")
    if problems:
        raise RefusedError(problems)
    return Manifest(
        number=str(data["number"]),
        kind=str(data["kind"]),
        sender=str(data["sender"]),
        receiver=str(data["receiver"]),
        made_at=_aware(str(data["made_at"]), "made_at"),
        files=_entries(data["files"]),
        day=_day(data.get("day")),
        note=str(data.get("note") or "")[:500],
    )


def _aware(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusedError([f"{name} 不是时间：{text[:40]}"]) from error
    if moment.tzinfo is None:
        raise RefusedError([f"{name} 须带时区，如 2026-03-01T08:00:00+08:00"])
    return moment


def _day(value: object) -> date | None:
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise RefusedError([f"day 不是日期：{str(value)[:40]}"]) from error


def _entries(data: Any) -> tuple[FileEntry, ...]:
    if not isinstance(data, list) or len(data) > MOST_FILES:
        raise RefusedError([f"files 应为不超过 {MOST_FILES} 项的列表"])
    entries: list[FileEntry] = []
    problems: list[str] = []
    for place, item in enumerate(data, start=1):
        if not isinstance(item, dict):
            problems.append(f"files 第 {place} 项应为对象")
            continue
        name, sha, size = item.get("name"), item.get("sha256"), item.get("size")
        if not isinstance(name, str) or not FILE_NAME.fullmatch(name):
            problems.append(f"files 第 {place} 项的文件名不合规")
        elif name == MANIFEST or any(x.name == name for x in entries):
            problems.append(f"文件名重复：{name}")
        elif not re.fullmatch(r"[0-9a-fA-F]{64}", str(sha)):
            problems.append(f"{name} 的 sha256 不是 64 位十六进制")
        elif not isinstance(size, int) or not 0 <= size <= MOST_BYTES:
            problems.append(f"{name} 的 size 应为不超过 {MOST_BYTES} 的字节数")
        else:
            rows = item.get("rows")
            rows = rows if isinstance(rows, int) else None
            entries.append(FileEntry(name, str(sha).lower(), size, rows))
    if problems:
        raise RefusedError(problems)
    return tuple(entries)


def open_parcel(manifest: bytes, files: Mapping[str, bytes]) -> Parcel:
    """Return the parcel of a manifest and its files, each byte checked."""
    read = read_manifest(manifest)
    problems = []
    named = {entry.name for entry in read.files}
    problems += [f"清单未列文件 {name}" for name in sorted(set(files) - named)]
    for entry in read.files:
        body = files.get(entry.name)
        if body is None:
            problems.append(f"缺少文件 {entry.name}")
        elif len(body) != entry.size:
            problems.append(f"{entry.name} 为 {len(body)} 字节，清单为 {entry.size}")
        elif hashlib.sha256(body).hexdigest() != entry.sha256:
            problems.append(f"{entry.name} 的 SHA-256 与清单不符")
    if problems:
        raise RefusedError(problems)
    return Parcel(read, dict(files))


def pack(parcel: Parcel) -> bytes:
    """Return a parcel as one ZIP."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, parcel.manifest.as_bytes())
        for name, body in parcel.files.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def unpack(body: bytes) -> Parcel:
    """Return the parcel in a ZIP; ``RefusedError`` if it is none or not whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            listed = archive.infolist()
            if len(listed) > MOST_FILES + 1:
                raise RefusedError([f"包内文件超过 {MOST_FILES} 个"])
            if sum(info.file_size for info in listed) > MOST_BYTES:
                raise RefusedError([f"包解开后超过 {MOST_BYTES // 1024**2} MB"])
            files = {info.filename: archive.read(info) for info in listed}
    except RefusedError:
        raise
    except DAMAGED as error:
        raise RefusedError([f"不是可读的 ZIP 包：{error}"]) from error
    manifest = files.pop(MANIFEST, None)
    if manifest is None:
        raise RefusedError([f"包内没有清单 {MANIFEST}"])
    return open_parcel(manifest, files)


def receipt_of(
    parcel: Parcel,
    *,
    now: datetime,
    taken: int = 0,
    refused: int = 0,
    problems: Sequence[str] = (),
) -> Receipt:
    """Return the receipt for a parcel that was taken."""
    return Receipt(
        parcel.number, True, now, parcel.digest, taken, refused, tuple(problems)
    )


def refusal(number: str, *, now: datetime, problems: Sequence[str]) -> Receipt:
    """Return the receipt for a parcel that was not taken."""
    return Receipt(number, False, now, problems=tuple(problems))


def next_attempt(attempts: int, now: datetime) -> datetime:
    """Return when to try again after ``attempts`` failures: 1, 2, 4 … min, up to 6 h."""
    wait: timedelta = FIRST_RETRY * (1 << min(max(attempts - 1, 0), 12))
    return now + min(wait, LAST_RETRY)
