"""Words and amounts of case pages."""

from collections.abc import Mapping
from decimal import Decimal

from django import template

from enforcement.domain.money import yuan

register = template.Library()


@register.filter
def word(value: str, words: Mapping[str, str]) -> str:
    """Return the word for a value."""
    return words.get(value, value)


@register.filter
def money(amount: Decimal | None) -> str:
    """Return an amount of yuan with thousands apart."""
    return "—" if amount is None else yuan(amount)


@register.filter
def bytes_text(size: int) -> str:
    """Return a file size as people read it."""
    if size < 1024 * 1024:
        return f"{max(size // 1024, 1)} KB"
    return f"{size / 1024 / 1024:.1f} MB"
