"""Which limit a page shows beside a value."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from polluters.domain.limits import (
    Averaging,
    Condition,
    Kind,
    LimitRule,
    bounds_text,
)
from polluters.domain.notice import Bounds
from polluters.models import Limit


@dataclass(frozen=True, slots=True)
class InForce:
    """The strictest enforceable limit of a point, in the point's unit.

    ``kind`` and ``averaging`` are words (许可限值, 小时均值).
    """

    low: float | None
    high: float | None
    kind: str
    averaging: str
    standard: str
    source: str

    @property
    def text(self) -> str:
        """The bounds in words."""
        return bounds_text(Bounds(self.low, self.high)).removeprefix("≤ ")

    def share(self, value: float | None) -> float | None:
        """Return how much of the limit ``value`` takes: 1 is at the limit.

        For a range (pH) the distance from its middle counts; for a lower bound only,
        the bound is divided by the value.
        """
        if value is None:
            return None
        if self.high is not None and self.low is not None:
            half = (self.high - self.low) / 2
            return abs(value - (self.high + self.low) / 2) / half
        if self.high is not None:
            return value / self.high if self.high > 0 else None
        return self.low / value if self.low and value > 0 else None

    def beyond(self, value: float | None) -> bool:
        """Return whether ``value`` lies outside the bounds."""
        return value is not None and Bounds(self.low, self.high).beyond(value)


def rules_of(limits: Iterable[Limit]) -> list[LimitRule]:
    """Return stored limits as the domain's rules."""
    return [
        LimitRule(
            kind=Kind(limit.kind),
            averaging=Averaging(limit.averaging),
            low=limit.low,
            high=limit.high,
            condition=Condition.read(limit.condition),
            standard=limit.standard,
            source=limit.source,
            article=limit.article,
            valid_from=limit.valid_from,
            valid_to=limit.valid_to,
            key=limit.pk,
        )
        for limit in limits
    ]


COLUMNS = ("point_id", "low", "high", "kind", "averaging", "standard", "source")
KINDS = dict(Limit._meta.get_field("kind").flatchoices)
AVERAGINGS = dict(Limit._meta.get_field("averaging").flatchoices)


def _strictness(low: float | None, high: float | None) -> tuple[float, float]:
    return (
        high if high is not None else float("inf"),
        -(low if low is not None else float("-inf")),
    )


def in_force(point_ids: Iterable[int], *, on: date) -> dict[int, InForce]:
    """Return the strictest enforceable limit of each point on ``on`` (one query).

    Columns, not rows: live pages ask for hundreds of points at once.
    """
    rows = (
        Limit.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=on),
            point_id__in=list(point_ids),
            kind__in=Limit.ENFORCEABLE,
            valid_from__lte=on,
        )
        .order_by("point_id", "kind", "-valid_from")
        .values_list(*COLUMNS)
    )
    strictest: dict[int, InForce] = {}
    for point, low, high, kind, averaging, standard, source in rows:
        held = strictest.get(point)
        if held is None or _strictness(low, high) < _strictness(held.low, held.high):
            strictest[point] = InForce(
                low, high, KINDS[kind], AVERAGINGS[averaging], standard, source
            )
    return strictest
