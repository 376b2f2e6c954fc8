"""Copies for people and other systems: marked with time, place, device, level, digest.

Originals are never touched; a copy says which original it shows.
"""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from bozhou_eco.common import clock
from bozhou_eco.evidence.services import read_file
from vehicles.models import Capture, CaptureFile

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
)
QUALITY = 88
COMPOSED_WIDTH = 1280
BROKEN, BROKEN_SIZE, BROKEN_COLOR = "图片损坏，无法显示", (440, 280), (90, 90, 90)
VEHICLE_LINE, PLUME_LINE = (255, 255, 255), (255, 211, 77)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for path in FONTS:
        if Path(path).exists():
            return ImageFont.truetype(path, size)
    return ImageFont.load_default(size)


def upright(content: bytes) -> Image.Image:
    """A sealed picture turned as its EXIF says: boxes and browsers take it that way.

    What a device sent broken is shown as a grey field that says so.
    """
    try:
        with Image.open(io.BytesIO(content)) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        empty = Image.new("RGB", BROKEN_SIZE, BROKEN_COLOR)
        place = (BROKEN_SIZE[0] // 4, BROKEN_SIZE[1] // 2)
        ImageDraw.Draw(empty).text(place, BROKEN, font=_font(20))
        return empty


def mark_lines(capture: Capture, one: CaptureFile) -> list[str]:
    """What a copy says on its face."""
    moment = clock.beijing(capture.captured_at)
    level = capture.level_final if capture.level_final is not None else capture.level
    stamp = f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"
    grade = f"林格曼 {level} 级" if level is not None else "未定级"
    return [
        f"{stamp}  {capture.site.name} {capture.site.road}",
        f"设备 {capture.camera.code}  {one.at:+.2f} s  {grade}"
        f"  {capture.shown_plate}  副本",
        f"SHA-256 {one.sealed.sha256}",
    ]


def marked_copy(capture: Capture, one: CaptureFile, *, boxes: bool = True) -> bytes:
    """A JPEG copy of a sealed picture with boxes and a marked strip below it."""
    picture = upright(read_file(one.sealed))
    draw = ImageDraw.Draw(picture)
    if boxes:
        line = max(picture.width // 500, 2)
        for box, colour in (
            (one.vehicle_box, VEHICLE_LINE),
            (one.plume_box, PLUME_LINE),
        ):
            if box:
                draw.rectangle(
                    [float(edge) for edge in box], outline=colour, width=line
                )
    size = max(picture.width // 70, 13)
    lines = mark_lines(capture, one)
    strip = Image.new("RGB", (picture.width, int(size * 1.6 * len(lines)) + size))
    pen = ImageDraw.Draw(strip)
    for number, text in enumerate(lines):
        place = (size // 2, size // 2 + int(number * size * 1.6))
        pen.text(place, text, fill=(255, 255, 255), font=_font(size))
    whole = Image.new("RGB", (picture.width, picture.height + strip.height))
    whole.paste(picture, (0, 0))
    whole.paste(strip, (0, picture.height))
    return _jpeg(whole)


def small_copy(one: CaptureFile) -> bytes:
    """A thumbnail around the vehicle and its plume."""
    picture = upright(read_file(one.sealed))
    boxes = [box for box in (one.vehicle_box, one.plume_box) if box]
    if boxes:
        left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
        right, bottom = max(b[2] for b in boxes), max(b[3] for b in boxes)
        wide = max(right - left, (bottom - top) * 1.57) * 1.1
        middle = ((left + right) / 2, (top + bottom) / 2)
        high = wide / 1.57
        picture = picture.crop(
            (
                int(max(middle[0] - wide / 2, 0)),
                int(max(middle[1] - high / 2, 0)),
                int(min(middle[0] + wide / 2, picture.width)),
                int(min(middle[1] + high / 2, picture.height)),
            )
        )
    picture.thumbnail((220, 140))
    return _jpeg(picture)


def composed(pictures: Sequence[bytes], capture: Capture) -> bytes:
    """Up to four marked pictures in one, two a row, as traffic systems take them."""
    width = COMPOSED_WIDTH // 2
    tiles: list[Image.Image] = []
    for data in pictures[:4]:
        tile: Image.Image = Image.open(io.BytesIO(data))
        tiles.append(tile.resize((width, int(tile.height * width / tile.width))))
    plate = capture.files.filter(kind=CaptureFile.Kind.PLATE).first()
    if plate is not None and len(tiles) < 4:
        close = Image.open(io.BytesIO(read_file(plate.sealed))).convert("RGB")
        tiles.append(close.resize((width, int(close.height * width / close.width))))
    high = max((tile.height for tile in tiles), default=1)
    sheet = Image.new("RGB", (COMPOSED_WIDTH, high * ((len(tiles) + 1) // 2 or 1)))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, ((number % 2) * width, (number // 2) * high))
    return _jpeg(sheet)


def _jpeg(picture: Image.Image) -> bytes:
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=QUALITY)
    return output.getvalue()
