"""``manage.py ingest_mqtt``: HJ 212 frames from the broker into the database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from polluters.ingest.mqtt import Intake, Settings


class Command(BaseCommand):
    """Take frames until SIGTERM; nothing is acknowledged before it is committed."""

    # The settings check themselves; pages and forms are not loaded for this.
    requires_system_checks: list[str] = []  # noqa: RUF012
    help = "从 MQTT 接收 HJ 212 报文并入库。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the instance, and whether it shares the work."""
        parser.add_argument("--id", default="ingest-1", help="固定的客户端标识")
        parser.add_argument(
            "--share", default="", help="共享订阅组名；多个实例分担时使用"
        )
        parser.add_argument(
            "--adopt",
            default="",
            metavar="ID",
            help="以已停止实例的标识连接，取完其队列后退出",
        )
        parser.add_argument("--metrics-port", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the intake."""
        intake = Intake(
            Settings(
                client_id=options["adopt"] or options["id"],
                share=options["share"],
                drain_only=bool(options["adopt"]),
            )
        )
        intake.run()
