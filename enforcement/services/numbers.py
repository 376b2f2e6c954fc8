"""Numbers without gaps."""

from datetime import datetime

from bozhou_eco.accounts.models import Organisation
from bozhou_eco.common import clock
from enforcement.domain.numbering import Series, format_number
from enforcement.models import NumberSeries
from enforcement.selectors.agencies import acting_agency

DEFAULT_SHORT = "博州"


def take_number(
    *, organisation: Organisation | None, kind: str, now: datetime
) -> tuple[str, int]:
    """Return the next number of ``kind`` and its place; call inside a transaction.

    The series row stays locked until the transaction ends. Rolling back gives the
    number back, so the series has no gaps. A unit that is not registered as an agency
    numbers in the series of the prefecture.
    """
    agency = acting_agency(organisation)
    owner = agency.organisation if agency else None
    year = clock.beijing(now).year
    series, _ = NumberSeries.objects.select_for_update().get_or_create(
        organisation=owner, kind=kind, year=year
    )
    series.last += 1
    series.save(update_fields=["last"])
    form = Series(
        agency=agency.short if agency else DEFAULT_SHORT,
        kind=kind,
        year=year,
        branch=agency.branch if agency else "",
        **({"template": agency.template} if agency else {}),
    )
    return format_number(form, series.last), series.last
