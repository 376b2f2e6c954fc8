"""A gateway on real sockets with a real broker, for the tests of both."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import wraps
from ipaddress import IPv4Address
from pathlib import Path
from random import SystemRandom
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from polluters.domain.hj212 import (
    BEIJING,
    Item,
    encode_frame,
)
from polluters.gateway.directory import Directory
from polluters.gateway.options import GatewayOptions
from polluters.gateway.server import Gateway

URL = os.environ.get("MQTT_URL", "")
needs_broker = pytest.mark.skipif(not URL, reason="needs a broker (MQTT_URL)")
Test = Callable[..., Coroutine[Any, Any, None]]


def in_loop(test: Test) -> Callable[..., None]:
    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 90))

    return run


def new_mn() -> str:
    return uuid.uuid4().hex[:24].upper()


def frame(mn: str, n: int = 0, *, needs_ack: bool = True) -> bytes:
    now = datetime(2026, 3, 1, 8, tzinfo=BEIJING) + timedelta(seconds=30 * n)
    return encode_frame(
        st="31",
        cn="2011",
        mn=mn,
        qn=now,
        needs_ack=needs_ack,
        params={"DataTime": now},
        items=[Item("a34013", {"Rtd": f"{n}.5"}, "N")],
    )


class Broker:
    """What the platform would see and say: one subscriber to a few MNs."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.ready = asyncio.Event()
        url = urlsplit(URL)
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._message
        self.client.on_subscribe = lambda *_: self.loop.call_soon_threadsafe(
            self.ready.set
        )
        self.client.connect(url.hostname or "", url.port or 1883)
        self.client.loop_start()

    def _message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self.loop.call_soon_threadsafe(
            self.queue.put_nowait, (message.topic.split("/")[2], bytes(message.payload))
        )

    async def watch(self, *names: str) -> None:
        self.ready.clear()
        self.client.subscribe([(f"hj212/v1/{name}/up", 1) for name in names])
        await self.ready.wait()

    async def next(self) -> tuple[str, bytes]:
        return await asyncio.wait_for(self.queue.get(), 30)

    async def silent(self, seconds: float = 0.3) -> bool:
        await asyncio.sleep(seconds)
        return self.queue.empty()

    def down(self, mn: str, payload: bytes, kind: str = "down") -> None:
        self.client.publish(f"hj212/v1/{mn}/{kind}", payload, qos=1)


@asynccontextmanager
async def running(
    tmp_path: Path, directory: Directory | None = None, **options: Any
) -> AsyncIterator[tuple[Gateway, Broker]]:
    chosen: dict[str, Any] = {
        "port": 0,
        "mqtt_url": URL,
        "client_id": f"test-{uuid.uuid4().hex[:12]}",
        "spool_dir": tmp_path / "spool",
        "sweep_s": 0.05,
    } | options
    gateway = Gateway(
        GatewayOptions(**chosen), lambda: directory if directory else Directory()
    )
    await gateway.start()
    broker = Broker()
    await until(lambda: gateway.bridge.connected)
    await asyncio.sleep(0.1)
    try:
        yield gateway, broker
    finally:
        broker.client.disconnect()
        broker.client.loop_stop()
        await gateway.stop()


async def until(holds: Callable[[], Any], seconds: float = 30) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not holds():
        assert asyncio.get_running_loop().time() < end, "waited in vain"
        await asyncio.sleep(0.01)


async def connect(
    gateway: Gateway, address: str = "127.0.0.1"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(
        "127.0.0.1", gateway.port, local_addr=(address, 0)
    )


def new_address() -> str:
    """Return a loopback address that no other test on the same broker comes from."""
    return str(
        IPv4Address(int(IPv4Address("127.0.1.0")) + SystemRandom().randrange(0xFFFD00))
    )
