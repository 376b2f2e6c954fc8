"""The days an address asks for."""

from datetime import date

from django.http import HttpRequest

from bozhou_eco.common import clock


def days_asked(request: HttpRequest) -> tuple[date, date]:
    """Return first and last day of ``?from=&to=``, in order; the year so far without."""
    today = clock.beijing(clock.now()).date()

    def day(name: str, default: date) -> date:
        try:
            return date.fromisoformat(request.GET.get(name, ""))
        except ValueError:
            return default

    first, last = day("from", date(today.year, 1, 1)), day("to", today)
    return min(first, last), max(first, last)
