"""What a decoded HJ 212 frame is made of."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import NamedTuple, Protocol

BEIJING = timezone(timedelta(hours=8), "+08:00")


class Note(NamedTuple):
    """A departure from the standard that was tolerated: what, and in words."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}" if self.text else self.code


@dataclass(slots=True)
class Item:
    """One monitored item of a frame.

    ``code`` is the HJ 212-2017 code where one is known (``raw_code`` is as sent),
    ``values`` the text of each attribute by its suffix (``Rtd``, ``Avg``, ``ZsAvg``,
    ``Cou``, ``RS``, ``Info`` …), ``numbers`` the same as floats where they are numbers.
    Units are the sender's.
    """

    code: str
    values: dict[str, str]
    flag: str | None = None
    eflag: str | None = None
    sample_time: datetime | None = None
    raw_code: str = ""
    numbers: dict[str, float] = field(default_factory=dict)

    def decimal(self, suffix: str) -> Decimal | None:
        """Return an attribute exactly as sent, or None if absent or no number."""
        if suffix not in self.numbers:
            return None
        try:
            return Decimal(self.values[suffix])
        except InvalidOperation:
            return None


class Plan(Protocol):
    """The arrangement of a regular body: which names stand where."""

    def fill(self, values: list[str], numbers: list[float]) -> list[Item]:
        """Return the items."""

    def places(self) -> list[tuple[str, dict[str, int]]]:
        """Return each item's code and the place of its attributes among the numbers."""


@dataclass(slots=True)
class Arranged:
    """The items of a regular body, not made yet: its plan, values and numbers.

    ``normal`` is whether every data flag reads N.
    """

    plan: Plan
    values: list[str]
    numbers: list[float]
    normal: bool

    def items(self) -> list[Item]:
        """Make the items."""
        return self.plan.fill(self.values, self.numbers)


@dataclass(slots=True)
class Frame:
    """A frame whose length and CRC hold.

    ``raw`` runs from ``##`` to the CRC, without CR LF, as received (still encrypted if
    it was). ``params`` holds the CP fields that are no items, as text, times included.
    Times are aware, in Beijing time. ``crc_variant`` is None for the standard's CRC.
    ``items`` of a regular body are made when they are first asked for; who can do with
    the numbers in their arrangement takes ``arranged`` and spares the objects.
    """

    raw: bytes
    version: int
    qn: str | None
    st: str
    cn: str
    pw: str
    mn: str
    flag: int | None
    needs_ack: bool
    pnum: int | None
    pno: int | None
    rf: bool
    data_time: datetime | None
    begin_time: datetime | None
    end_time: datetime | None
    params: dict[str, str]
    made: list[Item] | None
    notes: list[Note]
    crc_variant: str | None = None
    encrypted: bool = False
    arranged: Arranged | None = None

    @property
    def items(self) -> list[Item]:
        """The monitored items."""
        if self.made is None:
            self.made = self.arranged.items() if self.arranged else []
        return self.made

    @property
    def sent_at(self) -> datetime | None:
        """The sender's clock when it made the frame, from QN."""
        return parse_qn(self.qn) if self.qn else None


@dataclass(slots=True)
class FrameError:
    """Why bytes are no frame.

    ``error`` is one of crc_mismatch, bad_length, bad_header, no_cp, truncated, bad_field;
    ``offset`` counts from the start of the stream. ``expected`` and ``got`` are the
    computed and the sent CRC. ``mn``, ``cn``, ``st`` and ``qn`` are what the broken
    bytes seem to say, for the person who looks at them; they are not trustworthy.
    """

    error: str
    detail: str = ""
    offset: int = 0
    raw: bytes = b""
    expected: str | None = None
    got: str | None = None
    crc_variant: str | None = None
    declared: int | None = None
    actual: int | None = None
    mn: str | None = None
    cn: str | None = None
    st: str | None = None
    qn: str | None = None


def parse_time(text: str) -> datetime | None:
    """Read YYYYMMDDhhmmss (Beijing time) or return None."""
    if len(text) != 14 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime.fromisoformat(f"{text[:8]}T{text[8:]}+0800")
    except ValueError:
        return None


def parse_qn(text: str) -> datetime | None:
    """Read YYYYMMDDhhmmsszzz (Beijing time) or return None."""
    if len(text) != 17 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime.fromisoformat(f"{text[:8]}T{text[8:14]}.{text[14:]}+0800")
    except ValueError:
        return None


def format_time(moment: datetime) -> str:
    """Write an aware moment as YYYYMMDDhhmmss in Beijing time."""
    return moment.astimezone(BEIJING).strftime("%Y%m%d%H%M%S")


def format_qn(moment: datetime) -> str:
    """Write an aware moment as the 17 digits of a QN in Beijing time."""
    return f"{format_time(moment)}{moment.microsecond // 1000:03d}"
