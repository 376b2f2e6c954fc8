"""The server's clock jumps: nothing is lost, closed twice or sealed wrongly."""

from datetime import timedelta

import pytest

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.services import seal_pending, verify_all
from bozhou_eco.common import clock
from polluters.ingest.retry import retry_frame
from polluters.models import ClosedPeriod, QuarantinedFrame, Reading
from polluters.services import closing, frames
from tests import factories
from tests.polluters.frames import data_frame
from tests.polluters.test_take_batch import nox, take

pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=3)


def test_frames_that_seem_to_come_from_the_future_wait_and_come_in() -> None:
    point, right = factories.point(), clock.now()
    frame = data_frame(point.logger, right, nox(42))
    take(frame, at=right - HOURS)  # our clock is three hours late
    [kept] = QuarantinedFrame.objects.all()
    assert (kept.reason, bytes(kept.body)) == ("future_time", frame.strip())
    assert not Reading.objects.exists()
    assert retry_frame(frame=kept, actor=factories.user(Role.OFFICER), now=right)
    assert [row.value for row in Reading.objects.all()] == [42.0]


def test_hours_are_closed_once_whatever_the_clock_does() -> None:
    factories.point()
    now = clock.now()
    assert closing.close_due(now=now) > 0
    known = set(ClosedPeriod.objects.values_list("period", "time"))
    for moment in (now - HOURS, now, now - timedelta(days=2), now):
        closing.close_due(now=moment)
        assert set(ClosedPeriod.objects.values_list("period", "time")) == known


def test_chains_hold_over_a_jump_back() -> None:
    point, now = factories.point(), clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    take(data_frame(point.logger, hour, nox(1)))
    for moment in (now, now - HOURS, now - timedelta(days=400), now):
        frames.seal_hours(now=moment)
        seal_pending(now=moment)
    assert list(verify_all()) == []
    assert list(frames.verify_hours(since=hour)) == []
