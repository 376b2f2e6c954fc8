"""Every address of the site, from the URL configuration itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter

Pattern = URLPattern | URLResolver
NOBODYS = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Route:
    """One pattern: its name with namespaces, its text, and a path that matches it."""

    name: str
    pattern: str
    path: str


def routes() -> list[Route]:
    """Return every route; an unnamed one goes by its pattern."""
    return list(_walk(get_resolver().url_patterns, "", (), {}))


def _walk(
    patterns: list[Pattern],
    prefix: str,
    spaces: tuple[str, ...],
    converters: dict[str, object],
) -> Iterator[Route]:
    for entry in patterns:
        text = prefix + str(entry.pattern)
        known = converters | dict(getattr(entry.pattern, "converters", {}))
        if isinstance(entry, URLResolver):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from _walk(entry.url_patterns, text, inner, known)
        else:
            name = ":".join((*spaces, entry.name)) if entry.name else text
            yield Route(name, text, "/" + _fill(text, known))


def _fill(text: str, converters: dict[str, object]) -> str:
    """Put a value that exists nowhere in the place of every argument."""
    for argument, converter in converters.items():
        value = "0" if isinstance(converter, IntConverter) else "none"
        text = text.replace(f"<uuid:{argument}>", NOBODYS)
        for form in (f"<{argument}>", *_typed(argument)):
            text = text.replace(form, value)
    return text.removeprefix("^").replace("\\Z", "").rstrip("$")


def _typed(argument: str) -> list[str]:
    return [f"<{kind}:{argument}>" for kind in ("int", "str", "slug", "path")]
