"""Daily 对账: what both sides hold, what only one does, and what differs."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """A key that both sides have with other values; ``share`` relative, numbers only."""

    key: str
    ours: float | str | None
    theirs: float | str | None
    share: float | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The outcome for one kind and day."""

    same: int
    differing: tuple[Difference, ...]
    only_ours: tuple[str, ...]
    only_theirs: tuple[str, ...]

    @property
    def even(self) -> bool:
        """Whether nothing is left to explain."""
        return not (self.differing or self.only_ours or self.only_theirs)


def reconcile(
    ours: Mapping[str, float | str | None],
    theirs: Mapping[str, float | str | None],
    *,
    tolerance: float = 0.0,
    floor: float = 0.0,
) -> Reconciliation:
    """Compare two mappings by key.

    Numbers agree within ``tolerance`` of the greater of both amounts, or within
    ``floor`` (the resolution); text agrees if it is equal.
    """
    differing = []
    both = sorted(ours.keys() & theirs.keys())
    for key in both:
        share = _apart(ours[key], theirs[key], floor)
        if share is None and ours[key] == theirs[key]:
            continue
        if share is not None and share <= tolerance:
            continue
        differing.append(Difference(key, ours[key], theirs[key], share))
    return Reconciliation(
        len(both) - len(differing),
        tuple(differing),
        tuple(sorted(ours.keys() - theirs.keys())),
        tuple(sorted(theirs.keys() - ours.keys())),
    )


def _apart(
    one: float | str | None, other: float | str | None, floor: float
) -> float | None:
    """Return how far two numbers are apart as a share; None if they are not numbers."""
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return None
    gap = abs(one - other)
    return 0.0 if gap <= floor else gap / max(abs(one), abs(other))
