"""Frames kept on disk until the platform says it has committed them.

Append-only files of records ``length(4) mn_length(1) mn raw``; a file goes when all of
its frames are confirmed. Confirmations are not written down: after a restart the
frames of the remaining files are sent again, which the platform takes as repeats.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from polluters.domain.hj212.topics import DIGEST_SIGNS

_HEAD = struct.Struct(">IB")
FILE_BYTES = 1 << 20
SUFFIX = ".spool"


def digest_of(raw: bytes) -> str:
    """Return the name of a frame in confirmations: 32 hex signs of its SHA-256.

    ``raw`` runs from ``##`` to the CRC, without CR LF.
    """
    return hashlib.sha256(raw).hexdigest()[:DIGEST_SIGNS]


@dataclass(slots=True)
class Entry:
    """A frame that waits: its file, where it stands there, and when to send it again."""

    file: int
    offset: int
    due: float
    tries: int = 0


class Spool:
    """The frames that wait. Not thread-safe; ``sync`` may run in another thread."""

    def __init__(
        self, directory: Path, *, max_bytes: int, retry_s: float = 60.0
    ) -> None:
        self.directory = directory
        self.max_bytes = max_bytes
        self.retry_s = retry_s
        self.entries: dict[str, Entry] = {}
        self.size = 0
        self._counts: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        self._file: BinaryIO | None = None
        self._number = 0
        self._dirty = False
        directory.mkdir(parents=True, exist_ok=True)
        self._load()

    @property
    def full(self) -> bool:
        """Whether no more should be read from loggers."""
        return self.size >= self.max_bytes

    def _path(self, number: int) -> Path:
        return self.directory / f"{number:012d}{SUFFIX}"

    def _load(self) -> None:
        """Take over what an earlier run left, cutting a record that was torn."""
        for path in sorted(self.directory.glob(f"*{SUFFIX}")):
            number = int(path.stem)
            self._number = max(self._number, number)
            good = 0
            for offset, name, raw in _records(path):
                good = offset + _HEAD.size + len(name) + len(raw)
                self._remember(digest_of(raw), Entry(number, offset, 0.0))
            self._sizes[number] = good
            self.size += good
            if number not in self._counts:
                self._drop(number)

    def _remember(self, digest: str, entry: Entry) -> None:
        if digest in self.entries:
            return
        self.entries[digest] = entry
        self._counts[entry.file] = self._counts.get(entry.file, 0) + 1

    def add(self, mn: str, raw: bytes, now: float) -> bool:
        """Write a frame; return whether it is new (a repeat is not written again)."""
        digest = digest_of(raw)
        if digest in self.entries:
            return False
        file = self._open()
        name = mn.encode()
        offset = self._sizes[self._number]
        file.write(_HEAD.pack(len(raw), len(name)) + name + raw)
        length = _HEAD.size + len(name) + len(raw)
        self._sizes[self._number] += length
        self.size += length
        self._dirty = True
        self._remember(digest, Entry(self._number, offset, now + self.retry_s))
        return True

    def _open(self) -> BinaryIO:
        """Return the file to append to, a new one when the last is long enough."""
        if self._file is None or self._sizes[self._number] >= FILE_BYTES:
            self._finish()
            self._number += 1
            self._sizes[self._number] = 0
            self._file = self._path(self._number).open("xb", buffering=1 << 16)
        return self._file

    def _finish(self) -> None:
        if self._file is None:
            return
        self._dirty = True
        self.sync()
        self._file.close()
        self._file = None
        if not self._counts.get(self._number):
            self._drop(self._number)

    def sync(self) -> None:
        """Make what was added durable."""
        file = self._file
        if file is None or not self._dirty:
            return
        self._dirty = False
        try:
            file.flush()
            os.fsync(file.fileno())
        except ValueError:
            # Closed meanwhile by the loop, which syncs what it closes.
            return

    def confirm(self, digest: str) -> bool:
        """Forget a frame that is committed; return whether it was waiting."""
        entry = self.entries.pop(digest[:DIGEST_SIGNS], None)
        if entry is None:
            return False
        self._counts[entry.file] -= 1
        if self._counts[entry.file] == 0:
            if self._file is not None and entry.file == self._number:
                self._rewind(self._file)
            else:
                self._drop(entry.file)
        return True

    def _rewind(self, file: BinaryIO) -> None:
        """Empty the open file, which holds nothing that waits."""
        file.seek(0)
        file.truncate()
        self.size -= self._sizes[self._number]
        self._sizes[self._number] = 0
        self._counts.pop(self._number)

    def _drop(self, number: int) -> None:
        self._counts.pop(number, None)
        self.size -= self._sizes.pop(number, 0)
        self._path(number).unlink(missing_ok=True)

    def due(self, now: float, most: int) -> list[tuple[str, bytes]]:
        """Return up to ``most`` (mn, raw) to send again, and put off their next turn."""
        if self._file is not None:
            self._file.flush()
        found = []
        for entry in self.entries.values():
            if entry.due > now:
                continue
            record = self._read(entry)
            entry.tries += 1
            entry.due = now + min(self.retry_s * 2**entry.tries, 1800)
            if record is not None:
                found.append(record)
            if len(found) >= most:
                break
        return found

    def _read(self, entry: Entry) -> tuple[str, bytes] | None:
        with self._path(entry.file).open("rb") as file:
            file.seek(entry.offset)
            return _record(file)

    def close(self) -> None:
        """Make everything durable and let go of the files."""
        self._finish()


def _record(file: BinaryIO) -> tuple[str, bytes] | None:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, name_length = _HEAD.unpack(head)
    name, raw = file.read(name_length), file.read(length)
    if len(name) < name_length or len(raw) < length:
        return None
    return name.decode("ascii", "replace"), raw


def _records(path: Path) -> Iterator[tuple[int, str, bytes]]:
    with path.open("rb") as file:
        while True:
            offset = file.tell()
            record = _record(file)
            if record is None:
                return
            yield offset, *record
