"""Simulated loggers over a real broker and through the real gateway."""

import asyncio
import os
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import pytest
from django.core.management import CommandError, call_command
from paho.mqtt.enums import CallbackAPIVersion

from bozhou_eco.common import clock
from polluters.domain.hj212 import Frame, acknowledge_data, decode_frame
from polluters.gateway.options import GatewayOptions
from polluters.gateway.server import Gateway
from polluters.simulation.device import Device
from polluters.simulation.links import Link, MqttLink, TcpLink
from polluters.simulation.plants import outlets_in_order
from polluters.simulation.player import Player, SimulatedClock
from polluters.simulation.process import OutletProcess
from polluters.simulation.scenario import Scenario, plan

URL = os.environ.get("MQTT_URL", "")
needs_broker = pytest.mark.skipif(not URL, reason="needs a broker (MQTT_URL)")


class Platform:
    """Reads every frame and answers with 9014 what asks for it."""

    def __init__(self, devices: list[Device]) -> None:
        self.frames: list[Frame] = []
        self.devices = {device.mn: device for device in devices}
        url = urlsplit(URL)
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._message
        self.client.connect(url.hostname or "", url.port or 1883)
        self.client.subscribe([(f"hj212/v1/{mn}/up", 1) for mn in self.devices])
        self.client.loop_start()

    def _message(self, client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        spec = self.devices[message.topic.split("/")[2]].process.spec.logger
        keys = [bytes.fromhex(spec.key_current)] if spec.key_current else []
        crc = spec.crc if spec.crc != "standard" else None
        frame = decode_frame(bytes(message.payload), keys=keys, accept_crc=crc)
        assert isinstance(frame, Frame), frame
        self.frames.append(frame)
        if frame.needs_ack:
            client.publish(f"hj212/v1/{frame.mn}/down", acknowledge_data(frame), qos=1)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def devices() -> list[Device]:
    """The first five loggers under MNs nobody else uses, three hours ago."""
    start = clock.now() - timedelta(hours=3)
    made = []
    for number, (_, outlet) in enumerate(outlets_in_order()[:5]):
        logger = replace(outlet.logger, mn=uuid.uuid4().hex[:24].upper())
        process = OutletProcess(
            replace(outlet, logger=logger), 4, start, plan(Scenario.NORMAL, number)
        )
        made.append(Device.of(process))
    return made


async def play(devices: list[Device], link_for: Any) -> None:
    start = devices[0].process.start
    player = Player(devices, SimulatedClock(start, 600, clock.now))
    link: Link = link_for(player)
    stopping = asyncio.Event()
    running = asyncio.create_task(player.run(link, stopping))
    for _ in range(100):
        await asyncio.sleep(0.1)
        if player.counts().acked > 60:
            break
    stopping.set()
    await running


@needs_broker
def test_over_mqtt(devices: list[Device]) -> None:
    platform = Platform(devices)
    name = f"test-{uuid.uuid4().hex[:8]}"
    asyncio.run(play(devices, lambda p: MqttLink(URL, p.received, client_id=name)))
    platform.stop()
    assert {frame.mn for frame in platform.frames} == {d.mn for d in devices}
    assert {"2011", "2051", "2081"} <= {frame.cn for frame in platform.frames}
    assert sum(d.counts.acked for d in devices) > 60
    assert sum(d.counts.resent for d in devices) == 0


@needs_broker
def test_over_the_gateway(devices: list[Device], tmp_path: Path) -> None:
    devices[0].real_time_ack = False
    platform = Platform(devices)

    async def run() -> None:
        gateway = Gateway(
            GatewayOptions(
                port=0,
                mqtt_url=URL,
                client_id=f"test-{uuid.uuid4().hex[:8]}",
                spool_dir=tmp_path,
                rate_per_s=1000,
            )
        )
        await gateway.start()
        while not gateway.bridge.connected:
            await asyncio.sleep(0.02)
        await play(devices, lambda p: TcpLink("127.0.0.1", gateway.port, p.received))
        assert len(gateway.spool.entries) > 0
        await gateway.stop()

    asyncio.run(run())
    platform.stop()
    assert {frame.mn for frame in platform.frames} == {d.mn for d in devices}
    assert sum(d.counts.acked for d in devices) > 60


@pytest.mark.parametrize(
    "arguments", [["--loggers", "99"], ["--loggers", "0"], ["--speed", "0"]]
)
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("simulate_loggers", *arguments)
