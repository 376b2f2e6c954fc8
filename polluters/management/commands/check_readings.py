"""``manage.py check_readings``: anomalies in a file of HJ 212 frames, as JSON lines."""

import json
import os
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from polluters.domain.checks import run_checks
from polluters.domain.checks.build import build_station
from polluters.domain.checks.collect import Block, LoggerSpec, Piece, read_block
from polluters.domain.checks.head import read_head

BLOCK = 4 << 20
LARGE = 3
FRAME_START = b"\n##"


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield pieces of some megabytes, each ending where a frame begins."""
    rest = b""
    while chunk := file.read(BLOCK):
        data = rest + chunk
        cut = data.rfind(FRAME_START)
        if cut <= 0:
            rest = data
            continue
        yield data[: cut + 1]
        rest = data[cut + 1 :]
    if rest:
        yield rest


class Command(BaseCommand):
    """Check a head line and frames; needs no database."""

    help = (
        "检查报文文件中的数据异常，每个问题输出一行 JSON（检查项见 docs/checks.md）。"
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file and the number of processes."""
        parser.add_argument("file", help="文件；- 为标准输入")
        parser.add_argument(
            "--workers", type=int, default=0, help="解码进程数，默认按处理器数"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write one JSON object a finding; what could not be read goes to stderr."""
        if options["file"] == "-":
            self._check(sys.stdin.buffer, options["workers"])
            return
        try:
            with Path(options["file"]).open("rb") as file:
                self._check(file, options["workers"])
        except OSError as error:
            raise CommandError(f"无法读取 {options['file']}：{error}") from error

    def _check(self, file: BinaryIO, workers: int) -> None:
        loggers = self._head(file)
        read = self._read(file, loggers, workers or os.cpu_count() or 1)
        findings = 0
        for mn in sorted(loggers):
            piece = read.pieces.pop(mn, None)
            if piece is None:
                self.stderr.write(f"{mn}：没有报文")
                continue
            findings += self._findings(loggers[mn], piece)
        self._report(read, findings)

    def _head(self, file: BinaryIO) -> dict[str, LoggerSpec]:
        line = file.readline()
        while line and not line.strip():
            line = file.readline()
        if not line:
            raise CommandError("文件为空：首行应为 JSON，其后每行一帧报文")
        if line.lstrip().startswith(b"##"):
            raise CommandError(
                '文件直接以报文开始：首行应为 {"loggers": […]} 形式的 JSON'
            )
        notes: list[str] = []
        try:
            found = read_head(json.loads(line.decode("utf-8-sig")), notes)
        except UnicodeDecodeError as error:
            raise CommandError("首行不是 UTF-8 文本") from error
        except json.JSONDecodeError as error:
            raise CommandError(
                f"首行不是完整的 JSON（第 {error.colno} 列：{error.msg}），须写在一行内"
            ) from error
        except ValueError as error:
            raise CommandError(f"首行无法使用：{error}") from error
        for note in notes:
            self.stderr.write(f"首行：{note}")
        return found

    def _read(
        self, file: BinaryIO, loggers: Mapping[str, LoggerSpec], workers: int
    ) -> Block:
        """Decode the file, in several processes if it is large."""
        keys = {mn: spec.keys for mn, spec in loggers.items() if spec.keys}
        total = Block()
        waiting: deque[bytes] = deque()
        source = blocks(file)
        for block in source:
            waiting.append(block)
            if len(waiting) >= LARGE:
                break
        if len(waiting) < LARGE or workers == 1:
            for block in (*waiting, *source):
                total.extend(read_block(block, keys))
            return total
        pending: deque[Future[Block]] = deque()
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for block in (*waiting, *source):
                pending.append(pool.submit(read_block, block, keys))
                if len(pending) > 2 * workers:
                    total.extend(pending.popleft().result())
            for done in pending:
                total.extend(done.result())
        return total

    def _findings(self, spec: LoggerSpec, piece: Piece) -> int:
        found = run_checks(build_station(spec, piece))
        for finding in found:
            self.stdout.write(json.dumps(finding.as_json(), ensure_ascii=False))
        return len(found)

    def _report(self, read: Block, findings: int) -> None:
        words = [f"{read.frames} 帧已检查", f"{findings} 个问题"]
        words += [
            f"{count} 帧 {reason}" for reason, count in sorted(read.refused.items())
        ]
        if read.pieces:
            words.append(f"{len(read.pieces)} 个 MN 不在首行中，未检查")
        self.stderr.write("，".join(words))
