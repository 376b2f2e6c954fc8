"""The days an address asks for."""

from datetime import date

from django.http import HttpRequest

from bozhou_eco.common import clock

FIRST_YEAR, LAST_YEAR = 1949, 2199


def days_asked(request: HttpRequest) -> tuple[date, date]:
    """Return first and last day of ``?from=&to=``, in order; the year so far without.

    Years that no record can be of are not taken: the ends of the calendar have no
    neighbours to count with.
    """
    today = clock.beijing(clock.now()).date()

    def day(name: str, default: date) -> date:
        try:
            found = date.fromisoformat(request.GET.get(name, ""))
        except ValueError:
            return default
        return found if FIRST_YEAR <= found.year <= LAST_YEAR else default

    first, last = day("from", date(today.year, 1, 1)), day("to", today)
    return min(first, last), max(first, last)
