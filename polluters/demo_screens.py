"""Demo of video and air: drawn clips that loop where no camera is, two stations' days."""

import math
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from django.conf import settings

from bozhou_eco.accounts.models import District
from bozhou_eco.common import clock
from bozhou_eco.common.video import Image, encode
from polluters.models import AirDay, AirStation, Exceedance, Outlet, VideoChannel
from polluters.services import air, video

WIDTH, HEIGHT, RATE, SECONDS = 480, 270, 6, 10
CLIPS = {"stack": "video/demo-stack.mp4", "house": "video/demo-house.mp4"}
AIR_DAYS = 400


def seed(*, now: datetime) -> None:
    """Draw the clips, make channels and air days; nothing twice."""
    for kind, name in CLIPS.items():
        path = Path(settings.MEDIA_ROOT) / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.part.mp4")  # another may seed too
            encode(part, _pictures(kind), rate=RATE)
            part.replace(path)
    air.seed_breakpoints()
    _channels()
    _snapshots(now)
    _air(now)


def _pictures(kind: str) -> Iterator[Image]:
    for number in range(RATE * SECONDS):
        yield _stack(number) if kind == "stack" else _house(number)


def _stack(number: int) -> Image:
    """A chimney before hills with a thin plume that drifts and comes round again."""
    turn = 2 * math.pi * number / (RATE * SECONDS)
    image = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    image[:] = np.linspace((214, 190, 160), (236, 226, 214), HEIGHT)[:, None, :]
    hills = [(x, 200 + int(14 * math.sin(x / 60))) for x in range(0, WIDTH + 20, 20)]
    outline = np.array([*hills, (WIDTH, HEIGHT), (0, HEIGHT)], np.int32)
    cv2.fillPoly(image, [outline], (120, 140, 132))
    cv2.rectangle(image, (0, 236), (WIDTH, HEIGHT), (92, 100, 104), -1)
    cv2.rectangle(image, (60, 178), (210, 240), (140, 146, 150), -1)
    tower = np.array([(250, 240), (278, 240), (272, 84), (256, 84)], np.int32)
    cv2.fillPoly(image, [tower], (150, 156, 164))
    for band in (96, 126):
        cv2.rectangle(image, (255, band), (273, band + 10), (70, 70, 190), -1)
    plume = image.copy()
    for puff in range(9):
        x = 264 + int(puff * 20 + 6 * math.sin(turn + puff))
        y = 78 - int(puff * 6 + 4 * math.cos(2 * turn + puff))
        cv2.circle(plume, (x, y), 8 + puff * 3, (228, 230, 232), -1)
    mixed: Image = cv2.addWeighted(plume, 0.55, image, 0.45, 0).astype(np.uint8)
    return mixed


def _house(number: int) -> Image:
    """The inside of a station house: cabinets whose lights blink, a door."""
    image = np.full((HEIGHT, WIDTH, 3), (206, 210, 212), np.uint8)
    cv2.rectangle(image, (0, 220), (WIDTH, HEIGHT), (150, 154, 158), -1)
    cv2.rectangle(image, (392, 70), (462, 232), (120, 132, 142), -1)
    cv2.circle(image, (402, 156), 4, (60, 60, 60), -1)
    for place in range(4):
        left = 24 + place * 88
        cv2.rectangle(image, (left, 60), (left + 72, 226), (228, 230, 230), -1)
        cv2.rectangle(image, (left, 60), (left + 72, 226), (110, 114, 118), 2)
        cv2.rectangle(image, (left + 12, 76), (left + 60, 104), (96, 84, 40), -1)
        lit = (number // RATE + place) % 3 == 0
        colour = (80, 200, 90) if lit else (70, 100, 74)
        cv2.circle(image, (left + 36, 124), 5, colour, -1)
    return image


def _channels() -> None:
    if VideoChannel.objects.exists():
        return
    rows = []
    for outlet in Outlet.objects.filter(active=True).order_by("pk")[:16]:
        if outlet.medium == "gas":
            rows.append(_channel(outlet, "排放口全景", "outlet", CLIPS["stack"]))
        rows.append(_channel(outlet, "站房内", "house", CLIPS["house"]))
    VideoChannel.objects.bulk_create(rows)


def _channel(outlet: Outlet, name: str, place: str, file: str) -> VideoChannel:
    return VideoChannel(
        outlet=outlet, name=name, place=place, protocol="file", file=file
    )


def _snapshots(now: datetime) -> None:
    """Take what the task would have taken for the newest exceedances."""
    channels = {
        channel.outlet_id: channel
        for channel in VideoChannel.objects.filter(place="outlet").select_related(
            "outlet"
        )
    }
    rows = Exceedance.objects.filter(
        point__outlet__in=channels, state__in=Exceedance.STANDING, snapshots=None
    ).select_related("point")
    for row in rows.order_by("-time")[:6]:
        video.take(
            channel=channels[row.point.outlet_id], exceedance=row, now=row.found_at
        )


def _air(now: datetime) -> None:
    if AirStation.objects.exists():
        return
    district = District.objects.order_by("code").first()
    if district is None:
        return
    stations = AirStation.objects.bulk_create(
        [
            AirStation(name="市监测站（虚构）", code="A001", district=district),
            AirStation(name="西郊（虚构）", code="A002", district=district),
            AirStation(
                name="城市均值", code=air.CITY, district=district, assessed=False
            ),
        ]
    )
    today = clock.beijing(now).date()
    rng = np.random.default_rng(652_700)
    rows = []
    for back in range(1, AIR_DAYS):
        day = today - timedelta(days=back)
        cold = 0.5 + 0.5 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / 365)
        dust = bool(rng.random() < 0.03)
        for station in stations[:2]:
            noise = float(rng.lognormal(0, 0.28))
            pm25 = (14 + 62 * cold**2) * noise + (40 if dust else 0)
            rows.append(
                AirDay(
                    station=station,
                    day=day,
                    origin="first" if back < 20 else "reviewed",
                    so2=round(6 + 14 * cold * noise, 1),
                    no2=round(14 + 26 * cold * noise, 1),
                    pm10=round(pm25 * 1.7 + (220 if dust else 20), 1),
                    pm25=round(pm25, 1),
                    co=round(0.4 + 0.9 * cold * noise, 2),
                    o3=round(70 + 62 * (1 - cold) * float(rng.uniform(0.7, 1.2)), 1),
                    dust=dust,
                    came_by="演示数据",
                    stored_at=now,
                )
            )
        if back % 9 == 0 and back > 30:
            rows.append(
                AirDay(
                    station=stations[2],
                    day=day,
                    origin="reviewed",
                    official_aqi=int(rng.integers(38, 130)),
                    dust=dust,
                    came_by="演示官方数据",
                    stored_at=now,
                )
            )
    AirDay.objects.bulk_create(rows)
