"""Find curves like a given one by their fingerprints, without comparing every pair."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from vehicles.domain.fraud.base import Finding as Found
from vehicles.domain.fraud.base import brief
from vehicles.domain.fraud.copied import (
    CopiedParams,
    Match,
    Usual,
    closest,
    describe,
    votes,
    weigh,
)
from vehicles.domain.fraud.fingerprint import (
    Fingerprint,
    fingerprint,
    needed,
    residual,
    shape,
)
from vehicles.domain.inspection.process import unpack
from vehicles.domain.inspection.shapes import VehicleTest
from vehicles.models import Curve, Inspection

LOOK_UP = """
SELECT asked.hash, found.curve_id, found.place
FROM unnest(%s::int[]) AS asked(hash)
CROSS JOIN LATERAL (
    SELECT curve_id, place FROM vehicles_curvehash
    WHERE method = %s AND hash = asked.hash LIMIT %s
) AS found
WHERE found.curve_id <> %s
"""


@dataclass(frozen=True, slots=True)
class Search:
    """Outcome of a search: prints to store, best likeness, and the match if any."""

    prints: Fingerprint
    likeness: float
    match: Match | None
    other: int | None


def hits(
    method: str, prints: Fingerprint, own: int, bucket: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (curve, row asked, row stored) for every shared window hash.

    Of a hash only ``bucket`` curves are taken: more say nothing.
    """
    rows: dict[int, list[int]] = defaultdict(list)
    for code, row in prints.asked:
        rows[code].append(row)
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [sorted(rows), method, bucket, own])
        for code, curve, place in cursor.fetchall():
            for row in rows[code]:
                yield curve, row, place


def usual(method: str, params: CopiedParams) -> Usual:
    """Return the likeness that recent tests of a method found at best."""
    found = Usual()
    recent = (
        Curve.objects.filter(inspection__method=method, likeness__isnull=False)
        .order_by("-inspection_id")
        .values_list("likeness", flat=True)[:300]
    )
    found.best.extend(value for value in recent if value is not None)
    return found


def search(
    *, own: int, test: VehicleTest, params: CopiedParams, known: Usual | None = None
) -> Search | None:
    """Look a curve up; None if the curve carries no identity."""
    made = shape(test.process, test.method)
    rest = residual(test.process, test.method)
    if made is None or rest is None:
        return None
    prints = fingerprint(made)
    best: tuple[float, Match | None, int | None] = (0.0, None, None)
    candidates = votes(hits(test.method, prints, own, params.bucket), params.candidates)
    packed = dict(
        Curve.objects.filter(pk__in=[curve for curve, _ in candidates]).values_list(
            "pk", "data"
        )
    )
    bar, columns = known or usual(test.method, params), needed(test.method)
    for curve, shift in candidates:
        other = residual(unpack(bytes(packed[curve]), columns), test.method)
        if other is None:
            continue
        likeness, moved = closest(rest, other, shift)
        if likeness.z > best[0]:
            best = (likeness.z, weigh(likeness, moved, bar, params), curve)
    return Search(prints, best[0], best[1], best[2])


def finding_of(test: VehicleTest, other: VehicleTest, match: Match) -> Found:
    """Return the finding for two tests with one curve."""
    return describe(brief(test), brief(other), match)


def others(pks: Sequence[int]) -> list[Inspection]:
    """Return tests by key with what rules need of them."""
    return list(
        Inspection.objects.filter(pk__in=pks).select_related(
            "station__district", "line", "vehicle"
        )
    )
