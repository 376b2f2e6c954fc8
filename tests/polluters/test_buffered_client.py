"""The bulk client beside paho's own: the same messages, whatever the cuts."""

import random
import socket
from collections.abc import Iterator

import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from polluters.ingest.buffered import BufferedClient, length_bytes, packet_length

Got = list[tuple[bytes, bytes, int]]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


def client_of(sock: socket.socket, got: Got, *, v5: bool) -> BufferedClient:
    client = BufferedClient(
        CallbackAPIVersion.VERSION2,
        client_id="bulk",
        protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
        clean_session=None if v5 else False,
        manual_ack=True,
        take=lambda *message: got.append(message),
    )
    client._sock = sock  # type: ignore[assignment]
    return client


def publish(topic: bytes, payload: bytes, mid: int, *, v5: bool) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic
    if mid:
        body += mid.to_bytes(2, "big")
    if v5:
        extra = b"\x02\x00\x00\x00\x3c" if mid % 2 else b""  # expires in a minute
        body += length_bytes(len(extra)) + extra
    body += payload
    return bytes([0x32 if mid else 0x30]) + length_bytes(len(body)) + body


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16_383, 16_384, 2_097_151])
def test_lengths_read_back(number: int) -> None:
    written = length_bytes(number)
    assert packet_length(written, 0) == (number, len(written))
    for cut in range(len(written)):
        assert packet_length(written[:cut], 0)[1] == 0


@pytest.mark.parametrize("v5", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_messages_come_out_whole_and_in_order(
    pair: tuple[socket.socket, socket.socket], v5: bool, seed: int
) -> None:
    rng = random.Random(seed)
    ours, theirs = pair
    got: Got = []
    client = client_of(ours, got, v5=v5)
    sent, stream = [], b""
    for mid in range(120):
        topic = b"hj212/v1/%024d/up" % rng.randrange(10**6)
        payload = rng.randbytes(rng.choice((0, 1, 80, 400, 20_000)))
        sent.append((topic, payload, mid))
        stream += publish(topic, payload, mid, v5=v5)
        if rng.random() < 0.2:
            stream += b"\xd0\x00"  # PINGRESP, which paho takes
    place = 0
    while place < len(stream):
        size = rng.choice((1, 3, 700, 60_000))
        theirs.sendall(stream[place : place + size])
        place += size
        most = rng.choice((1, 7, 1000))
        for _ in range(200):
            before = len(got)
            assert client.pump(0, most) == MQTTErrorCode.MQTT_ERR_SUCCESS
            assert len(got) - before <= most
            if len(got) == before:
                break
    while len(got) < len(sent):
        assert client.pump(0.1, 1000) == MQTTErrorCode.MQTT_ERR_SUCCESS
    assert got == sent


def test_acknowledgements_and_words_leave_in_order(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    client = client_of(ours, [], v5=True)
    client.say(b"hj212/v1/A/down", b"hello")
    client.acknowledge([1, 65_535])
    client.flush()
    assert theirs.recv(100) == (
        b"0\x17\x00\x0fhj212/v1/A/down\x00hello@\x02\x00\x01@\x02\xff\xff"
    )


def test_leaving_says_goodbye_after_everything_else(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    client = client_of(ours, [], v5=False)
    client.acknowledge([7])
    client.leave()
    theirs.settimeout(5)
    assert theirs.recv(100) + theirs.recv(100) == b"@\x02\x00\x07\xe0\x00"
    assert theirs.recv(1) == b""


def test_a_closed_socket_is_reported(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    client = client_of(ours, [], v5=True)
    theirs.close()
    assert client.pump(0, 10) == MQTTErrorCode.MQTT_ERR_CONN_LOST
