"""Other systems that raise alerts: their tokens, and who a token belongs to."""

import hashlib
import secrets
import threading
import time
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from alerts.models import Source
from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit

KEEP_S = 5.0


def digest_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def add_source(
    *, code: str, name: str, kinds: Sequence[str], actor: User | None, now: datetime
) -> tuple[Source, str]:
    """Register a source; returns it and its token, which is shown this once."""
    token = secrets.token_urlsafe(32)
    source = Source.objects.create(
        code=code,
        name=name,
        kinds=list(kinds),
        token_digest=digest_of(token),
        created_at=now,
    )
    audit.record(actor=actor, act="source.add", subject=f"source:{code}", now=now)
    return source, token


class _Known:
    """Tokens looked up lately; a switched-off source is refused within `KEEP_S`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, tuple[float, Source | None]] = {}

    def find(self, token: str) -> Source | None:
        """Return the enabled source of a token, None if there is none."""
        digest, now = digest_of(token), time.monotonic()
        with self._lock:
            kept = self._rows.get(digest)
            if kept is not None and kept[0] > now:
                return kept[1]
        source = Source.objects.filter(token_digest=digest, enabled=True).first()
        with self._lock:
            if len(self._rows) > 1000:
                self._rows.clear()
            self._rows[digest] = (now + KEEP_S, source)
        return source

    def forget(self) -> None:
        """Look everything up anew."""
        with self._lock:
            self._rows.clear()


known = _Known()
