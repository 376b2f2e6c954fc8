"""Picture files of any origin: upright, in colour, of a size that can be looked at.

Pillow decodes and OpenCV takes what Pillow does not know. A file that is no picture, or
only part of one, is refused with the reason: nothing is guessed from half a picture.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageFile, ImageOps, UnidentifiedImageError

from bozhou_eco.common.video import VIDEO_NAMES
from vehicles.domain.smoke.photometry import Image
from vehicles.vision import open_picture

MOST_BYTES = 200 << 20
MOST_PIXELS = 200_000_000
# Larger pictures are shrunk to this side before anybody looks at them.
MOST_SIDE = 4096
LEAST_SIDE = 8
# Transparent parts show a middle grey: neither dark as soot nor bright as steam.
UNDERLAY = (128, 128, 128)
HEIF_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"hevc")
PICTURE_STARTS = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"BM",
    b"RIFF",
    b"II*",
    b"MM\0*",
)
VIDEO_STARTS = (
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (0, b"\x1aE\xdf\xa3"),
    (0, b"FLV"),
    (8, b"AVI "),
    (0, b"\x00\x00\x01\xba"),
    (0, b"\x00\x00\x00\x01"),
    (0, b"\x00\x00\x01\xb3"),
)
TS_SYNC, TS_LENGTH = 0x47, 188


class PictureError(ValueError):
    """A picture that cannot be used; the message says why."""


@dataclass(frozen=True)
class Picture:
    """An upright H×W×3 BGR picture; ``scale`` original pixels are one of its own."""

    image: Image
    width: int
    height: int
    scale: float
    notes: tuple[str, ...] = ()


def read_file(path: Path) -> bytes:
    """A file's bytes; PictureError when it is none, is empty, or is far too large."""
    try:
        if path.is_dir():
            raise PictureError("这是目录，不是文件")
        if not path.exists():
            raise PictureError("文件不存在")
        if not path.is_file():
            raise PictureError("不是普通文件")
        size = path.stat().st_size
        if size == 0:
            raise PictureError("文件为 0 字节")
        if size > MOST_BYTES:
            raise PictureError(f"图片文件超过 {MOST_BYTES >> 20} MB")
        return path.read_bytes()
    except OSError as error:
        raise PictureError(f"无法读取：{error.strerror or error}") from error


def read_picture(path: Path) -> Picture:
    """Decode a picture file; PictureError when it cannot be used."""
    return decode_picture(read_file(path))


def decode_picture(content: bytes) -> Picture:
    """Decode picture bytes, turned upright as its EXIF says; PictureError when broken."""
    if not content:
        raise PictureError("文件为 0 字节")
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        raise PictureError("不支持 HEIC/HEIF 图片，请转换为 JPEG 或 PNG")
    try:
        with _strictly(), open_picture(io.BytesIO(content)) as opened:
            return _shaped(_upright(opened))
    except UnidentifiedImageError:
        return _by_opencv(content)
    except Pillow.DecompressionBombError as error:
        raise PictureError(f"图片超过 {MOST_PIXELS // 1_000_000} 百万像素") from error
    except MemoryError as error:
        raise PictureError("图片过大，内存不足") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        reason = "不完整" if "truncated" in str(error) else "损坏"
        raise PictureError(f"图片{reason}，无法解码：{str(error)[:80]}") from error
    except Exception as error:  # noqa: BLE001 - a decoder's own exceptions are many
        raise PictureError(f"图片损坏，无法解码：{str(error)[:80]}") from error


@contextmanager
def _strictly() -> Iterator[None]:
    """Half a picture is an error, although Ultralytics tells Pillow to be content."""
    kept = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = kept


def _upright(opened: Pillow.Image) -> tuple[Image, tuple[int, int], tuple[str, ...]]:
    """BGR pixels, the upright original's width and height, and what was noticed."""
    width, height = opened.size
    if width * height > MOST_PIXELS:
        raise PictureError(f"图片超过 {MOST_PIXELS // 1_000_000} 百万像素")
    if min(width, height) < LEAST_SIDE:
        raise PictureError(f"图片过小（{width}×{height}）")
    notes = []
    if getattr(opened, "n_frames", 1) > 1:
        notes.append("文件含多幅画面，只看第一幅")
    if opened.mode in ("1", "L", "LA", "I", "F") or opened.mode.startswith("I;16"):
        notes.append("灰度图片，颜色不可用")
    if opened.format == "JPEG":  # a large JPEG can be decoded smaller at once
        opened.draft("RGB", (MOST_SIDE, MOST_SIDE))
    opened.load()
    turned = ImageOps.exif_transpose(opened)
    if (turned.width > turned.height) != (opened.width > opened.height):
        width, height = height, width
    pixels = np.asarray(_coloured(turned))
    return np.ascontiguousarray(pixels[..., ::-1]), (width, height), tuple(notes)


def _coloured(picture: Pillow.Image) -> Pillow.Image:
    """RGB of any mode: transparency laid over grey, 16 bits brought to 8."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        values = np.asarray(picture).astype(np.float32)
        top = 255.0 if values.max() <= 255 else 65535.0
        picture = Pillow.fromarray(
            (values * (255.0 / top)).clip(0, 255).astype("uint8")
        )
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        under = Pillow.new("RGBA", layer.size, (*UNDERLAY, 255))
        picture = Pillow.alpha_composite(under, layer)
    return picture.convert("RGB")


def _by_opencv(content: bytes) -> Picture:
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None and content.startswith(PICTURE_STARTS):
        raise PictureError("图片损坏或其编码方式不受支持，无法解码")
    if image is None:
        raise PictureError("不是图片，或格式不受支持")
    height, width = image.shape[:2]
    if min(width, height) < LEAST_SIDE:
        raise PictureError(f"图片过小（{width}×{height}）")
    return _shaped((image.astype(np.uint8), (width, height), ()))


def _shaped(found: tuple[Image, tuple[int, int], tuple[str, ...]]) -> Picture:
    image, (width, height), notes = found
    factor = MOST_SIDE / max(image.shape[:2])
    if factor < 1:
        image = cv2.resize(
            image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
        )
    return Picture(image, width, height, width / image.shape[1], notes)


def is_video(path: Path) -> bool:
    """Whether a file looks like a video by its first bytes, else by its name."""
    head = b""
    try:
        if path.is_file():  # opening a pipe would wait for its writer
            with path.open("rb") as source:
                head = source.read(4 * TS_LENGTH)
    except OSError:
        pass
    if head[4:8] == b"ftyp" and head[8:12] in (*HEIF_BRANDS, b"avif"):
        return False
    if any(head[at : at + len(start)] == start for at, start in VIDEO_STARTS):
        return True
    if len(head) == 4 * TS_LENGTH and all(
        head[at] == TS_SYNC for at in range(0, len(head), TS_LENGTH)
    ):
        return True
    return not head.startswith(PICTURE_STARTS) and path.suffix.lower() in VIDEO_NAMES
