"""``manage.py watch_cameras``: cut every active camera into segments."""

import logging
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error as DatabaseError
from django.db import connection

from alerts.services.heartbeats import Pulse
from bozhou_eco.common import clock
from bozhou_eco.common.loop import Stopper
from vehicles.ingest.watch.watcher import watch
from vehicles.models import Camera
from vehicles.services.cameras import Health, report_health

logger = logging.getLogger(__name__)
LOOK_AGAIN_SECONDS = 10.0


class Command(BaseCommand):
    """One thread a camera; a thread that dies is started again."""

    help = "监看摄像机：分段、运动门、健康状态；可按设备编号拆到多个进程。"

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the cameras of this process."""
        parser.add_argument("codes", nargs="*", help="设备编号；不写则为全部启用设备")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM."""
        stopper = Stopper().install()
        self.missed: set[str] = set()
        threads: dict[int, threading.Thread] = {}
        pulse = Pulse("cameras", "视频监看进程")
        while not stopper.stopping:
            try:
                for camera in self.cameras(options["codes"]):
                    thread = threads.get(camera.pk)
                    if thread is None or not thread.is_alive():
                        threads[camera.pk] = self.start(camera, stopper)
                pulse.give()
            except DatabaseError as error:
                logger.warning("database not usable, trying again: %s", error)
                connection.close()
            stopper.rest(LOOK_AGAIN_SECONDS)
        for thread in threads.values():
            thread.join(timeout=10)

    def cameras(self, codes: list[str]) -> list[Camera]:
        """Active cameras with a source to watch."""
        cameras = Camera.objects.filter(active=True).exclude(
            source=Camera.Source.DEVICE
        )
        if codes:
            cameras = cameras.filter(code__in=codes)
        found = list(cameras.select_related("site__district"))
        missing = set(codes) - {one.code for one in found} - self.missed
        if missing:
            logger.warning("not watched, unknown or not active: %s", sorted(missing))
            self.missed |= missing
        return found

    def start(self, camera: Camera, stopper: Stopper) -> threading.Thread:
        """Start one camera's thread."""
        thread = threading.Thread(
            target=self.guard, args=(camera, stopper), name=camera.code, daemon=True
        )
        thread.start()
        return thread

    def guard(self, camera: Camera, stopper: Stopper) -> None:
        """Run one watch; whatever ends it is logged and starts again after a pause."""
        try:
            watch(camera, stopper)
        except DatabaseError as error:
            logger.warning("camera %s waits for the database: %s", camera.code, error)
        except Exception as error:
            logger.exception("the watch of camera %s ended", camera.code)
            self.tell(camera, error)
        finally:
            connection.close()

    @staticmethod
    def tell(camera: Camera, error: Exception) -> None:
        """Say on the camera's page that its watch ended, and by what."""
        words = f"监看出错，稍后重试：{type(error).__name__} {str(error)[:120]}"
        health = Health(state=Camera.State.DOWN, problem=words)
        try:
            report_health(camera=camera, health=health, now=clock.now())
        except (DatabaseError, Camera.DoesNotExist) as problem:
            logger.warning("camera %s not told: %s", camera.code, problem)
