"""Fleet statistics from the monthly sums, and the open loops of repair and retest."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, F, FloatField, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from bozhou_eco.accounts.models import District, User
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from vehicles.domain import plates
from vehicles.domain.codes import FUELS, METHOD_NAMES, STAGES, Method
from vehicles.domain.inspection.results import Results
from vehicles.models import FleetMonth, FleetRun, RepairLoop, RepairRecord

GROUPS = {
    "month": "月份",
    "fuel": "燃料",
    "stage": "排放阶段",
    "age": "车龄",
    "district": "县市",
    "method": "检测方法",
}
COUNTS = ("tests", "passed", "failed", "first", "first_passed")
MEASURED = (
    *("k100_m1", "k_mean_m1", "nox80_ppm", "co_g_km", "hc_g_km", "nox_g_km"),
    *("high_idle_co_pct", "high_idle_hc_ppm", "low_idle_co_pct", "low_idle_hc_ppm"),
)
"""Results whose means the statistics show."""
_AGGREGATES: dict[str, Any] = {f"c_{name}": Sum(name) for name in COUNTS}
for _name in MEASURED:
    for _place, _letter in enumerate("ns"):
        _AGGREGATES[f"{_letter}_{_name}"] = Sum(
            Cast(KT(f"sums__{_name}__{_place}"), FloatField())
        )
AGES = ("0-3", "4-6", "7-9", "10-14", "15+", "")
_FIELDS = {item.name: item.metadata["spec"] for item in fields(Results)}


@dataclass(slots=True)
class Row:
    """Sums of one group."""

    key: Any
    label: str
    tests: int = 0
    passed: int = 0
    failed: int = 0
    first: int = 0
    first_passed: int = 0
    sums: dict[str, list[float]] = field(default_factory=dict)

    def add(self, row: "Row") -> None:
        """Add another group's sums."""
        self.tests += row.tests
        self.passed += row.passed
        self.failed += row.failed
        self.first += row.first
        self.first_passed += row.first_passed
        for name, (count, total) in row.sums.items():
            if count:
                held = self.sums.setdefault(name, [0, 0.0])
                held[0], held[1] = held[0] + count, held[1] + total

    @property
    def pass_share(self) -> float | None:
        """Share of judged tests that passed."""
        judged = self.passed + self.failed
        return self.passed / judged if judged else None

    @property
    def first_share(self) -> float | None:
        """Share of first tests that passed."""
        return self.first_passed / self.first if self.first else None

    def mean(self, name: str) -> float | None:
        """Mean of a result."""
        count, total = self.sums.get(name, (0, 0.0))
        return total / count if count else None


def months_for(user: User, first: date, last: date) -> QuerySet[FleetMonth]:
    """Return the monthly sums of a period in the districts in reach."""
    rows = FleetMonth.objects.filter(month__range=(first.replace(day=1), last))
    ids = user.district_ids()
    return rows if ids is None else rows.filter(district_id__in=ids)


def narrowed(rows: QuerySet[FleetMonth], given: dict[str, str]) -> QuerySet[FleetMonth]:
    """Return rows of the fuel, stage, age, district and method that are asked for."""
    if given.get("fuel") in FUELS:
        rows = rows.filter(fuel=given["fuel"])
    if (stage := whole(given.get("stage", ""))) is not None:
        rows = rows.filter(stage=stage)
    if given.get("age") in AGES[:-1]:
        rows = rows.filter(age=given["age"])
    if (district := whole(given.get("district", ""))) is not None:
        rows = rows.filter(district_id=district)
    if given.get("method") in set(Method):
        rows = rows.filter(method=given["method"])
    return rows


def grouped(rows: QuerySet[FleetMonth], by: str) -> list[Row]:
    """Return the sums by month, fuel, stage, age, district or method, in order."""
    names = {d.pk: d.name for d in District.objects.all()} if by == "district" else {}
    label = _labels(names)[by]
    field = "district_id" if by == "district" else by
    found = rows.order_by().values(field).annotate(**_AGGREGATES)
    made = [_row(row, row[field], label(row[field])) for row in found]
    return sorted(made, key=lambda row: (row.key in ("", -1), row.key))


def _row(found: Mapping[str, Any], key: Any, label: str) -> Row:
    sums = {
        name: [found[f"n_{name}"], found[f"s_{name}"]]
        for name in MEASURED
        if found[f"n_{name}"]
    }
    row = Row(key, label, sums=sums)
    for name in COUNTS:
        setattr(row, name, found[f"c_{name}"])
    return row


def summed(rows: Iterable[Row]) -> Row:
    """Return the sum of groups."""
    total = Row("", "合计")
    for row in rows:
        total.add(row)
    return total


def _labels(districts: dict[int, str]) -> dict[str, Callable[[Any], str]]:
    return {
        "month": lambda month: f"{month:%Y-%m}",
        "fuel": lambda fuel: FUELS.get(fuel, "未登记"),
        "stage": lambda stage: STAGES.get(stage, "未登记"),
        "age": lambda age: f"{age} 年" if age else "未登记",
        "district": lambda pk: districts.get(pk, "—"),
        "method": lambda method: METHOD_NAMES.get(method, "无尾气检测"),
    }


def measured(rows: list[Row]) -> list[tuple[str, str, str]]:
    """Return name, label and unit of the results that any of the rows holds."""
    held = {name for row in rows for name in row.sums}
    return [
        (name, _FIELDS[name].label, _FIELDS[name].unit)
        for name in _FIELDS
        if name in held
    ]


def summed_at() -> datetime | None:
    """Return up to when the sums hold."""
    run = FleetRun.objects.first()
    return run.upto if run else None


# --- test, repair, retest ---------------------------------------------------------------
def loops_for(user: User, given: dict[str, str], today: date) -> QuerySet[RepairLoop]:
    """Return loops in reach by state, origin and plate."""
    rows: QuerySet[RepairLoop] = RepairLoop.objects.visible_to(user).select_related(
        "vehicle", "station", "district"
    )
    state = given.get("state", "open")
    if state == "open":
        rows = rows.filter(closed_at=None)
    elif state == "late":
        rows = rows.filter(closed_at=None, due_on__lt=today)
    elif state == "closed":
        rows = rows.filter(closed_at__isnull=False)
    if given.get("origin") in RepairLoop.Origin.values:
        rows = rows.filter(origin=given["origin"])
    if given.get("q"):
        rows = rows.filter(vehicle__plate__contains=plates.normalise(given["q"])[:20])
    order = ("-closed_at",) if state == "closed" else ("due_on", "pk")
    return rows.order_by(*order)


def loop_figures(user: User, first: date, last: date, today: date) -> dict[str, Any]:
    """Return the figures of loops: open, late, begun and closed in a period, days."""
    rows = RepairLoop.objects.visible_to(user)
    since = datetime(first.year, first.month, first.day, tzinfo=clock.BEIJING)
    until = datetime(last.year, last.month, last.day, tzinfo=clock.BEIJING)
    until += timedelta(days=1)
    begun = Q(failed_at__gte=since, failed_at__lt=until)
    # A loop whose fact was withdrawn ended without a report; it is no passed retest.
    closed = Q(closed_at__gte=since, closed_at__lt=until) & ~Q(closed_by="")
    found = rows.order_by().aggregate(
        open=Count("pk", filter=Q(closed_at=None)),
        late=Count("pk", filter=Q(closed_at=None, due_on__lt=today)),
        begun=Count("pk", filter=begun),
        closed=Count("pk", filter=closed),
        in_time=Count("pk", filter=closed & Q(closed_at__date__lte=F("due_on"))),
        took=Avg(F("closed_at") - F("failed_at"), filter=closed),
    )
    share = found["in_time"] / found["closed"] if found["closed"] else None
    return {**found, "in_time_share": share}


def repairs_of(loops: Iterable[RepairLoop]) -> dict[int, RepairRecord]:
    """Return per vehicle the latest repair an M station reported."""
    vehicles = {loop.vehicle_id for loop in loops}
    found: dict[int, RepairRecord] = defaultdict()
    rows = RepairRecord.objects.filter(vehicle_id__in=vehicles).order_by("left_at")
    for row in rows:
        found[row.vehicle_id] = row
    return dict(found)
