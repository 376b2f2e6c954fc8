"""Originals in S3-compatible storage; loaded only where ``EVIDENCE_URL`` asks for it.

The library's errors become ``OSError``, which is what callers know of a store that is
away; an object that is gone is ``FileNotFoundError`` as it is on a disk.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.core.files.storage import Storage, storages

from bozhou_eco.evidence.store import key_of


@contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise OSError(f"object storage: {error}") from error


class ObjectStore:
    """Originals in the storage that Django knows as ``evidence``."""

    def __init__(self) -> None:
        self.storage: Storage = storages["evidence"]

    def put(self, sha256: str, source: BinaryIO) -> None:
        """Store the bytes unless the digest is already there."""
        with _as_os_errors():
            if not self.storage.exists(key_of(sha256)):
                self.storage.save(key_of(sha256), File(source))

    def open(self, sha256: str) -> BinaryIO:
        """Fetch an original for reading; FileNotFoundError if it is gone."""
        with _as_os_errors():
            opened = self.storage.open(key_of(sha256), "rb")
            opened.seek(0)  # fetches it now, so that what fails fails here
        return opened  # type: ignore[return-value]

    def erase(self, sha256: str) -> None:
        """Remove an original whose retention has ended."""
        with _as_os_errors():
            self.storage.delete(key_of(sha256))
