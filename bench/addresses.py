"""Every page that a role may open with GET, at rows that are there.

Names and roles are those of the suite's deny matrix. Rows come from what the person sees;
an address that needs more than a row is taken from the links of pages already opened.
"""

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from bench.visitor import Answer, Visitor

LINK = re.compile(r'(?:href|hx-get|src)="(/[^"#]*)')
ROWS, VARIANTS, ROUNDS = 4, 4, 2
# They do not end, or are a machine's, or are a file of decided captures alone.
LEFT_OUT = frozenset(
    {"polluters:video_stream", "api-push", "schema", "vehicles:capture_transfer"}
)
ACCOUNT = ("mfa_index", "usersessions_list", "account_change_password")


@dataclass
class Found:
    """The pages of one person: paths by name, and what did not open."""

    paths: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    files: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def unopened(self) -> dict[str, str]:
        """Names that no path opened, with the last answer; 405 has no GET at all."""
        known = self.paths.keys() | self.files
        return {k: v for k, v in self.refused.items() if k not in known and v != "405"}


def find(user: object, role: str, visitor: Visitor) -> Found:
    """Open every address of a role once; return those that are pages."""
    found = Found()
    for name, path in _first(user, role):
        _open(found, visitor, name, path)
    for _ in range(ROUNDS):
        for name, paths in _linked(found, role).items():
            room = ROWS if name not in found.paths else VARIANTS
            for path in paths[:room]:
                _open(found, visitor, name, path)
    return found


def _open(found: Found, visitor: Visitor, name: str, path: str) -> None:
    answer = visitor.get(path)
    if answer.status == 200 and answer.is_page:
        found.paths[name].append(path)
        if answer.kind == "text/html":
            found.bodies[path] = answer.text
    elif answer.status == 200:
        found.files.add(name)
    else:
        found.refused[name] = str(answer.status)
        if _is_fault(answer):
            found.faults.append(f"{name} {path}: {answer.status}")


def _is_fault(answer: Answer) -> bool:
    """No page of the own role may refuse or fail; 404 and 405 say there is none."""
    return answer.status in (0, 401, 403, 429) or answer.status >= 500


def _first(user: object, role: str) -> Iterator[tuple[str, str]]:
    """Yield addresses without an argument, and those whose argument is a seen row."""
    from django.contrib import admin  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from tests.security import policy  # noqa: PLC0415
    from tests.security.routes import routes  # noqa: PLC0415
    from tests.security.test_rows import (  # noqa: PLC0415
        ROWS as TABLE,
    )
    from tests.security.test_rows import lookup, path_of  # noqa: PLC0415

    for route in routes():
        if role not in policy.ROLES.get(route.name, ()) or route.name in LEFT_OUT:
            continue
        if "<" not in route.pattern and "(?P" not in route.pattern:
            yield route.name, route.path
            continue
        entry = lookup(TABLE, route.name)
        for row in _rows(entry, user) if entry else ():
            yield route.name, path_of(route, row)
    yield from ((name, reverse(name)) for name in ACCOUNT)
    if role == "admin":
        yield "admin:index", reverse("admin:index")
        for model in admin.site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            yield name, reverse(name)


def _rows(entry: str, user: object) -> list[object]:
    """Return the oldest and the newest rows of a table that the person sees."""
    from tests.security.test_rows import scoped  # noqa: PLC0415

    seen = scoped(entry, user)
    half = ROWS // 2
    rows = [*seen.order_by("pk")[:half], *seen.order_by("-pk")[:half]]
    return list({row.pk: row for row in rows}.values())


def _linked(found: Found, role: str) -> dict[str, list[str]]:
    """Return by name the addresses that opened pages link to and that are new."""
    from django.urls import Resolver404, resolve  # noqa: PLC0415

    from tests.security import policy  # noqa: PLC0415

    known = {path for paths in found.paths.values() for path in paths}
    linked: dict[str, list[str]] = defaultdict(list)
    for path in _links(found.bodies.values()):
        if path in known:
            continue
        try:
            name = resolve(urlsplit(path).path).view_name
        except Resolver404:
            continue
        allowed = role in policy.ROLES.get(name, ()) and name not in LEFT_OUT
        if allowed and _is_wanted(found, name, path):
            linked[name].append(path)
    return linked


def _is_wanted(found: Found, name: str, path: str) -> bool:
    """Whether it opens a new page, or is another view of one that is open."""
    if name in found.files:
        return False
    there = found.paths.get(name, [])
    return not there or ("?" in path and len(there) < ROWS + VARIANTS)


def _links(bodies: Iterable[str]) -> dict[str, None]:
    return {
        quote(html.unescape(link), safe="/?&=%:+,;@~!*'()[]"): None
        for body in bodies
        for link in LINK.findall(body)
    }
