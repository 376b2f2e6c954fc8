"""Which function knows the facts of a kind of subject, for the online check-list.

An app that owns facts registers a dotted path for a kind of subject, the part of the
subject key before its colon, in its ``AppConfig.ready()``::

    checklist_registry.register(
        "outlet", "polluters.services.checklist_facts.outlet_facts"
    )

The function takes the case's subject key, and the first and last day of the matter, and
returns what it knows as ``{item code: text}``. It never raises for a subject that does
not exist: it returns an empty dictionary. This module loads no models, so that it can be
imported while the apps are being set up.
"""

from datetime import date
from typing import Protocol

REGISTRY: dict[str, str] = {}
"""Kind of subject → dotted path of the function that knows its facts."""


class Facts(Protocol):
    """What a registered function looks like."""

    def __call__(self, *, subject_key: str, first: date, last: date) -> dict[str, str]:
        """Return what is known about the subject between two days, by item."""


def register(subject_kind: str, path: str) -> None:
    """Name the function that knows the facts of a kind of subject."""
    known = REGISTRY.setdefault(subject_kind, path)
    if known != path:
        raise ValueError(f"check-list facts of {subject_kind} are registered: {known}")
