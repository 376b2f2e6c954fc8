"""Check vehicle tests from a file for fraud; no database is touched."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vehicles.domain.fraud.registry import RULES, Checker
from vehicles.domain.fraud.stream import Unreadable, as_line, check_lines


class Command(BaseCommand):
    """``manage.py check_tests FILE``: JSON lines in, findings as JSON lines out."""

    help = "检查机动车检验数据（JSON 行，格式见 docs/api-stations.md），输出可疑线索"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare FILE and the optional choice of rules."""
        parser.add_argument("file", help="文件名；- 为标准输入")
        parser.add_argument("--rules", help="只用这些规则，逗号分隔")

    def handle(self, *args: Any, **options: Any) -> None:
        """Stream the file through the rules."""
        codes = options["rules"].split(",") if options["rules"] else None
        unknown = set(codes or ()) - set(RULES)
        if unknown:
            raise CommandError(f"没有规则 {'、'.join(sorted(unknown))}")
        checker = Checker(codes)
        if options["file"] == "-":
            self._check(sys.stdin.buffer, checker)
            return
        try:
            with Path(options["file"]).open("rb") as lines:
                self._check(lines, checker)
        except OSError as error:
            raise CommandError(str(error)) from error

    def _check(self, lines: Iterable[bytes], checker: Checker) -> None:
        for item in check_lines(lines, checker):
            if isinstance(item, Unreadable):
                self.stderr.write(f"第 {item.line} 行：{item.reason}")
            else:
                self.stdout.write(json.dumps(as_line(item), ensure_ascii=False))
