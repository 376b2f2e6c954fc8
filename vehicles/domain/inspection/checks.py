"""What a station keeps about itself: lines, instruments, staff, checks, files, repairs.

The shapes here are those of the REST interface, like those of ``shapes``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from vehicles.domain.codes import DAILY_CHECKS, INSTRUMENTS, Method
from vehicles.domain.inspection.fields import (
    choice,
    day,
    flag,
    integer,
    moment,
    number,
    required,
    several,
    text,
)
from vehicles.domain.plates import Color

DUTIES = ("driver", "inspector", "signatory")
PHOTO_TYPES = ("image/jpeg", "image/png")
VIDEO_TYPES = ("video/mp4",)
REPORT_TYPES = ("application/pdf",)
MEDIA_TYPES = (*PHOTO_TYPES, *VIDEO_TYPES, *REPORT_TYPES)


@dataclass(frozen=True, slots=True)
class LineEntry:
    """A test line."""

    name: str = text("名称", 40)
    methods: tuple[str, ...] = several("检测方法代码", str)
    active: bool | None = flag("启用")


@dataclass(frozen=True, slots=True)
class InstrumentEntry:
    """An instrument with its verification."""

    line: str = required(text("检测线编号", 4))
    kind: str = required(choice("仪器类别", tuple(INSTRUMENTS)))
    maker: str = text("厂家", 80)
    model: str = text("型号", 80)
    verified_until: date | None = day("检定有效期至")


@dataclass(frozen=True, slots=True)
class StaffEntry:
    """A person of the station."""

    name: str = required(text("姓名", 40))
    duty: str = required(choice("岗位", DUTIES))
    valid_until: date | None = day("资格有效期至")
    active: bool | None = flag("在岗")


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a check beside what it should be."""

    name: str = required(text("项目", 40, help="如 CO、C3H8、NO、滑行时间 48～32 km/h"))
    expected: float | None = number("标准值或理论值", "", -1e6, 1e6)
    measured: float | None = required(number("示值", "", -1e6, 1e6))
    unit: str = text("单位", 20)
    tolerance: float | None = number("机构采用的允许绝对误差", "", 0, 1e6)


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """A daily check or calibration of an instrument."""

    serial: str = required(text("仪器出厂编号", 40))
    kind: str = required(choice("检查项目", tuple(DAILY_CHECKS)))
    at: datetime | None = required(moment("检查时间"))
    passed: bool | None = required(flag("合格"))
    operator: str = text("检查人工号", 20)
    bottle: str = text("标准物质编号", 60)
    readings: tuple[Reading, ...] = several("读数", Reading)


@dataclass(frozen=True, slots=True)
class RepairEntry:
    """A repair at a maintenance station (M 站) that a vehicle came back from."""

    plate: str = required(text("号牌号码", 20))
    plate_color: str = choice("号牌颜色", tuple(Color))
    number: str = required(text("维修单号", 40))
    shop: str = required(text("维修单位（M 站）", 120))
    shop_code: str = required(text("M 站编号", 20))
    came_at: datetime | None = required(moment("进厂时间"))
    left_at: datetime | None = required(moment("出厂时间"))
    items: tuple[str, ...] = required(several("维修项目", str))


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A photo, video or report that is to be uploaded."""

    kind: str = required(text("代码（如 F101 左前、F102 右后、video_front）", 12))
    name: str = required(text("文件名", 120))
    media_type: str = required(choice("类型", MEDIA_TYPES))
    size: int | None = required(integer("字节数", "B", 1, 4_000_000_000))
    sha256: str = required(text("SHA-256（64 位十六进制）", 64))
    begins_at: datetime | None = moment("拍摄起")
    ends_at: datetime | None = moment("拍摄止")


def known_methods(words: Iterable[str]) -> list[str]:
    """Return the words that are no method."""
    allowed = {*Method, "none"}
    return [word for word in words if word not in allowed]


def agrees(
    kind: str,
    passed: bool,
    readings: Iterable[Reading],
    tolerances: Mapping[str, float],
) -> bool | None:
    """Return whether the readings bear out the station's own verdict.

    None when there is nothing to judge by: no tolerance of this kind, or no reading with
    what it should be. A failed check needs no proof. The station's own tolerance counts
    where it is the stricter one.
    """
    share = tolerances.get(kind)
    judged = [
        reading
        for reading in readings
        if reading.expected is not None and reading.measured is not None
    ]
    if share is None or not judged or not passed:
        return True if judged and not passed else None
    for reading in judged:
        expected, measured = reading.expected or 0.0, reading.measured or 0.0
        allowed = abs(expected) * share / 100
        if reading.tolerance is not None:
            allowed = min(allowed, reading.tolerance) if allowed else reading.tolerance
        if abs(measured - expected) > allowed + 1e-9:
            return False
    return True


SIGNATURES: dict[str, tuple[tuple[int, bytes], ...]] = {
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "video/mp4": ((4, b"ftyp"),),
    "application/pdf": ((0, b"%PDF-"),),
}
"""(offset, bytes) that a file of a type begins with."""

ENDINGS: dict[str, bytes] = {
    "image/jpeg": b"\xff\xd9",
    "image/png": b"IEND\xaeB`\x82",
    "application/pdf": b"%%EOF",
}
"""What a file of a type ends with; anything behind it makes the file two files."""


def fits_type(media_type: str, head: bytes, tail: bytes) -> bool:
    """Return whether a file is what it says, from its first and last bytes.

    A file that goes on after its proper end (a picture with an archive behind it) is not.
    """
    begins = any(
        head[at : at + len(mark)] == mark for at, mark in SIGNATURES[media_type]
    )
    ending = ENDINGS.get(media_type)
    return begins and (ending is None or tail.rstrip(b"\r\n\0 ").endswith(ending))
