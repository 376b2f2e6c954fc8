"""The strip of hours of a day: hundreds of cells, so it is written in one go."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from polluters.selectors.rates import HourCell

register = template.Library()


@register.simple_tag
def hour_strip(cells: Iterable[HourCell]) -> SafeString:
    """Return the cells of a row of the hour table."""
    return format_html_join(
        "",
        '<td class="h{}" title="{}">{}</td>',
        ((cell.mark, cell.title, cell.sign) for cell in cells),
    )
