"""Every operation of the published schema under made-up calls: never a 5xx, no leak.

``bin/test --slow tests/security/test_schema.py`` goes on for ten minutes.
"""

import itertools
import time
import warnings
from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import CheckFunction, not_a_server_error

from bozhou_eco.accounts.models import Role
from tests import factories
from tests.vehicles.capture_factories import camera, capture

pytestmark = pytest.mark.django_db(transaction=True)
CHECKS: list[CheckFunction] = [not_a_server_error]
LEAKS = ("Traceback (most recent call last)", "psycopg2.", "/site-packages/")


def operations() -> list[Any]:
    """Return every operation but those of stations, which have a test of their own."""
    raw = SchemaGenerator().get_schema(request=None, public=True)
    schema = schemathesis.openapi.from_dict(raw)
    found = [item.ok() for item in schema.get_all_operations()]
    return [one for one in found if not one.path.startswith("/api/v1/stations/")]


def headers_of(role: str | None) -> dict[str, str]:
    """Return what a signed-in person of a role sends, the token of forms included."""
    if role is None:
        return {}
    client = Client()
    client.force_login(factories.user(role))
    name = django_settings.SESSION_COOKIE_NAME
    token = "a" * 32
    cookie = f"{name}={client.cookies[name].value}; csrftoken={token}"
    return {"Cookie": cookie, "X-CSRFToken": token}


def hammer(
    operation: Any, url: str, headers: Mapping[str, str], seconds: float
) -> list[int]:
    """Call one operation with made-up content for a while; return the statuses."""
    ends, seen = time.monotonic() + seconds, list[int]()

    def ask(case: Any) -> None:
        if time.monotonic() > ends and len(seen) >= 2:
            return
        answer = case.call(base_url=url, headers=dict(headers))
        case.validate_response(answer, checks=CHECKS)
        seen.append(answer.status_code)
        text = answer.content.decode("utf-8", "replace")
        assert not [word for word in LEAKS if word in text]

    rules = settings(
        max_examples=40,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in itertools.count():  # other calls with every round
            seed(number)(rules(given(case=operation.as_strategy())(ask)))()
            if time.monotonic() > ends:
                return seen
    raise AssertionError("time does not end")


def run(url: str, seconds: float) -> list[int]:
    capture(camera())
    found, seen = operations(), []
    assert len(found) >= 10
    roles = (Role.OFFICER, None)
    share = seconds / (len(found) * len(roles))
    for role in roles:
        headers = headers_of(role)
        for operation in found:
            seen += hammer(operation, url, headers, share)
    return seen


def test_no_operation_breaks(live_server, settings, tmp_path) -> None:  # noqa: F811
    settings.MEDIA_ROOT = str(tmp_path)
    seen = run(live_server.url, 12)
    assert {200, 403} <= set(seen) or {200, 401} <= set(seen)


@pytest.mark.slow
def test_no_operation_breaks_in_ten_minutes(live_server, settings, tmp_path) -> None:  # noqa: F811
    settings.MEDIA_ROOT = str(tmp_path)
    assert len(run(live_server.url, 600)) > 1000
