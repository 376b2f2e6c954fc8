"""Emission totals of a month beside the month and the year before, with quota use.

A month that still runs is compared with as many days of the months before. Every figure
leads to the days, hours and the formula it is summed from (排放量与许可).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Max, Q, Sum

from bozhou_eco.accounts.models import User
from polluters.domain.compliance import change, later
from polluters.models import DailyMass, PermitQuota, Point

SPANS = ("now", "before", "year_before", "year")
KG = 1000


@dataclass(frozen=True, slots=True)
class Tonnage:
    """Tonnes of a factor: of the scope, a district or an enterprise."""

    name: str
    factor: str
    code: str
    now: float
    before: float
    year_before: float
    year: float
    substituted: float
    missing: int
    enterprise: int | None = None
    quota: float | None = None

    @property
    def month_change(self) -> float | None:
        """Against the month before."""
        return change(self.now, self.before)

    @property
    def year_change(self) -> float | None:
        """Against the same month of the year before."""
        return change(self.now, self.year_before)

    @property
    def share(self) -> float | None:
        """The share of the year's quota used up to the end of the month."""
        return self.year / self.quota if self.quota else None


@dataclass(frozen=True, slots=True)
class Totals:
    """A month's tonnage: by factor, by district and factor, by enterprise and factor."""

    first: date
    until: date | None
    partial: bool
    factors: Sequence[Tonnage]
    districts: Sequence[Tonnage]
    enterprises: Sequence[Tonnage]


def month_end(first: date) -> date:
    """Return the last day of a month."""
    return later(first, 1) - timedelta(days=1)


def _part(first: date, days: int) -> tuple[date, date]:
    return first, min(first + timedelta(days=days - 1), month_end(first))


def totals(*, user: User, month: date) -> Totals:
    """Return the tonnage of a month in scope (four queries)."""
    first, end = month.replace(day=1), month_end(month.replace(day=1))
    rows = DailyMass.objects.filter(point__in=Point.objects.visible_to(user))
    until = rows.filter(day__gte=first, day__lte=end).aggregate(at=Max("day"))["at"]
    if until is None:
        return Totals(first, None, False, (), (), ())
    days = (until - first).days + 1
    spans = {
        "now": (first, until),
        "before": _part(later(first, -1), days),
        "year_before": _part(later(first, -12), days),
        "year": (date(first.year, 1, 1), until),
    }
    if until == end:  # whole months are compared whole
        for name, back in (("before", -1), ("year_before", -12)):
            start = later(first, back)
            spans[name] = (start, month_end(start))
    sums = _sums(rows, spans)
    named = _named(sums)
    return Totals(
        first=first,
        until=until,
        partial=until < end,
        factors=_grouped(named, sums, lambda p: ""),
        districts=_grouped(named, sums, lambda p: p["district"]),
        enterprises=_with_quotas(
            _grouped(named, sums, lambda p: p["firm"]), user, first
        ),
    )


def _sums(
    rows: object, spans: Mapping[str, tuple[date, date]]
) -> dict[int, dict[str, float]]:
    """Return by point the kg of each span, and what the month lacks."""
    inside = {name: Q(day__gte=a, day__lte=b) for name, (a, b) in spans.items()}
    any_ = inside["now"] | inside["before"] | inside["year_before"] | inside["year"]
    found = (
        rows.filter(any_)  # type: ignore[attr-defined]
        .values("point_id")
        .annotate(
            **{name: Sum("measured", filter=q) for name, q in inside.items()},
            extra=Sum("substituted", filter=inside["now"]),
            gone=Sum("missing", filter=inside["now"]),
        )
        .order_by()
    )
    return {row["point_id"]: {k: v or 0 for k, v in row.items()} for row in found}


def _named(points: Iterable[int]) -> list[dict[str, object]]:
    rows = Point.objects.filter(pk__in=list(points)).values_list(
        "pk", "outlet__enterprise_id", "outlet__enterprise__short_name",
        "outlet__enterprise__district__name", "pollutant_id", "pollutant__code",
        "pollutant__short", "pollutant__name",
    )  # fmt: skip
    return [
        {
            "pk": pk, "firm_id": firm_id, "firm": firm, "district": district,
            "pollutant": pollutant, "code": code, "factor": short or name,
        }
        for pk, firm_id, firm, district, pollutant, code, short, name in rows
    ]  # fmt: skip


def _grouped(
    points: Sequence[Mapping[str, object]],
    sums: Mapping[int, Mapping[str, float]],
    by: object,
) -> list[Tonnage]:
    groups: dict[tuple[str, object], list[Mapping[str, object]]] = {}
    for point in points:
        groups.setdefault((by(point), point["pollutant"]), []).append(point)  # type: ignore[operator]
    made = []
    for (name, _), own in groups.items():
        masses = [sums[int(str(point["pk"]))] for point in own]
        tonnes = {span: math.fsum(m[span] for m in masses) / KG for span in SPANS}
        head = own[0]
        made.append(
            Tonnage(
                name=name,
                factor=str(head["factor"]),
                code=str(head["code"]),
                substituted=math.fsum(m["extra"] for m in masses) / KG,
                missing=int(sum(m["gone"] for m in masses)),
                enterprise=int(str(head["firm_id"])),
                **tonnes,
            )  # fmt: skip
        )
    return sorted(made, key=lambda row: (-row.now, row.name, row.code))


def _with_quotas(rows: Sequence[Tonnage], user: User, first: date) -> list[Tonnage]:
    quotas = {
        (row.enterprise_id, row.pollutant.code): row.tonnes
        for row in PermitQuota.objects.visible_to(user)
        .filter(year=first.year, outlet=None)
        .select_related("pollutant")
    }
    made = [
        replace(row, quota=quotas.get((row.enterprise or 0, row.code))) for row in rows
    ]
    return sorted(made, key=lambda row: (-(row.share or 0), -row.now, row.name))
