"""The map's outlines from a replaceable GeoJSON file, projected onto the page's drawing.

``static/map/bozhou.json`` holds features of kind county, excluded, outline and lake in
degrees, and says in its properties 来源, 年份, 坐标系 and 审图号. Another file of the same
form may be named by the setting ``MAP_FILE``.
"""

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

WIDTH, HEIGHT, PAD = 860.0, 440.0, 22.0
DEFAULT_FILE = Path(settings.BASE_DIR) / "static" / "map" / "bozhou.json"


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline: its kind, name, code, SVG path data and where its name stands."""

    kind: str
    name: str
    code: str
    path: str
    x: float | None
    y: float | None


@dataclass(frozen=True, slots=True)
class Projection:
    """Degrees to drawing units: equirectangular, true to scale at the middle latitude."""

    west: float
    north: float
    scale_x: float
    scale_y: float
    shift_x: float
    shift_y: float

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Return the place of a coordinate on the drawing."""
        return (
            round(self.shift_x + (longitude - self.west) * self.scale_x, 1),
            round(self.shift_y + (self.north - latitude) * self.scale_y, 1),
        )

    @property
    def unit_per_km(self) -> float:
        """Return how many drawing units a kilometre takes."""
        return self.scale_y / 111.2


@dataclass(frozen=True, slots=True)
class Map:
    """All shapes, the projection, and what has to be printed beside a map."""

    shapes: tuple[Shape, ...]
    projection: Projection
    note: str
    source: str
    approval: str

    def of(self, *kinds: str) -> list[Shape]:
        """Return the shapes of some kinds."""
        return [shape for shape in self.shapes if shape.kind in kinds]


def _rings(feature: dict[str, Any]) -> list[list[list[float]]]:
    geometry = feature["geometry"]
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    return [ring for polygon in polygons for ring in polygon]


def _projection(features: list[dict[str, Any]]) -> Projection:
    points = [point for f in features for ring in _rings(f) for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = min(
        (WIDTH - 2 * PAD) / ((east - west) * squeeze),
        (HEIGHT - 2 * PAD) / (north - south),
    )
    return Projection(
        west=west,
        north=north,
        scale_x=scale * squeeze,
        scale_y=scale,
        shift_x=(WIDTH - (east - west) * squeeze * scale) / 2,
        shift_y=(HEIGHT - (north - south) * scale) / 2,
    )


def _shape(feature: dict[str, Any], projection: Projection) -> Shape:
    facts = feature["properties"]
    parts = []
    for ring in _rings(feature):
        points = [projection.at(x, y) for x, y in ring]
        parts.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z")
    label = facts.get("label")
    x, y = projection.at(*label) if label else (None, None)
    return Shape(
        facts["kind"], facts["name"], facts.get("code", ""), "".join(parts), x, y
    )


@lru_cache(maxsize=2)
def _load(path: str, _changed: float) -> Map:
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    facts = data["properties"]
    projection = _projection(data["features"])
    return Map(
        shapes=tuple(_shape(feature, projection) for feature in data["features"]),
        projection=projection,
        note=facts.get("说明", ""),
        source=f"底图：{facts.get('来源', '未注明')}；{facts.get('年份', '')}；"
        f"{facts.get('坐标系', '')}",
        approval=facts.get("审图号", ""),
    )


def the_map() -> Map:
    """Return the map in force; a changed file is read anew."""
    path = Path(getattr(settings, "MAP_FILE", "") or DEFAULT_FILE)
    return _load(str(path), path.stat().st_mtime)


def to_wgs84(longitude: float, latitude: float, crs: str) -> tuple[float, float]:
    """Return a coordinate in WGS 84; GCJ-02 is undone to within some metres.

    CGCS 2000 differs from WGS 84 by centimetres and is passed through.
    """
    if crs != "GCJ02":
        return longitude, latitude
    shift_x, shift_y = _gcj_shift(longitude, latitude)
    return longitude - shift_x, latitude - shift_y


def _gcj_shift(longitude: float, latitude: float) -> tuple[float, float]:
    """Return by how many degrees GCJ-02 moves a WGS 84 point (public approximation)."""
    x, y = longitude - 105.0, latitude - 35.0
    wave = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    north = (
        -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
        + wave
        + (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
        + (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    )  # fmt: skip
    east = (
        300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
        + wave
        + (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
        + (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    )  # fmt: skip
    axis, ecc = 6378245.0, 0.00669342162296594323
    rad = math.radians(latitude)
    magic = 1 - ecc * math.sin(rad) ** 2
    root = math.sqrt(magic)
    return (
        east * 180 / (axis / root * math.cos(rad) * math.pi),
        north * 180 / (axis * (1 - ecc) / (magic * root) * math.pi),
    )
