"""Plates drawn after GA 36-2018: proportions, colours, its face (``plate_face``)."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from vehicles.domain.smoke.photometry import Image
from vehicles.vision.render import plate_face

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
    ground, ink = (one[::-1] for one in COLOURS[colour])
    big = _blank(280, ground, ink)
    draw = ImageDraw.Draw(big)
    characters = _characters(text)
    # Pitch 57 mm and 34 mm between the second and third; eight stand a little closer.
    step, x, gap = (114, 31, 44) if len(characters) < 8 else (99, 24, 36)
    for number, char in enumerate(characters[:8]):
        if number == 2:
            middle = x - step + 90 + (step - 90 + gap) // 2
            draw.ellipse((middle - 10, 130, middle + 10, 150), fill=ink)
            x += gap
        big.paste(_glyph(char, ink, ground), (x, 50))
        x += step
    return _scaled(big, scale)


def draw_two_rows(text: str, colour: str = "yellow", scale: float = 1.0) -> Image:
    """The rear plate of large vehicles, 440×220 mm: province and letter on top.

    Upper characters 80×60 mm, lower ones 65×110 mm at a pitch of 80 mm.
    """
    ground, ink = (one[::-1] for one in COLOURS[colour])
    big = _blank(440, ground, ink)
    characters = _characters(text)
    for char, x in zip(characters[:2], (220, 500), strict=True):
        big.paste(_glyph(char, ink, ground).resize((160, 120)), (x, 30))
    ImageDraw.Draw(big).ellipse((430, 80, 450, 100), fill=ink)
    for number, char in enumerate(characters[2:7]):
        glyph = _glyph(char, ink, ground).resize((130, 220))
        big.paste(glyph, (55 + number * 160, 190))
    return _scaled(big, scale)


def _characters(text: str) -> list[str]:
    return [char for char in text if char not in "·- "]


def _blank(height: int, ground: tuple[int, ...], ink: tuple[int, ...]) -> Pillow.Image:
    """An empty plate 880 pixels wide, RGB, with its frame."""
    big = Pillow.new("RGB", (880, height), ground)
    frame = (8, 8, 871, height - 9)
    ImageDraw.Draw(big).rounded_rectangle(frame, 18, outline=ink, width=6)
    return big


def _scaled(big: Pillow.Image, scale: float) -> Image:
    coded = np.asarray(big)[..., ::-1]
    size = int(big.width / 2 * scale), int(big.height / 2 * scale)
    return cv2.resize(coded, size, interpolation=cv2.INTER_AREA)


def _glyph(char: str, ink: tuple[int, ...], ground: tuple[int, ...]) -> Pillow.Image:
    """One character in the standard's 45×90 mm cell (90×180 px)."""
    if plate_face.drawn(char):
        amount = cv2.resize(
            plate_face.glyph(char), (90, 180), interpolation=cv2.INTER_AREA
        )[..., None]
        mixed = np.array(ink) * amount + np.array(ground) * (1 - amount)
        return Pillow.fromarray(mixed.astype(np.uint8))
    font = _font(200)
    left, top, right, bottom = font.getbbox(char)
    cell = Pillow.new("RGB", (int(right - left), int(bottom - top)), ground)
    ImageDraw.Draw(cell).text((-left, -top), char, font=font, fill=ink)
    shaped = cell.resize((86, 180))
    framed = Pillow.new("RGB", (90, 180), ground)
    framed.paste(shaped, (2, 0))
    return framed
