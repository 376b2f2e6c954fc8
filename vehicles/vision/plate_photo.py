"""Read the plates of one photo from an officer's phone."""

from typing import Any

from vehicles.domain.plates import BORTALA
from vehicles.domain.smoke.voting import vote
from vehicles.services import plate_photos
from vehicles.vision import worker
from vehicles.vision.pictures import PictureError, decode_picture
from vehicles.vision.stills import look_at_still


def read_photo(token: str) -> int:
    """Read the photo of a token and leave the answer; returns how many plates."""
    path = plate_photos.photo_file(token)
    if not path.is_file():
        return 0
    try:
        picture = decode_picture(path.read_bytes())
    except PictureError as error:
        plate_photos.answer(token=token, plates=[], problem=str(error))
        return 0
    still = look_at_still(picture, eyes=worker.eyes(), plates=worker.plates())
    found: list[dict[str, Any]] = [
        {
            # The officer checks it anyway: the likelier province of two is a better start.
            "text": vote([one.reading], home=BORTALA[0]).text or one.reading.text,
            "color": str(one.reading.color),
            "score": round(float(one.score), 3),
        }
        for one in sorted(still.plates, key=lambda one: -one.score)
        if one.reading.text
    ]
    plate_photos.answer(token=token, plates=found)
    return len(found)
