"""``manage.py simulate_loggers``: thirty invented plants report, honestly or not."""

import asyncio
import signal
import ssl
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from polluters.simulation.links import Link, MqttLink, TcpLink
from polluters.simulation.player import (
    Player,
    SimulatedClock,
    default_start,
    make_devices,
)
from polluters.simulation.scenario import Scenario


class Command(BaseCommand):
    """Play loggers through MQTT or TCP until SIGTERM; needs no database."""

    help = "模拟数采仪：按情景经 MQTT 或 TCP 发送真实格式的 HJ 212 报文。"
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the number of loggers, the scenario and the way."""
        parser.add_argument("--loggers", type=int, default=30)
        parser.add_argument(
            "--scenario", choices=[str(one) for one in Scenario], default="mixed"
        )
        parser.add_argument("--speed", type=float, default=1.0, help="时间倍速")
        parser.add_argument("--via", choices=["mqtt", "tcp"], default="mqtt")
        parser.add_argument("--host", default="127.0.0.1", help="TCP 网关地址")
        parser.add_argument("--port", type=int, default=2120, help="TCP 网关端口")
        parser.add_argument("--tls-ca", default="", help="以 TLS 连接并以此 CA 校验")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--hours-back",
            type=float,
            help="模拟时钟从多少小时以前开始（倍速大于 1 时默认 24）",
        )
        parser.add_argument(
            "--for", dest="seconds", type=float, default=0, help="运行秒数，0 为不限"
        )
        parser.add_argument("--report", type=float, default=60, help="每多少秒报告一次")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the event loop."""
        if options["speed"] <= 0:
            raise CommandError("--speed 必须大于 0")
        now = clock.now()
        start = default_start(now, options["speed"], options["hours_back"])
        try:
            devices = make_devices(
                options["loggers"],
                scenario=Scenario(options["scenario"]),
                seed=options["seed"],
                start=start,
            )
        except ValueError as error:
            raise CommandError(f"--loggers: {error}") from error
        player = Player(devices, SimulatedClock(start, options["speed"], clock.now))
        asyncio.run(self._run(player, options))

    def _link(self, player: Player, options: dict[str, Any]) -> Link:
        if options["via"] == "mqtt":
            return MqttLink(
                settings.MQTT_URL,
                player.received,
                client_id=f"loggers-{options['seed']}",
            )
        tls = None
        if options["tls_ca"]:
            tls = ssl.create_default_context(cafile=options["tls_ca"])
        return TcpLink(options["host"], options["port"], player.received, tls=tls)

    async def _run(self, player: Player, options: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        if options["seconds"]:
            loop.call_later(options["seconds"], stopping.set)
        reporter = asyncio.create_task(self._report(player, options["report"]))
        await player.run(self._link(player, options), stopping)
        reporter.cancel()
        self._say(player)

    async def _report(self, player: Player, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            self._say(player)

    def _say(self, player: Player) -> None:
        counts = player.counts()
        self.stdout.write(
            f"数采仪 {len(player.devices)}，模拟时间 {clock.beijing(player.clock()):%m-%d %H:%M:%S}，"
            f"已发 {counts.sent}，重发 {counts.resent}，确认 {counts.acked}，"
            f"积压 {player.backlog()}，请求 {counts.requests}"
        )
        self.stdout.flush()
