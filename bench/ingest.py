"""MQTT publish to committed rows, beside COPY of the same rows into the same tables.

What is timed on the one side: from the first PUBLISH until the last frame is committed,
with decoding, latest values, judging, raw frames, 9014 answers and acknowledgements, by
one ``ingest_mqtt`` process; the publisher, Mosquitto and PostgreSQL share the processors.

On the other side: nothing but ``COPY`` of the same raw frames and readings (all columns)
into the same logged, partitioned tables with the same keys, on the same server with the
same durability, committed every ``HJ212_BATCH_SIZE`` frames as intake does. Its text is
made beforehand and not timed, so the reference is what PostgreSQL itself can take, and
the ratio says what share of that intake reaches while it does everything else.

``*_cpu_us`` is processor time a frame; it hardly changes when others use the machine,
which the rates do.
"""

import io
import random
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import psutil

from bench.blast import Blaster
from bench.figures import Figure, figure, median
from bench.loggers import GAS, frame, frames, make_loggers, mn_of
from bench.services import Bed, bed, setup_django

LOGGERS = 200
PROCESSES = ("ingest", "broker", "postgres")


def run(quick: bool = False) -> list[Figure]:
    """Measure intake and COPY in turn, then drain a backlog and watch memory."""
    each, rounds, backlog = (150, 2, 30_000) if quick else (220, 3, 500_000)
    with bed() as running:
        setup_django(running)
        make_loggers(LOGGERS)
        rates, copies, lost, doubled = [], [], 0, 0
        spent: list[dict[str, float]] = []
        for number in range(rounds):
            batch = _fresh(each, number)
            rate, missing, extra, cpu = _intake(running, batch)
            rates.append(rate)
            spent.append(cpu)
            lost, doubled = lost + missing, doubled + extra
            copies.append(_copy(batch))
        rss, missing, seconds = _backlog(running, backlog)
    ratio = median([a / b for a, b in zip(rates, copies, strict=True)])
    return [
        figure("points_per_s", median(rates), "points/s", ">=25000"),
        figure("copy_points_per_s", median(copies), "points/s"),
        figure("ratio", ratio, "x", ">=0.4"),
        figure("lost", lost + missing, "frames", "=0"),
        figure("duplicated", doubled, "frames", "=0"),
        figure("rss_mb", rss, "MB", "<=300"),
        figure("backlog_frames", backlog, "frames"),
        figure("backlog_points_per_s", backlog * len(GAS) / seconds, "points/s"),
        *(
            figure(f"{name}_cpu_us", median([one[name] for one in spent]), "us/frame")
            for name in PROCESSES
        ),
    ]


def _spent(running: Bed, ingest: psutil.Process) -> dict[str, float]:
    """Return the processor seconds of intake, broker and database so far."""
    stores = running.stores
    roots = (ingest.pid, stores.mqtt.child.pid, stores.postgres.child.pid)
    found = {}
    for name, pid in zip(PROCESSES, roots, strict=True):
        root = psutil.Process(pid)
        times = [one.cpu_times() for one in (root, *root.children(recursive=True))]
        found[name] = sum(one.user + one.system for one in times)
    return found


def _fresh(each: int, seed: int) -> list[tuple[str, bytes]]:
    from bozhou_eco.common import clock  # noqa: PLC0415

    start = clock.now().replace(microsecond=0) - timedelta(seconds=each + 10)
    return list(frames(LOGGERS, each, start, step=timedelta(seconds=1), seed=seed + 1))


def _empty() -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE polluters_reading, polluters_rawframe")
        cursor.execute("TRUNCATE polluters_latest, polluters_quarantinedframe")
        cursor.execute("CHECKPOINT")


def _counts() -> tuple[int, int]:
    """Return stored frames and readings, the probes' single readings left out."""
    from polluters.models import RawFrame, Reading  # noqa: PLC0415

    return (
        RawFrame.objects.exclude(cn="2061").count(),
        Reading.objects.exclude(period=2).count(),
    )


def _start_intake(running: Bed) -> psutil.Process:
    process = running.spawn_command("ingest_mqtt", "--id", "bench")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if _subscribed(running):
            return psutil.Process(process.pid)
        time.sleep(0.2)
    raise TimeoutError("intake did not subscribe")


def _subscribed(running: Bed) -> bool:
    """Ask by a probe frame whether intake takes messages in."""
    from bozhou_eco.common import clock  # noqa: PLC0415
    from polluters.models import RawFrame  # noqa: PLC0415

    rng = random.Random(time.time())
    probe = frame(0, clock.now() - timedelta(days=2), rng, cn="2061")
    blaster = Blaster(running.variables["MQTT_URL"], "probe")
    blaster.publish([(mn_of(0), probe)])
    blaster.close()
    time.sleep(0.3)
    return RawFrame.objects.exists()


def _stop(process: psutil.Process) -> None:
    process.terminate()
    process.wait(20)


def _wait_for(last: tuple[str, bytes], expected: int, seconds: float) -> None:
    """Wait until the frame published last is stored, and then for all of them.

    Looking one frame up costs nothing, which counting does.
    """
    from polluters.domain.hj212 import Frame, decode_frame  # noqa: PLC0415
    from polluters.models import Logger, RawFrame  # noqa: PLC0415

    decoded = decode_frame(last[1])
    assert isinstance(decoded, Frame)
    assert decoded.data_time is not None
    logger_id = Logger.objects.get(mn=last[0]).pk
    wanted = RawFrame.objects.filter(logger_id=logger_id, device_time=decoded.data_time)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not wanted.exists():
        time.sleep(0.02)
    while time.monotonic() < deadline and _counts()[0] < expected:
        time.sleep(0.1)


def _intake(
    running: Bed, batch: list[tuple[str, bytes]]
) -> tuple[float, int, int, dict[str, float]]:
    process = _start_intake(running)
    time.sleep(1)
    _empty()
    blaster = Blaster(running.variables["MQTT_URL"])
    before = _spent(running, process)
    begin = time.perf_counter()
    blaster.publish(batch)
    _wait_for(batch[-1], len(batch), 120)
    seconds = time.perf_counter() - begin
    after = _spent(running, process)
    cpu = {name: (after[name] - before[name]) / len(batch) * 1e6 for name in PROCESSES}
    stored, readings = _counts()
    blaster.close()
    _stop(process)
    points = len(batch) * len(GAS)
    return points / seconds, len(batch) - stored, max(0, readings - points), cpu


def _copy(batch: list[tuple[str, bytes]]) -> float:
    """COPY the rows of ``batch`` into the emptied tables; only COPY is timed."""
    from django.db import connection  # noqa: PLC0415

    chunks = list(_copy_chunks(batch))
    _empty()
    begin = time.perf_counter()
    for frames_text, readings_text in chunks:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.copy_expert(
                "COPY polluters_rawframe (device_time, received_at, logger_id, cn, "
                "digest, body, notes) FROM STDIN WITH (NULL 'None')",
                io.StringIO(frames_text),
            )
            cursor.copy_expert(
                "COPY polluters_reading (time, received_at, value, converted, low, "
                "high, total, point_id, period, quality, flag) "
                "FROM STDIN WITH (NULL 'None')",
                io.StringIO(readings_text),
            )
            cursor.execute("COMMIT")
    seconds = time.perf_counter() - begin
    return len(batch) * len(GAS) / seconds


def _copy_chunks(batch: list[tuple[str, bytes]]) -> Iterator[tuple[str, str]]:
    from django.conf import settings  # noqa: PLC0415

    from bozhou_eco.common import clock  # noqa: PLC0415
    from polluters.ingest.draft import Message, read_messages  # noqa: PLC0415
    from polluters.ingest.registry import Registry  # noqa: PLC0415
    from polluters.ingest.writer import frame_lines, reading_lines  # noqa: PLC0415

    registry = Registry()
    registry.refresh()
    size = settings.HJ212_BATCH_SIZE
    for first in range(0, len(batch), size):
        messages = [Message(mn, body) for mn, body in batch[first : first + size]]
        draft = read_messages(messages, registry=registry, now=clock.now())
        yield (
            frame_lines(draft.frames.values()),
            reading_lines(draft.rows.frames),
        )


def _remember_last(
    batch: Iterator[tuple[str, bytes]], held: list[tuple[str, bytes]]
) -> Iterator[tuple[str, bytes]]:
    for one in batch:
        held[:] = [one]
        yield one


def _backlog(running: Bed, size: int) -> tuple[float, int, float]:
    """Queue ``size`` frames while intake is away, then watch it drain them.

    Returns the most memory it took in MB, the frames missing, and the seconds.
    """
    from bozhou_eco.common import clock  # noqa: PLC0415

    process = _start_intake(running)
    time.sleep(1)
    _stop(process)
    _empty()
    each = size // LOGGERS
    start = clock.now().replace(microsecond=0) - timedelta(days=3)
    blaster = Blaster(running.variables["MQTT_URL"])
    last: list[tuple[str, bytes]] = []
    batch = frames(LOGGERS, each, start, step=timedelta(seconds=30), seed=99)
    blaster.publish(_remember_last(batch, last))
    blaster.close()
    begin = time.perf_counter()
    process = psutil.Process(running.spawn_command("ingest_mqtt", "--id", "bench").pid)
    peak = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.2):
            if process.is_running():
                peak = max(peak, process.memory_info().rss / 1e6)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    expected = each * LOGGERS
    _wait_for(last[0], expected, max(120, size / 400))
    seconds = time.perf_counter() - begin
    done.set()
    watcher.join()
    stored = _counts()[0]
    _stop(process)
    return peak, expected - stored, seconds
