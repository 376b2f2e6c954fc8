"""What a file is by its bytes: a name and a browser's word for it prove nothing."""

import io
import re
import zipfile
from dataclasses import dataclass

HEAD = 16


class SniffError(ValueError):
    """A file that is none of those taken; the text says what to do, in Chinese."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of file that may be handed in."""

    media_type: str
    suffixes: tuple[str, ...]
    name: str


JPEG = Kind("image/jpeg", (".jpg", ".jpeg"), "JPEG 图片")
PNG = Kind("image/png", (".png",), "PNG 图片")
PDF = Kind("application/pdf", (".pdf",), "PDF")
MP4 = Kind("video/mp4", (".mp4",), "MP4 视频")
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = Kind(f"{_OFFICE}wordprocessingml.document", (".docx",), "Word 文档")
XLSX = Kind(f"{_OFFICE}spreadsheetml.sheet", (".xlsx",), "Excel 表格")
KINDS = (JPEG, PNG, PDF, DOCX, XLSX, MP4)
WORDS = "、".join(kind.name for kind in KINDS)
SUFFIXES = ",".join(suffix for kind in KINDS for suffix in kind.suffixes)
UNKNOWN = "application/octet-stream"
# Types that a browser opens by itself.
SHOWN = (
    *("application/pdf", "application/xml", "application/xhtml+xml"),
    *("application/javascript", "multipart/x-mixed-replace"),
)
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
LONGEST_TYPE = 100
MACROS = ("vbaProject.bin", "vbaData.xml")


def kind_of(content: bytes, name: str) -> Kind:
    """Return what a file is; `SniffError` if it is none of `KINDS` or says otherwise."""
    kind = _by_bytes(content)
    if kind is None:
        raise SniffError(f"“{name[:60]}”不是可接收的文件，请提交{WORDS}")
    if not name.lower().endswith(kind.suffixes):
        raise SniffError(
            f"“{name[:60]}”的内容是{kind.name}，与扩展名不符，请改为 {kind.suffixes[0]} 后再提交"
        )
    return kind


def media_type_of(head: bytes, told: str) -> str:
    """Return the type of a file of any kind, by its first `HEAD` bytes where they tell.

    A browser's word is taken only for what is never shown inside a page.
    """
    kind = None if head.startswith(b"PK") else _by_bytes(head)
    if kind is not None:
        return kind.media_type
    word = told.strip().lower()
    shown = word.startswith(("image/", "video/", "audio/", "text/")) or word in SHOWN
    fits = MEDIA_TYPE.fullmatch(word) is not None and len(word) <= LONGEST_TYPE
    return word if fits and not shown else UNKNOWN


def _by_bytes(content: bytes) -> Kind | None:
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"%PDF-"):
        return PDF
    if content[4:8] == b"ftyp":
        return MP4
    return _office(content) if content.startswith(b"PK\x03\x04") else None


def _office(content: bytes) -> Kind | None:
    """Tell Word and Excel apart by their parts; a file with macros is neither."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            names = file.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None
    if "[Content_Types].xml" not in names or any(n.endswith(MACROS) for n in names):
        return None
    if "word/document.xml" in names:
        return DOCX
    return XLSX if "xl/workbook.xml" in names else None
