"""Sockets keep to the rules of pages: idle, half-made and ended sign-ins hear nothing."""

import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.auth import get_user
from channels.layers import channel_layers
from channels.routing import URLRouter
from django.conf import settings as conf
from django.db import DatabaseError
from django.test import Client

from alerts.routing import websocket_urlpatterns
from bozhou_eco.accounts import sockets
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.accounts.sockets import ENDED, SocketRules
from bozhou_eco.asgi import application
from tests import factories
from tests.sockets import Socket

pytestmark = pytest.mark.django_db
PATH = "/ws/alerts/"
WAIT = 30
Act = Callable[[Client, User], object]


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work inside the test's transaction: Channels would close its connection."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)
    channel_layers.backends.clear()
    yield
    channel_layers.backends.clear()


class SignedIn:
    """Channels' own stack for one session, without the cookie's journey."""

    def __init__(self, key: str | None) -> None:
        self.inner = SocketRules(URLRouter(websocket_urlpatterns))
        self.key = key

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        store = import_module(conf.SESSION_ENGINE).SessionStore(self.key)
        user = await get_user({"session": store})
        await self.inner({**scope, "session": store, "user": user}, receive, send)


def open_page(client: Client) -> Socket:
    return Socket(SignedIn(client.session.session_key), PATH)


def first_word(client: Client) -> object:
    """Connect and ping; return the pong, or the code with which the socket is closed."""
    socket = open_page(client)

    async def talk() -> object:
        assert await socket.connect()
        await socket.send({"type": "ping"})
        output = await socket.talk.receive_output(WAIT)
        await socket.disconnect()
        return output.get("code") or output["text"]

    return async_to_sync(talk)()


def test_the_rules_stand_before_every_socket_of_the_site() -> None:
    stack: Any = application.application_mapping["websocket"]
    passed = []
    while not isinstance(stack, URLRouter):
        passed.append(type(stack).__name__)
        stack = getattr(stack, "application", None) or stack.inner
    assert passed[-2:] == ["AuthMiddleware", "SocketRules"]


def test_staff_without_a_second_factor_hear_nothing(client: Client, settings) -> None:
    client.force_login(factories.user(Role.OFFICER))
    assert "pong" in str(first_word(client))
    settings.MFA_REQUIRED = True
    assert first_word(client) == 4403


def test_an_idle_session_opens_no_socket(client: Client, settings) -> None:
    client.force_login(factories.user(Role.OFFICER))
    session = client.session
    session["last_seen"] = int(time.time()) - settings.SESSION_IDLE_SECONDS - 5
    session.save()
    assert first_word(client) == 4403


def log_out(client: Client, user: User) -> None:
    client.post("/accounts/logout/")


def lose_the_role(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(roles=[Role.ADMIN])


def change_the_password(client: Client, user: User) -> None:
    user.set_password("another-long-password")
    user.save()


def be_locked(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def move_to_another_district(client: Client, user: User) -> None:
    there = factories.department(factories.district("652723", "温泉县"))
    User.objects.filter(pk=user.pk).update(organisation=there)


ACTS = (
    log_out,
    lose_the_role,
    change_the_password,
    be_locked,
    move_to_another_district,
)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("who", ["page sends", "page only hears"])
def test_an_open_socket_ends_with_the_standing(
    client: Client, monkeypatch: pytest.MonkeyPatch, act: Act, who: str
) -> None:
    user = factories.user(Role.OFFICER)
    client.force_login(user)
    monkeypatch.setattr(sockets, "ASKED_S", 0.0)
    monkeypatch.setattr(sockets, "LATEST_S", 0.0)

    socket = open_page(client)

    async def talk() -> None:
        assert await socket.connect()
        await socket.send({"type": "ping"})
        assert (await socket.heard(WAIT))["type"] == "pong"
        await sync_to_async(act)(client, user)
        if who == "page only hears":
            monkeypatch.setattr(sockets, "ASKED_S", 1e9)
        await socket.send({"type": "ping"})
        assert await socket.closed(WAIT) == ENDED
        await socket.disconnect()

    async_to_sync(talk)()


def test_a_database_that_is_away_ends_no_socket(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(factories.user(Role.OFFICER))
    monkeypatch.setattr(sockets, "ASKED_S", 0.0)

    async def away(scope: object) -> None:
        raise DatabaseError("away")

    socket = open_page(client)

    async def talk() -> None:
        assert await socket.connect()
        monkeypatch.setattr(sockets, "get_user", away)
        await socket.send({"type": "ping"})
        assert (await socket.heard(WAIT))["type"] == "pong"
        await socket.disconnect()

    async_to_sync(talk)()
