"""What people and machines are told while a store is away, full, or a name is not found."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import caches
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import reverse

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import Link
from bozhou_eco.common import caching, clock, probes
from bozhou_eco.evidence import store as places
from bozhou_eco.evidence.models import SealedFile
from bozhou_eco.evidence.services import read_file, seal_bytes
from polluters.ingest.mqtt import Intake, Settings
from tests import factories

pytestmark = pytest.mark.django_db


def away(kind: type[Exception]):
    """Let every statement fail as it does when the server is gone."""

    def refuse(*_: object) -> None:
        raise kind("server closed the connection unexpectedly")

    return connection.execute_wrapper(refuse)


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(factories.user(Role.OFFICER))
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_page_says_that_the_database_is_away(officer: Client, kind) -> None:
    with away(kind):
        answer = officer.get(reverse("polluters:enterprises"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "15")
    text = answer.content.decode()
    assert "数据库暂时不可用" in text
    assert "不会丢失" in text
    assert '<meta http-equiv="refresh" content="15">' in text


def test_a_form_that_was_sent_is_not_sent_again_by_itself(officer: Client) -> None:
    with away(OperationalError):
        answer = officer.post("/cases/new/", {"title": "x"})
    assert answer.status_code == 503
    assert "没有保存" in answer.content.decode()
    assert "http-equiv" not in answer.content.decode()


def test_the_rest_interface_says_it_as_problem_details(officer: Client) -> None:
    with away(OperationalError):
        answer = officer.get("/api/v1/alerts/")
    assert (answer.status_code, answer["Content-Type"]) == (
        503,
        "application/problem+json",
    )
    assert json.loads(answer.content)["code"] == "database_away"


def test_another_fault_is_a_500_as_before(officer: Client) -> None:
    with away(ZeroDivisionError):
        page = officer.get(reverse("polluters:enterprises"))
        rest = officer.get("/api/v1/alerts/")
    assert (page.status_code, rest.status_code) == (500, 500)
    assert "服务器没有完成这次操作" in page.content.decode()
    assert json.loads(rest.content)["code"] == "error"
    assert "ZeroDivision" not in rest.content.decode()


def test_the_same_by_asgi(monkeypatch) -> None:
    def refuse() -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(probes, "stores", refuse)  # a view that any thread may run
    client = AsyncClient(raise_request_exception=False)

    async def ask() -> HttpResponse:
        return await client.get("/readyz")

    answer = asyncio.run(ask())
    assert answer.status_code == 503
    assert "数据库暂时不可用" in answer.content.decode()


def test_a_full_disk_seals_nothing_half(settings, tmp_path: Path, monkeypatch) -> None:
    settings.EVIDENCE_URL = f"file://{tmp_path}/evidence"

    def seal() -> SealedFile:
        return seal_bytes(
            content=b"frame", name="a.jpg", media_type="image/jpeg", chain="site:1",
            actor=None, now=clock.now(),
        )  # fmt: skip

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(places.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            seal()
    assert not SealedFile.objects.exists()
    assert not Link.objects.exists()
    assert [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()] == []
    assert read_file(seal()) == b"frame"


def test_intake_waits_for_a_broker_whose_name_is_not_found(settings) -> None:
    settings.MQTT_URL = "mqtt://broker.invalid"
    intake = Intake(Settings(client_id="dns"))
    rests: list[float] = []

    class Stopper:
        stopping = False

        def rest(self, seconds: float) -> None:
            rests.append(seconds)
            self.stopping = len(rests) == 3

    intake.stopper = Stopper()  # type: ignore[assignment]
    assert intake.connect() is False
    assert rests == [0.2, 0.4, 0.8]


@pytest.fixture
def no_redis(settings) -> Iterator[None]:
    """Redis refuses; what is noted of it is forgotten afterwards."""
    there = settings.CACHES
    nowhere = {**there["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {"default": nowhere}
    yield
    caching.breaker.away = False


@pytest.mark.parametrize(
    "address", ["/", "/polluters/", "/alerts/", "/cases/", "/vehicles/stations/"]
)
def test_pages_can_be_read_without_redis(
    officer: Client, no_redis: None, address: str
) -> None:
    assert officer.get(address).status_code == 200


def test_people_sign_in_without_redis_and_guessing_stays_limited(
    client: Client, no_redis: None
) -> None:
    person = factories.user(Role.OFFICER)

    def sign_in(word: str) -> HttpResponse:
        given = {"login": person.username, "password": word}
        return client.post("/accounts/login/", given)

    assert sign_in("a-long-test-password").status_code == 302
    client.logout()
    for _ in range(20):
        answer = sign_in("not-this-password")
        if answer.status_code == 429 or "过多" in answer.content.decode():
            break
    else:
        pytest.fail("nobody stopped the guessing")
    assert sign_in("a-long-test-password").status_code != 302


def test_the_cache_is_redis_again_when_it_answers(settings, no_redis: None) -> None:
    away = caches["default"]
    away.set("a", 1, 60)
    assert (away.get("a"), away.add("a", 2), away.incr("a")) == (1, False, 2)
    assert away.get_many(["a", "b"]) == {"a": 2}
    assert caching.breaker.rests()
    caching.breaker.until = 0.0
    there = caching.SteadyCache(os.environ["REDIS_URL"], {"KEY_PREFIX": "steady-test"})
    assert there.get("a") is None
    assert not caching.breaker.away
    there.set("a", 3, 60)
    assert (there.get("a"), there.memory.get("a")) == (3, None)
    there.delete("a")
