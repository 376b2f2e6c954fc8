"""Words for alerts in templates."""

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from alerts.domain.life import Action
from alerts.selectors.kinds import kind_label

register = template.Library()

OTHER_ACTS = {
    "ease": "级别降低",
    "rise": "级别升高",
    "comment": "备注",
    "outcome": "处置结论更新",
    "escalate": "升级通知",
    "self_check": "企业自查",
    "reply": "企业回复",
}


@register.filter
def kind_name(kind: str) -> str:
    """Return a kind in words."""
    return kind_label(kind)


@register.filter
def act_name(action: str) -> str:
    """Return the action of an event in words."""
    if action in OTHER_ACTS:
        return OTHER_ACTS[action]
    try:
        return Action(action).label
    except ValueError:
        return action


@register.simple_tag
def explain(value: object) -> SafeString:
    """Return one value of an explanation: text, list or nested table, all escaped."""
    if isinstance(value, dict):
        rows = format_html_join(
            "", "<dt>{}</dt><dd>{}</dd>", ((k, explain(v)) for k, v in value.items())
        )
        return format_html('<dl class="kvs">{}</dl>', rows)
    if isinstance(value, list | tuple):
        rows = format_html_join("", "<li>{}</li>", ((explain(v),) for v in value[:50]))
        return format_html("<ul>{}</ul>", rows)
    if isinstance(value, bool):
        return escape("是" if value else "否")
    if isinstance(value, float):
        return escape(f"{value:g}")
    return escape("—" if value is None or value == "" else str(value))
