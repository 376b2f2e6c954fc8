"""The plate of a vehicle, read over its whole track and voted per character."""

from collections.abc import Sequence

from vehicles.domain.smoke.photometry import Image
from vehicles.domain.smoke.voting import Voted, vote
from vehicles.vision.clip import Crop
from vehicles.vision.plate_reader import FoundPlate, PlateReader

# Share of the widest plate's width that a reading must have to take part in the vote.
NEAR_PLATE = 0.8


def read_plate(
    crops: Sequence[Crop], plates: PlateReader, home: str
) -> tuple[Voted, Image | None, float | None]:
    """The voted plate, its best picture and the time of that picture."""
    found = [(crop, one) for crop in crops for one in plates.find(crop.picture, most=1)]
    if not found:
        return vote([], home=home), None, None
    # Distant readings only add noise to near ones.
    widest = max(_width(one) for _, one in found)
    near = [(c, one) for c, one in found if _width(one) >= NEAR_PLATE * widest]
    crop, best = max(near, key=lambda pair: pair[1].reading.score)
    voted = vote([one.reading for _, one in near], home=home)
    return voted, best.picture, crop.at


def _width(plate: FoundPlate) -> float:
    return plate.box[2] - plate.box[0]
