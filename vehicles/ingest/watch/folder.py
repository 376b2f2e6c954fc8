"""Files dropped into a folder (or one file): each is analysed once, as it is.

A file that cannot be used is told and left; one that cannot be taken now (a full disk, no
permission) is tried again later. Neither keeps the others waiting.
"""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2

from bozhou_eco.common import clock
from bozhou_eco.common.cutting import NotCopiedError, cut, recode
from bozhou_eco.common.video import VIDEO_NAMES, VideoError, frames, probe
from vehicles.ingest.watch.looks import MotionGate
from vehicles.ingest.watch.pieces import (
    camera_folder,
    keep_piece,
    part_path,
    save_latest,
)
from vehicles.models import Camera
from vehicles.services.cameras import Health, report_health

logger = logging.getLogger(__name__)

# A file still being written has changed within this time.
SETTLED_SECONDS = 1.0
# Up to this length a file is one piece.
WHOLE_SECONDS = 40.0
# What could not be read or written is tried again after this.
PUT_OFF_SECONDS = 60.0
# A recording older than this is taken, and its time is to be checked.
LONG_AGO = timedelta(days=7)


@dataclass(frozen=True)
class Recording:
    """A file as it was looked through; ``notes`` go with every piece of it."""

    begins: datetime
    seconds: float
    moving: list[float]
    notes: list[str]


class FolderWatch:
    """One camera whose recordings arrive as files."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self._ledger = camera_folder(camera) / "seen.json"
        self._seen = self._known()
        self._put_off: dict[str, float] = {}
        self._ahead: dict[str, float] = {}

    def _known(self) -> set[str]:
        """Files taken earlier; a ledger that cannot be read is begun anew.

        Taking a file again changes nothing: its pieces are known by time and digest.
        """
        try:
            return set(json.loads(self._ledger.read_text()))
        except FileNotFoundError:
            return set()
        except (OSError, ValueError, TypeError) as error:
            logger.warning("ledger of camera %s begun anew: %s", self.camera.pk, error)
            return set()

    def step(self) -> bool:
        """Take the next new file; whether one was taken: False for one that is put off."""
        place = Path(self.camera.address)
        try:
            if not self.camera.address.strip() or not place.exists():
                self._health(Camera.State.DOWN, f"目录或文件不存在：{place.name}")
                return False
            files = [place] if place.is_file() else sorted(place.iterdir())
        except OSError as error:
            self._health(Camera.State.DOWN, f"目录无法读取：{_words(error)}")
            return False
        for path in files:
            name = self._fresh(path)
            if name:
                return self._take(path, name)
        if self.camera.state in (Camera.State.UNKNOWN, Camera.State.DOWN):
            self._health(Camera.State.OK, "")
        return False

    def _fresh(self, path: Path) -> str:
        """The name under which a new, finished recording is known; else nothing."""
        try:
            named = str(path) == self.camera.address  # one file, whatever its name
            known = named or path.suffix.lower() in VIDEO_NAMES
            if not known or not path.is_file():
                return ""
            facts = path.stat()
        except OSError:
            return ""
        name = f"{path.name}:{facts.st_size}:{facts.st_mtime_ns}"
        taken = name in self._seen or self._put_off.get(name, 0) > time.monotonic()
        return "" if taken or not self._settled(name, facts.st_mtime) else name

    def _settled(self, name: str, modified: float) -> bool:
        """Whether a file is finished; one from the future when it stays as it is."""
        age = clock.now().timestamp() - modified
        if age >= 0:
            return age >= SETTLED_SECONDS
        since = self._ahead.setdefault(name, time.monotonic())
        return time.monotonic() - since >= SETTLED_SECONDS

    def _take(self, path: Path, name: str) -> bool:
        try:
            notes = self._queue(path)
            told = f"{path.name}：{notes[0]}" if notes else ""
            self._health(Camera.State.OK, told)
        except VideoError as error:
            logger.warning("%s refused: %s", path.name, error)
            self._health(Camera.State.DEGRADED, f"{path.name}：{error}", errors=1)
        except OSError as error:
            logger.warning("%s put off: %s", path.name, error)
            self._put_off[name] = time.monotonic() + PUT_OFF_SECONDS
            self._health(Camera.State.DEGRADED, f"{path.name} 待重试：{_words(error)}")
            return False
        self._seen.add(name)
        self._keep_ledger()
        return True

    def _keep_ledger(self) -> None:
        try:
            self._ledger.parent.mkdir(parents=True, exist_ok=True)
            part = self._ledger.with_suffix(".part")
            part.write_text(json.dumps(sorted(self._seen)))
            part.replace(self._ledger)
        except OSError as error:
            logger.warning("ledger of camera %s not kept: %s", self.camera.pk, error)

    def _queue(self, path: Path) -> list[str]:
        """Queue the pieces of a file in which something moves; what is odd about it."""
        found = self._look_through(path)
        margin = float(self.camera.margin_seconds)
        cores = [
            core
            for core in _cores(found.seconds, float(self.camera.segment_seconds))
            if any(core[0] - margin <= at <= core[1] + margin for at in found.moving)
        ]
        if cores:
            with self._copyable(path, found) as source:
                for core in cores:
                    self._piece(source, found, core, margin)
        return found.notes

    def _look_through(self, path: Path) -> Recording:
        facts = probe(path)
        gate, seconds, latest = MotionGate(), 0.0, None
        moving: list[float] = []
        notes: list[str] = []
        for frame in frames(path, per_second=2.0, notes=notes):
            seconds, latest = frame.at, frame.image
            if gate.see(frame.image):
                moving.append(frame.at)
        seconds = max(seconds + 0.5, min(facts.seconds, seconds + 2.0))
        if latest is not None:
            done, data = cv2.imencode(".jpg", latest)
            if done:
                save_latest(self.camera, bytes(data))
        ends = _ended(path, notes)
        return Recording(ends - timedelta(seconds=seconds), seconds, moving, notes)

    @contextmanager
    def _copyable(self, path: Path, found: Recording) -> Iterator[Path]:
        """The file itself, or where an MP4 cannot hold it, a copy encoded anew."""
        part = part_path(self.camera)
        try:
            try:
                cut(path, part, start=0.0, end=1.0)
            except NotCopiedError as error:
                found.notes.append(f"{error}，已重新编码为 H.264，不是原始码流")
                recode(path, part)
                yield part
            else:
                yield path
        finally:
            part.unlink(missing_ok=True)

    def _piece(
        self, source: Path, found: Recording, core: tuple[float, float], margin: float
    ) -> None:
        start, end = max(core[0] - margin, 0.0), min(core[1] + margin, found.seconds)
        if core == (0.0, found.seconds):
            start, end = 0.0, found.seconds + 1.0
        part = part_path(self.camera)
        try:
            real = cut(source, part, start=start, end=end)
            keep_piece(
                self.camera,
                part,
                begins=found.begins + timedelta(seconds=real),
                seconds=min(end, found.seconds) - real,
                core=(core[0] - real, core[1] - real + 1e-3),
                notes=found.notes,
            )
        finally:
            part.unlink(missing_ok=True)

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


def _ended(path: Path, notes: list[str]) -> datetime:
    """When a recording ended, by its file; what is wrong with that time is noted."""
    now = clock.now()
    told = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if told > now:
        ahead = (told - now).total_seconds()
        notes.append(f"设备时钟有误：文件时间超前 {ahead:.0f} s，时刻按收到时间记")
        return now
    if told < now - LONG_AGO:
        days = (now - told).days
        notes.append(f"文件时间在 {days} 天前，请核对设备时钟")
    return told


def _words(error: OSError) -> str:
    return str(error.strerror or error)[:120]


def _cores(seconds: float, length: float) -> list[tuple[float, float]]:
    """Cores that cover a file without overlap; a short file is one core."""
    if seconds <= WHOLE_SECONDS:
        return [(0.0, seconds)]
    length = max(length, 1.0)
    count = int(seconds // length)
    edges = [number * length for number in range(count)] + [seconds]
    return list(zip(edges[:-1], edges[1:], strict=True))
