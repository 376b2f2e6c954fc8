"""Read repairs of maintenance stations, and how the vehicles fared at the next test."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from vehicles.models import Inspection, RepairRecord

STATES = (
    ("", "全部"),
    ("passed", "修后首检合格"),
    ("failed", "修后首检不合格"),
    ("waiting", "尚未复检"),
    ("untied", "未见不合格检验"),
)

OUTCOMES = {
    "passed": Q(after="pass"),
    "failed": Q(after="fail"),
    "waiting": Q(after=None),
}


def _begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=clock.BEIJING)


def repairs_for(
    user: User, given: dict[str, str], first: date, last: date
) -> QuerySet[RepairRecord]:
    """Return repairs in reach by period, plate, shop and what came of them.

    ``after`` is the outcome of the first test that began once the vehicle had left.
    """
    after = (
        Inspection.objects.filter(
            vehicle=OuterRef("vehicle"),
            state=Inspection.State.DONE,
            started_at__gte=OuterRef("left_at"),
        )
        .order_by("started_at")
        .values("outcome")[:1]
    )
    rows: QuerySet[RepairRecord] = (
        RepairRecord.objects.visible_to(user)
        .filter(left_at__gte=_begin(first), left_at__lt=_begin(last) + timedelta(1))
        .annotate(after=Subquery(after))
    )
    if given.get("q"):
        rows = rows.filter(vehicle__plate__contains=given["q"].upper()[:20])
    if given.get("shop"):
        rows = rows.filter(shop_code=given["shop"][:20])
    state = given.get("state", "")
    if state == "untied":
        return rows.filter(inspection=None)
    return rows.filter(OUTCOMES[state]) if state in OUTCOMES else rows


@dataclass(frozen=True, slots=True)
class Shop:
    """A maintenance station's repairs and the first tests after them."""

    code: str
    name: str
    repairs: int
    tested: int
    passed: int

    @property
    def share(self) -> float | None:
        """The share of first tests after a repair that were passed."""
        return self.passed / self.tested if self.tested else None


def shops_of(rows: QuerySet[RepairRecord]) -> list[Shop]:
    """Return the shops of some repairs, those with most repairs first."""
    found = (
        rows.order_by()
        .values("shop_code")
        .annotate(
            name=Subquery(
                RepairRecord.objects.filter(shop_code=OuterRef("shop_code"))
                .order_by("-left_at")
                .values("shop")[:1]
            ),
            repairs=Count("pk"),
            tested=Count("pk", filter=Q(after__isnull=False)),
            passed=Count("pk", filter=Q(after="pass")),
        )
        .order_by(F("repairs").desc(), "shop_code")
    )
    return [
        Shop(
            row["shop_code"], row["name"], row["repairs"], row["tested"], row["passed"]
        )
        for row in found
    ]
