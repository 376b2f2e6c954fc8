"""The plate of a vehicle, read over its whole track and voted per character."""

from collections.abc import Sequence
from dataclasses import replace

from vehicles.domain import plates as rules
from vehicles.domain.smoke.photometry import Image
from vehicles.domain.smoke.voting import LEAST_CHARACTERS, Reading, Voted, vote
from vehicles.vision import plate_rows
from vehicles.vision.analysis import Profile
from vehicles.vision.clip import Crop
from vehicles.vision.plate_merge import merged
from vehicles.vision.plate_reader import FoundPlate, PlateReader

# Share of the widest plate's width that a reading must have to take part in the vote.
NEAR_PLATE = 0.8
# So many readings of the same well-formed text, each character this sure, are enough.
ENOUGH, SURE = 3, 0.9
# A plate is at most this share of its vehicle's width.
MOST_OF_VEHICLE = 0.5
# Small crops are enlarged by at most so much before a plate is looked for in them.
ENLARGE = 3.0
# The widest so many are laid on each other; what that shows counts as so many readings.
MERGED, MERGED_WEIGHT = 6, 2

_Found = list[tuple[Crop, FoundPlate]]


def read_plate(
    crops: Sequence[Crop], plates: PlateReader, profile: Profile
) -> tuple[Voted, Image | None, float | None]:
    """The voted plate, its best picture and the time of that picture."""
    found: _Found = []
    for crop in _in_turn(crops):
        seen = plates.find(crop.picture, most=1, enlarge=ENLARGE)
        found += [(crop, one) for one in seen if _plausible(one, crop)]
        if _settled(found):
            break
    if not found:
        return vote([]), None, None
    near = _near(found)
    crop, best = max(near, key=lambda pair: pair[1].reading.score)
    readings = [replace(one.reading, width=_width(one)) for _, one in near]
    if not _settled(found):
        readings += _together(near, plates)
    voted = vote(
        readings,
        home=profile.home,
        home_share=profile.home_share,
    )
    return voted, best.picture, crop.at


def _in_turn(crops: Sequence[Crop]) -> list[Crop]:
    """The widest whole one first, then the farthest from it in time, then by width.

    Two vehicles that one track mixes up are apart in time, so an early agreement says
    something.
    """
    if len(crops) < ENOUGH:
        return list(crops)
    widest, *others = sorted(
        crops, key=lambda one: (one.whole, one.width), reverse=True
    )
    far = max(others, key=lambda one: abs(one.at - widest.at))
    return [widest, far, *(one for one in others if one is not far)]


def _settled(found: _Found) -> bool:
    """Whether more pictures would hardly change the plate."""
    if len(found) < ENOUGH:
        return False
    readings = [one.reading for _, one in _near(found)]
    return (
        len(readings) >= ENOUGH
        and len({one.text for one in readings}) == 1
        and rules.is_valid(readings[0].text)
        and min(min(one.scores, default=0.0) for one in readings) >= SURE
    )


def _together(near: _Found, plates: PlateReader) -> list[Reading]:
    """What the near plates show when laid on each other."""
    widest = sorted((one for _, one in near), key=_width, reverse=True)[:MERGED]
    picture = merged([one.line for one in widest])
    if picture is None:
        return []
    reading = plates.read(picture)
    if widest[0].line is not widest[0].picture:
        reading = plate_rows.of_seven(reading)
    return [reading] * MERGED_WEIGHT


def _near(found: _Found) -> _Found:
    """Distant readings only add noise to near ones."""
    widest = max(_width(one) for _, one in found)
    return [(c, one) for c, one in found if _width(one) >= NEAR_PLATE * widest]


def _plausible(plate: FoundPlate, crop: Crop) -> bool:
    """Whether it is a plate and no stripe across the whole vehicle."""
    return (
        _width(plate) <= MOST_OF_VEHICLE * crop.width
        and len(plate.reading.text) >= LEAST_CHARACTERS
    )


def _width(plate: FoundPlate) -> float:
    return plate.box[2] - plate.box[0]
