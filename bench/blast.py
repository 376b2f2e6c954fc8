"""A publisher that costs almost nothing: MQTT 3.1.1 QoS 1 packets written in bulk."""

import socket
import threading
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

WINDOW = 2000


def _length(number: int) -> bytes:
    out = bytearray()
    while True:
        number, digit = divmod(number, 128)
        out.append(digit | 0x80 if number else digit)
        if not number:
            return bytes(out)


def publish_packet(topic: str, payload: bytes, mid: int) -> bytes:
    """Return one PUBLISH packet of QoS 1."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + mid.to_bytes(2, "big") + payload
    return b"\x32" + _length(len(body)) + body


class Blaster:
    """Connects, and publishes as fast as the broker acknowledges."""

    def __init__(self, url: str, client_id: str = "blaster") -> None:
        parts = urlsplit(url)
        self.sock = socket.create_connection((parts.hostname, parts.port or 1883))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = client_id.encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name
        self.sock.sendall(b"\x10" + _length(len(body)) + body)
        if self.sock.recv(4)[:1] != b"\x20":
            raise ConnectionError("the broker did not accept the publisher")
        self.sent = self.acked = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        rest = 0
        while chunk := self._chunk():
            rest += len(chunk)
            done, rest = divmod(rest, 4)
            with self._changed:
                self.acked += done
                self._changed.notify()

    def _chunk(self) -> bytes:
        try:
            return self.sock.recv(65536)
        except OSError:
            return b""

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish (mn, frame) pairs; returns once the broker has acknowledged all."""
        pending: list[bytes] = []
        for mn, payload in messages:
            self.sent += 1
            pending.append(
                publish_packet(f"hj212/v1/{mn}/up", payload, self.sent % 65535 + 1)
            )
            if len(pending) == 200:
                self._write(pending)
        self._write(pending)
        self._wait(0)

    def _write(self, pending: list[bytes]) -> None:
        self._wait(WINDOW)
        self.sock.sendall(b"".join(pending))
        pending.clear()

    def _wait(self, allowed: int) -> None:
        end = time.monotonic() + 60
        with self._changed:
            while self.sent - self.acked > allowed:
                if not self._changed.wait(1) and time.monotonic() > end:
                    raise TimeoutError("the broker stopped acknowledging")

    def close(self) -> None:
        """Disconnect."""
        self.sock.sendall(b"\xe0\x00")
        self.sock.close()
