"""Template tags of captures."""

import json

from django import template

register = template.Library()


@register.filter
def boxjson(box: object) -> str:
    """Return a box as JSON for a data attribute; empty when there is none."""
    return json.dumps(box) if isinstance(box, list) else ""
