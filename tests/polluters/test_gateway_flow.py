"""The gateway stops reading when too much is on its way, and loses nothing by it."""

import asyncio
from pathlib import Path

from polluters.domain.hj212 import Frame, acknowledge_data, decode_frame
from polluters.gateway.flow import Flow
from tests.polluters.gateway_lab import (
    connect,
    frame,
    in_loop,
    needs_broker,
    new_mn,
    running,
    until,
)

pytestmark = needs_broker


def test_what_is_heard_takes_the_oldest_first() -> None:
    flow = Flow(60)
    for now in (0.0, 0.5, 7.0):
        flow.sent(now)
    flow.heard(2)
    assert flow.count == 1
    assert flow.expire(60.5) == 0
    assert flow.expire(68.0) == 1
    assert flow.count == 0


def test_hearing_more_than_was_sent_is_harmless() -> None:
    flow = Flow(60)
    flow.sent(1.0)
    flow.heard(5)
    assert flow.count == 0
    flow.sent(2.0)
    assert flow.count == 1


@in_loop
async def test_reading_stops_until_answers_come(tmp_path: Path) -> None:
    mn = new_mn()
    async with running(tmp_path, underway_max=4) as (gateway, broker):
        await broker.watch(mn)
        _, writer = await connect(gateway)
        writer.write(b"".join(frame(mn, n) for n in range(4)))
        await until(lambda: gateway.congested and gateway.held)
        first = [await broker.next() for _ in range(4)]
        writer.write(b"".join(frame(mn, n) for n in range(4, 6)))
        assert await broker.silent()
        assert gateway.gauges()["underway"] == 4
        for _, payload in first:
            upload = decode_frame(payload)
            assert isinstance(upload, Frame)
            broker.down(mn, acknowledge_data(upload))
        rest = [await broker.next() for _ in range(2)]
        assert rest == [(mn, frame(mn, n)[:-2]) for n in range(4, 6)]
        assert gateway.counters["congested"] == 1


@in_loop
async def test_reading_goes_on_when_nothing_is_heard_at_all(tmp_path: Path) -> None:
    mn = new_mn()
    async with running(tmp_path, underway_max=2, underway_s=2.0) as (gateway, broker):
        await broker.watch(mn)
        _, writer = await connect(gateway)
        writer.write(frame(mn, 0) + frame(mn, 1))
        await until(lambda: gateway.congested)
        writer.write(frame(mn, 2))
        for n in range(3):
            assert await broker.next() == (mn, frame(mn, n)[:-2])
        await asyncio.sleep(0)
