"""Two beats at once: every task of the schedule runs twice in the same moment."""

from collections import Counter

import pytest

from alerts.models import Alert
from bozhou_eco.audit.services import verify_all
from bozhou_eco.celery import app
from bozhou_eco.common import clock
from bozhou_eco.evidence import anchors
from bozhou_eco.evidence.models import IntegrityRun
from polluters.models import ClosedPeriod, Exceedance, FrameSeal, Mean
from polluters.services import closing
from tests import factories
from tests.evidence.test_integrity import own_places
from tests.faults.test_alerts import at_once
from tests.polluters.test_close_periods import send

__all__ = ["own_places"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# The worker's own signs of life; needs the packages of the vision worker.
NOT_HERE = {"vehicles.vision.tasks.give_pulse"}


def test_the_whole_schedule_twice_at_once_doubles_nothing() -> None:
    app.loader.import_default_modules()
    point = factories.point(high=100.0)
    [hour] = closing.due_hours(clock.now())
    send(point, hour, 180.0)
    names = {str(entry["task"]) for entry in app.conf.beat_schedule.values()}
    went_wrong = {}
    for name in sorted(names - NOT_HERE):
        errors = at_once(app.tasks[name], app.tasks[name])
        if errors:
            went_wrong[name] = errors
    assert went_wrong == {}

    assert FrameSeal.objects.count() == 1
    closed = Counter(ClosedPeriod.objects.values_list("period", "time"))
    assert closed
    assert set(closed.values()) == {1}
    assert Mean.objects.filter(point=point, period=2).count() == 1
    assert Exceedance.objects.count() == 1
    assert Alert.objects.filter(key__startswith="exceedance:").count() == 1
    assert IntegrityRun.objects.count() == 2
    assert list(verify_all()) == []
    assert list(anchors.verify_anchors()) == []
