"""Light as numbers: sRGB pixels to linear light and back.

Transmission is a ratio of radiances, so it has to be taken in linear light;
the same ratio on gamma-coded pixels reads dark plumes about a level too low.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Light = NDArray[np.float32]

# Rec. 709 luminance weights in BGR order (IEC 61966-2-1).
LUMINANCE_BGR: Final = np.array([0.0722, 0.7152, 0.2126], dtype=np.float32)


def _decode_table() -> Light:
    coded = np.arange(256, dtype=np.float64) / 255.0
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


_DECODE: Final = _decode_table()
# Fine enough that no code is off by more than a rounding.
_STEPS: Final = 1 << 14


def _encode_table() -> Image:
    light = np.arange(_STEPS + 1, dtype=np.float64) / _STEPS
    coded = np.where(
        light <= 0.0031308, light * 12.92, 1.055 * np.power(light, 1 / 2.4) - 0.055
    )
    return (coded * 255.0 + 0.5).astype(np.uint8)


_ENCODE: Final = _encode_table()


def to_linear(image: Image) -> Light:
    """Decode sRGB (IEC 61966-2-1) to linear light, any shape, 0..255 to 0..1."""
    return _DECODE[image]


def to_coded(light: Light) -> Image:
    """Encode linear light (0..1, clipped) as 8-bit sRGB."""
    steps = np.clip(light, 0.0, 1.0) * _STEPS + 0.5
    return _ENCODE[steps.astype(np.int32)]


def luminance(image: Image) -> Light:
    """Linear luminance H×W (0..1) of an H×W×3 BGR image."""
    result: Light = cv2.transform(cv2.LUT(image, _DECODE), LUMINANCE_BGR[None])
    return result
