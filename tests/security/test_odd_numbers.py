"""Digits that are no numbers, as ``²``, or far too many: an answer everywhere."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bozhou_eco.accounts.models import Role
from tests.factories import user

# Names under which addresses take numbers, days and keys.
NAMES = (
    *("days", "limit", "page", "district", "stage", "site", "level", "year", "month"),
    *("enterprise", "outlet", "severity", "since", "q", "kind", "station", "cursor"),
    *(
        "before",
        "after",
        "category",
        "person",
        "rule",
        "hook",
        "pk",
        "id",
        "from",
        "to",
    ),
)


def addresses(
    patterns: list[URLPattern | URLResolver], before: str = ""
) -> Iterator[str]:
    """Every address without an argument in its path."""
    for one in patterns:
        path = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, path)
        elif not any(mark in path for mark in "<(^"):
            yield f"/{path}"


@pytest.mark.django_db
@pytest.mark.parametrize("word", ["²", "9" * 5000], ids=["superscript", "endless"])
def test_odd_digits_are_answered_everywhere(word: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(user(Role.LEADER, Role.OFFICER, Role.REVIEWER, Role.ADMIN))
    paths = [
        path
        for path in sorted(set(addresses(get_resolver().url_patterns)))
        if not path.startswith(("/admin/", "/static/"))
    ]
    assert len(paths) > 100
    query = dict.fromkeys(NAMES, word)
    broken = [path for path in paths if client.get(path, query).status_code >= 500]
    assert broken == []
