"""The period an address asks for."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest

from bozhou_eco.common.periods import days_asked


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date


def read_period(request: HttpRequest) -> Period:
    """Return the period the address names; the year so far without one."""
    return Period(*days_asked(request))
