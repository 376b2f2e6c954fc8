"""Findings as they are kept: JSON of any data, back after a withdrawal, facts stand."""

import math
from datetime import date, timedelta
from typing import Any

import pytest

from alerts.models import Alert
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.domain.checks import Finding as Found
from polluters.domain.matters import KNOWN
from polluters.models import Finding, Point
from polluters.selectors import rulebook
from polluters.services import findings
from tests import factories

pytestmark = pytest.mark.django_db
NOW = clock.beijing(clock.now()).replace(minute=0, second=0, microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def point() -> Point:
    return factories.point()


def found(point: Point, check: str = "constant", **data: object) -> Found:
    return Found(
        point.logger.mn, "a21002", check, NOW - 3 * HOUR, NOW - HOUR, "major", "不变",
        1.0, "", {"begin": "a", "end": "b"} | data,
    )  # fmt: skip


def keep(point: Point, *rows: Found) -> int:
    checks = frozenset(row.check for row in rows) or frozenset(("constant",))
    start = NOW - 21 * 24 * HOUR
    return findings.keep(
        logger=point.logger, points=[point], found=rows, book=rulebook.load(),
        look=findings.Look(checks, start, start), now=NOW,
    )  # fmt: skip


def test_what_json_does_not_know_is_kept_in_a_form_it_does(point: Point) -> None:
    odd: dict[str, Any] = {
        "pair": (1, math.nan), "inner": {7: [math.nan, 2.5]}, "day": date(2026, 3, 1),
        "none": None, "yes": True,
    }  # fmt: skip
    assert keep(point, found(point, **odd)) == 1
    row = Finding.objects.get()
    row.refresh_from_db()
    assert row.data == {
        "begin": "a", "end": "b", "pair": [1, None], "inner": {"7": [None, 2.5]},
        "day": "2026-03-01", "none": None, "yes": True,
    }  # fmt: skip


def test_what_was_taken_back_and_is_found_again_is_open_again(point: Point) -> None:
    keep(point, found(point))
    assert keep(point) == 0
    row = Finding.objects.get()
    assert row.state == "withdrawn"
    assert Alert.objects.get().returned_at is not None
    assert keep(point, found(point)) == 0
    row.refresh_from_db()
    assert row.state == "open"
    assert Finding.objects.count() == 1


def test_a_fact_cannot_be_excluded(point: Point) -> None:
    fact = next(code for code, check in KNOWN.items() if not check.override)
    keep(point, found(point, fact))
    row = Finding.objects.get()
    officer = factories.user("officer")
    with pytest.raises(findings.RefusedError, match="此检查项为事实记录，不能排除"):
        findings.overrule(finding=row, reason="误报", actor=officer, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.reason, row.decided_by) == ("open", "", None)
    assert not AuditEntry.objects.filter(act="polluters.overrule_finding").exists()
