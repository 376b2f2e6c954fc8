"""A clip gathered: vehicles and smoke per picture, tracks, working copies, crops.

Each picture goes through the detector at full size; a copy 640 pixels wide is kept for
photometry, and crops of large vehicles for the plate. Nothing else of it stays.
"""

from dataclasses import dataclass, replace

import cv2

from bozhou_eco.common.video import Frame
from vehicles.domain.smoke.background import Background, build_background
from vehicles.domain.smoke.photometry import Image
from vehicles.domain.smoke.regions import Box, Mask, box_mask
from vehicles.domain.smoke.tracks import overlap
from vehicles.vision.analysis import Profile
from vehicles.vision.detector import Detection, Eyes, Seen
from vehicles.vision.tracker import Sight, Track, Tracker

WORK_WIDTH = 640
# Shares of the picture from which a vehicle is measured, near ones first: the farther
# only where the nearer give too few pictures. What never reaches the second is too far.
NEAR_WIDTHS, ENOUGH_SIGHTS = (0.07, 0.055, 0.045), 5
LEAST_WIDTH = 0.055
# What fills the picture is a cloud taken for a vehicle, or leaves nothing to compare.
MOST_WIDTH = 0.75
LEAST_SIGHTS = 3
HIDING_MARGIN = 0.06
# Share of a vehicle inside a faint box that many times its size: it is no vehicle.
SWALLOWED, MUCH_LARGER = 0.6, 2.5
# Overlap from which a faint vehicle and surer smoke are the same thing.
SAME_AS_SMOKE = 0.5
BACKGROUND_PICTURES = 40
CROPS_KEPT = 8
CROP_LEAST_WIDTH = 90
# A box that ends so near the picture's foot goes on below it, pixels.
FOOT_MARGIN = 3


@dataclass
class Shot:
    """A picture: its working copy, what was found in it, boxes that hide the scene."""

    at: float
    small: Image
    vehicles: list[Detection]
    smoke: list[Detection]
    hiding: list[Box]


@dataclass
class Crop:
    """A large vehicle cut out at full size, for its plate."""

    at: float
    width: float
    picture: Image
    # Whether its foot, where the plate is, lies in the picture.
    whole: bool = True


def _worth(crop: Crop) -> tuple[bool, float]:
    """Those that show the plate first, then by width."""
    return crop.whole, crop.width


class Clip:
    """Everything gathered from one clip before it is judged."""

    def __init__(self, profile: Profile, per_second: float) -> None:
        self.profile = profile
        self.shots: list[Shot] = []
        self.tracker = Tracker(per_second=per_second)
        self.crops: dict[int, list[Crop]] = {}
        self.width = self.height = 0
        self.notes: list[str] = []

    @property
    def scale(self) -> float:
        """Working pixels per full-size pixel."""
        return min(1.0, WORK_WIDTH / max(self.width, self.height, 1))

    def take(self, frame: Frame, eyes: Eyes) -> None:
        """Look at a frame and keep what is needed of it."""
        height, width = frame.image.shape[:2]
        if not self.width:
            self.width, self.height = width, height
        elif (width, height) != (self.width, self.height):
            self.notes.append(f"{frame.at:.1f}s 画面尺寸改变，已忽略")
            return
        seen = eyes.look(frame.image)
        small = shrunk(frame.image, self.scale)
        hiding = hiding_boxes(seen, width)
        self.shots.append(Shot(frame.at, small, seen.vehicles, seen.smoke, hiding))
        # Faint boxes carry on what is followed already: soot makes its vehicle faint.
        followed = [*seen.vehicles, *(f for f in seen.faint if f.box in hiding)]
        self.tracker.add(frame.at, len(self.shots) - 1, followed)
        self._keep_crops(frame)

    def _keep_crops(self, frame: Frame) -> None:
        """Cut out vehicles of this frame; the best ``CROPS_KEPT`` of a track stay."""
        last = len(self.shots) - 1
        for track in self.tracker.tracks.values():
            sight = track.sights[-1]
            x1, y1, x2, y2 = sight.box
            if sight.index != last or x2 - x1 < CROP_LEAST_WIDTH:
                continue
            kept = self.crops.setdefault(track.number, [])
            crop = Crop(frame.at, x2 - x1, frame.image, y2 < self.height - FOOT_MARGIN)
            if len(kept) >= CROPS_KEPT and _worth(crop) <= _worth(kept[-1]):
                continue
            top = int(max(y1 + 0.25 * (y2 - y1), 0))
            cut = frame.image[top : int(y2) + 1, max(int(x1), 0) : int(x2) + 1]
            kept.append(replace(crop, picture=cut.copy()))
            kept.sort(key=_worth, reverse=True)
            del kept[CROPS_KEPT:]

    def hidden(self, shot: Shot) -> Mask:
        """Where vehicles hide the scene, working size."""
        height, width = shot.small.shape[:2]
        boxes = [scaled(one, self.scale) for one in shot.hiding]
        return box_mask(height, width, boxes, margin=HIDING_MARGIN)

    def background(self) -> Background | None:
        """The clean scene of this clip, with the camera's own where hidden."""
        if not self.shots:
            return None
        step = max(len(self.shots) // BACKGROUND_PICTURES, 1)
        chosen = self.shots[::step]
        prior = self.profile.background
        if prior is not None and prior.image.shape != chosen[0].small.shape:
            prior = None
        masks = [self.hidden(shot) for shot in chosen]
        return build_background([s.small for s in chosen], masks, prior=prior)

    def measurable(self, track: Track) -> bool:
        """Whether a vehicle was near enough for long enough."""
        return len(self._wider(track, LEAST_WIDTH)) >= LEAST_SIGHTS

    def measured(self, track: Track) -> list[tuple[int, Sight]]:
        """The sights to measure, with their places: near ones, or where few, more."""
        sights: list[tuple[int, Sight]] = []
        for share in NEAR_WIDTHS:
            sights = self._wider(track, share)
            if len(sights) >= ENOUGH_SIGHTS:
                break
        return sights

    def _wider(self, track: Track, share: float) -> list[tuple[int, Sight]]:
        least, most = share * self.width, MOST_WIDTH * self.width
        return [
            (number, one)
            for number, one in enumerate(track.sights)
            if least <= one.box[2] - one.box[0] <= most
        ]


def hiding_boxes(seen: Seen, width: int) -> list[Box]:
    """Boxes behind which the scene is not seen: vehicles, faint ones too if they can be.

    A box that fills the picture is no vehicle, nor is a faint one that swallows a vehicle
    much smaller than itself or lies where smoke is seen rather; they must not hide the
    plume.
    """
    most = MOST_WIDTH * width
    sure = [one.box for one in seen.vehicles if one.box[2] - one.box[0] <= most]
    return sure + [
        one.box
        for one in seen.faint
        if one.box[2] - one.box[0] <= most
        and not any(_swallows(one.box, vehicle) for vehicle in sure)
        and not any(
            smoke.score > one.score and overlap(smoke.box, one.box) > SAME_AS_SMOKE
            for smoke in seen.smoke
        )
    ]


def _swallows(large: Box, small: Box) -> bool:
    width = min(large[2], small[2]) - max(large[0], small[0])
    height = min(large[3], small[3]) - max(large[1], small[1])
    if width <= 0 or height <= 0:
        return False
    own, its = ((box[2] - box[0]) * (box[3] - box[1]) for box in (large, small))
    return width * height > SWALLOWED * its and own > MUCH_LARGER * its


def scaled(box: Box, scale: float) -> Box:
    """A box in pixels of another size."""
    return (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)


def shrunk(image: Image, scale: float) -> Image:
    """A picture at ``scale`` (≤ 1) of its size.

    Averaging over whole pixels is fast, over parts of pixels ten times slower: what whole
    pixels leave is interpolated.
    """
    height, width = image.shape[:2]
    target = round(width * scale), round(height * scale)
    whole = int(1 / scale + 1e-6)
    if whole >= 2:
        even = image[: height // whole * whole, : width // whole * whole]
        size = width // whole, height // whole
        image = cv2.resize(even, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    if image.shape[:2] == target[::-1]:
        return image
    result: Image = cv2.resize(image, target, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    return result
