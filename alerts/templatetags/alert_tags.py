"""Words and classes for alerts in templates."""

from datetime import datetime

from django import template
from django.utils.formats import date_format

from alerts.domain.life import State
from alerts.domain.severity import Severity
from alerts.selectors.kinds import kind_label
from bozhou_eco.common import clock

register = template.Library()


@register.filter
def sev_class(severity: str) -> str:
    """Return the class that gives a severity its colour and shape."""
    return Severity(severity).css


@register.filter
def sev_name(severity: str) -> str:
    """Return a severity in words."""
    return Severity(severity).label


@register.filter
def state_name(state: str) -> str:
    """Return a state in words."""
    return State(state).label


@register.filter
def kind_name(kind: str) -> str:
    """Return a kind in words."""
    return kind_label(kind)


@register.filter
def moment(value: datetime | None) -> str:
    """Return a time as lists show it: with date and minutes, Beijing time."""
    if value is None:
        return "—"
    return date_format(clock.beijing(value), "m-d H:i")


@register.filter
def exact(value: datetime | None) -> str:
    """Return a time as evidence shows it, to the second, Beijing time."""
    if value is None:
        return "—"
    return f"{clock.beijing(value):%Y-%m-%d %H:%M:%S}"
