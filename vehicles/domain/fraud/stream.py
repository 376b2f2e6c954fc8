"""Check a file of vehicle tests line by line: JSON in, findings out."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vehicles.domain.fraud.base import Finding
from vehicles.domain.fraud.registry import Checker
from vehicles.domain.fraud.smoke import Seen
from vehicles.domain.inspection.read import ReadError, parse_moment, read_test


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no vehicle test: its number and why, in Chinese."""

    line: int
    reason: str


def as_line(finding: Finding) -> dict[str, object]:
    """Return a finding as the JSON object that is printed."""
    row: dict[str, object] = {
        "report": finding.report,
        "rule": finding.rule,
        "score": finding.score,
        "why": finding.why,
    }
    if finding.second is not None:
        row["second"] = finding.second
    if finding.related:
        row["related"] = list(finding.related)
    if finding.subject:
        row["subject"] = finding.subject
    return row


def check_lines(
    lines: Iterable[str | bytes], checker: Checker
) -> Iterator[Finding | Unreadable]:
    """Yield findings as they become certain, and the lines that could not be read.

    A line is a vehicle test, or ``{"capture": {"plate", "at", "ringelmann"}}`` for a
    confirmed black-smoke capture. Blank lines are skipped.
    """
    told: set[tuple[str, str, str]] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = _read_line(number, line, checker)
        if isinstance(found, Unreadable):
            yield found
        else:
            yield from _fresh(found, told)
    yield from _fresh(checker.finish(), told)


def _read_line(
    number: int, line: str | bytes, checker: Checker
) -> Iterable[Finding] | Unreadable:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Unreadable(number, f"不是 JSON：{error}")
    if isinstance(data, dict) and isinstance(data.get("capture"), dict):
        return _capture(number, data["capture"], checker)
    try:
        return checker.see(read_test(data))
    except ReadError as error:
        return Unreadable(number, str(error))


def _capture(
    number: int, data: dict[str, object], checker: Checker
) -> Iterable[Finding] | Unreadable:
    at, level = parse_moment(data.get("at")), data.get("ringelmann")
    if at is None or not data.get("plate"):
        return Unreadable(number, "抓拍缺少 plate 或 at")
    known = isinstance(level, int | float) and not isinstance(level, bool)
    ringelmann = float(level) if known and isinstance(level, int | float) else None
    checker.see_capture(Seen(str(data["plate"]), at, ringelmann))
    return ()


def _fresh(
    findings: Iterable[Finding], told: set[tuple[str, str, str]]
) -> Iterator[Finding]:
    for finding in findings:
        key = (finding.report, finding.rule, finding.subject)
        if key not in told:
            told.add(key)
            yield finding
