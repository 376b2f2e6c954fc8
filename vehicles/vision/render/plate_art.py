"""Plates drawn after GA 36-2018: proportions, colours, characters of a free font."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from vehicles.domain.smoke.photometry import Image

# Ground and ink by colour, BGR.
COLOURS = {
    "yellow": ((30, 176, 238), (24, 22, 22)),
    "blue": ((148, 62, 18), (240, 240, 240)),
    "green": ((120, 190, 130), (24, 24, 24)),
    "white": ((232, 232, 232), (24, 24, 24)),
}
FONT_PATHS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyhbd.ttc",
)


class NoFontError(RuntimeError):
    """No font with Chinese characters was found on this machine."""


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    for path in FONT_PATHS:
        if Path(path).exists():
            return ImageFont.truetype(path, size)
    raise NoFontError("drawing plates needs a Chinese font: apt install fonts-noto-cjk")


def draw_plate(text: str, colour: str = "yellow", scale: float = 1.0) -> Image:
    """A single-row plate 440×140 mm at ``scale`` px per mm: ``新E·0K73X``."""
    width, height = int(440 * scale), int(140 * scale)
    ground, ink = COLOURS[colour]
    big = Pillow.new("RGB", (880, 280), ground[::-1])
    draw = ImageDraw.Draw(big)
    draw.rounded_rectangle((8, 8, 871, 271), 18, outline=ink[::-1], width=6)
    characters = [char for char in text if char not in "·- "]
    step, x = 114, 31
    for number, char in enumerate(characters[:8]):
        if len(characters) == 8:
            step = 102
        if number == 2:
            draw.ellipse((x + 4, 132, x + 20, 148), fill=ink[::-1])
            x += 26
        glyph = _glyph(char, ink[::-1], ground[::-1])
        big.paste(glyph, (x, 50))
        x += step
    coded = np.asarray(big)[..., ::-1]
    return cv2.resize(coded, (width, height), interpolation=cv2.INTER_AREA)


# Wide letters are too thin when a text font is squeezed into the cell. The plate face
# keeps its stroke, so they are drawn from strokes: corners in shares of the cell.
STROKE = 17
STROKES: dict[str, tuple[tuple[float, float], ...]] = {
    "M": ((0.0, 1.0), (0.0, 0.0), (0.5, 0.62), (1.0, 0.0), (1.0, 1.0)),
    "N": ((0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (1.0, 0.0)),
    "W": ((0.0, 0.0), (0.25, 1.0), (0.5, 0.28), (0.75, 1.0), (1.0, 0.0)),
    "Q": ((0.5, 0.66), (1.0, 1.0)),  # only the tail, over the font's own ring
}
WHOLLY_STROKED = frozenset("MNW")


def _stroked(cell: Image, char: str, ink: tuple[int, ...]) -> Image:
    """The cell with a letter's even strokes; ends at its edge are cut level by it."""
    inset = STROKE / 2
    for begin, end in zip(STROKES[char][:-1], STROKES[char][1:], strict=True):
        ends = np.array([begin, end])
        places = inset + ends * [89 - STROKE, 179 - STROKE]
        along = places[1] - places[0]
        along *= inset / max(float(np.hypot(*along)), 1e-6)
        outward = np.isin(ends[:, 1], (0.0, 1.0))
        first = places[0] - along * outward[0]
        last = places[1] + along * outward[1]
        cv2.line(
            cell,
            (round(float(first[0])), round(float(first[1]))),
            (round(float(last[0])), round(float(last[1]))),
            [int(v) for v in ink],
            STROKE,
            cv2.LINE_AA,
        )
    return cell


def _glyph(char: str, ink: tuple[int, ...], ground: tuple[int, ...]) -> Pillow.Image:
    """One character stretched to the standard's 45×90 mm cell (90×180 px)."""
    empty = np.empty((180, 90, 3), np.uint8)
    empty[:] = ground
    if char in WHOLLY_STROKED:
        return Pillow.fromarray(_stroked(empty, char, ink))
    font = _font(200)
    left, top, right, bottom = font.getbbox(char)
    cell = Pillow.new("RGB", (int(right - left), int(bottom - top)), ground)
    ImageDraw.Draw(cell).text((-left, -top), char, font=font, fill=ink)
    wide = 40 if char in "1I" else 86
    shaped = cell.resize((wide, 180))
    framed = Pillow.new("RGB", (90, 180), ground)
    framed.paste(shaped, ((90 - wide) // 2, 0))
    if char in STROKES:
        return Pillow.fromarray(_stroked(np.array(framed), char, ink))
    return framed
