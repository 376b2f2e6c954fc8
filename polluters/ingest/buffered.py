"""A paho client that takes messages in, and acknowledges them, in bulk.

paho spends some 40 µs and four or more system calls on every message. Here one ``recv``
fills a buffer, and the PUBLISH packets in it are cut out by this module; every other
packet (CONNACK, SUBACK, PINGRESP, DISCONNECT …), and whatever is not exactly as expected,
is left to paho in the order it came. Writes are gathered and leave in one ``send``, paho's
own among them, so that packets never mix.
"""

import select
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

READ_AHEAD = 1 << 18
SEND_TIMEOUT_S = 30.0
SHORTEST = 5  # a PUBLISH is never shorter: what it is, how long, its topic's length
_PUBLISH, _QOS, _QOS_TWO = 0x30, 0x06, 0x04

Taken = Callable[[bytes, bytes, int], object]


def packet_length(buffer: bytes, place: int) -> tuple[int, int]:
    """Read the length at ``place``; return it and where the rest begins.

    The second number is 0 while the buffer ends within the length.
    """
    length = shift = 0
    while place < len(buffer) and shift < 28:
        digit = buffer[place]
        place += 1
        length |= (digit & 0x7F) << shift
        if digit < 0x80:
            return length, place
        shift += 7
    return 0, 0


def length_bytes(number: int) -> bytes:
    """Return a length as MQTT writes it."""
    if number < 0x80:
        return bytes((number,))
    if number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    return bytes((number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14 & 0x7F))


class BufferedClient(paho.Client):
    """Driven from one thread by ``pump`` and ``flush``; no network thread.

    ``take`` is called with topic, payload and message id (0 at QoS 0) of each message.
    """

    def __init__(self, *args: Any, take: Taken, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._take = take
        self._ahead = b""
        self._place = 0
        self._held = bytearray()
        self._leaving = False
        self._v5 = kwargs.get("protocol") == MQTTProtocolVersion.MQTTv5

    def start_over(self) -> None:
        """Forget what was read ahead or held back; a new connection begins."""
        self._ahead, self._place = b"", 0
        self._held.clear()
        self._leaving = False

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._place >= len(self._ahead):
            self._ahead = super()._sock_recv(READ_AHEAD)
            self._place = 0
        part = self._ahead[self._place : self._place + bufsize]
        self._place += len(part)
        return part

    def _sock_send(self, buf: Any) -> int:
        if self._leaving:
            return super()._sock_send(buf)
        self._held += buf
        return len(buf)

    def pump(self, wait_s: float, most: int) -> MQTTErrorCode:
        """Read what is there, some ``most`` messages, waiting for the first one."""
        self.flush()
        if not self._rest_holds_a_packet():
            code = self._read_more(wait_s)
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return code
        while most > 0:
            taken = self._cut(most)
            most -= taken
            if self._place >= len(self._ahead) or most <= 0:
                break
            if not taken:
                if self._rest_is_part_of_a_message():
                    break
                code = self.loop_read()
                if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    return code
                most -= 1
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _rest_holds_a_packet(self) -> bool:
        rest = len(self._ahead) - self._place
        return rest > 0 and not self._rest_is_part_of_a_message()

    def _rest_is_part_of_a_message(self) -> bool:
        """Whether the rest of the buffer is the beginning of a PUBLISH, no more."""
        place = self._place
        if place >= len(self._ahead) or not self._plain(self._ahead[place]):
            return False
        length, start = packet_length(self._ahead, place + 1)
        if not start:
            return len(self._ahead) - place < SHORTEST
        return start + length > len(self._ahead)

    def _plain(self, first: int) -> bool:
        """Whether a packet that begins so is cut here: at a boundary, QoS 0 or 1."""
        between = self._in_packet["command"] == 0
        return between and first & 0xF0 == _PUBLISH and not first & _QOS_TWO

    def _read_more(self, wait_s: float) -> MQTTErrorCode:
        """Append what the socket has to the buffer."""
        sock = self.socket()
        if sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        pending = getattr(sock, "pending", None)
        if not (pending and pending()):
            readable, _, _ = select.select([sock], [], [], wait_s)
            if not readable:
                return MQTTErrorCode.MQTT_ERR_SUCCESS
        try:
            data = super()._sock_recv(READ_AHEAD)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        if not data:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        rest = self._ahead[self._place :]
        self._ahead, self._place = rest + data if rest else data, 0
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _cut(self, most: int) -> int:
        """Take whole PUBLISH packets off the buffer; return how many."""
        buffer, place, size = self._ahead, self._place, len(self._ahead)
        if place >= size or not self._plain(buffer[place]):
            return 0
        take, v5 = self._take, self._v5
        taken = 0
        while taken < most and size - place >= SHORTEST:
            first = buffer[place]
            if first & 0xF0 != _PUBLISH or first & _QOS_TWO:
                break
            length, start = packet_length(buffer, place + 1)
            end = start + length
            if not start or end > size:
                break
            at = start + 2 + (buffer[start] << 8 | buffer[start + 1])
            topic = buffer[start + 2 : at]
            mid = 0
            if first & _QOS:
                mid = buffer[at] << 8 | buffer[at + 1]
                at += 2
            if v5:
                properties, at = packet_length(buffer, at)
                at += properties
            take(topic, buffer[at:end], mid)
            place = end
            taken += 1
        self._place = place
        return taken

    def acknowledge(self, mids: list[int]) -> None:
        """Write a PUBACK for each message id; they leave with the next ``flush``."""
        self._held += b"".join([b"@\x02" + mid.to_bytes(2, "big") for mid in mids])

    def say(self, topic: bytes, payload: bytes) -> None:
        """Write a PUBLISH of QoS 0; it leaves with the next ``flush``."""
        name = len(topic).to_bytes(2, "big") + topic + (b"\0" if self._v5 else b"")
        length = length_bytes(len(name) + len(payload))
        self._held += b"0" + length + name + payload

    def leave(self) -> None:
        """Send what was written and disconnect; paho closes the socket at once."""
        self.flush()
        self._leaving = True
        self.disconnect()

    def flush(self) -> None:
        """Send what was written; ConnectionError if the broker takes nothing more."""
        if self.want_write():  # paho keeps back what is said from within a callback
            self.loop_write()
        if not self._held:
            return
        data = bytes(self._held)
        self._held.clear()
        deadline = time.monotonic() + SEND_TIMEOUT_S
        while data:
            sock = self.socket()
            if sock is None or time.monotonic() > deadline:
                raise ConnectionError("the broker takes nothing more")
            try:
                data = data[super()._sock_send(data) :]
            except BlockingIOError:
                select.select([], [sock], [], 1.0)
