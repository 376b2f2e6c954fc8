"""Suite-wide set-up: own database and cache names, slow tests on request."""

import os
from collections.abc import Callable

import pytest
from celery import current_app
from django.conf import settings
from django.core.cache import cache, caches
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from bozhou_eco.common import queue
from enforcement.selectors.settings import forget_settings
from tests import reference

HOW = (
    "The suite runs with BOZHOU_STAGE=test and the stores named by DATABASE_URL, "
    "REDIS_URL and MQTT_URL. `bin/test [pytest args]` starts private ones and sets all "
    "of it."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow", action="store_true", help="run the tests marked slow as well"
    )


def pytest_configure(config: pytest.Config) -> None:
    if settings.configured and settings.STAGE != "test":
        raise pytest.UsageError(HOW)
    if settings.configured:
        _own_stores()


def _own_stores() -> None:
    """Keep the cache, the channel layer and the task queue of a run to itself."""
    name = _own_name("test")
    caches["default"].key_prefix = name
    settings.CACHES["default"]["KEY_PREFIX"] = name
    settings.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = name
    current_app.conf.broker_url = "memory://"
    current_app.conf.broker_transport_options = {}


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def _own_name(base: str) -> str:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    suffix = os.environ.get("TEST_DB_SUFFIX", "")
    return "_".join(part for part in (base, suffix, worker) if part)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Name the test database after the suffix, so that two runs never meet."""
    test = settings.DATABASES["default"].setdefault("TEST", {})
    test["NAME"] = _own_name("test_bozhou")
    if template := os.environ.get("TEST_DB_TEMPLATE"):
        test["TEMPLATE"] = template  # migrated once for all workers


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None,  # the one of pytest-django
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """Keep what the migrations inserted for the tests after those that commit."""
    with django_db_blocker.unblock():
        reference.keep()


def _clear_own_keys() -> None:
    client = cache._cache.get_client()  # type: ignore[attr-defined]
    keys = list(client.scan_iter(match=f"{_own_name('test')}:*", count=1000))
    if keys:
        client.delete(*keys)


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """Start every database test without counters or cached pages of another."""
    uses_database = request.node.get_closest_marker("django_db") is not None or (
        {"db", "transactional_db"} & set(request.fixturenames)
    )
    if uses_database:
        _clear_own_keys()
        forget_settings()


@pytest.fixture
def tasks_inline(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run tasks in this process the moment they are sent; returns their names."""
    ran: list[str] = []

    def run(task: str, *args: object) -> bool:
        ran.append(task)
        current_app.tasks[task](*args)
        return True

    monkeypatch.setattr(queue, "send", run)
    return ran


@pytest.fixture
def commits_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run what waits for the commit at once, in tests that never commit."""

    def at_once(
        callback: Callable[[], object], using: object = None, robust: bool = False
    ) -> None:
        callback()

    monkeypatch.setattr(transaction, "on_commit", at_once)
