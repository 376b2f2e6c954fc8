"""Document numbers such as 博州环罚〔2026〕12号."""

import re
from dataclasses import dataclass

DEFAULT_TEMPLATE = "{agency}环{branch}{kind}〔{year}〕{n}号"
FIELDS = frozenset({"agency", "branch", "kind", "year", "n"})
_FIELD = re.compile(r"\{(\w*)\}")


class TemplateError(ValueError):
    """A number template that would not give distinct, readable numbers."""


@dataclass(frozen=True, slots=True)
class Series:
    """One run of numbers: an agency (or its branch), a kind of document, a year."""

    agency: str
    kind: str
    year: int
    branch: str = ""
    template: str = DEFAULT_TEMPLATE


def check_template(template: str) -> None:
    """Raise `TemplateError` unless kind, year and n occur once and nothing is unknown."""
    names = _FIELD.findall(template)
    unknown = [name for name in names if name not in FIELDS]
    if unknown:
        raise TemplateError(f"文号模板中有未知变量：{'、'.join(unknown)}")
    for name in ("kind", "year", "n"):
        if names.count(name) != 1:
            raise TemplateError(f"文号模板必须恰有一个 {{{name}}}")
    if "〔{year}〕" not in template:
        raise TemplateError("年份须用六角括号：〔{year}〕")


def format_number(series: Series, n: int) -> str:
    """Return the ``n``-th number of ``series``; ``n`` counts from 1.

    A branch that acts in its own name is put in full-width parentheses, as in
    博州环（精）罚〔2026〕1号.
    """
    if n < 1:
        raise ValueError("numbers count from 1")
    check_template(series.template)
    return series.template.format(
        agency=series.agency,
        branch=f"（{series.branch}）" if series.branch else "",
        kind=series.kind,
        year=series.year,
        n=n,
    )


def parse_number(text: str) -> tuple[str, int, int]:
    """Return ``(prefix, year, n)`` of a number; raises ValueError for other text."""
    found = re.fullmatch(r"(\S+?)〔(\d{4})〕第?(\d+)号", text.strip())
    if not found:
        raise ValueError(f"不是文号：{text}")
    return found[1], int(found[2]), int(found[3])
