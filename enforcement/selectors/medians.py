"""Median hours per stage, from how many stays lasted how long."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count, Value

from enforcement.models import StageSpan


def medians_by_stage(
    start: datetime, end: datetime, districts: set[int] | None
) -> dict[str, tuple[float | None, int]]:
    """Return ``{stage: (median hours, number of stays)}`` for stays that ended in time.

    Hours are kept to the tenth. ``districts`` None is the whole prefecture.
    """
    rows = StageSpan.objects.filter(left_at__gte=start, left_at__lt=end)
    if districts is not None:
        rows = rows.filter(district__in=districts)
    lengths: dict[str, dict[int, int]] = defaultdict(dict)
    counted = rows.order_by().values_list("stage", "tenths").annotate(n=Count(Value(1)))
    for stage, tenths, count in counted:
        lengths[stage][tenths] = count
    return {
        stage: (median_of(found) / 10, sum(found.values()))
        for stage, found in lengths.items()
    }


def median_of(counts: Mapping[int, int]) -> float:
    """Return the median of values of which each occurs so many times."""
    half, seen, lower = sum(counts.values()) / 2, 0, None
    for value in sorted(counts):
        seen += counts[value]
        if lower is not None:
            return (lower + value) / 2
        if seen > half:
            return float(value)
        if seen == half:
            lower = value
    raise ValueError("nothing to take the median of")
