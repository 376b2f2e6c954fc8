"""Cars pass live cameras: how long until each stands in the review queue.

Four cameras send the clip of a smoking truck over HTTP (MPEG-TS) in real time, followed by
an empty road, again and again and out of step. ``watch_cameras`` cuts the streams into
pieces and one vision worker looks at them, as deployed. A car counts as at the site when
the picture that shows it nearest leaves the camera; it is in the queue when its capture
is in the database. The worker has loaded its models before, as it has in service.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av

from bench.figures import Figure, figure, percentile
from bench.services import Bed, bed, setup_django
from tests.vehicles.live_servers import SocketWriter

CLIP = Path(__file__).resolve().parent.parent / "vehicles/demo_clips/g3018-level3.mp4"
# Seconds of a round: two passings closer than 45 s would be taken for one.
ROUND = 60
# The truck is nearest so long after the clip's beginning; before, the road is empty.
NEAREST_AT, EMPTY_UNTIL = 2.2, 0.6
CELERY = (
    "-m", "celery", "-A", "bozhou_eco", "worker", "-l", "WARNING", "-Q", "vision",
    "--pool", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat",
    "-I", "vehicles.vision.tasks",
)  # fmt: skip
PATIENCE_S = 90.0


@dataclass
class Camera:
    """A camera that plays a round for ever; ``passed`` is when a car was nearest."""

    clip: Path
    ahead: float
    passed: list[float] = field(default_factory=list)

    def packets(self, out: Any) -> Iterator[Any]:
        """Packets from ``ahead`` seconds into the round, each when it is due."""
        began, number = time.monotonic(), 0
        while True:
            with av.open(str(self.clip)) as source:
                stream = source.streams.video[0]
                told = False
                for packet in source.demux(stream):
                    if packet.dts is None:
                        continue
                    at = float(packet.dts * packet.time_base)
                    due = number * ROUND + at - self.ahead
                    if due < 0:
                        continue
                    shift = int((number * ROUND - self.ahead) / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    time.sleep(max(began + due - time.monotonic(), 0.0))
                    if at >= NEAREST_AT and not told:
                        told = True
                        if number or self.ahead < NEAREST_AT:
                            self.passed.append(time.time())
                    packet.stream = out
                    yield packet
            number += 1


@contextlib.contextmanager
def served(camera: Camera) -> Iterator[str]:
    """Serve a camera's stream; its address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "video/mp2t")
            self.end_headers()
            with (
                contextlib.suppress(OSError, av.error.FFmpegError),
                av.open(str(camera.clip)) as source,
            ):
                out = av.open(SocketWriter(self.wfile), "w", format="mpegts")
                copy = out.add_stream_from_template(source.streams.video[0])
                for packet in camera.packets(copy):
                    out.mux(packet)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/live.ts"
    finally:
        server.shutdown()
        server.server_close()


def make_round(target: Path) -> Path:
    """Write the clip followed by the empty road of its beginning."""
    from bozhou_eco.common.video import encode, frames  # noqa: PLC0415

    rate, empty = 25, list[Any]()

    def pictures() -> Iterator[Any]:
        count = 0
        for frame in frames(CLIP):
            if frame.at < EMPTY_UNTIL:
                empty.append(frame.image)
            count += 1
            yield frame.image
        for number in range(ROUND * rate - count):
            yield empty[number % len(empty)]

    encode(target, pictures(), rate=rate)
    return target


def run(quick: bool) -> list[Figure]:
    """Let cars pass for some rounds; return how long each took to the queue."""
    count, rounds = (2, 1) if quick else (4, 5)
    with bed() as running:
        running.variables["MEDIA_ROOT"] = str(running.state / "media")
        setup_django(running)
        clip = make_round(running.state / "round.mp4")
        cameras = [Camera(clip, ROUND * n / count) for n in range(count)]
        with contextlib.ExitStack() as stack:
            addresses = [stack.enter_context(served(one)) for one in cameras]
            keys = _register(addresses)
            seen = _watch(running, dict(zip(keys, cameras, strict=True)), rounds)
    delays = [delay for _, delay in seen] or [float("inf")]
    passed = sum(len(one.passed) for one in cameras)
    return [
        figure("cameras", count),
        figure("passed", passed),
        figure("captured", len(seen), "", f">={count * rounds}"),
        figure("site_to_queue_p50_s", percentile(delays, 50), "s"),
        figure("site_to_queue_p95_s", percentile(delays, 95), "s", "<=30"),
        figure("site_to_queue_max_s", max(delays), "s"),
    ]


def _register(addresses: list[str]) -> list[int]:
    from bozhou_eco.accounts.models import District  # noqa: PLC0415
    from bozhou_eco.common import clock  # noqa: PLC0415
    from vehicles.demo import seed_cameras  # noqa: PLC0415
    from vehicles.models import Camera as Row  # noqa: PLC0415

    District.objects.get_or_create(code="652701", defaults={"name": "博乐市"})
    seed_cameras(now=clock.now())
    rows = list(Row.objects.order_by("pk"))
    Row.objects.exclude(pk__in=[one.pk for one in rows[: len(addresses)]]).delete()
    for row, address in zip(rows, addresses, strict=False):
        row.source, row.address, row.clock_offset = Row.Source.STREAM, address, 0.0
        row.save()
    return [one.pk for one in rows[: len(addresses)]]


def _watch(
    running: Bed, cameras: dict[int, Camera], rounds: int
) -> list[tuple[int, float]]:
    """Start the processes; return the camera and the delay of every capture."""
    from vehicles.models import Capture  # noqa: PLC0415

    running.spawn(*CELERY, log="vision")
    time.sleep(20)  # its models are loaded
    running.spawn_command("watch_cameras")
    known: set[int] = set()
    seen: list[tuple[int, float]] = []
    wanted = len(cameras) * rounds
    ends = time.monotonic() + rounds * ROUND + PATIENCE_S
    while len(seen) < wanted and time.monotonic() < ends:
        time.sleep(0.2)
        for pk, camera_id in Capture.objects.exclude(pk__in=known).values_list(
            "pk", "camera_id"
        ):
            known.add(pk)
            passed = cameras[camera_id].passed
            if passed:
                seen.append((camera_id, time.time() - passed[-1]))
    return seen
