"""``manage.py verify_evidence BUNDLE.zip``: check a bundle against a fingerprint."""

import zipfile
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.evidence.signing import fingerprint, load_signer
from bozhou_eco.evidence.timestamps import StampError, check
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

        parser.add_argument(
            "--tsa",
            default="",
            help="时间戳机构签名证书的指纹（SHA-256）；另按 TSA_ROOTS_FILE 校验证书链",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify one bundle."""
        known = options["fingerprint"] or fingerprint(load_signer().public_key())
        bundle, say = options["bundle"], self.stdout.write
        good = verify(bundle, known, say, options["tsa"])  # type: ignore[no-untyped-call]
        if not (good and self._stamp_holds(bundle)):
            raise CommandError("证据包未通过核验")

    def _stamp_holds(self, bundle: str) -> bool:
        """Check a time-stamp up to the authority's root, where the roots are known."""
        with zipfile.ZipFile(bundle) as archive:
            if "manifest.tsr" not in archive.namelist():
                return True
            if not settings.TSA_ROOTS_FILE:
                self.stdout.write("time-stamp: chain not checked, no TSA_ROOTS_FILE")
                return True
            try:
                check(archive.read("manifest.tsr"), archive.read("manifest.json"))
            except StampError as error:
                self.stdout.write(str(error))
                return False
        self.stdout.write("time-stamp: holds up to a root of TSA_ROOTS_FILE")
        return True
