"""Files dropped into a folder (or one file): each is analysed once, as it is."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2

from bozhou_eco.common import clock
from bozhou_eco.common.video import VideoError, cut, frames, probe
from vehicles.ingest.watch.looks import MotionGate
from vehicles.ingest.watch.pieces import (
    camera_folder,
    piece_path,
    queue_piece,
    save_latest,
)
from vehicles.models import Camera
from vehicles.services.cameras import Health, report_health

logger = logging.getLogger(__name__)

VIDEOS = frozenset({".mp4", ".mkv", ".avi", ".mov", ".ts", ".flv", ".h264", ".h265"})
# A file still being written has changed within this time.
SETTLED_SECONDS = 1.0
# Up to this length a file is one piece.
WHOLE_SECONDS = 40.0


class FolderWatch:
    """One camera whose recordings arrive as files."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self._ledger = camera_folder(camera) / "seen.json"
        self._seen: set[str] = set()
        if self._ledger.is_file():
            self._seen = set(json.loads(self._ledger.read_text()))

    def step(self) -> bool:
        """Take the next new file; whether there was one."""
        place = Path(self.camera.address)
        if not place.exists():
            self._health(Camera.State.DOWN, f"目录或文件不存在：{place.name}")
            return False
        files = [place] if place.is_file() else sorted(place.iterdir())
        for path in files:
            if path.suffix.lower() in VIDEOS and self._fresh(path):
                self._take(path)
                return True
        if self.camera.state in (Camera.State.UNKNOWN, Camera.State.DOWN):
            self._health(Camera.State.OK, "")
        return False

    def _fresh(self, path: Path) -> bool:
        facts = path.stat()
        age = clock.now().timestamp() - facts.st_mtime
        return age >= SETTLED_SECONDS and self._name(path) not in self._seen

    @staticmethod
    def _name(path: Path) -> str:
        facts = path.stat()
        return f"{path.name}:{facts.st_size}:{facts.st_mtime_ns}"

    def _take(self, path: Path) -> None:
        name = self._name(path)
        try:
            self._queue(path)
            self._health(Camera.State.OK, "")
        except VideoError as error:
            logger.warning("%s refused: %s", path.name, error)
            self._health(Camera.State.DEGRADED, f"{path.name}：{error}", errors=1)
        self._seen.add(name)
        self._ledger.parent.mkdir(parents=True, exist_ok=True)
        self._ledger.write_text(json.dumps(sorted(self._seen)))

    def _queue(self, path: Path) -> None:
        facts = probe(path)
        gate, seconds, latest = MotionGate(), 0.0, None
        moving: list[float] = []
        for frame in frames(path, per_second=2.0):
            seconds, latest = frame.at, frame.image
            if gate.see(frame.image):
                moving.append(frame.at)
        seconds = max(seconds + 0.5, min(facts.seconds, seconds + 2.0))
        ends = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        begins = ends - timedelta(seconds=seconds)
        if latest is not None:
            done, data = cv2.imencode(".jpg", latest)
            if done:
                save_latest(self.camera, bytes(data))
        for start, end in _cores(seconds, float(self.camera.segment_seconds)):
            margin = float(self.camera.margin_seconds)
            if any(start - margin <= at <= end + margin for at in moving):
                self._piece(path, begins, seconds, (start, end), margin)

    def _piece(
        self,
        path: Path,
        begins: datetime,
        seconds: float,
        core: tuple[float, float],
        margin: float,
    ) -> None:
        start, end = max(core[0] - margin, 0.0), min(core[1] + margin, seconds)
        if core == (0.0, seconds):
            start, end = 0.0, seconds + 1.0
        target = piece_path(self.camera, begins + timedelta(seconds=start))
        real = cut(path, target, start=start, end=end)
        queue_piece(
            self.camera,
            target,
            begins=begins + timedelta(seconds=real),
            seconds=min(end, seconds) - real,
            core=(core[0] - real, core[1] - real + 1e-3),
        )

    def _health(self, state: str, problem: str, errors: int = 0) -> None:
        now = clock.now()
        self.camera = report_health(
            camera=self.camera,
            health=Health(
                state=state,
                problem=problem,
                decode_errors=errors,
                last_frame_at=now if state == Camera.State.OK else None,
            ),
            now=now,
        )


def _cores(seconds: float, length: float) -> list[tuple[float, float]]:
    """Cores that cover a file without overlap; a short file is one core."""
    if seconds <= WHOLE_SECONDS:
        return [(0.0, seconds)]
    count = int(seconds // length)
    edges = [number * length for number in range(count)] + [seconds]
    return list(zip(edges[:-1], edges[1:], strict=True))
