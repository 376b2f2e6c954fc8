"""The store of originals: content-addressed, written once, synced before it counts."""

import os
import tempfile
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages


def key_of(sha256: str) -> str:
    """Return the store key of a digest: ``ab/cd/abcd…``."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


class FileStore:
    """Originals on a local disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, sha256: str, source: BinaryIO) -> None:
        """Write the bytes durably; an existing file of the digest is left as it is."""
        target = self.root / key_of(sha256)
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as temporary:
                while chunk := source.read(1 << 20):
                    temporary.write(chunk)
                temporary.flush()
                os.fsync(temporary.fileno())
            Path(name).chmod(0o440)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        directory = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def open(self, sha256: str) -> BinaryIO:
        """Open an original for reading; FileNotFoundError if it is gone."""
        return (self.root / key_of(sha256)).open("rb")

    def erase(self, sha256: str) -> None:
        """Remove an original whose retention has ended."""
        (self.root / key_of(sha256)).unlink(missing_ok=True)


class ObjectStore:
    """Originals in S3-compatible storage through django-storages."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def put(self, sha256: str, source: BinaryIO) -> None:
        """Store the bytes unless the digest is already there."""
        if not self.storage.exists(key_of(sha256)):
            self.storage.save(key_of(sha256), File(source))

    def open(self, sha256: str) -> BinaryIO:
        """Open an original for reading."""
        return self.storage.open(key_of(sha256), "rb")  # type: ignore[return-value]

    def erase(self, sha256: str) -> None:
        """Remove an original whose retention has ended."""
        self.storage.delete(key_of(sha256))


def store() -> FileStore | ObjectStore:
    """Return the store named by ``EVIDENCE_URL``."""
    parts = urlsplit(settings.EVIDENCE_URL)
    if parts.scheme == "file":
        return FileStore(Path(parts.path))
    return ObjectStore(storages["evidence"])
