"""The archive: a tar of dump, originals and manifest inside the encrypted stream."""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from bozhou_eco.backup import database
from bozhou_eco.backup.cipher import (
    BadArchiveError,
    DecryptingReader,
    EncryptingWriter,
)
from bozhou_eco.evidence.models import SealedFile
from bozhou_eco.evidence.store import store

DUMP, MANIFEST, ORIGINALS = "database.dump", "manifest.json", "evidence/"


@dataclass
class Summary:
    """What an archive holds."""

    made_at: str = ""
    files: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    migrations: list[str] = field(default_factory=list)


def _originals() -> Iterator[tuple[str, int]]:
    rows = SealedFile.objects.filter(erased_at=None).order_by("sha256")
    yield from rows.values_list("sha256", "size").distinct("sha256").iterator()


def _applied() -> list[str]:
    recorder = MigrationRecorder(connection)
    return sorted(f"{app}.{name}" for app, name in recorder.applied_migrations())


class _Hashing(io.RawIOBase):
    """Passes bytes on and keeps their SHA-256."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.digest.update(data)
        return data


def _add(tar: tarfile.TarFile, name: str, size: int, source: IO[bytes]) -> str:
    hashing = _Hashing(source)
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o440
    tar.addfile(info, hashing)
    return hashing.digest.hexdigest()


def write(target: Path, recipient: X25519PublicKey, *, now: datetime) -> Summary:
    """Write the archive beside its name and rename it when it is whole and synced."""
    summary = Summary(made_at=now.isoformat(), migrations=_applied())
    part = target.with_suffix(target.suffix + ".part")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as scratch:
        dump = Path(scratch) / DUMP
        database.dump(dump)
        try:
            with part.open("wb") as out:
                with (
                    EncryptingWriter(out, recipient) as sealed,
                    tarfile.open(fileobj=sealed, mode="w|") as tar,
                ):
                    _write_parts(tar, dump, summary)
                out.flush()
                os.fsync(out.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    summary.bytes = target.stat().st_size
    return summary


def _write_parts(tar: tarfile.TarFile, dump: Path, summary: Summary) -> None:
    with dump.open("rb") as source:
        summary.parts[DUMP] = _add(tar, DUMP, dump.stat().st_size, source)
    for sha256, size in _originals():
        _write_original(tar, sha256, size, summary)
    text = json.dumps(
        {
            "made_at": summary.made_at,
            "migrations": summary.migrations,
            "missing": summary.missing,
            "damaged": summary.damaged,
            "parts": summary.parts,
        }
    ).encode()
    _add(tar, MANIFEST, len(text), io.BytesIO(text))


def _write_original(
    tar: tarfile.TarFile, sha256: str, size: int, summary: Summary
) -> None:
    """Add one original; one that is gone or changed is named, and stops nothing."""
    try:
        original = store().open(sha256)
    except FileNotFoundError:
        summary.missing.append(sha256)
        return
    with original:
        if original.seek(0, os.SEEK_END) != size:
            summary.damaged.append(sha256)
            return
        original.seek(0)
        name = f"{ORIGINALS}{sha256}"
        summary.parts[name] = _add(tar, name, size, original)
    summary.files += 1
    if summary.parts[name] != sha256:
        summary.damaged.append(sha256)


class _Reader:
    """Walks through an archive and keeps what each part proved to be."""

    def __init__(self, dump: Path, *, load: bool) -> None:
        self.dump = dump
        self.load = load
        self.seen: dict[str, str] = {}
        self.summary = Summary()

    def take(self, member: tarfile.TarInfo, content: IO[bytes]) -> None:
        """Take one part."""
        if member.name == MANIFEST:
            self._take_manifest(content.read())
            return
        hashing = _Hashing(content)
        if member.name == DUMP:
            with self.dump.open("wb") as out:
                shutil.copyfileobj(hashing, out, 1 << 20)
        elif member.name.startswith(ORIGINALS):
            self._take_original(member.name.removeprefix(ORIGINALS), hashing)
        self.seen[member.name] = hashing.digest.hexdigest()

    def _take_manifest(self, text: bytes) -> None:
        told = json.loads(text)
        self.summary.made_at = told["made_at"]
        self.summary.migrations = told["migrations"]
        self.summary.missing = told["missing"]
        self.summary.damaged = told["damaged"]
        self.summary.parts = told["parts"]

    def _take_original(self, sha256: str, source: _Hashing) -> None:
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
            if self.load and source.digest.hexdigest() == sha256:
                copy.seek(0)
                store().put(sha256, copy)

    def check(self) -> None:
        """Compare what was seen with the manifest, and originals with their names."""
        wanted = self.summary.parts
        if DUMP not in wanted:
            raise BadArchiveError("the archive has no manifest or no dump")
        wrong = {name for name, _ in set(self.seen.items()) ^ set(wanted.items())}
        for name, digest in wanted.items():
            sha256 = name.removeprefix(ORIGINALS)
            if name.startswith(ORIGINALS) and digest != sha256:
                wrong |= set() if sha256 in self.summary.damaged else {name}
        if wrong:
            names = ", ".join(sorted(wrong)[:5])
            raise BadArchiveError(f"differs from the manifest: {names}")


def read(source: Path, key: X25519PrivateKey, *, load: bool) -> Summary:
    """Check the whole archive; with ``load`` fill database and store from it.

    The dump is loaded last, when every byte of the archive has proved true.
    BadArchiveError names what is wrong.
    """
    with (
        tempfile.TemporaryDirectory(prefix="bozhou-restore-") as scratch,
        source.open("rb") as sealed,
    ):
        reader = _Reader(Path(scratch) / DUMP, load=load)
        plain = io.BufferedReader(DecryptingReader(sealed, key), 1 << 20)
        try:
            with tarfile.open(fileobj=plain, mode="r|") as tar:
                for member in tar:
                    content = tar.extractfile(member)
                    if content is None:
                        raise BadArchiveError(f"{member.name} is not a file")
                    reader.take(member, content)
        except tarfile.TarError as error:
            raise BadArchiveError(f"not readable: {error}") from error
        while plain.read(1 << 20):
            pass
        reader.check()
        if load:
            database.load(reader.dump)
    summary = reader.summary
    summary.files = len(summary.parts) - 1
    summary.bytes = source.stat().st_size
    return summary
