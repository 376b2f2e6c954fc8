"""Give Web Push its VAPID keys and switch the channel on."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from alerts.services import RefusedError
from alerts.services.push_browsers import make_keys
from bozhou_eco.common import clock


class Command(BaseCommand):
    """``manage.py make_push_keys mailto:ops@example.cn``."""

    help = "生成 Web Push 密钥并启用该渠道；已登记的浏览器须重新登记"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whom the push services may write to."""
        parser.add_argument("subject", help="mailto: 或 https:// 联系方式")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make keys and print the public one."""
        try:
            key = make_keys(subject=options["subject"], actor=None, now=clock.now())
        except RefusedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(key)
