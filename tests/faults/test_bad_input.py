"""Everything a bad sender does, at the real gateway and intake, while a good one reports.

Each case is kept or refused with a reason that an officer can read, and counted; the good
logger gets every 9014 and none of its values is missing.
"""

import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import redis

from bench.blast import Blaster
from bench.faultlab import Lab
from bench.fleet import gas_frame, present
from bench.gateway import free_port, start_gateway
from bench.loggers import GAS, PASSWORD, mn_of
from polluters.domain.hj212 import crc16, format_qn
from tests.polluters.frames import data_frame

GOOD = 0
CODE = GAS[1][0]
FLOOD = 240


def payload(number: int, items: str, *, ago_s: int = 5, **more: object) -> bytes:
    moment = present() - timedelta(seconds=ago_s)
    return data_frame(mn_of(number), moment, items, **more)  # type: ignore[arg-type]


def one(value: object) -> str:
    return f"{CODE}-Rtd={value},{CODE}-Flag=N"


class Platform:
    """The running gateway and intake, and what they left behind."""

    def __init__(self, lab: Lab, port: int) -> None:
        self.lab, self.port = lab, port
        self.url = lab.bed.variables["MQTT_URL"]

    def send(self, *parts: bytes, hear_s: float = 0.0) -> bytes:
        """Open a socket, write, hear for a while, close; the gateway may close first."""
        heard = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as sock:
            try:
                for part in parts:
                    sock.sendall(part)
                sock.settimeout(0.2)
                end = time.monotonic() + hear_s
                while time.monotonic() < end:
                    try:
                        data = sock.recv(65_536)
                    except TimeoutError:
                        continue
                    if not data:
                        break
                    heard += data
            except OSError:
                return heard
        return heard

    def given_up(self, part: bytes) -> bool:
        """Send half a frame and stay; return whether the gateway gave up waiting."""
        name = "hj212_gateway_half_frames_total"
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as sock:
            sock.sendall(part)
            return self.wait(lambda: self.counted().get(name, 0) >= 1)

    def quarantine(self) -> dict[str, str]:
        rows = self.lab.sql("SELECT reason, detail FROM polluters_quarantinedframe")
        return {str(reason): str(detail) for reason, detail in rows}

    def readings(self, number: int) -> list[tuple[object, ...]]:
        """Value and quality of every reading of a logger."""
        return self.lab.sql(
            "SELECT r.value, r.quality FROM polluters_reading r "
            "JOIN polluters_point p ON p.id = r.point_id "
            "JOIN polluters_logger l ON l.id = p.logger_id "
            f"WHERE l.mn = '{mn_of(number)}'"  # noqa: S608
        )

    def counted(self) -> dict[str, float]:
        """What ``/metrics`` would show: the counters of all processes."""
        with redis.Redis.from_url(self.lab.bed.variables["REDIS_URL"]) as client:
            found = client.hgetall("bozhou:counters")
        return {key.decode(): float(value) for key, value in found.items()}

    def wait(self, holds: Callable[[], object], seconds: float = 60) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if holds():
                return True
            time.sleep(0.2)
        return bool(holds())


@pytest.fixture
def platform(lab: Lab) -> Iterator[Platform]:
    lab.sql("TRUNCATE polluters_quarantinedframe, polluters_unmappedcode")
    variables = lab.bed.variables
    variables["HJ212_GATEWAY_STATE"] = str(lab.bed.state)
    variables["HJ212_GATEWAY_HALF_FRAME_S"] = "2"
    variables["HJ212_GATEWAY_RATE_PER_S"] = "40"
    variables["HJ212_GATEWAY_BURST"] = "100"
    lab.start_intake()
    port = free_port()
    pid = start_gateway(lab.bed, port, 200)
    yield Platform(lab, port)
    for process in lab.bed.started:
        if process.pid == pid:
            process.terminate()
            process.wait(20)


@contextmanager
def good_logger(platform: Platform) -> Iterator[dict[str, float]]:
    """Report twice a second on one socket; gives the wait for each 9014 by QN.

    Like any logger it sends a frame again, three times at most, whose 9014 did not come
    within ten seconds (HJ 212-2017 §6.6: an answer may be lost, the frame may not).
    """
    waits: dict[str, float] = {}
    sent: dict[str, float] = {}
    frames: dict[str, bytes] = {}
    done = threading.Event()
    sock = socket.create_connection(("127.0.0.1", platform.port), timeout=120)

    def hear() -> None:
        text = b""
        while data := sock.recv(4096):
            text += data
            for qn in re.findall(rb"QN=(\d{17});ST=91;CN=9014;", text):
                waits.setdefault(qn.decode(), time.monotonic() - sent[qn.decode()])

    def report() -> None:
        rng = random.Random(1)
        start = present() - timedelta(minutes=4)
        for number in range(10_000):
            moment = start + timedelta(seconds=number)
            qn = format_qn(moment)
            frames[qn] = gas_frame(GOOD, moment, rng)
            sent[qn] = time.monotonic()
            sock.sendall(frames[qn])
            if done.wait(0.5):
                return

    threads = [threading.Thread(target=act, daemon=True) for act in (hear, report)]
    for thread in threads:
        thread.start()
    assert platform.wait(lambda: waits), "the good logger hears nothing at all"
    yield waits
    done.set()
    threads[1].join()
    _send_again(platform, sock, frames, waits, sent)
    assert platform.wait(lambda: len(waits) == len(sent)), "a 9014 is missing"
    sock.shutdown(socket.SHUT_RDWR)
    threads[0].join(10)
    sock.close()


def _send_again(
    platform: Platform,
    sock: socket.socket,
    frames: dict[str, bytes],
    waits: dict[str, float],
    sent: dict[str, float],
) -> None:
    for _ in range(3):
        if platform.wait(lambda: len(waits) == len(frames), seconds=10):
            return
        silent = frames.keys() - waits.keys()
        assert len(silent) <= 3, "more than an answer here and there was lost"
        for qn in silent:
            sent[qn] = time.monotonic()
            sock.sendall(frames[qn])


def future(number: int) -> bytes:
    return data_frame(mn_of(number), present() + timedelta(hours=3), one(1))


def broken_crc(number: int) -> bytes:
    raw = bytearray(payload(number, one(1)))
    raw[-3] = ord("0") if raw[-3] != ord("0") else ord("1")
    return bytes(raw)


def bad_times(number: int) -> bytes:
    segment = (
        f"QN={format_qn(present())};ST=31;CN=2011;PW={PASSWORD};MN={mn_of(number)};"
        f"Flag=5;CP=&&{one(1)}&&"
    ).encode()
    return b"##%04d%s%04X\r\n" % (len(segment), segment, crc16(segment))


def test_each_is_kept_or_refused_with_a_reason_and_nobody_else_notices(
    platform: Platform,
) -> None:
    with good_logger(platform) as waits:
        platform.send(data_frame("9" * 24, present(), one(1)), hear_s=0.5)
        platform.send(payload(2, one(1), password="000000"), hear_s=0.5)
        platform.send(broken_crc(3), hear_s=0.5)
        platform.send(future(4), hear_s=0.5)
        platform.send(bad_times(5), hear_s=0.5)
        platform.send(payload(6, one(99_999)), payload(6, one("1e300"), ago_s=6))
        platform.send(payload(7, f"{one(7)};zz9-Rtd=4,zz9-Flag=N"))
        platform.send(b"##9999QN=" + b"7" * (1 << 20))
        blaster = Blaster(platform.url, "bad")
        blaster.publish([(mn_of(8), b"##9999QN=" + b"8" * (1 << 20))])
        blaster.publish([(mn_of(9), payload(10, one(1)))])
        blaster.close()
        assert platform.given_up(payload(11, one(1))[:90])  # and then silence
        noise = random.Random(4).randbytes(60_000).replace(b"#", b"")
        platform.send(noise)
        flood = [payload(12, one(n), ago_s=n) for n in range(FLOOD)]
        platform.send(*flood, hear_s=1)
        expected = {
            "unknown_mn": "未登记",
            "wrong_password": "PW",
            "crc_mismatch": "应为",
            "future_time": "晚于当前时间",
            "no_time": "DataTime",
            "too_big": "上限",
            "topic_mismatch": mn_of(10),
            "truncated": "",
            "bad_header": "没有帧头",
        }
        platform.wait(lambda: expected.keys() <= platform.quarantine().keys())
        found = platform.quarantine()
        for reason, words in expected.items():
            assert words in found.get(reason, "-"), (reason, found)
        assert platform.wait(lambda: len(platform.readings(12)) == FLOOD)
    # Out of range: kept and marked. The other is no value.
    assert platform.readings(6) == [(99_999.0, 4)]
    notes = platform.lab.sql(
        "SELECT notes::text FROM polluters_rawframe WHERE notes::text LIKE '%bad_value%'"
    )
    assert len(notes) == 1
    assert "不是可信的数值" in str(notes[0][0])
    assert platform.lab.sql("SELECT code FROM polluters_unmappedcode") == [("zz9",)]
    least = {f'hj212_refused_total{{reason="{reason}"}}': 1 for reason in expected} | {
        'hj212_unmapped_total{code="zz9"}': 1,
        "hj212_bad_values_total": 1,
        "hj212_gateway_throttled_total": 1,
        "hj212_gateway_noise_bytes_total": len(noise),
    }

    def short() -> dict[str, float]:
        counts = platform.counted()  # each process tells them now and then
        return {
            name: counts.get(name, 0)
            for name, few in least.items()
            if counts.get(name, 0) < few
        }

    assert platform.wait(lambda: not short()), short()
    assert len(waits) >= 10
    assert max(waits.values()) < 20
