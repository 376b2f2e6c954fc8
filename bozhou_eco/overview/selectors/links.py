"""Signs of life of loggers, cameras and stations, within the viewer's scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bozhou_eco.accounts.models import User
from polluters.models import Logger
from vehicles.models import Camera, Station

CAMERA_AFTER = timedelta(minutes=2)
STATION_AFTER = timedelta(days=3)
MOST = 8


@dataclass(frozen=True, slots=True)
class Silent:
    """A device that has not been heard of in time."""

    name: str
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """Devices of one kind: how many there are, the silent ones, the longest first."""

    label: str
    total: int
    rule: str
    silent: list[Silent]

    @property
    def alive(self) -> int:
        """How many were heard of in time."""
        return self.total - len(self.silent)

    @property
    def shown(self) -> list[Silent]:
        """The silent ones that fit on the page."""
        return self.silent[:MOST]

    @property
    def more(self) -> int:
        """How many silent ones are not shown."""
        return max(len(self.silent) - MOST, 0)


def _group(
    label: str,
    rule: str,
    rows: Iterable[tuple[str, datetime | None, timedelta]],
    now: datetime,
) -> Group:
    total, silent = 0, []
    for name, last_at, after in rows:
        total += 1
        if last_at is None or now - last_at > after:
            silent.append(Silent(name, last_at))
    silent.sort(key=lambda one: (one.last_at is not None, one.last_at))
    return Group(label, total, rule, silent)


def groups(user: User, now: datetime) -> list[Group]:
    """Return loggers, cameras and stations with those that have fallen silent."""
    loggers = (
        Logger.objects.visible_to(user)
        .filter(active=True)
        .select_related("outlet__enterprise")
    )
    cameras = Camera.objects.visible_to(user).filter(active=True)
    stations = Station.objects.visible_to(user)
    return [
        _group(
            "数采仪",
            "超过各自的离线判定时间无报文",
            (
                (str(row.outlet), row.last_seen, timedelta(seconds=row.offline_after_s))
                for row in loggers
            ),
            now,
        ),
        _group(
            "摄像机",
            f"超过 {CAMERA_AFTER.total_seconds() / 60:.0f} 分钟无画面",
            ((row.name, row.last_frame_at, CAMERA_AFTER) for row in cameras),
            now,
        ),
        _group(
            "检验机构",
            f"超过 {STATION_AFTER.days} 日无上传",
            ((row.name, row.last_seen_at, STATION_AFTER) for row in stations),
            now,
        ),
    ]
