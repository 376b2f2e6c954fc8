"""Report numbers: region 6 + station serial 2 + YYMMDDhhmmss 12 + line 2 + sequence 2.

The form is read from numbers in published decisions of Fujian and Nanjing, which agree;
the formal definition was not available.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from vehicles.domain.inspection.read import BEIJING

FORM = re.compile(r"\d{24}")


class ReportNumberError(ValueError):
    """The text is not a report number."""


@dataclass(frozen=True, slots=True)
class ReportNumber:
    """A report number in its parts; ``at`` is Beijing time."""

    region: str
    serial: str
    at: datetime
    line: str
    sequence: int

    def __str__(self) -> str:
        return (
            f"{self.region}{self.serial}{self.at.astimezone(BEIJING):%y%m%d%H%M%S}"
            f"{self.line}{self.sequence:02d}"
        )


def issue(
    *, station_code: str, line: str, at: datetime, sequence: int = 1
) -> ReportNumber:
    """Return the number of a report.

    ``station_code`` is region (6) and serial (3, of which the last two count); ``line``
    is 1–2 digits. Raises ReportNumberError if a part does not fit.
    """
    if not re.fullmatch(r"\d{9}", station_code):
        raise ReportNumberError(f"检验机构编号“{station_code}”应为 9 位数字")
    if not re.fullmatch(r"\d{1,2}", line):
        raise ReportNumberError(f"检测线编号“{line}”应为 1～2 位数字")
    if not 0 < sequence < 100:
        raise ReportNumberError(f"序号 {sequence} 超出 01～99")
    return ReportNumber(
        station_code[:6], station_code[-2:], at, line.zfill(2), sequence
    )


def parse(text: str) -> ReportNumber:
    """Read a report number; raises ReportNumberError."""
    if not FORM.fullmatch(text):
        raise ReportNumberError("报告编号应为 24 位数字")
    try:
        at = datetime.strptime(text[8:20], "%y%m%d%H%M%S").replace(tzinfo=BEIJING)
    except ValueError:
        raise ReportNumberError("报告编号第 9～20 位不是有效时间") from None
    return ReportNumber(text[:6], text[6:8], at, text[20:22], int(text[22:]))
