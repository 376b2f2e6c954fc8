"""The gateway on real sockets with a real broker: both ways, limits, hostile clients."""

import asyncio
import ssl
import subprocess
import urllib.request
from pathlib import Path

import pytest

from polluters.domain.hj212 import (
    Frame,
    acknowledge_data,
    decode_frame,
)
from polluters.gateway.directory import Directory, read_networks
from polluters.gateway.options import GatewayOptions
from polluters.gateway.server import Gateway
from polluters.gateway.spool import digest_of
from tests.polluters.gateway_lab import (
    connect,
    frame,
    in_loop,
    needs_broker,
    new_address,
    new_mn,
    running,
    until,
)

pytestmark = needs_broker


@in_loop
async def test_up_as_bytes_and_answer_down(tmp_path: Path) -> None:
    mn = new_mn()
    async with running(tmp_path) as (gateway, broker):
        await broker.watch(mn)
        reader, writer = await connect(gateway)
        raw = frame(mn)
        writer.write(raw[:30])
        await asyncio.sleep(0.05)
        writer.write(raw[30:])
        topic, payload = await broker.next()
        assert (topic, payload) == (mn, raw[:-2])
        upload = decode_frame(payload)
        assert isinstance(upload, Frame)
        answer = acknowledge_data(upload)
        broker.down(mn, answer)
        assert await asyncio.wait_for(reader.readexactly(len(answer)), 5) == answer
        assert gateway.counters["frames"] == 1
        assert gateway.spool.entries == {}
        writer.close()
        await until(lambda: not gateway.connections)
        assert gateway.routes == {}


@in_loop
async def test_first_frame_fixes_the_mn(tmp_path: Path) -> None:
    mine, other = new_mn(), new_mn()
    async with running(tmp_path) as (gateway, broker):
        await broker.watch(mine, other)
        _, writer = await connect(gateway)
        writer.write(frame(mine) + frame(other) + frame(mine, 1))
        assert await broker.next() == (mine, frame(mine)[:-2])
        # Under the connection's own topic, where intake sees the mismatch.
        assert await broker.next() == (mine, frame(other)[:-2])
        assert await broker.next() == (mine, frame(mine, 1)[:-2])
        assert gateway.counters["mn_refused"] == 1
        assert set(gateway.routes) == {mine}


@in_loop
async def test_a_forwarding_device_speaks_for_others(tmp_path: Path) -> None:
    first, second = new_mn(), new_mn()
    directory = Directory(forwarding=frozenset({first}))
    async with running(tmp_path, directory) as (gateway, broker):
        await broker.watch(first, second)
        reader, writer = await connect(gateway)
        writer.write(frame(first) + frame(second))
        assert await broker.next() == (first, frame(first)[:-2])
        assert await broker.next() == (second, frame(second)[:-2])
        broker.down(second, b"##to the second")
        assert await asyncio.wait_for(reader.read(100), 5) == b"##to the second"


@in_loop
async def test_an_mn_bound_to_an_address_comes_from_nowhere_else(
    tmp_path: Path,
) -> None:
    mn, address = new_mn(), new_address()
    networks = read_networks("10.9.9.9")
    assert networks is not None
    async with running(tmp_path, Directory(networks={mn: networks})) as (
        gateway,
        broker,
    ):
        await broker.watch(mn, f"source-{address}")
        _, writer = await connect(gateway, address)
        writer.write(frame(mn))
        assert await broker.next() == (f"source-{address}", frame(mn)[:-2])
        assert gateway.routes == {}


@in_loop
async def test_broken_bytes_are_passed_on_for_quarantine(tmp_path: Path) -> None:
    mn, address = new_mn(), new_address()
    async with running(tmp_path, half_frame_s=0.2) as (gateway, broker):
        await broker.watch(mn, f"source-{address}")
        _, writer = await connect(gateway, address)
        writer.write(b"\xff\xfe noise ##zz" + frame(mn))
        topic, payload = await broker.next()
        assert topic == f"source-{address}"
        assert payload.startswith(b"##zz")
        assert await broker.next() == (mn, frame(mn)[:-2])
        writer.write(frame(mn)[:50])
        topic, payload = await broker.next()
        assert (topic, payload) == (mn, frame(mn)[:50])
        assert gateway.counters["half_frames"] == 1
        assert gateway.counters["refused_truncated"] == 1


@in_loop
async def test_strangers_cannot_take_the_broker(tmp_path: Path) -> None:
    known, stranger = new_mn(), new_mn()
    directory = Directory(known=frozenset({known}))
    async with running(
        tmp_path, directory, strangers_per_s=0.001, strangers_burst=3
    ) as (gateway, broker):
        await broker.watch(known, stranger)
        _, writer = await connect(gateway)
        _, logger = await connect(gateway)
        writer.write(b"".join(frame(stranger, n) for n in range(10)))
        assert [await broker.next() for _ in range(3)] == [
            (stranger, frame(stranger, n)[:-2]) for n in range(3)
        ]
        logger.write(frame(known))
        assert await broker.next() == (known, frame(known)[:-2])
        assert gateway.counters["strangers_dropped"] == 7


@in_loop
async def test_a_sender_of_rubbish_is_cut_off(tmp_path: Path) -> None:
    async with running(tmp_path, stranger_errors_max=10) as (gateway, _):
        reader, writer = await connect(gateway)
        writer.write(b"##0002abcdefgh" * 100)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        assert gateway.counters["closed_rubbish"] == 1
        await until(lambda: not gateway.connections)


@in_loop
async def test_a_flood_is_slowed_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    mn, calm = new_mn(), new_mn()
    async with running(tmp_path, rate_per_s=100, burst=20) as (gateway, broker):
        await broker.watch(mn, calm)
        _, flood = await connect(gateway)
        _, quiet = await connect(gateway)
        frames = [frame(mn, n) for n in range(120)]
        begin = asyncio.get_running_loop().time()
        flood.write(b"".join(frames))
        await asyncio.sleep(0.05)
        quiet.write(frame(calm))
        seen = [await broker.next() for _ in range(121)]
        seconds = asyncio.get_running_loop().time() - begin
        assert [raw for topic, raw in seen if topic == mn] == [f[:-2] for f in frames]
        assert [raw for topic, raw in seen if topic == calm] == [frame(calm)[:-2]]
        assert seen.index((calm, frame(calm)[:-2])) < 120
        assert gateway.counters["throttled"] >= 1
        # 120 frames at 100/s with 20 at once; a read of 16 KB may overdraw once.
        assert seconds > 0.1


@in_loop
async def test_idle_and_silent_connections_are_closed(tmp_path: Path) -> None:
    mn = new_mn()
    async with running(tmp_path, idle_s=0.5, first_frame_s=0.2) as (gateway, broker):
        await broker.watch(mn)
        silent, _ = await connect(gateway)
        talker, writer = await connect(gateway)
        writer.write(frame(mn))
        await broker.next()
        assert await asyncio.wait_for(silent.read(), 5) == b""
        assert len(gateway.connections) == 1
        assert await asyncio.wait_for(talker.read(), 5) == b""
        assert gateway.counters["closed_idle"] == 2


@in_loop
async def test_a_client_that_does_not_read_is_cut_off(tmp_path: Path) -> None:
    mn = new_mn()
    async with running(tmp_path, write_buffer=10_000) as (gateway, broker):
        await broker.watch(mn)
        _, writer = await connect(gateway)
        writer.write(frame(mn))
        await broker.next()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(400):
            gateway.deliver(mn, b"x" * 100_000)
            await asyncio.sleep(0)
        assert gateway.counters["closed_slow"] == 1
        await until(lambda: not gateway.connections)


@in_loop
async def test_too_many_connections_are_turned_away(tmp_path: Path) -> None:
    async with running(tmp_path, max_connections=3, max_per_address=2) as (gateway, _):
        kept = [await connect(gateway) for _ in range(2)]
        reader, _ = await connect(gateway)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 5)
        assert gateway.counters["refused_per_address"] == 1
        assert len(gateway.connections) == 2
        assert len(kept) == 2


@in_loop
async def test_back_pressure_without_a_broker(tmp_path: Path) -> None:
    mn = new_mn()
    gateway = Gateway(
        GatewayOptions(
            port=0,
            mqtt_url="mqtt://127.0.0.1:1",
            spool_dir=tmp_path,
            unanswered_max=50,
            rate_per_s=1e6,
            burst=1_000_000,
        )
    )
    await gateway.start()
    try:
        _, writer = await connect(gateway)
        raw = b"".join(frame(mn, n) for n in range(1000))
        for _ in range(40):
            writer.write(raw)
        await until(lambda: gateway.congested)
        await asyncio.sleep(0.2)
        taken = gateway.counters["frames"]
        assert 50 <= taken < 250
        await asyncio.sleep(0.2)
        assert gateway.counters["frames"] == taken
        assert gateway.gauges()["held"] == 1
        writer.close()
    finally:
        await gateway.stop()


@in_loop
async def test_frames_without_9014_wait_on_disk_for_the_commit(tmp_path: Path) -> None:
    mn = new_mn()
    raw = frame(mn, needs_ack=False)
    async with running(tmp_path) as (gateway, broker):
        await broker.watch(mn)
        _, writer = await connect(gateway)
        writer.write(raw)
        assert await broker.next() == (mn, raw[:-2])
        assert list(gateway.spool.entries) == [digest_of(raw[:-2])]
        writer.close()
    # The platform never confirmed: the next run sends it again, until it does.
    async with running(tmp_path) as (gateway, broker):
        await broker.watch(mn)
        assert len(gateway.spool.entries) == 1
        gateway.spool.entries[digest_of(raw[:-2])].due = 0
        assert await broker.next() == (mn, raw[:-2])
        broker.down(mn, f"{digest_of(raw[:-2])}\n{'0' * 32}".encode(), "committed")
        await until(lambda: not gateway.spool.entries)
        assert gateway.counters["spool_confirmed"] == 1
    assert list((tmp_path / "spool").iterdir()) == []


@in_loop
async def test_five_hundred_idle_connections(tmp_path: Path) -> None:
    mns = [new_mn() for _ in range(500)]
    async with running(tmp_path, max_per_address=0) as (gateway, broker):
        await broker.watch(mns[0], mns[499])
        pairs = await asyncio.gather(*(connect(gateway) for _ in mns))
        for mn, (_, writer) in zip(mns, pairs, strict=True):
            writer.write(frame(mn))
        await until(lambda: len(gateway.routes) == 500, 10)
        assert {(await broker.next())[0] for _ in range(2)} == {mns[0], mns[499]}
        broker.down(mns[250], b"##hello")
        reader, _ = pairs[250]
        assert await asyncio.wait_for(reader.read(100), 5) == b"##hello"
        assert gateway.gauges()["half_frame_bytes"] == 0
        for _, writer in pairs:
            writer.close()
        await until(lambda: not gateway.connections, 10)


@in_loop
async def test_tls(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", str(key), "-out", str(cert),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    mn = new_mn()
    async with running(tmp_path, tls_cert=str(cert), tls_key=str(key)) as (
        gateway,
        broker,
    ):
        await broker.watch(mn)
        context = ssl.create_default_context(cafile=str(cert))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", gateway.port, ssl=context, server_hostname="localhost"
        )
        frames = [frame(mn, n) for n in range(60)]
        writer.write(b"".join(frames))
        assert [(await broker.next())[1] for _ in frames] == [f[:-2] for f in frames]
        broker.down(mn, b"##answer")
        assert await asyncio.wait_for(reader.read(100), 5) == b"##answer"
        plain_reader, plain = await connect(gateway)
        plain.write(frame(mn, 99))
        assert await broker.silent()
        assert await asyncio.wait_for(plain_reader.read(), 5) != frame(mn, 99)
        writer.close()


@in_loop
async def test_metrics_on_loopback(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with running(tmp_path, metrics_port=port) as (gateway, _):
        _, writer = await connect(gateway)
        await until(lambda: gateway.counters["accepted"] == 1)
        text = await asyncio.to_thread(
            lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read()
        )
        assert b"hj212_gateway_accepted_total 1\n" in text
        assert b"hj212_gateway_connections 1\n" in text
        writer.close()
