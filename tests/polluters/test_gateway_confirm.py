"""Intake names what it committed without a 9014, as the gateway's spool expects it."""

from datetime import timedelta
from pathlib import Path

import pytest

from bozhou_eco.common import clock
from polluters.gateway.directory import load_directory
from polluters.gateway.spool import Spool, digest_of
from polluters.ingest import Message, Registry, take_batch
from polluters.ingest.writer import Writer
from tests import factories
from tests.polluters.frames import data_frame

pytestmark = pytest.mark.django_db


def test_frames_without_a_9014_are_confirmed_and_others_are_not(tmp_path: Path) -> None:
    logger = factories.point().logger
    now = clock.now().replace(microsecond=0)
    silent = data_frame(logger, now, "a21002-Rtd=1,a21002-Flag=N", flag=4)
    asking = data_frame(
        logger, now - timedelta(seconds=30), "a21002-Rtd=2,a21002-Flag=N", flag=5
    )
    unknown = data_frame("F" * 24, now, "a21002-Rtd=3,a21002-Flag=N", flag=4)
    spool = Spool(tmp_path, max_bytes=1 << 20)
    for raw in (silent, unknown):
        spool.add(logger.mn, raw[:-2], 0.0)
    outcome = take_batch(
        [
            Message(logger.mn, silent),
            Message(logger.mn, asking[:-2]),
            Message("F" * 24, unknown[:-2]),
            Message(logger.mn, silent[:-2]),
        ],
        registry=Registry(),
        writer=Writer(),
        now=clock.now(),
    )
    assert len(outcome.answers) == 1
    assert set(outcome.unanswered) == {digest_of(silent[:-2]), digest_of(unknown[:-2])}
    assert [spool.confirm(digest) for digest in sorted(set(outcome.unanswered))] == [
        True,
        True,
    ]
    assert spool.entries == {}


def test_directory_knows_who_forwards_and_from_where() -> None:
    direct = factories.point().logger
    forwarding = factories.logger(access="forwarded", allowed_ips="10.0.0.0/8")
    factories.logger(active=False)
    directory = load_directory()
    assert directory.known == {direct.mn, forwarding.mn}
    assert directory.forwarding == {forwarding.mn}
    assert directory.allows(forwarding.mn, "10.2.3.4")
    assert not directory.allows(forwarding.mn, "11.2.3.4")
    assert directory.allows(direct.mn, "11.2.3.4")
    assert directory.knows(direct.mn)
    assert not directory.knows("F" * 24)
