"""Template tags of the design system: icons, severities, times, numbers, sparklines."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BoundField
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bozhou_eco.common import clock
from bozhou_eco.common.spark import spark as draw_spark

register = template.Library()

SEVERITIES = {
    "critical": ("crit", "严重"),
    "major": ("major", "较重"),
    "minor": ("minor", "一般"),
    "info": ("info", "提示"),
    "ok": ("ok", "正常"),
}
MISSING = "—"


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, size: str = "") -> SafeString:
    """Return an icon of the sprite; it is decoration, the word stands beside it."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        size,
        static("img/icons.svg"),
        name,
    )


@register.filter
def sev_class(severity: str) -> str:
    """Return the CSS class of a severity."""
    return SEVERITIES.get(severity, ("info", ""))[0]


@register.simple_tag
def sev(severity: str, text: str = "") -> SafeString:
    """Return colour, shape and word of a severity; ``text`` replaces the word."""
    css, word = SEVERITIES.get(severity, ("info", severity))
    return format_html('<span class="sev {}">{}</span>', css, text or word)


@register.filter
def when(moment: datetime | None) -> str:
    """Return 今日 10:42, 昨日 18:30, 11-21 16:08 or 2025-11-21 16:08."""
    if moment is None:
        return MISSING
    local, today = clock.beijing(moment), clock.beijing(clock.now())
    if local.date() == today.date():
        return f"今日 {local:%H:%M}"
    if local.date() == today.date() - timedelta(days=1):
        return f"昨日 {local:%H:%M}"
    if local.year == today.year:
        return f"{local:%m-%d %H:%M}"
    return f"{local:%Y-%m-%d %H:%M}"


@register.filter
def stamp(moment: datetime | None) -> str:
    """Return a full time, as evidence shows it: 2026-11-23 10:31:07."""
    return f"{clock.beijing(moment):%Y-%m-%d %H:%M:%S}" if moment else MISSING


@register.simple_tag
def timetag(moment: datetime | None, style: str = "when") -> SafeString | str:
    """Return a <time> element whose title is the full time."""
    if moment is None:
        return MISSING
    text = stamp(moment) if style == "stamp" else when(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        stamp(moment),
        text,
    )


@register.filter
def span(length: timedelta | None) -> str:
    """Return a length of time in words: 46 分钟, 5 小时 28 分, 3 天 4 小时."""
    if length is None:
        return MISSING
    minutes = max(int(length.total_seconds()) // 60, 0)
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < 60:
        return f"{minutes} 分钟"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
    days, hours = divmod(hours, 24)
    return f"{days} 天 {hours} 小时" if hours else f"{days} 天"


@register.filter
def since(moment: datetime | None) -> str:
    """Return how long ago a moment was, in words."""
    return span(clock.now() - moment) if moment else MISSING


@register.filter
def value(number: float | None) -> str:
    """Return a measured value with up to four significant digits; 万 from 10 000 on."""
    if number is None:
        return MISSING
    size = abs(number)
    if size >= 10_000:
        return f"{number / 10_000:.1f} 万"
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    text = f"{number:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0"} else text.replace("-", "−")


@register.filter
def units(number: float | None) -> str:
    """Return a count; 万 only from 10 000 on: 9 999, 1.2 万."""
    if number is None:
        return MISSING
    if abs(number) >= 10_000:
        return f"{number / 10_000:.4g} 万"
    return f"{number:,.0f}".replace(",", " ")


@register.filter
def percent(share: float | None, digits: int = 1) -> str:
    """Return a share (1 = all) as per cent: 97.8%."""
    return MISSING if share is None else f"{share * 100:.{digits}f}%"


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """Return an entry of a mapping, or an empty list."""
    return mapping.get(key, [])


@register.filter
def bar(share: float | None) -> str:
    """Return the width of a bar of a share of the limit; 160 % fills it."""
    return f"{max(0.0, min(share or 0.0, 1.6)) / 1.6 * 100:.1f}%"


@register.filter(name="clock")
def clock_time(moment: datetime | None) -> str:
    """Return the time of day, with the date if it is not today's."""
    if moment is None:
        return MISSING
    local = clock.beijing(moment)
    if local.date() == clock.beijing(clock.now()).date():
        return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}"


@register.filter
def unit(text: str) -> str:
    """Return a unit as people read it: mg/m3 becomes mg/m³."""
    if text == "-":
        return ""
    return (
        text.replace("degC", "℃")
        .replace("m3", "m³")
        .replace("Nm3", "Nm³")
        .replace("m2", "m²")
        .replace("ug", "μg")
    )


@register.simple_tag
def spark(
    values: Sequence[float | None],
    high: float | str | None = None,
    low: float | str | None = None,
) -> SafeString:
    """Return a sparkline; the number beside it is what a screen reader reads.

    A bound that a template could not resolve arrives as an empty string: no bound.
    """
    drawn = draw_spark(
        values or (),
        low=None if isinstance(low, str) else low,
        high=None if isinstance(high, str) else high,
    )
    parts = [
        (css, data)
        for css, data in (("lim", drawn.limit), ("", drawn.line), ("over", drawn.over))
        if data
    ]
    paths = format_html_join("", '<path class="{}" d="{}"/>', parts)
    end: SafeString | str = ""
    if drawn.end:
        x, y, hot = drawn.end
        end = format_html(
            '<circle class="{}" cx="{}" cy="{}" r="2.2"/>', "hot" if hot else "", x, y
        )
    return format_html(
        '<svg class="spark" viewBox="0 0 92 22" aria-hidden="true">{}{}</svg>',
        paths,
        end,
    )


@register.simple_tag
def bullet(share: float | None, label: str) -> SafeString:
    """Return a bar of a share of the limit; the tick stands at 62.5 %, so 160 % fits."""
    if share is None:
        return SafeString('<div class="bul none"></div>')
    return format_html(
        '<div class="bul" role="img" aria-label="{}">'
        '<i class="{}" style="width:{}"></i><b></b></div>',
        label,
        "over" if share > 1 else "",
        bar(share),
    )


@register.inclusion_tag("partials/_field.html")
def field(bound: BoundField, hint: str = "", wide: bool = False) -> dict[str, Any]:
    """Return a form field with label, hint and errors tied to it for screen readers."""
    widget = bound.field.widget
    described = [f"{bound.auto_id}_hint"] if hint or bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attributes: dict[str, str | bool] = {}
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    group = isinstance(widget, RadioSelect | CheckboxSelectMultiple)
    control = bound if group else bound.as_widget(attrs=attributes)
    return {
        "field": bound,
        "control": control,
        "hint": hint or bound.help_text,
        "group": group,
        "single": isinstance(widget, CheckboxInput),
        "wide": wide,
    }


@register.simple_tag(takes_context=True)
def here(context: template.Context, path: str) -> SafeString | str:
    """Return aria-current for a link to the page shown."""
    request = context.get("request")
    if request is not None and request.path == path:
        return SafeString('aria-current="page"')
    return ""
