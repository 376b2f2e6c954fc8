"""企业门户: what an enterprise has to do, what it was told, and how its outlets stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q, QuerySet

from alerts.models import Alert, SelfCheck
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.models import Exceedance, Explanation, Finding, Mark
from polluters.selectors import findings as finding_rows
from polluters.selectors.exceedances import month_bounds
from polluters.selectors.explanations import explanations
from polluters.selectors.pages.enterprises import Filters, OutletRow, outlet_rows

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Portal:
    """One page of an enterprise."""

    month: date
    outlets: Sequence[OutletRow]
    alerts: Sequence[Alert]
    open_alerts: int
    checks: Sequence[SelfCheck]
    checks_due: int
    due: Sequence[Explanation]
    recent: Sequence[Explanation]
    open_marks: Sequence[Mark]
    marks: int
    late_marks: int
    exceedances: int
    findings: Sequence[Finding]

    @property
    def overdue(self) -> int:
        """How many explanations are past their deadline."""
        now = clock.now()
        return sum(row.overdue(now) for row in self.due)


def portal(*, user: User, now: datetime) -> Portal:
    """Return the page of the enterprise that ``user`` belongs to."""
    month = clock.beijing(now).date().replace(day=1)
    alerts = Alert.objects.visible_to(user).open()
    checks = SelfCheck.objects.visible_to(user).filter(alert__confidential=False)
    said = explanations(user, now=now)
    due = list(
        said.filter(state__in=Explanation.WAITING).order_by("deadline", "pk")[:50]
    )
    marks = _marks(user, month)
    return Portal(
        month=month,
        outlets=outlet_rows(user=user, filters=Filters(), now=now),
        alerts=list(alerts.order_by("-priority", "-last_at", "-pk")[:SHOWN]),
        open_alerts=alerts.count(),
        checks=list(checks.select_related("alert")[:SHOWN]),
        checks_due=checks.filter(replied_at=None).count(),
        due=due,
        recent=list(said.exclude(state__in=Explanation.WAITING)[:SHOWN]),
        open_marks=list(_standing(user).filter(end=None)[:SHOWN]),
        marks=marks["all"],
        late_marks=marks["late"],
        exceedances=_exceedances(user, month),
        findings=list(finding_rows.findings(user, month=month)[:SHOWN]),
    )


def _standing(user: User) -> QuerySet[Mark]:
    return (
        Mark.objects.visible_to(user)
        .filter(withdrawn_at=None)
        .exclude(origin=Mark.Origin.LOGGER)
        .select_related("outlet__enterprise", "kind", "point__pollutant")
        .order_by("-begin")
    )


def _marks(user: User, month: date) -> dict[str, int]:
    start, end = month_bounds(month)
    counted: dict[str, int] = (
        Mark.objects.visible_to(user)
        .filter(withdrawn_at=None, begin__gte=start, begin__lt=end)
        .exclude(origin=Mark.Origin.LOGGER)
        .aggregate(
            all=Count("pk"), late=Count("pk", filter=Q(made_at__gt=F("deadline")))
        )
    )
    return counted


def _exceedances(user: User, month: date) -> int:
    start, end = month_bounds(month)
    rows = Exceedance.objects.visible_to(user).filter(time__gte=start, time__lt=end)
    return int(rows.filter(state__in=Exceedance.STANDING).count())
