"""``manage.py gateway_hj212``: loggers over TCP or TLS to the broker and back."""

import asyncio
import resource
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from alerts.services.heartbeats import Pulse
from bozhou_eco.common import metrics
from polluters.gateway.directory import Directory, load_directory
from polluters.gateway.options import GatewayOptions
from polluters.gateway.server import Gateway, spool_directory

METRICS_S = 5.0


def read_directory() -> Directory:
    """Read the directory in a thread that keeps no stale connection."""
    close_old_connections()
    return load_directory()


def raise_file_limit(wanted: int) -> int:
    """Allow this many open files if the system does; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def give(pulse: Pulse) -> None:
    """Beat in a thread that keeps no stale connection."""
    close_old_connections()
    pulse.give()
    close_old_connections()


class Command(BaseCommand):
    """Run the gateway until SIGTERM."""

    # The settings check themselves; pages and forms are not loaded for this.
    requires_system_checks: list[str] = []  # noqa: RUF012
    help = "HJ 212 TCP/TLS 网关：数采仪 ↔ MQTT。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take addresses, certificate and limits; the rest is in the settings."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=2120)
        parser.add_argument("--id", default="gateway-1", help="固定的网关标识")
        parser.add_argument("--tls-cert", default="", help="证书（PEM）")
        parser.add_argument("--tls-key", default="", help="私钥（PEM）")
        parser.add_argument("--tls-client-ca", default="", help="校验客户端证书的 CA")
        parser.add_argument("--max-connections", type=int, default=12_000)
        parser.add_argument("--metrics-port", type=int, default=0, help="仅回环地址")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the event loop."""
        chosen = settings.HJ212_GATEWAY
        wanted = options["max_connections"] + 200
        limit = raise_file_limit(wanted)
        if limit < wanted:
            self.stderr.write(f"系统只允许打开 {limit} 个文件，连接数相应减少")
        gateway = Gateway(
            GatewayOptions(
                host=options["host"],
                port=options["port"],
                mqtt_url=settings.MQTT_URL,
                client_id=options["id"],
                tls_cert=options["tls_cert"],
                tls_key=options["tls_key"],
                tls_client_ca=options["tls_client_ca"],
                metrics_port=options["metrics_port"],
                max_connections=min(options["max_connections"], limit - 100),
                spool_dir=spool_directory(Path(chosen["STATE"]), options["id"]),
                max_per_address=chosen["MAX_PER_ADDRESS"],
                rate_per_s=chosen["RATE_PER_S"],
                burst=chosen["BURST"],
                idle_s=chosen["IDLE_S"],
                half_frame_s=chosen["HALF_FRAME_S"],
                underway_max=chosen["UNDERWAY_MAX"],
                spool_max_bytes=chosen["SPOOL_MAX_BYTES"],
            ),
            read_directory,
        )
        try:
            asyncio.run(self._run(gateway))
        except OSError as error:
            raise CommandError(f"网关无法启动：{error}") from error

    async def _run(self, gateway: Gateway) -> None:
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        await gateway.start()
        self.stdout.write(f"HJ 212 网关监听 {gateway.options.host}:{gateway.port}")
        self.stdout.flush()
        shown: dict[str, int] = {}
        pulse = Pulse(f"gateway:{gateway.options.client_id}", "数采仪 TCP 网关")
        while not stopping.is_set():
            try:
                await asyncio.wait_for(stopping.wait(), METRICS_S)
            except TimeoutError:
                await self._report(gateway, shown)
                await asyncio.to_thread(give, pulse)
        await gateway.stop()
        await self._report(gateway, shown)

    async def _report(self, gateway: Gateway, shown: dict[str, int]) -> None:
        """Add what was counted since the last time to the platform's metrics."""
        for name, value in gateway.counters.items():
            metrics.count(f"hj212_gateway_{name}_total", value - shown.get(name, 0))
            shown[name] = value
        for name, gauge in gateway.gauges().items():
            metrics.gauge(f"hj212_gateway_{name}", gauge)
        await asyncio.to_thread(metrics.flush)
