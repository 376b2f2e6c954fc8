"""Raw frames of an hour are sealed under one root; what goes missing is named."""

from datetime import timedelta

import pytest
from django.db import connection

from bozhou_eco.audit.models import Link
from bozhou_eco.common import clock
from polluters.models import FrameSeal
from polluters.services import frames
from tests import factories
from tests.polluters.frames import data_frame
from tests.polluters.test_take_batch import nox, take

pytestmark = pytest.mark.django_db


def fill(count: int = 5) -> None:
    point = factories.point()
    hour = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    take(
        *[
            data_frame(point.logger, hour + timedelta(minutes=n), nox(n))
            for n in range(count)
        ]
    )


def faults() -> list[str]:
    since = clock.now() - timedelta(days=2)
    return [f"{one.place}: {one.reason}" for one in frames.verify_hours(since=since)]


def test_it_works() -> None:
    fill()
    assert frames.seal_hours(now=clock.now()) == 1
    assert frames.seal_hours(now=clock.now()) == 0
    seal = FrameSeal.objects.get()
    assert seal.frames == 5
    link = Link.objects.get(subject=f"frames:{seal.pk}")
    assert bytes(link.digest) == bytes(seal.root)
    assert faults() == []


def test_late_frames_make_another_root() -> None:
    fill()
    frames.seal_hours(now=clock.now())
    seal = FrameSeal.objects.get()
    late = data_frame(seal.logger, seal.hour + timedelta(minutes=30), nox(9))
    take(late)
    assert frames.seal_hours(now=clock.now()) == 1
    assert sorted(FrameSeal.objects.values_list("frames", flat=True)) == [5, 6]
    assert faults() == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM polluters_rawframe WHERE cn = '2011'", "5 frame(s) gone"),
        ("UPDATE polluters_rawframe SET digest = '\\x00' || digest", "was changed"),
        (
            "UPDATE polluters_rawframe SET body = set_byte(body, 3, 65)"
            " WHERE extract(minute FROM device_time) = 2",
            ":02:00 was changed",
        ),
        (
            "UPDATE polluters_frameseal SET root = sha256('x')",
            "the root does not match its link",
        ),
    ],
)
def test_tampering_is_named(sql: str, words: str) -> None:
    fill()
    frames.seal_hours(now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(sql)
    (line,) = faults()
    assert words in line
