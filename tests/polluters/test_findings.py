"""Findings from stored readings: idempotent, scoped, overruled only with a reason."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from alerts.models import Alert
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.models import Finding, Period, Point, Reading
from polluters.services import findings, partitions
from tests import factories

pytestmark = pytest.mark.django_db
COUNT = 4 * 144
STUCK = slice(500, 540)


def fill(point: Point, now: datetime, *, stuck: bool, late: bool = False) -> None:
    """Store four days of ten-minute values; ``stuck`` for nearly seven hours."""
    start = now - COUNT * timedelta(minutes=10)
    partitions.ensure_months({partitions.month_of(m) for m in (start, now)})
    rows = []
    for index in range(COUNT):
        time = start + index * timedelta(minutes=10)
        value = 40 + (index * 7919 % 997) / 50
        if stuck and STUCK.start <= index < STUCK.stop:
            value = 41.27
        received = now if late else time + timedelta(minutes=10, seconds=2)
        rows.append(
            Reading(
                point=point, period=Period.MINUTE, time=time, value=value, flag="N",
                received_at=received,
            )
        )  # fmt: skip
    Reading.objects.bulk_create(rows)


@pytest.fixture
def now() -> datetime:
    return clock.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def point() -> Point:
    return factories.point()


def test_it_works_and_a_second_look_changes_nothing(
    point: Point, now: datetime
) -> None:
    fill(point, now, stuck=True)
    assert findings.analyse_logger(logger=point.logger, now=now) == 1
    [row] = Finding.objects.all()
    assert (row.check_code, row.factor, row.point) == ("constant", "a21002", point)
    assert row.end - row.begin == timedelta(minutes=400)
    assert "41.27" in row.why
    later = now + timedelta(minutes=30)
    assert findings.analyse_logger(logger=point.logger, now=later) == 0
    assert Finding.objects.get().begin == row.begin
    assert Alert.objects.get().key == findings.finding_key(row)


def test_honest_readings_give_nothing(point: Point, now: datetime) -> None:
    fill(point, now, stuck=False)
    assert findings.analyse_logger(logger=point.logger, now=now) == 0
    assert not Finding.objects.exists()
    assert not Alert.objects.exists()


def test_old_data_are_recorded_but_not_announced(point: Point, now: datetime) -> None:
    fill(point, now - timedelta(days=5), stuck=True)
    assert findings.analyse_logger(logger=point.logger, now=now) == 1
    assert Finding.objects.get().live is False
    assert not Alert.objects.exists()


def test_a_finding_that_no_longer_holds_is_withdrawn(
    point: Point, now: datetime
) -> None:
    fill(point, now, stuck=True)
    findings.analyse_logger(logger=point.logger, now=now)
    Reading.objects.filter(point=point, value=41.27).update(flag="M")
    findings.analyse_logger(logger=point.logger, now=now)
    row = Finding.objects.get(check_code="constant")
    assert row.state == Finding.State.WITHDRAWN


def test_overruling_needs_a_reason_and_is_audited(point: Point, now: datetime) -> None:
    fill(point, now, stuck=True)
    findings.analyse_logger(logger=point.logger, now=now)
    row = Finding.objects.get()
    officer = factories.user("officer")
    with pytest.raises(findings.RefusedError, match="理由"):
        findings.overrule(finding=row, reason=" ", actor=officer, now=now)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (Finding.State.OPEN, None)
    findings.overrule(finding=row, reason="已现场比对", actor=officer, now=now)
    row.refresh_from_db()
    assert (row.state, row.reason) == (Finding.State.OVERRULED, "已现场比对")
    assert AuditEntry.objects.filter(act="polluters.overrule_finding").count() == 1
    with pytest.raises(findings.RefusedError, match="不能再排除"):
        findings.overrule(finding=row, reason="再次", actor=officer, now=now)
    findings.analyse_logger(logger=point.logger, now=now)
    row.refresh_from_db()
    assert row.state == Finding.State.OVERRULED


def test_pages_keep_to_the_district(
    client: Client, point: Point, now: datetime
) -> None:
    fill(point, now, stuck=True)
    findings.analyse_logger(logger=point.logger, now=now)
    row = Finding.objects.get()
    month = {"month": f"{clock.beijing(row.begin):%Y-%m}"}
    page = reverse("polluters:finding", args=[row.pk])
    client.force_login(factories.user("officer"))
    assert "恒值" in client.get(reverse("polluters:findings"), month).content.decode()
    assert "41.27" in client.get(page).content.decode()
    other = factories.department(factories.district("652723", "温泉县"))
    client.force_login(factories.user("officer", organisation=other))
    assert client.get(page).status_code == 404
    answer = client.get(reverse("polluters:findings"), month).content.decode()
    assert "本月没有此类异常" in answer
    overrule = reverse("polluters:finding_overrule", args=[row.pk])
    assert client.post(overrule, {"reason": "x"}).status_code == 404
    assert Finding.objects.get().state == Finding.State.OPEN
