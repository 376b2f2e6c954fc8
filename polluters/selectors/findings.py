"""Findings of a month with the names of their checks."""

from datetime import date

from django.db.models import Count, QuerySet

from bozhou_eco.accounts.models import FACT_ROLES, User
from polluters.domain.matters import TOLD
from polluters.models import Finding
from polluters.selectors.exceedances import month_bounds


def readable(user: User) -> QuerySet[Finding]:
    """Return the findings that ``user`` may read.

    An enterprise reads what carries no suspicion; telling it of the rest would let the
    traces be removed.
    """
    rows = Finding.objects.visible_to(user)
    return rows if user.has_role(*FACT_ROLES) else rows.filter(check_code__in=TOLD)


def findings(
    user: User, *, month: date, state: str = "open", check: str = ""
) -> QuerySet[Finding]:
    """Return the month's findings that ``user`` may see, newest first."""
    start, end = month_bounds(month)
    rows = (
        readable(user)
        .filter(begin__gte=start, begin__lt=end, state=state)
        .select_related("logger__outlet__enterprise__district", "point__pollutant")
        .order_by("-begin", "-pk")
    )
    return rows.filter(check_code=check) if check else rows


def counts_by_check(user: User, *, month: date, state: str) -> dict[str, int]:
    """Return how many findings of each check a month has."""
    start, end = month_bounds(month)
    return dict(
        readable(user)
        .filter(begin__gte=start, begin__lt=end, state=state)
        .values_list("check_code")
        .annotate(count=Count("pk"))
        .order_by("-count", "check_code")
    )
