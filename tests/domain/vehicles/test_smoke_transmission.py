"""The darkening at a vehicle: where it is looked for, how it is measured and named."""

from dataclasses import replace
from math import exp, hypot

import numpy as np
import pytest

from tests.domain.vehicles.smoke_lab import (
    BOX,
    HEIGHT,
    LOOSE,
    PLAIN,
    WIDTH,
    depth_of,
    seen,
)
from vehicles.domain.smoke.background import Background
from vehicles.domain.smoke.comparison import Clean, Scene
from vehicles.domain.smoke.regions import Window
from vehicles.domain.smoke.transmission import (
    Finding,
    Measure,
    _name,
    measure,
    search_window,
)


@pytest.mark.parametrize(
    ("box", "trail", "moving", "window", "places"),
    [
        (BOX, [], False, (20, 2, 181, 120), [(28, 10, 172, 120)]),
        (BOX, [BOX], True, (58, 6, 143, 85), [(66, 14, 134, 76)]),
        (
            BOX,
            [(40.0, 40.0, 60.0, 50.0)],
            False,
            (6, 2, 181, 120),
            [(28, 10, 172, 120), (14, 35, 86, 63)],
        ),
        (
            BOX,
            [(40.0, 40.0, 60.0, 50.0), (60.0, 50.0, 80.0, 60.0)],
            True,
            (25, 28, 96, 70),
            [(33, 36, 67, 51), (53, 46, 87, 61)],
        ),
        ((2.0, 2.0, 22.0, 12.0), [], False, (0, 0, 57, 34), [(0, 0, 48, 25)]),
    ],
    ids=[
        "standing: all around",
        "moving: where it was",
        "standing with a trail",
        "a trail of two",
        "at the corner of the picture",
    ],
)
def test_smoke_is_looked_for_around_a_vehicle_or_where_it_was(
    box, trail, moving, window, places
) -> None:
    found, mask = search_window(box, trail, HEIGHT, WIDTH, PLAIN, moving=moving)
    assert found == Window(*window)
    whole = np.zeros((HEIGHT, WIDTH), bool)
    for left, top, right, bottom in places:
        whole[top:bottom, left:right] = True
    assert (found.of(whole) == mask).all()
    assert mask.sum() == whole.sum()


@pytest.mark.parametrize(
    ("pixels", "finding"), [(60, Finding.NOTHING), (59, Finding.UNDETERMINED)]
)
def test_sixty_pixels_must_be_seen(pixels, finding) -> None:
    bare = np.zeros((HEIGHT, WIDTH), bool)
    bare[80, 40 : 40 + pixels] = True
    bare[40, 76:125] = True  # on the vehicle, or too near it
    scene = replace(Scene.plain(depth_of()), bare=bare)
    found = measure(scene, BOX, [], PLAIN)
    assert found.finding is finding
    assert (found.reason == "背景过暗、过亮或被遮挡") is (pixels == 59)


@pytest.mark.parametrize(
    ("noise", "depth", "reason"),
    [
        (0.0, 0.12, "背景被遮减、边缘未移动"),
        (0.0, 0.10, "未见变暗"),
        (0.1, 0.26, "背景被遮减、边缘未移动"),
        (0.1, 0.24, "未见变暗"),
        (0.24, 0.7, "背景被遮减、边缘未移动"),
        (0.241, 0.7, "画面噪声过大"),
    ],
)
def test_depth_counts_from_its_floor_and_beyond_the_noise(noise, depth, reason) -> None:
    assert seen((130, 40, 150, 60, depth), noise=noise).reason == reason


@pytest.mark.parametrize(
    ("part", "box", "there"),
    [
        ((126, 40, 146, 48), BOX, True),
        ((126, 40, 145, 48), BOX, False),
        ((112, 40, 118, 45), (100.0, 40.0, 110.0, 50.0), True),
        ((112, 40, 116, 47), (100.0, 40.0, 110.0, 50.0), False),
    ],
    ids=["a tenth of the vehicle", "less", "thirty pixels", "28 pixels"],
)
def test_a_plume_is_a_tenth_of_its_vehicle_and_thirty_pixels(part, box, there) -> None:
    found = seen((*part, 0.5), box=box)
    size = (part[2] - part[0]) * (part[3] - part[1])
    assert found.area == pytest.approx(size / ((box[2] - box[0]) * (box[3] - box[1])))
    assert found.finding is (Finding.PLUME if there else Finding.NOTHING)
    assert found.box == (tuple(map(float, part)) if there else None)


@pytest.mark.parametrize(
    ("part", "finding"),
    [
        ((126, 40, 146, 48), Finding.NOTHING),
        ((126, 40, 149, 47), Finding.BRIGHT),
        ((126, 40, 149, 47, -0.10), Finding.NOTHING),
        ((78, 32, 110, 68), Finding.NOTHING),
    ],
    ids=[
        "a tenth of the vehicle",
        "a pixel more",
        "within the floor",
        "on the vehicle",
    ],
)
def test_what_is_brighter_than_the_road_is_spray(part, finding) -> None:
    left, top, right, bottom, *depth = part
    found = seen((left, top, right, bottom, *(depth or [-0.5])))
    assert found.finding is finding


@pytest.mark.parametrize(
    ("part", "attached"),
    [
        ((134, 40, 154, 60), True),
        ((135, 40, 155, 60), False),
        ((46, 40, 66, 60), True),
        ((45, 40, 65, 60), False),
        ((90, 84, 110, 104), True),
        ((90, 85, 110, 105), False),
        ((134, 84, 154, 104), True),
    ],
    ids=["right", "too far", "left", "too far left", "below", "too far below", "askew"],
)
def test_a_plume_begins_within_a_third_of_a_width(part, attached) -> None:
    found = seen((*part, 0.5))
    assert found.finding is (Finding.PLUME if attached else Finding.NOTHING)


def test_above_its_vehicle_too() -> None:
    box = (80.0, 60.0, 120.0, 100.0)
    for top, there in ((40, True), (39, False)):
        found = seen((80, top, 118, top + 6, 0.5), box=box)
        assert (found.finding is Finding.PLUME) is there


@pytest.mark.parametrize(
    ("spot", "size"),
    [((130, 64, 134, 67), 12), ((130, 64, 133, 67), 0), ((130, 64, 142, 65), 0),
     ((150, 64, 154, 67), 0)],
    ids=["twelve pixels", "nine", "a line", "twelve too far away"],
)  # fmt: skip
def test_spots_of_twelve_pixels_near_the_vehicle_belong_to_it(spot, size) -> None:
    found = seen((126, 30, 146, 48, 0.5), (*spot, 0.5))
    assert found.area == pytest.approx((360 + size) / 1600)


def graded() -> np.ndarray:
    """Return 40 × 20 depths from faint to deep, beside the vehicle from 126, 35 on."""
    rng = np.random.RandomState(2)
    block = rng.uniform(0.5, 1.4, (20, 40)).astype(np.float32)
    block[:6] = 0.125
    block[6, :9] = 2.0
    return block


def test_the_core_is_the_ninetieth_percentile_of_what_is_deep() -> None:
    depth = depth_of()
    depth[35:55, 126:166] = graded()
    found = measure(Scene.plain(depth), BOX, [], LOOSE)
    inside = np.sort(graded().ravel())
    deep = inside[inside > 0.1 * np.percentile(inside, 99)]
    assert len(deep) == 560
    core = np.percentile(deep, 90)
    assert found.depth == pytest.approx(core, abs=3e-4)
    assert found.opacity == pytest.approx(1 - exp(-core), abs=3e-4)
    assert found.area == pytest.approx(800 / 1600)
    middle = np.median(inside)
    flat = np.abs(inside - middle) < 0.16 * middle + 0.02
    assert found.flatness == pytest.approx(flat.mean(), abs=3e-3)
    assert found.background == 0.0
    assert found.cast == 0.0
    assert found.box == (126.0, 35.0, 166.0, 55.0)


@pytest.mark.parametrize(
    ("other", "flat"), [(0.59, 1.0), (0.61, 0.5)], ids=["near the middle", "further"]
)
def test_flat_is_what_lies_within_a_sixth_of_the_middle(other, flat) -> None:
    # 0.16 · 0.5 + 0.02 is 0.1
    found = seen((126, 30, 146, 51, 0.5), (126, 51, 146, 71, other))
    assert found.flatness == pytest.approx(flat, abs=0.02)


@pytest.mark.parametrize(
    ("left", "apart"), [(131, 1.0), (130, 0.95), (126, 0.75), (121, 14 / 16)]
)
def test_apart_is_what_lies_a_quarter_of_a_width_off(left, apart) -> None:
    settings = LOOSE if left > 121 else replace(LOOSE, apart=0.15)
    found = seen((left, 40, left + 20, 60, 0.5), settings=settings)
    assert found.apart == pytest.approx(apart)


def sloped(parts, hidden, core) -> float:
    """Return the sharpness of the first part by formula."""
    depth = depth_of(*parts)
    d = np.pad(depth, 1, mode="reflect")
    across = (
        d[:-2, 2:]
        + 2 * d[1:-1, 2:]
        + d[2:, 2:]
        - d[:-2, :-2]
        - 2 * d[1:-1, :-2]
        - d[2:, :-2]
    )
    down = (
        d[2:, :-2]
        + 2 * d[2:, 1:-1]
        + d[2:, 2:]
        - d[:-2, :-2]
        - 2 * d[:-2, 1:-1]
        - d[:-2, 2:]
    )
    left, top, right, bottom, _ = parts[0]
    around = np.zeros(depth.shape, bool)
    around[top - 2 : bottom + 2, left - 2 : right + 2] = True
    if hidden:
        x1, y1, x2, y2 = (int(one) for one in hidden)
        around[y1 - 3 : y2 + 4, x1 - 3 : x2 + 4] = False
    slope = np.hypot(across[around], down[around]) / 8
    return float(np.percentile(slope, 92)) * 40 / core


@pytest.mark.parametrize("hidden", [None, BOX], ids=["no vehicle", "beside a vehicle"])
def test_sharpness_is_the_steepest_edge_in_cores_per_width(hidden) -> None:
    parts = [(126, 40, 146, 60, 0.3), (132, 46, 140, 54, 0.5)]
    found = seen(*parts, boxes=[hidden] if hidden else ())
    wanted = sloped(parts, hidden, found.depth)
    assert found.sharpness == pytest.approx(wanted, rel=2e-3)


@pytest.mark.parametrize(
    ("width", "rows", "blind"),
    [(6, 30, True), (7, 16, False), (7, 15, True)],
    ids=["hidden on both sides", "twenty pixels between", "nineteen"],
)
def test_an_edge_that_vehicles_hide_is_as_sharp_as_can_be(width, rows, blind) -> None:
    # Three pixels beside a vehicle say nothing; around reaches two beyond the part.
    right = 142 + width
    covers = [(125.0, 25.0, 141.0, 95.0), (float(right), 25.0, 170.0, 95.0)]
    found = seen(
        (142, 40, right, 40 + rows, 0.5),
        box=(100.0, 30.0, 140.0, 70.0),
        boxes=covers,
        settings=replace(LOOSE, hug=0.0, least_area=0.01),
    )
    assert (found.sharpness == 99.0) is blind


def on_road(light: float, noise: float = 0.0, settings=LOOSE) -> Measure:
    road = np.full((HEIGHT, WIDTH), light, np.float32)
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    clean = Clean(image, road, np.ones((HEIGHT, WIDTH), bool))
    scene = replace(
        Scene.plain(depth_of((126, 40, 146, 60, 0.5))), clean=clean, noise=noise
    )
    return measure(scene, BOX, [], settings)


@pytest.mark.parametrize(
    ("light", "noise", "veil"),
    [(0.112, 0.0, 0.1), (0.212, 0.1, 0.2), (0.012, 0.0, 0.001), (0.005, 0.0, 0.001)],
)
def test_doubt_is_noise_and_the_scattered_light_beside_the_road(
    light, noise, veil
) -> None:
    found = on_road(light, noise)
    passed = 1 - found.opacity
    assert found.sigma == pytest.approx(
        hypot(noise * passed, 0.3 * 0.012 / veil), rel=1e-4
    )
    assert found.background == pytest.approx(light)
    assert passed == pytest.approx(exp(-0.5), abs=3e-4)


def test_cast_is_the_colours_difference_beside_the_depth() -> None:
    image = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    shown = image.copy()
    shown[30:70, 126:166] = (100, 95, 80)
    known = np.ones((HEIGHT, WIDTH), bool)
    clean = Clean.of(Background(image, known), LOOSE)
    scene = replace(
        Scene.plain(depth_of((130, 36, 160, 64, 0.5))), clean=clean, seen=shown
    )
    found = measure(scene, BOX, [], LOOSE)
    assert found.region is not None
    assert found.cast == pytest.approx(scene.cast(found.region) / 0.5, rel=1e-3)
    assert found.cast > 0.5


def test_where_nothing_is_found_nothing_was_measured() -> None:
    found = seen()
    assert found == Measure(Finding.NOTHING, "未见变暗")
    numbers = (found.opacity, found.depth, found.sigma, found.area, found.flatness)
    assert numbers == (0.0, 0.0, 0.0, 0.0, 0.0)
    rest = (found.sharpness, found.apart, found.cast, found.background, found.ahead)
    assert rest == (0.0, 0.0, 0.0, 0.0, 0.0)
    assert (found.region, found.box) == (None, None)


SHAPE = Measure(
    Finding.PLUME, "烟", apart=0.30, sharpness=14.0, flatness=0.55, cast=0.25
)


@pytest.mark.parametrize(
    ("change", "bright", "finding", "reason"),
    [
        ({}, 50, Finding.PLUME, "烟"),
        ({}, 51, Finding.BRIGHT, "明暗混杂：水雾、扬尘或反光"),
        ({"apart": 0.29}, 0, Finding.SHADOW, "紧贴车身：车底阴影"),
        ({"sharpness": 14.1}, 0, Finding.OBJECT, "出现新的边缘：物体而非烟"),
        (
            {"sharpness": 14.1, "flatness": 0.56},
            0,
            Finding.SHADOW,
            "均匀变暗、边缘锐利：阴影",
        ),
        ({"cast": 0.26}, 0, Finding.OBJECT, "颜色改变：不是黑烟"),
        ({"cast": -0.51}, 0, Finding.OBJECT, "颜色改变：不是黑烟"),
        ({"cast": -0.5}, 0, Finding.PLUME, "烟"),
    ],
    ids=[
        "at every bound", "mixed with bright", "clings to the vehicle", "an edge",
        "a flat one", "too red", "too blue", "blue to the bound",
    ],
)  # fmt: skip
def test_a_darkening_is_named_by_its_shape(change, bright, finding, reason) -> None:
    assert _name(replace(SHAPE, **change), bright, 100, PLAIN) == (finding, reason)


def test_bright_pixels_beside_the_dark_ones_are_counted() -> None:
    dark = (126, 30, 146, 50, 0.5)
    half = seen(dark, (126, 54, 146, 64, -0.5))
    more = seen(dark, (126, 54, 146, 65, -0.5))
    assert (half.finding, more.finding) == (Finding.PLUME, Finding.BRIGHT)
