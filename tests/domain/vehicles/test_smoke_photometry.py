"""Linear light, clean backgrounds, and transmission against them."""

import numpy as np
import pytest

from vehicles.domain.smoke.background import Background, blend, build_background
from vehicles.domain.smoke.comparison import Clean, Settings, compare
from vehicles.domain.smoke.photometry import luminance, to_coded, to_linear
from vehicles.domain.smoke.regions import box_mask, widened
from vehicles.domain.smoke.transmission import Finding, measure

HEIGHT, WIDTH = 180, 320
VEHICLE = (130.0, 40.0, 190.0, 100.0)


def road(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    light = 0.12 * (1 + 0.06 * rng.standard_normal((HEIGHT, WIDTH, 1)))
    return to_coded(np.repeat(light, 3, axis=2).astype(np.float32))


def bell(x: float, y: float, radius: float, depth: float) -> np.ndarray:
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH]
    return depth * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / radius**2)


def through(image: np.ndarray, depth: np.ndarray, air: float = 0.012) -> np.ndarray:
    passed = np.exp(-depth)[..., None]
    return to_coded((to_linear(image) * passed + air * (1 - passed)).astype(np.float32))


def look(seen: np.ndarray, background: np.ndarray) -> object:
    known = np.ones((HEIGHT, WIDTH), bool)
    clean = Clean.of(Background(background, known), Settings())
    scene = compare(seen, clean, [widened(VEHICLE, 0.06)], Settings())
    return measure(scene, VEHICLE, [], Settings())


def test_coding_and_decoding_return_every_value() -> None:
    values = np.arange(256, dtype=np.uint8)
    assert (to_coded(to_linear(values)) == values).all()


def test_middle_grey_is_a_fifth_of_the_light() -> None:
    assert to_linear(np.array([188], np.uint8))[0] == pytest.approx(0.503, abs=0.002)
    assert luminance(np.full((1, 1, 3), 255, np.uint8))[0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize("level", [1.0, 2.0, 3.0, 4.0])
def test_opacity_of_a_known_plume_is_found(level: float) -> None:
    clean = road()
    depth = bell(160, 135, 28, 1.0)
    core = np.percentile(depth[depth > 0.1], 90)
    depth *= -np.log(1 - level / 5) / core
    found = look(through(clean, depth), clean)
    assert found.finding is Finding.PLUME
    assert 5 * found.opacity == pytest.approx(level, abs=0.35)
    assert found.sigma < 0.15


def test_exposure_that_changes_is_evened_out() -> None:
    clean = road()
    depth = bell(160, 135, 28, 1.2)
    seen = to_coded(to_linear(through(clean, depth)) * 1.3)
    plain, brighter = look(through(clean, depth), clean), look(seen, clean)
    assert brighter.opacity == pytest.approx(plain.opacity, abs=0.02)


def test_flat_region_with_sharp_edges_is_a_shadow() -> None:
    clean = road()
    depth = np.zeros((HEIGHT, WIDTH))
    depth[110:160, 120:210] = 0.9
    found = look(through(clean, depth, air=0.0), clean)
    assert found.finding is Finding.SHADOW
    assert found.reason == "均匀变暗、边缘锐利：阴影"


def test_dark_object_with_its_own_edges_is_no_plume() -> None:
    clean = road()
    seen = clean.copy()
    rng = np.random.default_rng(3)
    cells = rng.integers(10, 90, (10, 18, 1)).astype(np.uint8)
    seen[110:160, 120:210] = np.kron(cells, np.ones((5, 5, 3), np.uint8))
    assert look(seen, clean).finding is Finding.OBJECT


def test_spray_is_brighter_than_the_road() -> None:
    clean = road()
    found = look(through(clean, bell(160, 135, 30, 0.9), air=0.5), clean)
    assert found.finding is Finding.BRIGHT


def test_clean_road_shows_nothing() -> None:
    found = look(road(seed=1), road(seed=1))
    assert found.finding is Finding.NOTHING
    assert found.opacity == 0.0


def test_night_road_is_undetermined() -> None:
    dark = to_coded(to_linear(road()) * 0.1)
    found = look(through(dark, bell(160, 135, 28, 1.5)), dark)
    assert found.finding is Finding.UNDETERMINED


def test_background_never_holds_a_vehicle_that_passed() -> None:
    clean = road()
    pictures, masks = [], []
    for x in range(0, 300, 30):
        box = (float(x), 60.0, float(x + 40), 110.0)
        picture = clean.copy()
        picture[60:111, x : x + 41] = 255
        pictures.append(picture)
        masks.append(box_mask(HEIGHT, WIDTH, [box], margin=0.1))
    built = build_background(pictures, masks)
    assert built.known.all()
    assert (built.image == clean).all()


def test_always_covered_pixels_stay_unknown_or_come_from_before() -> None:
    clean = road()
    mask = box_mask(HEIGHT, WIDTH, [VEHICLE])
    fresh = build_background([clean] * 6, [mask] * 6)
    assert not fresh.known[70, 160]
    earlier = build_background([clean] * 6, [np.zeros_like(mask)] * 6)
    with_prior = build_background([clean] * 6, [mask] * 6, prior=earlier)
    assert with_prior.known.all()
    assert (with_prior.image == clean).all()
    assert blend(earlier, fresh).known.all()


def test_background_needs_pictures() -> None:
    with pytest.raises(ValueError, match="needs pictures"):
        build_background([], [])
