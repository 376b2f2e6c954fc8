"""A paho client that reads and writes its socket in bulk.

paho takes four or more ``recv`` calls and one ``send`` for every message, each a system
call. Reading ahead into a buffer, and holding writes back until a batch is done, leaves
the protocol entirely to paho and removes nearly all of those calls.
"""

import select
import time
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

READ_AHEAD = 1 << 18
SEND_TIMEOUT_S = 30.0


class BufferedClient(paho.Client):
    """Driven from one thread by ``pump`` and ``flush``; no network thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ahead = b""
        self._place = 0
        self._held = bytearray()
        self._holding = False

    def start_over(self) -> None:
        """Forget what was read ahead or held back; a new connection begins."""
        self._ahead, self._place = b"", 0
        self._held.clear()
        self._holding = False

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._place >= len(self._ahead):
            self._ahead = super()._sock_recv(READ_AHEAD)
            self._place = 0
        part = self._ahead[self._place : self._place + bufsize]
        self._place += len(part)
        return part

    def _sock_send(self, buf: Any) -> int:
        if self._holding:
            self._held += buf
            return len(buf)
        return super()._sock_send(buf)

    def pump(self, wait_s: float, most: int) -> MQTTErrorCode:
        """Read what is there, at most ``most`` packets, waiting for the first one."""
        sock = self.socket()
        if sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        if self.want_write():
            self.loop_write()
        if self._place >= len(self._ahead):
            readable, _, _ = select.select([sock], [], [], wait_s)
            if not readable:
                return MQTTErrorCode.MQTT_ERR_SUCCESS
        for _ in range(most):
            code = self.loop_read()
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return code
            if self._place >= len(self._ahead):
                return MQTTErrorCode.MQTT_ERR_SUCCESS
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def hold(self) -> None:
        """Keep packets back until ``flush``."""
        self._holding = True

    def flush(self) -> None:
        """Send what was held back; ConnectionError if the broker takes nothing more."""
        self._holding = False
        data = bytes(self._held)
        self._held.clear()
        deadline = time.monotonic() + SEND_TIMEOUT_S
        while data:
            sock = self.socket()
            if sock is None or time.monotonic() > deadline:
                raise ConnectionError("the broker takes nothing more")
            _, writable, _ = select.select([], [sock], [], 1.0)
            if writable:
                data = data[sock.send(data) :]
