"""``manage.py verify_evidence BUNDLE.zip``: check a bundle against a fingerprint."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.evidence.signing import fingerprint, load_signer
from bozhou_eco.evidence.verify import verify


class Command(BaseCommand):
    """Print each file's state; exit 0 only if every byte, chain and signature hold."""

    help = "核验证据包：逐个文件、证据链与签名。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the bundle and the published fingerprint."""
        parser.add_argument("bundle")
        parser.add_argument(
            "--fingerprint",
            default="",
            help="公布的公钥指纹（SHA-256）；省略时使用本机签名密钥的指纹",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify one bundle."""
        known = options["fingerprint"] or fingerprint(load_signer().public_key())
        bundle, say = options["bundle"], self.stdout.write
        if not verify(bundle, known, say):  # type: ignore[no-untyped-call]
            raise CommandError("证据包未通过核验")
