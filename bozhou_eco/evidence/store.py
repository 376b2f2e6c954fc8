"""The store of originals: content-addressed, written once, synced before it counts."""

import os
import tempfile
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string


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


class Store(Protocol):
    """Where originals lie, by their digest."""

    def put(self, sha256: str, source: BinaryIO) -> None:
        """Keep the bytes; what is there already is left as it is."""

    def open(self, sha256: str) -> BinaryIO:
        """Open an original; FileNotFoundError if it is gone."""

    def erase(self, sha256: str) -> None:
        """Remove an original whose retention has ended."""


def store() -> Store:
    """Return the store named by ``EVIDENCE_URL``.

    The client of S3 costs every process half a second and 30 MB, so it is loaded by
    those alone that use it.
    """
    parts = urlsplit(settings.EVIDENCE_URL)
    if parts.scheme == "file":
        return FileStore(Path(parts.path))
    made: Store = import_string("bozhou_eco.evidence.objects.ObjectStore")()
    return made
