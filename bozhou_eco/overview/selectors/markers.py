"""What stands on the map: outlets, cameras, and groups where they crowd."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bozhou_eco.accounts.models import User
from bozhou_eco.overview.geometry import Projection, to_wgs84
from polluters.selectors.pages.enterprises import OutletRow
from polluters.selectors.pages.live import RANK
from vehicles.models import Camera, Station

NEAR = 9.0
SHAPES = {
    "critical": "crit",
    "major": "major",
    "minor": "minor",
    "info": "info",
    "off": "off",
    "mark": "ok",
    "ok": "ok",
}
CAMERA_KEYS = {"ok": "ok", "degraded": "info", "down": "off", "unknown": "off"}


@dataclass(frozen=True, slots=True)
class Place:
    """One thing on the map before crowding is resolved; ``key`` is its state."""

    x: float
    y: float
    layer: str
    key: str
    title: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Marker:
    """What is drawn: the worst of one or several places that stand close together."""

    x: float
    y: float
    shape: str
    layers: str
    places: Sequence[Place]

    @property
    def worst(self) -> Place:
        """The place that decides the shape."""
        return self.places[0]

    @property
    def label(self) -> str:
        """What a screen reader and the tool tip say."""
        first = f"{self.worst.title}：{self.worst.text}"
        more = len(self.places) - 1
        return f"{first}，另有 {more} 处" if more else first

    @property
    def alarming(self) -> bool:
        """Whether it belongs to what needs somebody."""
        return self.shape in ("crit", "major", "minor")


def outlet_places(rows: Iterable[OutletRow], projection: Projection) -> list[Place]:
    """Return the outlets of a list; an outlet without coordinates takes its firm's."""
    places = []
    for row in rows:
        outlet, firm = row.outlet, row.enterprise
        if outlet.longitude is not None and outlet.latitude is not None:
            point = (outlet.longitude, outlet.latitude)
        else:
            point = (firm.longitude, firm.latitude)
        x, y = projection.at(*to_wgs84(*point, crs=firm.crs))
        text = row.alert.summary if row.alert else row.status.word
        places.append(
            Place(
                x=x,
                y=y,
                layer=str(outlet.medium),
                key=row.status.key,
                title=f"{firm.short_name} · {outlet.name}",
                text=text[:60],
                url=f"/polluters/outlets/{outlet.pk}/",
            )
        )
    return places


def camera_places(user: User, projection: Projection) -> list[Place]:
    """Return the cameras in scope with their health (one query)."""
    rows = Camera.objects.visible_to(user).filter(active=True).select_related("site")
    places = []
    for camera in rows:
        x, y = projection.at(float(camera.site.longitude), float(camera.site.latitude))
        places.append(
            Place(
                x=x,
                y=y,
                layer="vehicle",
                key=CAMERA_KEYS[camera.state],
                title=camera.site.name,
                text=f"抓拍设备{camera.get_state_display()}",
                url="/vehicles/review/",
            )
        )
    return places


def station_places(user: User, projection: Projection) -> list[Place]:
    """Return the inspection stations in scope that have coordinates (one query)."""
    rows = Station.objects.visible_to(user).filter(
        longitude__isnull=False, latitude__isnull=False
    )
    return [
        Place(
            *projection.at(station.longitude, station.latitude),
            layer="vehicle",
            key="ok",
            title=station.name,
            text="检验机构",
            url=f"/vehicles/stations/{station.pk}/",
        )
        for station in rows
    ]


def crowd(places: Iterable[Place]) -> list[Marker]:
    """Join places closer than nine units; the worst first, drawn last and on top."""
    groups: list[list[Place]] = []
    for place in sorted(places, key=lambda p: (RANK[p.key], p.title)):
        for group in groups:
            head = group[0]
            if abs(head.x - place.x) < NEAR and abs(head.y - place.y) < NEAR:
                group.append(place)
                break
        else:
            groups.append([place])
    markers = [
        Marker(
            x=group[0].x,
            y=group[0].y,
            shape=SHAPES[group[0].key],
            layers=" ".join(sorted({place.layer for place in group})),
            places=group,
        )
        for group in groups
    ]
    return sorted(markers, key=lambda marker: -RANK[marker.worst.key])


def legend(places: Iterable[Place]) -> dict[str, int]:
    """Return how many places have each shape."""
    counts = dict.fromkeys(("crit", "major", "minor", "info", "ok", "off"), 0)
    for place in places:
        counts[SHAPES[place.key]] += 1
    return counts
