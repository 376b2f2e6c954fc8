"""Menu entries by role, for every page."""

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return the template variables of the shell."""
    return {}
