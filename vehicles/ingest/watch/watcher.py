"""One camera's watch: connect, cut, gate, report; come back after any failure."""

import logging
import time
from collections import deque
from datetime import datetime

import cv2
from django.db import close_old_connections

from bozhou_eco.common import clock
from bozhou_eco.common.loop import Stopper
from bozhou_eco.common.video import VideoError
from vehicles.ingest.watch.folder import FolderWatch
from vehicles.ingest.watch.looks import MotionGate, PictureHealth
from vehicles.ingest.watch.pieces import (
    camera_folder,
    piece_path,
    queue_piece,
    save_latest,
)
from vehicles.ingest.watch.stream import MOST_WAITING, Look, Piece, Stream, write_piece
from vehicles.models import Camera
from vehicles.services.cameras import Health, report_health

logger = logging.getLogger(__name__)

REPORT_SECONDS = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
FOLDER_PAUSE = 1.0
# A folder's camera is looked up as often as this; a stream's with every report.
CHECK_SECONDS = 10.0
PICTURE_SECONDS = 2.0
NEVER = float("-inf")


class StreamWatch:
    """A live camera. ``run`` returns when asked to stop, whatever the stream does."""

    def __init__(self, camera: Camera, stopper: Stopper) -> None:
        self.camera, self.stopper = camera, stopper
        self._began = camera
        self.gate, self.looks = MotionGate(), PictureHealth()
        self.waiting: deque[Piece] = deque()
        self.lost_pieces = 0
        self.trouble = ""
        self._reported = self._pictured = NEVER
        self._last_frame: datetime | None = None

    def run(self) -> None:
        """Watch until stopped or the camera is watched no more or elsewhere.

        Pauses between tries double up to a minute.
        """
        pause = FIRST_PAUSE
        while not self._over():
            close_old_connections()
            try:
                self._watch_once()
                reason = "视频流结束"
                if self._over():
                    return
            except VideoError as error:
                reason = str(error)
            if self._last_frame is not None:
                pause = FIRST_PAUSE
            self._last_frame = None
            logger.warning("camera %s: %s", self.camera.code, reason)
            self._report(Camera.State.DOWN, reason)
            self.stopper.rest(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _over(self) -> bool:
        return self.stopper.stopping or changed(self.camera, self._began)

    def _watch_once(self) -> None:
        stream = Stream(
            self.camera.address,
            core=float(self.camera.segment_seconds),
            margin=float(self.camera.margin_seconds),
        )
        # Stream time starts anew: the first picture is kept and reported at once.
        self._reported = self._pictured = NEVER
        reference = camera_folder(self.camera) / "background.png"
        if reference.is_file():
            self.looks.use_reference(cv2.imread(str(reference)))
        try:
            for item in stream.read():
                if isinstance(item, Look):
                    self._see(item, stream)
                else:
                    self._finish(item)
                if self._over():
                    break
        finally:
            rest = stream.rest()
            if rest is not None:
                self._finish(rest)
            stream.close()

    def _see(self, look: Look, stream: Stream) -> None:
        self._last_frame = clock.now()
        self.gate.see(look.image)
        self.looks.see(look.image)
        if look.at - self._pictured >= PICTURE_SECONDS or look.at < self._pictured:
            self._pictured = look.at
            done, data = cv2.imencode(".jpg", look.image)
            if done:
                self._try_save(bytes(data))
        if look.at - self._reported >= REPORT_SECONDS or look.at < self._reported:
            elapsed = look.at - self._reported
            self._reported = look.at
            problem = self.trouble or self.looks.problem()
            state = Camera.State.DEGRADED if problem else Camera.State.OK
            self._report(state, problem, stream=stream, elapsed=elapsed)

    def _try_save(self, data: bytes) -> None:
        try:
            save_latest(self.camera, data)
        except OSError as error:
            self.trouble = f"无法写盘：{error.strerror or error}"

    def _finish(self, piece: Piece) -> None:
        """Queue a piece in which something moved; one that cannot be written waits."""
        if not self.gate.take():
            return
        self.waiting.append(piece)
        while len(self.waiting) > MOST_WAITING:
            self.waiting.popleft()
            self.lost_pieces += 1
        self._write_waiting()

    def _write_waiting(self) -> None:
        while self.waiting:
            piece = self.waiting[0]
            try:
                path = piece_path(self.camera, piece.begins)
                write_piece(piece, path)
            except OSError as error:
                self.trouble = (
                    f"无法写盘：{error.strerror or error}，{len(self.waiting)} 段待写"
                )
                return
            self.waiting.popleft()
            self.trouble = (
                f"写盘失败丢弃 {self.lost_pieces} 段" if self.lost_pieces else ""
            )
            queue_piece(
                self.camera,
                path,
                begins=piece.begins,
                seconds=piece.seconds,
                core=piece.core,
            )

    def _report(
        self,
        state: str,
        problem: str,
        *,
        stream: Stream | None = None,
        elapsed: float = NEVER,
    ) -> None:
        counters = stream.counters if stream else None
        health = Health(
            state=state,
            problem=problem,
            frame_rate=counters.packets / elapsed
            if counters and 0 < elapsed < float("inf")
            else None,
            decode_errors=counters.errors if counters else 0,
            dropped=counters.dropped if counters else 0,
            last_frame_at=self._last_frame,
            clock_offset=round(counters.drift, 2) if counters else None,
            sharpness=self.looks.sharpness,
            brightness=self.looks.brightness,
            view_shift=self.looks.view_shift,
        )
        if counters:
            counters.packets = counters.errors = counters.dropped = 0
        self.camera = report_health(camera=self.camera, health=health, now=clock.now())


def changed(now: Camera, began: Camera) -> bool:
    """Whether a camera is no longer what its watch began with: it begins anew or ends."""
    return not now.active or (now.source, now.address) != (began.source, began.address)


def watch(camera: Camera, stopper: Stopper) -> None:
    """Watch one camera until asked to stop, or until its settings were changed."""
    if camera.source == Camera.Source.STREAM:
        StreamWatch(camera, stopper).run()
        return
    folder, checked = FolderWatch(camera), time.monotonic()
    while not stopper.stopping:
        close_old_connections()
        if not folder.step():
            stopper.rest(FOLDER_PAUSE)
        if time.monotonic() - checked >= CHECK_SECONDS:
            checked = time.monotonic()
            if changed(Camera.objects.get(pk=camera.pk), camera):
                return
