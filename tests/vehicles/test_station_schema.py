"""The published schema against the running code: no 5xx, no undocumented answer."""

import time
import warnings
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bozhou_eco.common import clock
from tests.vehicles.station_makers import NOON, caller, honest, parts, post_whole

pytestmark = pytest.mark.django_db(transaction=True)
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SECONDS = 55
"""The whole test stays under this; every operation has its share."""


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=6))
    settings.MEDIA_ROOT = str(tmp_path)


def test_every_operation_keeps_to_the_schema(live_server):
    by = caller()
    post_whole(by, parts(honest("vmas"), "S-1"))
    by.client.post(
        "/api/v1/stations/sessions/", parts(honest("vmas", 1), "S-2")["session"]
    )
    raw = SchemaGenerator().get_schema(request=None, public=True)
    schema = schemathesis.openapi.from_dict(raw)
    operations = [
        item.ok()
        for item in schema.get_all_operations()
        if item.ok().path.startswith("/api/v1/stations/")
    ]
    assert len(operations) >= 25
    ends = time.monotonic() + SECONDS
    asked = 0
    for place, operation in enumerate(operations):
        left = ends - time.monotonic()
        asked += _hammer(
            operation, live_server.url, by.key, left / (len(operations) - place)
        )
    assert asked >= 3 * len(operations)


def _hammer(operation: Any, url: str, key: str, seconds: float) -> int:
    """Ask one operation with made-up content for a while; return how often."""
    ends, count = time.monotonic() + seconds, 0

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        nonlocal count
        if time.monotonic() > ends and count >= 3:
            return
        count += 1
        _name_what_is_there(case)
        case.call_and_validate(
            base_url=url, headers={"Authorization": f"Station {key}"}, checks=CHECKS
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ask()
    return count


def _name_what_is_there(case: Any) -> None:
    """Half of the cases ask for what exists, so that they pass the first door."""
    names = case.path_parameters
    if names and len(str(names)) % 2:
        known = {"session": "S-2", "number": "01", "serial": "gas_analyser-652722001"}
        names.update({name: known[name] for name in names if name in known})
