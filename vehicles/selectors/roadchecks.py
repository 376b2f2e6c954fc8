"""Reads of road checks: campaigns with their totals, the totals the bureau reports."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q, QuerySet

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from vehicles.domain.inspection.limits import applicable
from vehicles.models import PoliceTransfer, RoadCampaign, RoadCheck
from vehicles.selectors.gate import inspection_settings, limits

FAIL = RoadCheck.Verdict.FAIL


@dataclass(frozen=True, slots=True)
class Totals:
    """What the bureau reports of a period."""

    campaigns: int
    checked: int
    violations: int
    sent: int
    received: int
    replied: int


def day_begins(day: date) -> datetime:
    """Return the moment a Beijing day begins."""
    return datetime.combine(day, time(0), clock.BEIJING)


def campaigns_for(user: User) -> QuerySet[RoadCampaign]:
    """Return campaigns in reach with how many were checked and failed."""
    rows: QuerySet[RoadCampaign] = RoadCampaign.objects.visible_to(user)
    return (
        rows.select_related("district")
        .annotate(
            checked=Count("checks"),
            failed=Count("checks", filter=Q(checks__verdict=FAIL)),
        )
        .order_by("-begins_at", "-pk")
    )


def checks_for(user: User) -> QuerySet[RoadCheck]:
    """Return checked vehicles in reach."""
    rows: QuerySet[RoadCheck] = RoadCheck.objects.visible_to(user)
    return rows.select_related("vehicle", "campaign__district", "officer")


def checks_between(user: User, first: date, last: date) -> QuerySet[RoadCheck]:
    """Return the vehicles checked from ``first`` to ``last``, both included."""
    return checks_for(user).filter(
        at__gte=day_begins(first), at__lt=day_begins(last + timedelta(days=1))
    )


def totals(user: User, first: date, last: date) -> Totals:
    """Return the sums of a period: 检查车辆、违法、移送、回执、反馈."""
    checks = checks_between(user, first, last)
    counted = checks.order_by().aggregate(
        campaigns=Count("campaign", distinct=True),
        checked=Count("pk"),
        violations=Count("pk", filter=Q(verdict=FAIL)),
    )
    sent = PoliceTransfer.objects.filter(road_check__in=checks).aggregate(
        sent=Count("pk"),
        received=Count("pk", filter=Q(receipt_at__isnull=False)),
        replied=Count("pk", filter=Q(replied_at__isnull=False)),
    )
    return Totals(**counted, **sent)


def limit_k(on: date) -> float | None:
    """Return the limit of free acceleration in force, offered on the phone's form."""
    variant = inspection_settings().variant
    found = applicable(limits(), method="free_acceleration", variant=variant, on=on)
    values = [row.most for row in found if row.most is not None]
    return values[0] if values else None
