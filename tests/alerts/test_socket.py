"""The alert socket: scope, content, gap, presence; pushing never fails the caller."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from channels.routing import URLRouter
from django.db import transaction

from alerts.routing import websocket_urlpatterns
from alerts.services import acknowledge
from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.common.push import Publisher, publisher, push_after_commit
from tests import factories
from tests.alerts.makers import raised
from tests.sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)
application = URLRouter(websocket_urlpatterns)


def run(test: Callable[[], Awaitable[None]]) -> None:
    channel_layers.backends.clear()
    asyncio.run(test())
    channel_layers.backends.clear()


async def opened(user: User, query: str = "") -> Socket:
    socket = Socket(application, f"/ws/alerts/{query}", user)
    assert await socket.connect()
    return socket


def test_a_raised_alert_arrives_with_its_row() -> None:
    officer = factories.user("officer")

    async def talk() -> None:
        socket = await opened(officer)
        result = await sync_to_async(raised)(summary="NOx <b>132</b>")
        message = await socket.heard()
        assert (message["type"], message["id"]) == ("alert", result.alert.pk)
        assert message["state"] == "unack"
        assert "NOx &lt;b&gt;132" in message["html"]
        await sync_to_async(acknowledge)(
            alert=result.alert, actor=officer, now=clock.now()
        )
        message = await socket.heard()
        assert message["state"] == "acked"
        assert message["version"] == 2
        await socket.disconnect()

    run(talk)


def test_each_hears_only_the_own_scope() -> None:
    jinghe = factories.district()
    wenquan = factories.district("652723", "温泉县")
    plant = factories.enterprise(jinghe)
    people = {
        "jinghe": factories.user("officer", organisation=factories.department(jinghe)),
        "wenquan": factories.user(
            "officer", organisation=factories.department(wenquan)
        ),
        "plant": factories.user("enterprise", organisation=plant.organisation),
    }

    async def talk() -> None:
        sockets = {name: await opened(user) for name, user in people.items()}
        for kind in ("fraud", "exceedance"):
            await sync_to_async(raised)(
                kind=kind, district=jinghe, organisation=plant.organisation
            )
        assert (await sockets["jinghe"].heard())["kind"] == "fraud"
        assert (await sockets["jinghe"].heard())["kind"] == "exceedance"
        assert (await sockets["plant"].heard())["kind"] == "exceedance"
        for name in sockets:
            assert await sockets[name].silent(0.2)
            await sockets[name].disconnect()

    run(talk)


@pytest.mark.parametrize("role", ["admin", "auditor", ""])
def test_others_are_turned_away(role: str) -> None:
    user = factories.user(*([role] if role else []))

    async def talk() -> None:
        socket = await opened(user)
        assert await socket.closed() == 4403

    run(talk)


def test_the_gap_is_sent_on_return() -> None:
    officer = factories.user("officer")
    since = int(clock.now().timestamp() * 1000)
    missed = raised(now=clock.now()).alert

    async def talk() -> None:
        socket = await opened(officer, f"?since={since}")
        assert (await socket.heard())["id"] == missed.pk
        await socket.disconnect()
        socket = await opened(officer, "?since=1")
        assert (await socket.heard()) == {"type": "reload"}
        await socket.disconnect()

    run(talk)


def test_presence_is_seen_by_the_others() -> None:
    first, second = (factories.user("officer", name=name) for name in ("甲", "乙"))
    row = raised().alert

    async def talk() -> None:
        one, two = await opened(first), await opened(second)
        await one.send({"type": "viewing", "alert": row.pk})
        message = await two.heard()
        assert (message["type"], message["alert"]) == ("presence", row.pk)
        assert (message["name"], message["here"]) == ("甲", True)
        await one.disconnect()
        message = await two.heard()
        assert (message["alert"], message["here"]) == (row.pk, False)
        await two.disconnect()

    run(talk)


def test_odd_messages_are_ignored() -> None:
    officer = factories.user("officer")

    async def talk() -> None:
        socket = await opened(officer)
        for odd in ([], {"type": "viewing", "alert": "1; DROP"}, {"type": 7}, "x"):
            await socket.send(odd)
        await socket.send({"type": "ping"})
        assert await socket.heard() == {"type": "pong"}
        await socket.disconnect()

    run(talk)


def test_nothing_is_pushed_before_the_commit() -> None:
    officer = factories.user("officer")

    async def talk() -> None:
        socket = await opened(officer)

        def rolled_back() -> None:
            with transaction.atomic():
                raised()
                transaction.set_rollback(True)

        await sync_to_async(rolled_back)()
        assert await socket.silent(0.3)
        await socket.disconnect()

    run(talk)


def test_a_lost_redis_neither_fails_nor_stalls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dead = Publisher()
    dead._client = redis.Redis(port=1, socket_connect_timeout=0.2)
    assert not dead.publish("alerts.all", {"type": "alert.reload"})
    monkeypatch.setattr(dead, "_send", lambda *_: pytest.fail("must rest"))
    assert not dead.publish("alerts.all", {"type": "alert.reload"})
    monkeypatch.setattr(publisher, "publish", lambda *_: 1 / 0)
    with transaction.atomic():
        push_after_commit("live", {"type": "x"})
