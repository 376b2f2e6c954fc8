"""``manage.py check_demo --url URL``: does one datum reach the officer's page?"""

import json
import random
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from polluters.clients import publish_up
from polluters.domain.hj212 import Item, encode_frame
from polluters.models import Limit, Point
from vehicles import demo
from vehicles.models import Camera, Segment

# On a quiet machine it takes half a minute; a slow one is given its time.
CLIP_TIMEOUT_S = 300.0


class Command(BaseCommand):
    """Sends through the front doors and reads what the officer's page reads."""

    help = (
        "向运行中的演示发送一条超标报文和一段黑烟视频，等待二者出现在页面所读的接口。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the site."""
        parser.add_argument("--url", default="http://localhost:8000")
        parser.add_argument("--timeout", type=float, default=60)
        parser.add_argument("--clip-timeout", type=float, default=CLIP_TIMEOUT_S)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check; the first that fails ends with its reason."""
        site = Site(options["url"], self.officer())
        # The clip goes first: its analysis runs while the frame is waited for.
        clip, began = self.send_clip(), time.monotonic()
        self.check_frame(site, began + options["timeout"])
        self.check_clip(site, clip, began, options["clip_timeout"])

    def officer(self) -> User:
        """Return the demo's officer."""
        user = User.objects.filter(username="officer").first()
        if user is None:
            raise CommandError("演示账户 officer 不存在，请先运行 seed_demo")
        return user

    def check_frame(self, site: "Site", deadline: float) -> None:
        """Send an over-limit frame by MQTT and wait for its alert in the API."""
        limit = (
            Limit.objects.filter(
                kind__in=Limit.ENFORCEABLE,
                averaging=Limit.Averaging.HOUR,
                high__isnull=False,
                point__active=True,
                point__logger__active=True,
                point__logger__crc="standard",
                point__logger__key_current="",
                point__logger__version=2017,
            )
            .select_related("point__logger", "point__outlet__enterprise")
            .order_by("point_id")
            .first()
        )
        if limit is None or limit.high is None:
            raise CommandError("没有可用于检查的小时限值")
        point = limit.point
        began = time.monotonic()
        if not publish_up(point.logger.mn, over_limit_frame(point, limit.high)):
            raise CommandError("消息服务没有收下报文")
        subject = point.outlet.subject_key
        wait_for(
            lambda: any(
                row["subject_key"] == subject and row["kind"] == "exceedance"
                for row in site.alerts(subject)
            ),
            deadline,
            "超标报文未在预警接口出现",
        )
        self.stdout.write(
            f"frame: {point.outlet} {point.pollutant} → 预警 "
            f"{(time.monotonic() - began) * 1000:.0f} ms"
        )

    def send_clip(self) -> "Clip":
        """Let a recording of a smoking truck fall into its camera's folder."""
        name = demo.SITES[0][-1]
        camera = Camera.objects.filter(code=f"{demo.SITES[0][0]}-1").first()
        if camera is None:
            raise CommandError("演示摄像机不存在，请先运行 seed_demo")
        truth = json.loads((demo.CLIPS / f"{name}.json").read_text(encoding="utf-8"))
        at = demo.free_moment(camera, now=clock.now()).replace(microsecond=0)
        demo.drop_clip(camera, name, at=at)
        spec = truth["spec"]
        return Clip(
            camera=camera,
            begins=at - timedelta(seconds=spec["seconds"] + 2),
            ends=at + timedelta(seconds=2),
            plate=spec["plate"].replace("·", ""),
            level=round(spec["level"]),
        )

    def check_clip(
        self, site: "Site", clip: "Clip", began: float, patience: float
    ) -> None:
        """Wait for the clip's capture in the review queue and compare it with truth."""
        found: list[dict[str, Any]] = []

        def arrived() -> bool:
            found.extend(row for row in site.queue() if clip.shows(row))
            return bool(found)

        try:
            wait_for(arrived, began + patience, "黑烟视频未进入复核队列", pause=0.5)
        except CommandError as error:
            raise CommandError(f"{error}（{clip.whereabouts()}）") from error
        row = found[0]
        if (row["plate"], row["level"]) != (clip.plate, clip.level):
            raise CommandError(
                f"抓拍读作 {row['plate']} {row['level']} 级，"
                f"应为 {clip.plate} {clip.level} 级"
            )
        self.stdout.write(
            f"clip: {row['site']} {row['plate']} {row['level']} 级 → 复核队列 "
            f"{time.monotonic() - began:.1f} s"
        )


@dataclass(frozen=True)
class Clip:
    """A dropped recording and what the review queue must make of it."""

    camera: Camera
    begins: datetime
    ends: datetime
    plate: str
    level: int

    def shows(self, row: dict[str, Any]) -> bool:
        """Whether a row of the queue is this recording's capture."""
        moment = datetime.fromisoformat(row["captured_at"])
        return row["device"] == self.camera.code and self.begins <= moment <= self.ends

    def whereabouts(self) -> str:
        """How far the recording got, for the message of a failed check."""
        segment = self.camera.segments.filter(
            begins__gte=self.begins, begins__lte=self.ends
        ).first()
        if segment is None:
            problem = Camera.objects.get(pk=self.camera.pk).problem
            return f"尚未分段；摄像机：{problem or '无异常'}"
        waiting = Segment.objects.waiting().count()
        return f"分段{segment.get_state_display()}，{waiting} 段待分析 {segment.error}"


class Site:
    """The running site, read as one signed-in person's page reads it."""

    def __init__(self, url: str, user: User) -> None:
        self.url = url.rstrip("/")
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={open_session(user)}"

    def alerts(self, subject_key: str) -> list[dict[str, Any]]:
        """Return the alerts of a subject from the UI's API."""
        body = self.get(f"/api/v1/alerts/?subject_key={subject_key}")
        rows = body["results"] if isinstance(body, dict) else body
        return list(rows)

    def queue(self) -> list[dict[str, Any]]:
        """Return what the review page's queue holds for this person."""
        return list(self.get("/api/v1/captures/?queue=1&limit=200")["results"])

    def get(self, path: str) -> Any:
        """Return the JSON at ``path``."""
        request = urllib.request.Request(  # noqa: S310 - the demo's own address
            self.url + path,
            headers={"Cookie": self.cookie, "Accept": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)


def open_session(user: User) -> str:
    """Return the key of a new session of ``user``."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def over_limit_frame(point: Point, high: float) -> bytes:
    """Return a real-time frame in which ``point`` is at twice its limit.

    Its second is one that no simulated logger uses, so that it meets no stored key.
    """
    now = clock.now().replace(microsecond=0)
    moment = now - timedelta(seconds=(now.second - 17) % 30)
    moment -= timedelta(seconds=30 * random.randrange(4))
    logger, code = point.logger, point.wire_code
    value = high * 2 / point.unit_factor
    text = f"{value:.2f}"
    return encode_frame(
        st="31",
        cn="2011",
        mn=logger.mn,
        pw=logger.password,
        qn=now,
        needs_ack=True,
        params={"DataTime": moment},
        items=[Item(code, {"Rtd": text, "ZsRtd": text}, flag="N")],
    )


def wait_for(
    ready: Callable[[], bool], deadline: float, why: str, *, pause: float = 0.05
) -> None:
    """Poll until ``ready``; CommandError with ``why`` when the time is up."""
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(pause)
    raise CommandError(why)
