"""What leaves the platform about an alert: type, district and a link to sign in, no more.

Names of enterprises, readings, plates and people stay inside (个人信息保护法第六条, least
necessary; and a message on somebody's phone is no place for evidence). Templates of
messages may use `FIELDS` only; an unknown one is refused when the template is saved, and
replaced by a dash if one turns up all the same, so that a message is never lost.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from alerts.domain.flood import Summary
from alerts.domain.severity import Severity

FIELDS = frozenset({"kind", "district", "severity", "time", "count", "link"})
DEFAULT_TEMPLATE = (
    "【博州生态环境】{severity}预警：{district} {kind}，{time}。请登录查看：{link}"
)
SUMMARY_TEMPLATE = (
    "【博州生态环境】{severity}，涉及{district}（{kind}）。请登录查看：{link}"
)
MOST_NAMES = 3
LONGEST = 1000
CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


class TemplateError(ValueError):
    """A template that cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message ready to leave: short title, one-line body, link."""

    title: str
    body: str
    link: str


def check_template(text: str) -> None:
    """Raise `TemplateError` unless ``text`` is a usable message template."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise TemplateError(f"花括号不成对：{error}") from error
    names = [name for _, name, _, _ in parts if name is not None]
    for position, name in enumerate(names, start=1):
        if name not in FIELDS:
            known = "、".join(sorted(FIELDS))
            raise TemplateError(
                f"第 {position} 个变量“{name}”不可用，可用的有：{known}"
            )
    if any(spec or conversion for _, _, spec, conversion in parts):
        raise TemplateError("变量不能带格式")
    if "link" not in names:
        raise TemplateError("模板必须包含 {link}")


def clean(text: str, longest: int = LONGEST) -> str:
    """Return one line without control and direction characters, cut at ``longest``."""
    line = " ".join(CONTROL.sub(" ", text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def render(template: str, values: Mapping[str, str]) -> str:
    """Fill a template; what it asks for and is not there becomes a dash."""
    pieces: list[str] = []
    try:
        for literal, name, _, _ in Formatter().parse(template):
            pieces.append(literal)
            if name is not None:
                pieces.append(values.get(name, "—"))
    except ValueError:
        return render(DEFAULT_TEMPLATE, values)
    return clean("".join(pieces))


def compose(
    *,
    kind: str,
    district: str,
    severity: str,
    time: str,
    link: str,
    template: str = DEFAULT_TEMPLATE,
) -> Message:
    """Return the message of one alert.

    ``kind`` and ``district`` are names, ``time`` is local ``HH:MM``.
    """
    values = {
        "kind": clean(kind, 40),
        "district": clean(district, 20) or "全州",
        "severity": Severity(severity).label,
        "time": time,
        "count": "1",
        "link": link,
    }
    title = f"{values['severity']}预警 · {values['district']}"
    return Message(title, render(template, values), link)


def compose_summary(
    summary: Summary, *, link: str, template: str = SUMMARY_TEMPLATE
) -> Message:
    """Return the message of several alerts, the worst named first."""
    counts = "、".join(f"{s.label} {n} 条" for s, n in summary.counts)
    values = {
        "severity": f"新增预警 {counts}",
        "kind": _names(summary.kinds),
        "district": _names(tuple(name or "全州" for name in summary.districts)),
        "count": str(summary.total),
        "time": "",
        "link": link,
    }
    title = f"{summary.worst.label}预警等 {summary.total} 条"
    return Message(title, render(template, values), link)


def _names(names: tuple[str, ...]) -> str:
    shown = "、".join(clean(name, 20) for name in names[:MOST_NAMES])
    return shown + (f"等 {len(names)} 类" if len(names) > MOST_NAMES else "")


def mask(address: str) -> str:
    """Return an address as ledgers show it: enough to tell which, not to use it."""
    if len(address) <= 4:
        return "*" * len(address)
    keep = 3 if len(address) >= 10 else 1
    return f"{address[:keep]}{'*' * 4}{address[-keep - 1 :]}"
