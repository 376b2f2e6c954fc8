"""运维监管: the rows of the ledger in scope, what is overdue, and how far outlets are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from bozhou_eco.accounts.models import User
from polluters.models import (
    Consumable,
    Installation,
    MaintainerStaff,
    Outlet,
    ParameterChange,
    Service,
    Upkeep,
)

TABS: Mapping[str, tuple[str, type[Any]]] = {
    "upkeep": ("校准校验比对", Upkeep),
    "consumable": ("标气与试剂", Consumable),
    "change": ("参数修改", ParameterChange),
    "installation": ("安装联网", Installation),
    "service": ("运维单位与人员", Service),
}
ORDER = {
    "upkeep": (F("done_at").asc(nulls_first=True), "planned_to", "pk"),
    "consumable": (F("replaced_on").asc(nulls_first=True), "expires_on", "pk"),
    "change": ("-changed_at", "-pk"),
    "installation": (F("connected_on").asc(nulls_first=True), "required_by", "pk"),
    "service": ("outlet", "-valid_from", "pk"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tally:
    """What the head of the page counts."""

    overdue: int
    due_soon: int
    expired: int
    undeclared: int
    required: int
    installed: int
    accepted: int
    connected: int


def rows_of(user: User, tab: str, *, state: str, now: datetime) -> QuerySet[Any]:
    """Return the rows of a tab that ``user`` may see."""
    model = TABS[tab][1]
    rows: QuerySet[Any] = model.objects.visible_to(user).select_related(
        "outlet__enterprise__district"
    )
    extra = {
        "upkeep": ("analyser", "staff__maintainer"),
        "consumable": ("analyser",),
        "change": ("analyser", "recorded_by"),
        "installation": ("pollutant",),
        "service": ("maintainer",),
    }
    rows = rows.select_related(*extra[tab])
    if state == "overdue":
        rows = rows.filter(overdue_of(tab, now))
    return rows.order_by(*ORDER[tab])


def overdue_of(tab: str, now: datetime) -> Q:
    """Return the condition under which a row of a tab is overdue."""
    today = now.date()
    return {
        "upkeep": Q(done_at=None, planned_to__lt=now),
        "consumable": Q(replaced_on=None, expires_on__lt=today),
        "change": Q(origin="logger"),
        "installation": Q(exempt="", connected_on=None, required_by__lt=today),
        "service": Q(valid_to__lt=today),
    }[tab]


def tally(user: User, *, now: datetime, notice: float) -> Tally:
    """Return the counts at the head of the page; four queries."""
    soon = now + timedelta(days=notice)
    upkeep = Upkeep.objects.visible_to(user).aggregate(
        overdue=Count("pk", filter=overdue_of("upkeep", now)),
        soon=Count(
            "pk", filter=Q(done_at=None, planned_to__gte=now, planned_to__lt=soon)
        ),
    )
    expired = Consumable.objects.visible_to(user).filter(overdue_of("consumable", now))
    told = ParameterChange.objects.visible_to(user).filter(
        origin="logger", changed_at__gt=now - timedelta(days=30)
    )
    steps = Installation.objects.visible_to(user).filter(exempt="").aggregate(
        required=Count("pk"),
        installed=Count("pk", filter=~Q(installed_on=None)),
        accepted=Count("pk", filter=~Q(accepted_on=None)),
        connected=Count("pk", filter=~Q(connected_on=None)),
    )  # fmt: skip
    return Tally(
        upkeep["overdue"], upkeep["soon"], expired.count(), told.count(), **steps
    )


def staff_of(rows: QuerySet[Any], today: date) -> list[MaintainerStaff]:
    """Return the people of the firms in scope, expired certificates first."""
    return list(
        MaintainerStaff.objects.filter(
            active=True, maintainer__in=rows.values("maintainer")
        )
        .select_related("maintainer")
        .order_by(F("certificate_until").asc(nulls_last=True), "name")
    )


def without_logger(user: User) -> list[Outlet]:
    """Return outlets in use that no logger reports for."""
    return list(
        Outlet.objects.visible_to(user)
        .filter(active=True)
        .exclude(loggers__active=True)
        .select_related("enterprise__district")
        .order_by("enterprise__name", "code")
    )
