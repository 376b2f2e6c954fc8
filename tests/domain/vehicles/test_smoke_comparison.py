"""A picture beside its background: depth, gain, noise, flicker and cast by formula."""

from dataclasses import replace
from math import log

import numpy as np
import pytest

from vehicles.domain.smoke.background import Background
from vehicles.domain.smoke.comparison import (
    Clean,
    Scene,
    Settings,
    airlight_of,
    compare,
)
from vehicles.domain.smoke.photometry import to_linear
from vehicles.domain.smoke.regions import Region, Window

AIR = 0.012


def grey(code: int, height: int = 60, width: int = 60) -> np.ndarray:
    return np.full((height, width, 3), code, np.uint8)


def clean_of(image: np.ndarray, settings: Settings | None = None) -> Clean:
    known = np.ones(image.shape[:2], bool)
    return Clean.of(Background(image, known), settings or Settings())


def light(code: int) -> float:
    return float(to_linear(np.array([code], np.uint8))[0])


def test_the_limits_of_the_method_are_those_that_were_chosen() -> None:
    given = Settings()
    assert (given.airlight, given.usual_road, given.most_veil) == (0.012, 0.12, 0.65)
    assert (given.least_depth, given.least_area) == (0.11, 0.10)
    assert (given.darkest_background, given.brightest_background) == (0.045, 0.92)
    assert (given.reach_side, given.reach_up, given.reach_down) == (1.3, 0.5, 1.3)
    assert (given.trail_side, given.trail_up, given.trail_down) == (0.35, 0.4, 0.15)
    assert (given.hug, given.hug_moving) == (0.10, 0.18)
    assert (given.apart, given.least_apart, given.ahead) == (0.25, 0.30, 0.6)
    assert (given.sharpest, given.flattest) == (14.0, 0.55)
    assert (given.most_cast, given.most_bright) == (0.25, 0.5)


@pytest.mark.parametrize(
    ("code", "usable"), [(58, False), (61, True), (245, True), (246, False)]
)
def test_a_background_is_neither_too_dark_nor_too_bright(code, usable) -> None:
    # 0.045 lies between the codes 59 and 60, 0.92 between 245 and 246.
    assert clean_of(grey(code)).usable.all() == usable
    unknown = Background(grey(100), np.zeros((60, 60), bool))
    assert not Clean.of(unknown, Settings()).usable.any()


def darkened(code: int = 60) -> np.ndarray:
    seen = grey(100)
    seen[20:40, 20:40] = code
    return seen


def test_depth_is_the_logarithm_of_the_light_that_passes() -> None:
    scene = compare(darkened(), clean_of(grey(100)), [], Settings())
    depth = scene.depth_in(scene.whole)
    wanted = -log((light(60) - AIR) / (light(100) - AIR))
    assert (scene.gain, scene.airlight) == (pytest.approx(1.0), AIR)
    assert depth[30, 30] == pytest.approx(wanted, abs=2e-4)
    assert depth[5, 5] == pytest.approx(0.0, abs=2e-4)
    # A pixel at the edge is the mean of three by three: six passed, three did not.
    ratio = (light(60) - AIR) / (light(100) - AIR)
    assert depth[30, 20] == pytest.approx(-log((6 * ratio + 3) / 9), abs=2e-4)
    assert depth[30, 18] == pytest.approx(0.0, abs=2e-4)


@pytest.mark.parametrize(
    ("code", "depth"), [(0, -log(0.02)), (255, -log(2.0))], ids=["black", "white"]
)
def test_depth_ends_at_two_percent_and_at_twice_the_light(code, depth) -> None:
    scene = compare(darkened(code), clean_of(grey(100)), [], Settings())
    assert scene.depth_in(scene.whole)[30, 30] == pytest.approx(depth, abs=2e-4)


def test_a_background_as_dark_as_soot_does_not_divide() -> None:
    settings = Settings(airlight=0.2, darkest_background=0.0)
    scene = compare(darkened(150), clean_of(grey(100), settings), [], settings)
    # 0.305 − 0.2 over a thousandth is far beyond twice the light.
    assert scene.depth_in(scene.whole)[30, 30] == pytest.approx(-log(2.0), abs=2e-4)
    faint = compare(grey(100), clean_of(grey(100), settings), [], settings)
    assert faint.depth_in(faint.whole)[30, 30] == pytest.approx(-log(0.02), abs=2e-4)
    near = Settings(airlight=light(100) - 2e-4, darkest_background=0.0)
    found = compare(grey(100), clean_of(grey(100), near), [], near)
    assert found.depth_in(found.whole)[30, 30] == pytest.approx(-log(0.2), abs=2e-2)


def test_exposure_is_the_middle_ratio_of_both() -> None:
    seen = darkened(100)
    seen[:] = 120
    seen[20:40, 20:40] = 60
    scene = compare(seen, clean_of(grey(100)), [], Settings())
    gain = light(120) / light(100)
    assert scene.gain == pytest.approx(gain, rel=1e-5)
    wanted = -log((light(60) - AIR) / (gain * light(100) - AIR))
    assert scene.depth_in(scene.whole)[30, 30] == pytest.approx(wanted, abs=3e-4)


def test_noise_is_the_fortieth_percentile_of_the_depth() -> None:
    seen = grey(100)
    for row in range(60):
        seen[row] = 70 + row
    scene = compare(seen, clean_of(grey(100)), [], Settings())
    depth = np.abs(scene.depth_in(scene.whole)[::3, ::3])
    assert scene.noise == pytest.approx(1.9 * np.percentile(depth, 40), abs=5e-4)
    assert scene.noise > 0.1
    rows = compare(np.swapaxes(seen, 0, 1), clean_of(grey(100)), [], Settings())
    assert rows.noise == pytest.approx(scene.noise, abs=1e-6)


def test_what_vehicles_hide_sets_neither_exposure_nor_noise() -> None:
    seen = grey(100)
    seen[:, :40] = 200
    box = (0.0, 0.0, 39.0, 59.0)
    scene = compare(seen, clean_of(grey(100)), [box], Settings())
    assert scene.gain == pytest.approx(1.0, abs=1e-5)
    assert scene.noise == pytest.approx(0.0, abs=1e-3)
    assert not scene.usable_in(scene.whole)[:, :40].any()
    assert scene.usable_in(scene.whole)[:, 40:].all()
    assert scene.hidden_in(Window(30, 0, 50, 10))[:, :10].all()
    assert not scene.hidden_in(Window(30, 0, 50, 10))[:, 10:].any()


@pytest.mark.parametrize(
    ("pixels", "there"), [(72, True), (71, False)], ids=["two percent", "less"]
)
def test_without_two_percent_to_compare_nothing_is_told(pixels, there) -> None:
    known = np.zeros(3600, bool)
    known[:pixels] = True
    clean = Clean.of(Background(grey(100), known.reshape(60, 60)), Settings())
    scene = compare(darkened(), clean, [], Settings())
    assert scene.bare.any() == there
    if not there:
        assert (scene.noise, scene.gain) == (1.0, 1.0)
        assert not scene.coded.any()
        assert scene.clean is None


def test_where_no_third_pixel_can_be_compared_all_are() -> None:
    known = np.zeros((60, 60), bool)
    known[1::3, 1::3] = True
    seen = grey(120)
    clean = Clean.of(Background(grey(100), known), Settings())
    gain = compare(seen, clean, [], Settings()).gain
    assert gain == pytest.approx(light(120) / light(100), rel=1e-5)


def test_a_plain_scene_has_the_depth_it_was_given() -> None:
    depth = np.zeros((6, 8), np.float32)
    depth[2, 3] = 0.5
    scene = Scene.plain(depth)
    assert (scene.noise, scene.gain, scene.airlight) == (0.0, 1.0, 0.0)
    assert scene.whole == Window(0, 0, 8, 6)
    assert scene.depth_in(scene.whole)[2, 3] == pytest.approx(0.5, abs=1e-4)
    assert scene.depth_in(Window(3, 2, 5, 4)).tolist() == [[0.5, 0.0], [0.0, 0.0]]
    assert scene.usable_in(scene.whole).all()


def test_flicker_is_the_middle_distance_from_the_pixels_around() -> None:
    depth = np.indices((60, 60)).sum(0).astype(np.float32) % 2 * 0.2
    # Of nine by nine pixels 41 are of one kind and 40 of the other.
    wanted = 1.48 * 0.2 * 40 / 81
    assert Scene.plain(depth).flicker == pytest.approx(wanted, abs=5e-4)
    blind = Scene(Scene.plain(depth).coded, np.zeros((60, 60), bool), (), 0.0, 1.0)
    assert blind.flicker == 0.0
    assert Scene.plain(np.zeros((60, 60), np.float32)).flicker == 0.0


def test_flicker_is_taken_where_depth_means_something() -> None:
    depth = np.indices((60, 60)).sum(0).astype(np.float32) % 2 * 0.2
    depth[:, 30:] = 0.0
    coded = Scene.plain(depth).coded
    bare = np.zeros((60, 60), bool)
    for columns, wanted in ((slice(40, 60), 0.0), (slice(0, 24), 1.48 * 0.2 * 40 / 81)):
        bare[:] = False
        bare[:, columns] = True
        found = Scene(coded, bare, (), 0.0, 1.0).flicker
        assert found == pytest.approx(wanted, abs=5e-4)


def test_cast_is_by_how_much_red_is_deeper_than_blue() -> None:
    seen = grey(120)
    seen[20:40, 20:40] = (70, 80, 60)
    scene = compare(seen, clean_of(grey(100)), [], Settings())
    mask = np.zeros((60, 60), bool)
    mask[24:36, 24:36] = True
    region = Region.tight(scene.whole, mask)
    red, blue = (
        -log((light(code) - AIR) / (scene.gain * light(100) - AIR)) for code in (60, 70)
    )
    assert scene.cast(region) == pytest.approx(red - blue, abs=1e-3)
    assert scene.cast(region) > 0.2
    assert scene.gain > 1.4
    assert replace(scene, seen=None).cast(region) == 0.0
    assert Scene.plain(np.zeros((60, 60), np.float32)).cast(region) == 0.0


def test_cast_is_taken_in_the_region_alone() -> None:
    seen = grey(100)
    seen[20:40, 20:40] = (70, 80, 60)
    seen[:20, :20] = (60, 80, 70)
    scene = compare(seen, clean_of(grey(100)), [], Settings())
    mask = np.zeros((60, 60), bool)
    mask[24:36, 24:36] = True
    right = scene.cast(Region.tight(scene.whole, mask))
    mask[:] = False
    mask[2:18, 2:18] = True
    assert scene.cast(Region.tight(scene.whole, mask)) == pytest.approx(
        -right, abs=1e-3
    )


def rows_of(*values: float, count: int = 100) -> tuple[list, list]:
    """Return pictures with a vehicle of so much light each, and its masks."""
    pictures, masks = [], []
    for value in values:
        picture = np.full((20, 20), 0.5, np.float32)
        mask = np.zeros(400, bool)
        mask[:count] = True
        picture.reshape(-1)[:count] = value
        pictures.append(picture)
        masks.append(mask.reshape(20, 20))
    return pictures, masks


@pytest.mark.parametrize(
    ("values", "road", "air"),
    [
        ((), 0.12, 0.012),
        ((), 0.06, 0.006),
        ((), 0.5, 0.012),
        ((0.03, 0.05, 0.04), 0.12, 0.04),
        ((0.001, 0.002), 0.12, 0.012),
        ((0.09, 0.09), 0.12, 0.078),
    ],
    ids=[
        "no vehicle",
        "no vehicle on a dark road",
        "no vehicle on a bright road",
        "the middle vehicle's",
        "not less than soot's own",
        "not more than 65 percent of the road",
    ],
)
def test_the_light_of_the_darkest_things_is_the_airs(values, road, air) -> None:
    found = airlight_of(*rows_of(*values), road, Settings())
    assert found == pytest.approx(air)


def test_a_vehicle_of_fewer_than_a_hundred_pixels_is_left_out() -> None:
    assert airlight_of(*rows_of(0.04, count=99), 0.12, Settings()) == 0.012
    assert airlight_of(*rows_of(0.04, count=100), 0.12, Settings()) == pytest.approx(
        0.04
    )


def test_two_percent_of_a_vehicle_may_be_darker_still() -> None:
    picture = np.full((10, 20), 0.05, np.float32)
    mask = np.ones((10, 20), bool)
    picture.reshape(-1)[:5] = [0.02, 0.021, 0.022, 0.023, 0.03]
    # rank 0.02 · 199 = 3.98 lies between the fourth and the fifth
    found = airlight_of([picture], [mask], 0.12, Settings())
    assert found == pytest.approx(0.023 + 0.98 * 0.007)
