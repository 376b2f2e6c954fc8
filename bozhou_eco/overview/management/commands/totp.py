"""``manage.py totp USER``: the present TOTP code of a demo account."""

import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.accounts.models import User
from bozhou_eco.seed.people import totp_secret

PERIOD = 30


class Command(BaseCommand):
    """Helps to sign in to the demo; refused in production."""

    help = "打印演示账户当前的动态验证码（生产环境不可用）。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the account."""
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the code and how long it holds."""
        if settings.PRODUCTION:
            raise CommandError("生产环境不提供动态验证码")
        user = User.objects.filter(username=options["username"]).first()
        secret = totp_secret(user) if user else None
        if secret is None:
            raise CommandError(f"账户 {options['username']} 不存在或未启用动态验证码")
        now = time.time()
        code = format_hotp_value(hotp_value(secret, int(now // PERIOD)))
        left = PERIOD - int(now) % PERIOD
        self.stdout.write(f"{code}  （{left} 秒后更换）")
