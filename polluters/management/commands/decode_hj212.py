"""``manage.py decode_hj212``: bytes of HJ 212 frames to JSON lines."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from polluters.domain.hj212.plain import decode_stream

CHUNK = 1 << 16


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield what a file holds, piece by piece, as soon as it can be read."""
    read = getattr(file, "read1", file.read)
    while chunk := read(CHUNK):
        yield chunk


class Command(BaseCommand):
    """Decode frames from a file or from standard input; needs no database."""

    help = "解码 HJ 212 报文（2005/2017/2025），每帧输出一行 JSON。"
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file and the SM4 keys."""
        parser.add_argument("file", nargs="?", help="文件；省略时读标准输入")
        parser.add_argument(
            "--key",
            action="append",
            default=[],
            help="SM4 密钥（32 位十六进制），可重复",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write one JSON object a line."""
        try:
            keys = [bytes.fromhex(key) for key in options["key"]]
        except ValueError as error:
            raise CommandError("--key 应为 32 位十六进制") from error
        if any(len(key) != 16 for key in keys):
            raise CommandError("--key 应为 32 位十六进制")
        if options["file"]:
            try:
                with Path(options["file"]).open("rb") as file:
                    self._decode(file, keys)
            except OSError as error:
                raise CommandError(f"无法读取 {options['file']}：{error}") from error
        else:
            self._decode(sys.stdin.buffer, keys)

    def _decode(self, file: BinaryIO, keys: list[bytes]) -> None:
        for result in decode_stream(read_chunks(file), keys=keys):
            self.stdout.write(json.dumps(result, ensure_ascii=False))
