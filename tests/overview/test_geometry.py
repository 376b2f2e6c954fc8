import json
from pathlib import Path
from typing import Any

import pytest

from bozhou_eco.overview.geometry import DEFAULT_FILE, HEIGHT, WIDTH, the_map, to_wgs84


def test_default_file_names_its_source_and_has_four_counties() -> None:
    drawing = the_map()
    counties = {shape.name for shape in drawing.of("county")}
    assert counties == {"博乐市", "阿拉山口市", "精河县", "温泉县"}
    facts = json.loads(DEFAULT_FILE.read_text())["properties"]
    assert {"来源", "年份", "坐标系", "审图号"} <= set(facts)


@pytest.mark.parametrize(
    ("longitude", "latitude"), [(82.07, 44.90), (82.56, 45.17), (82.89, 44.60)]
)
def test_towns_lie_inside_the_drawing(longitude: float, latitude: float) -> None:
    x, y = the_map().projection.at(longitude, latitude)
    assert 0 < x < WIDTH
    assert 0 < y < HEIGHT


def test_east_is_right_and_north_is_up() -> None:
    at = the_map().projection.at
    assert at(82.5, 44.9)[0] > at(82.0, 44.9)[0]
    assert at(82.0, 45.1)[1] < at(82.0, 44.9)[1]


def test_a_kilometre_is_the_same_both_ways() -> None:
    projection = the_map().projection
    ratio = projection.scale_x / projection.scale_y
    assert ratio == pytest.approx(0.7083, abs=0.01)


def test_another_file_replaces_it(tmp_path: Path, settings: Any) -> None:
    square = [[[80.0, 44.0], [84.0, 44.0], [84.0, 45.0], [80.0, 44.0]]]
    data = {
        "type": "FeatureCollection",
        "properties": {"说明": "正式底图", "审图号": "新S（2027）001号"},
        "features": [
            {
                "type": "Feature",
                "properties": {"kind": "outline", "name": "州界"},
                "geometry": {"type": "Polygon", "coordinates": square},
            }
        ],
    }
    path = tmp_path / "map.json"
    path.write_text(json.dumps(data, ensure_ascii=False))
    settings.MAP_FILE = str(path)
    assert the_map().approval == "新S（2027）001号"
    assert [shape.kind for shape in the_map().shapes] == ["outline"]


def test_gcj02_at_bole_is_moved_back_by_the_known_offset() -> None:
    longitude, latitude = to_wgs84(82.07, 44.90, "GCJ02")
    east = (82.07 - longitude) * 111_320 * 0.7083
    north = (44.90 - latitude) * 111_200
    assert east == pytest.approx(259, abs=15)
    assert north == pytest.approx(114, abs=15)


def test_wgs84_and_cgcs2000_are_left_alone() -> None:
    assert to_wgs84(82.07, 44.9, "WGS84") == (82.07, 44.9)
    assert to_wgs84(82.07, 44.9, "CGCS2000") == (82.07, 44.9)
