"""The policy of a kind: built-in, overlaid with the bureau's settings."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

from alerts.domain.kinds import KindPolicy, base_of, may_go_first, policy_of
from alerts.models import KindSetting

KEEP_S = 10.0


class _Settings:
    """All rows of `KindSetting`, read anew every `KEEP_S` seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, KindSetting] = {}
        self._until = 0.0

    def get(self, kind: str) -> KindSetting | None:
        """Return the settings of ``kind`` or of the kind it refines."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._rows = {row.kind: row for row in KindSetting.objects.all()}
                self._until = time.monotonic() + KEEP_S
            return self._rows.get(kind) or self._rows.get(base_of(kind))

    def forget(self) -> None:
        """Read the rows anew at the next question."""
        with self._lock:
            self._until = 0.0


settings = _Settings()


def kind_policy(kind: str) -> KindPolicy:
    """Return the policy in force for ``kind``."""
    policy, row = policy_of(kind), settings.get(kind)
    if row is None:
        return policy
    if row.label:
        policy = replace(policy, label=row.label)
    if row.verdict is not None:
        policy = replace(policy, verdict=row.verdict)
    if row.confidential is not None:
        policy = replace(policy, confidential=row.confidential)
    if row.enterprise_first is not None:
        first = row.enterprise_first and may_go_first(kind) and not policy.confidential
        policy = replace(policy, enterprise_first=first)
    if row.reopen_minutes is not None:
        policy = replace(policy, reopen=timedelta(minutes=row.reopen_minutes))
    if row.mute_hours is not None:
        policy = replace(policy, mute=timedelta(hours=row.mute_hours))
    return policy


def kind_label(kind: str) -> str:
    """Return the Chinese name of a kind."""
    return kind_policy(kind).label


def self_check_hours(kind: str) -> int:
    """Return how long an enterprise has for its self-check."""
    row = settings.get(kind)
    return row.self_check_hours if row else 24
