"""Find curves like a given one by their fingerprints, without comparing every pair."""

from collections.abc import Sequence
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

# Windows agree when they stand equally far apart; of a hash that many tests share only
# some curves are taken, since it says nothing.
LOOK_UP = """
SELECT found.curve_id, asked.row - found.place AS shift
FROM unnest(%s::int[], %s::int[]) AS asked(hash, row)
CROSS JOIN LATERAL (
    SELECT curve_id, place FROM vehicles_curvehash
    WHERE method = %s AND hash = asked.hash LIMIT %s
) AS found
WHERE found.curve_id <> %s
GROUP BY 1, 2
ORDER BY count(*) DESC, 1, 2
LIMIT %s
"""
AT_SHIFTS = 8
"""How many shifts of one curve may stand before the next curve in the answer."""


@dataclass(frozen=True, slots=True)
class Search:
    """Outcome of a search: prints to store, best likeness, and the match if any."""

    prints: Fingerprint
    likeness: float
    match: Match | None
    other: int | None


def nearest(
    method: str, prints: Fingerprint, own: int, params: CopiedParams
) -> list[tuple[int, int]]:
    """Return (curve, shift) of the best candidates, most agreeing windows first."""
    hashes = [code for code, _ in prints.asked]
    rows = [row for _, row in prints.asked]
    most = AT_SHIFTS * params.candidates
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [hashes, rows, method, params.bucket, own, most])
        found = cursor.fetchall()
    best: dict[int, int] = {}
    for curve, shift in found:
        best.setdefault(curve, shift)
    return list(best.items())[: params.candidates]


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
    candidates = nearest(test.method, prints, own, params)
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
