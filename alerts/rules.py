"""The one inversion: apps that own facts say which function evaluates a kind of rule.

An app registers in its ``AppConfig.ready()``::

    alerts.rules.register(
        "exceedance", "polluters.services.evaluate", {"multiple": Param("限值倍数", 0.1, 20, 1)}
    )

The function takes ``(params, scope, start, end)`` and yields `Occurrence`; it reads stored
history only, so that the same arguments give the same answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.module_loading import import_string

from alerts.domain.backtest import Occurrence
from alerts.domain.kinds import base_of
from alerts.domain.rules import Param


class Evaluator(Protocol):
    """Finds the spans in which sources met a condition."""

    def __call__(
        self,
        *,
        params: Mapping[str, float],
        scope: Mapping[str, tuple[str, ...]],
        start: datetime,
        end: datetime,
    ) -> Iterable[Occurrence]:
        """Return occurrences that overlap ``start`` to ``end``."""
        ...


@dataclass(frozen=True, slots=True)
class Registered:
    """Where a kind's evaluator is, and the parameters it takes."""

    dotted: str
    params: Mapping[str, Param]


_registry: dict[str, Registered] = {}


def register(kind: str, dotted: str, params: Mapping[str, Param] | None = None) -> None:
    """Say that ``dotted`` evaluates rules of ``kind``; twice for one kind is an error."""
    known = _registry.get(kind)
    if known is not None and known.dotted != dotted:
        raise ValueError(f"{kind} is already evaluated by {known.dotted}")
    _registry[kind] = Registered(dotted, dict(params or {}))


def unregister(kind: str) -> None:
    """Forget a kind; for tests."""
    _registry.pop(kind, None)


def registered() -> dict[str, Registered]:
    """Return everything registered, for ``manage.py doctor`` and the rule forms."""
    return dict(_registry)


def params_by_kind() -> dict[str, Mapping[str, Param]]:
    """Return the parameters of each kind that can be evaluated."""
    return {kind: row.params for kind, row in _registry.items()}


def evaluator_of(kind: str) -> Evaluator:
    """Return the function of ``kind``; raises ``LookupError`` if there is none."""
    row = _registry.get(kind) or _registry.get(base_of(kind))
    if row is None:
        raise LookupError(f"没有可执行“{kind}”的程序")
    found: Evaluator = import_string(row.dotted)
    return found
