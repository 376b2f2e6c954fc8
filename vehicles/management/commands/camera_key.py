"""``manage.py camera_key``: a new key for a vendor's capture device."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.common import clock
from vehicles.models import Camera
from vehicles.services.cameras import issue_device_key


class Command(BaseCommand):
    """The key is shown once; only its digest is kept."""

    help = "为厂商抓拍设备签发接口密钥（只显示一次；旧密钥立即失效）。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the device."""
        parser.add_argument("code", help="设备编号")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make a key and print it."""
        camera = Camera.objects.filter(code=options["code"]).first()
        if camera is None:
            raise CommandError(f"没有设备 {options['code']}")
        if camera.source != Camera.Source.DEVICE:
            raise CommandError(
                f"设备 {camera.code} 的来源是“{camera.get_source_display()}”，"
                "只有来源为“厂商抓拍设备”的才用密钥上报"
            )
        key = issue_device_key(camera=camera, actor=None, now=clock.now())
        self.stdout.write(f"密钥：{key}")
        self.stdout.write("旧密钥已失效；请妥善保存，不再显示")
