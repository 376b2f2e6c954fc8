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
    assert (frame.state, frame.seen) == ("waiting", 2)
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
