"""What hides a plume, which pictures of a vehicle are measured, whose smoke it is."""

from collections.abc import Sequence

import numpy as np
import pytest

from bozhou_eco.common.video import Frame
from vehicles.domain.smoke.background import Background
from vehicles.domain.smoke.photometry import Image
from vehicles.domain.smoke.regions import Region, Window
from vehicles.domain.smoke.transmission import Finding, Measure
from vehicles.domain.smoke.verdict import Instant, Proposal, Thresholds, judge
from vehicles.vision.analysis import Profile
from vehicles.vision.attribution import settle_shared
from vehicles.vision.clip import Clip, Shot, hiding_boxes
from vehicles.vision.detector import Box, Detection, Seen
from vehicles.vision.judging import Judged, _otherwise, _recedes
from vehicles.vision.scenes import Scenes
from vehicles.vision.tracker import Sight, Track

WIDTH = 1000
CAR: Box = (300.0, 300.0, 400.0, 360.0)


def hidden(faint: Box, *, smoke: Sequence[tuple[float, Box]] = ()) -> bool:
    """Return whether a faint box beside a sure car hides the scene."""
    seen = Seen(
        vehicles=[Detection("car", 0.9, CAR)],
        faint=[Detection("car", 0.1, faint)],
        smoke=[Detection("smoke", score, box) for score, box in smoke],
    )
    boxes = hiding_boxes(seen, WIDTH)
    assert boxes[0] == CAR
    return faint in boxes


@pytest.mark.parametrize(
    ("faint", "hides"),
    [
        ((500.0, 300.0, 600.0, 360.0), True),
        ((0.0, 0.0, 751.0, 200.0), False),
        ((0.0, 0.0, 750.0, 200.0), True),
        ((200.0, 280.0, 450.0, 380.0), False),
        ((290.0, 290.0, 410.0, 370.0), True),
        ((361.0, 280.0, 661.0, 380.0), True),
    ],
    ids=[
        "a car beside it",
        "what fills the picture",
        "just not",
        "a large box around the car",
        "a second box of the car itself",
        "a large box over a part of the car",
    ],
)
def test_a_faint_box_hides_only_what_can_be_a_vehicle(faint, hides) -> None:
    assert hidden(faint) is hides


def test_a_faint_vehicle_where_smoke_is_surer_hides_nothing() -> None:
    place: Box = (500.0, 300.0, 600.0, 360.0)
    assert not hidden(place, smoke=[(0.2, place)])
    assert hidden(place, smoke=[(0.05, place)])
    assert hidden(place, smoke=[(0.2, (580.0, 300.0, 700.0, 360.0))])


def test_what_fills_the_picture_is_no_vehicle_however_sure() -> None:
    wide: Box = (0.0, 0.0, 751.0, 200.0)
    seen = Seen(vehicles=[Detection("car", 0.5, wide)], faint=[], smoke=[])
    assert hiding_boxes(seen, WIDTH) == []


class Fading:
    """Eyes that see a car, which smoke makes faint from its third picture on."""

    def __init__(self) -> None:
        self.seen = 0

    def look(self, image: Image) -> Seen:
        self.seen += 1
        left = 10.0 * self.seen
        car = Detection(
            "car", 0.9 if self.seen < 3 else 0.15, (left, 20.0, left + 60, 60.0)
        )
        sure = [car] if self.seen < 3 else []
        return Seen(vehicles=sure, faint=[] if sure else [car], smoke=[])


def test_a_vehicle_that_its_smoke_makes_faint_is_followed_on() -> None:
    clip, eyes = Clip(Profile(), 5.0), Fading()
    for number in range(6):
        clip.take(Frame(number / 5, np.zeros((90, 200, 3), np.uint8)), eyes)
    (track,) = clip.tracker.tracks.values()
    assert len(track.sights) == 6
    assert [len(shot.vehicles) for shot in clip.shots] == [1, 1, 0, 0, 0, 0]


def followed(*widths: float, number: int = 1) -> Track:
    """Return a track whose boxes have these widths, one every fifth of a second."""
    return Track(
        number,
        [
            Sight(n / 5, (100.0, 100.0, 100.0 + width, 150.0), 0.9, "car", n)
            for n, width in enumerate(widths)
        ],
    )


@pytest.mark.parametrize(
    ("widths", "measured"),
    [
        ((50, 60, 80, 80, 80, 80, 80), 5),
        ((50, 60, 80, 80, 80, 80), 5),
        ((46, 50, 60, 80, 80), 5),
        ((44, 60, 60, 60), 3),
        ((50, 50, 60, 60), None),
        ((800, 800, 60, 60), None),
    ],
    ids=[
        "enough near ones",
        "near ones are few",
        "farther still",
        "all that are near enough",
        "never near enough for long",
        "as large as the picture",
    ],
)
def test_farther_pictures_are_measured_where_near_ones_are_few(
    widths, measured
) -> None:
    clip = Clip(Profile(), 5.0)
    clip.width = WIDTH
    track = followed(*widths)
    assert clip.measurable(track) is (measured is not None)
    if measured is not None:
        assert len(clip.measured(track)) == measured


def test_a_vehicle_that_shrinks_drives_away() -> None:
    assert _recedes(followed(100, 90, 80, 70, 60, 50).sights)
    assert not _recedes(followed(50, 60, 70, 80, 90, 100).sights)
    assert not _recedes(followed(100, 100, 99, 98, 97, 96).sights)
    assert not _recedes(followed(80).sights)


def at_other_times(before: int, after: int) -> float | None:
    """Return how dark a plume's place is in other pictures: grey levels of the place."""
    clip = Clip(Profile(), 1.0)
    clip.width, clip.height = 120, 90
    place = np.s_[20:60, 30:70]
    for at in range(16):
        small = np.full((90, 120, 3), 128, np.uint8)
        small[place] = 60 if at == 6 else before if at < 6 else after
        clip.shots.append(Shot(float(at), small, [], [], []))
    scenes = Scenes(clip, Background(np.full((90, 120, 3), 128, np.uint8), KNOWN))
    region = Region(Window(30, 20, 70, 60), np.ones((40, 40), np.bool_))
    plume = Measure(Finding.PLUME, "烟", region=region)
    sight = Sight(6.0, (75.0, 20.0, 110.0, 60.0), 0.9, "car", 6)
    return _otherwise([(sight, Instant(6.0, plume, 0.0))], scenes)


KNOWN = np.ones((90, 120), np.bool_)


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (128, 128, 0.0),
        (60, 60, 1.0),
        (60, 180, 1.0),
        (180, 128, 0.0),
        (180, 180, None),
    ],
    ids=[
        "clear road",
        "always dark",
        "dark before, mist after",
        "mist before, clear after",
        "mist only",
    ],
)
def test_what_is_dark_at_other_times_too_is_not_its_smoke(before, after, share) -> None:
    found = at_other_times(before, after)
    assert found == (share if share is None else pytest.approx(share, abs=0.02))


def judged(
    number: int, pictures: int, *, depth: float, area: float, begins: float = 0.0
) -> Judged:
    """Return a vehicle with the same plume, at the same place, in its pictures."""
    region = Region(Window(100, 100, 150, 150), np.ones((50, 50), np.bool_))
    plume = Measure(
        Finding.PLUME,
        "烟",
        opacity=1 - float(np.exp(-depth)),
        depth=depth,
        sigma=0.02,
        area=area,
        region=region,
    )
    sights = [
        Sight(begins + n / 5, (150.0, 100.0, 250.0, 150.0), 0.9, "car", n)
        for n in range(pictures)
    ]
    instants = [(one, Instant(one.at, plume, 0.3)) for one in sights]
    found = judge([one for _, one in instants], Thresholds(), lingering=0.6)
    return Track(number, sights), instants, found


def test_smoke_belongs_to_whom_it_was_seen_behind_most() -> None:
    source = judged(1, 14, depth=1.1, area=1.0)
    follower = judged(2, 4, depth=1.2, area=1.4, begins=3.0)
    (kept,) = settle_shared([follower, source])
    assert kept[0].number == 1


@pytest.mark.parametrize(
    ("pictures", "told"),
    [(10, ""), (11, "同一烟羽中另有 1 辆车（烟量为其 79%），须核对由谁排出")],
    ids=["less soot", "nearly as much soot"],
)
def test_a_rival_in_the_same_plume_is_told(pictures: int, told: str) -> None:
    source = judged(1, 14, depth=1.0, area=1.0)
    (kept,) = settle_shared([judged(2, pictures, depth=1.0, area=1.0), source])
    assert kept[0].number == 1
    assert kept[2].reason == source[2].reason + (f"；{told}" if told else "")


def test_air_full_of_smoke_does_not_outweigh_its_source() -> None:
    source = judged(1, 6, depth=1.2, area=1.2)
    follower = judged(2, 5, depth=1.1, area=4.0, begins=1.0)
    (kept,) = settle_shared([follower, source])
    assert kept[0].number == 1


def test_four_seconds_later_the_air_is_another_ones() -> None:
    early = judged(1, 5, depth=1.2, area=1.0)
    assert (
        len(settle_shared([early, judged(2, 5, depth=1.0, area=1.0, begins=3.0)])) == 1
    )
    late = judged(2, 5, depth=1.0, area=1.0, begins=9.0)
    kept = settle_shared([early, late])
    assert [one[0].number for one in kept] == [1, 2]
    assert all(one[2].proposal is Proposal.SMOKE for one in kept)
