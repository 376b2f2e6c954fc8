"""Reading the pictures of a data set."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Return a picture as H×W×3 BGR; ValueError if the file is none."""
    picture: Any = cv2.imread(str(path))
    if picture is None:
        raise ValueError(f"{path} is not a readable picture")
    return np.asarray(picture, np.uint8)
