"""The period an address asks for."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest

from bozhou_eco.common import clock


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date


def read_period(request: HttpRequest) -> Period:
    """Return the period the address names; the year so far without one."""
    today = clock.beijing(clock.now()).date()

    def day(name: str, default: date) -> date:
        try:
            return date.fromisoformat(request.GET.get(name, ""))
        except ValueError:
            return default

    first, last = day("from", date(today.year, 1, 1)), day("to", today)
    return Period(min(first, last), max(first, last))
