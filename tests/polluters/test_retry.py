"""Refused frames and unmapped codes come in once their cause is mended."""

from datetime import timedelta

import pytest

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from polluters.ingest.retry import replay_unmapped, retry_frame
from polluters.models import Logger, QuarantinedFrame, Reading, UnmappedCode
from tests import factories
from tests.polluters.frames import data_frame
from tests.polluters.test_take_batch import now, nox, take

pytestmark = pytest.mark.django_db


def test_a_frame_comes_in_after_its_logger_is_registered() -> None:
    officer = factories.user(Role.OFFICER)
    take(data_frame("LATECOMER1", now(), nox(6)))
    frame = QuarantinedFrame.objects.get()
    assert retry_frame(frame=frame, actor=officer, now=clock.now()) is False
    frame.refresh_from_db()
    assert (frame.state, frame.seen) == ("waiting", 1), "a try is no frame sent"
    factories.point(factories.logger(mn="LATECOMER1"))
    assert retry_frame(frame=frame, actor=officer, now=clock.now()) is True
    frame.refresh_from_db()
    assert (frame.state, frame.settled_by) == ("accepted", officer)
    assert Reading.objects.get().value == 6
    assert AuditEntry.objects.filter(act="quarantine.retry").count() == 2
    assert retry_frame(frame=frame, actor=officer, now=clock.now()) is True
    assert Reading.objects.count() == 1


def test_raw_frames_are_read_again_once_a_code_is_mapped() -> None:
    officer = factories.user(Role.OFFICER)
    point = factories.point()
    start = now() - timedelta(minutes=4)
    for n in range(5):
        items = f"{nox(n)};x77-Rtd={n * 2},x77-Flag=N"
        take(data_frame(point.logger, start + timedelta(seconds=30 * n), items))
    unmapped = UnmappedCode.objects.get()
    assert unmapped.seen == 5
    new = factories.point(
        Logger.objects.get(pk=point.logger_id), "a21026", wire_code="x77", high=None
    )
    assert replay_unmapped(unmapped=unmapped, actor=officer, now=clock.now()) == 5
    values = Reading.objects.filter(point_id=new.pk).order_by("time")
    assert [row.value for row in values] == [0, 2, 4, 6, 8]
    unmapped.refresh_from_db()
    assert unmapped.resolved_at is not None
    assert Reading.objects.filter(point_id=point.pk).count() == 5


def test_a_frame_refused_for_another_reason_stays_one_row() -> None:
    officer = factories.user(Role.OFFICER)
    body = data_frame("LATECOMER2", now(), nox(6), password="999999")
    take(body)
    frame = QuarantinedFrame.objects.get()
    assert frame.reason == "unknown_mn"
    logger = factories.logger(mn="LATECOMER2")
    factories.point(logger)
    for _ in range(2):
        assert retry_frame(frame=frame, actor=officer, now=clock.now()) is False
        frame = QuarantinedFrame.objects.get()
        assert (frame.reason, frame.logger_id, frame.seen) == (
            "wrong_password",
            logger.pk,
            1,
        )
    take(body)
    assert QuarantinedFrame.objects.get().seen == 2, "the device sent it again"
    logger.password = "999999"
    logger.save()
    assert retry_frame(frame=frame, actor=officer, now=clock.now()) is True
    assert QuarantinedFrame.objects.get().state == "accepted"


def test_bytes_that_wait_for_two_reasons_come_in_at_once() -> None:
    officer = factories.user(Role.OFFICER)
    body = data_frame("LATECOMER3", now(), nox(6), password="999999")
    take(body)
    logger = factories.logger(mn="LATECOMER3")
    factories.point(logger)
    take(body)
    first, second = QuarantinedFrame.objects.order_by("pk")
    assert {first.reason, second.reason} == {"unknown_mn", "wrong_password"}
    logger.password = "999999"
    logger.save()
    assert retry_frame(frame=first, actor=officer, now=clock.now()) is True
    assert set(QuarantinedFrame.objects.values_list("state", flat=True)) == {"accepted"}
    assert Reading.objects.count() == 1
