"""From HJ 212 frames to compact columns; ``build`` makes the arrays of them.

A column holds a row for each value as it came. Pieces read apart (by other processes)
are appended to each other.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from polluters.domain.checks.series import NORMAL, Event, PointLimit
from polluters.domain.hj212 import Frame, FrameError, decode_frame, iter_frames

PERIODS = ("2011", "2051", "2061")
EVENTS = frozenset(("3020", "2021"))


@dataclass(frozen=True, slots=True)
class PointSpec:
    """What the head line says of a point."""

    code: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    limits: tuple[PointLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class LoggerSpec:
    """What the head line says of a logger."""

    mn: str
    outlet: str = ""
    medium: str = "gas"
    reference: float | None = None
    interval: int = 60
    points: Mapping[str, PointSpec] = field(default_factory=dict)
    plans: tuple[tuple[int, int], ...] = ()
    keys: tuple[bytes, ...] = ()
    label_end: bool = False


@dataclass(slots=True)
class Columns:
    """The values of one factor under one command, by index of their frame."""

    frame: "array[int]" = field(default_factory=lambda: array("I"))
    value: "array[float]" = field(default_factory=lambda: array("d"))
    flag: bytearray = field(default_factory=bytearray)
    converted_at: "array[int]" = field(default_factory=lambda: array("I"))
    converted: "array[float]" = field(default_factory=lambda: array("d"))
    sampled_at: "array[int]" = field(default_factory=lambda: array("I"))
    sampled: "array[int]" = field(default_factory=lambda: array("q"))

    def extend(self, other: "Columns", offset: int) -> None:
        """Append the rows of another piece whose frames start at ``offset``."""
        at = len(self.value)
        for mine, theirs, shift in (
            (self.frame, other.frame, offset),
            (self.converted_at, other.converted_at, at),
            (self.sampled_at, other.sampled_at, at),
        ):
            moved = np.frombuffer(theirs, dtype=np.uint32) + np.uint32(shift)
            mine.frombytes(moved.astype(np.uint32).tobytes())
        self.value.extend(other.value)
        self.flag.extend(other.flag)
        self.converted.extend(other.converted)
        self.sampled.extend(other.sampled)


@dataclass(slots=True)
class Command:
    """All frames of one logger under one command."""

    time: "array[int]" = field(default_factory=lambda: array("q"))
    sent: "array[int]" = field(default_factory=lambda: array("q"))
    columns: dict[str, Columns] = field(default_factory=dict)

    def extend(self, other: "Command") -> None:
        """Append another piece."""
        offset = len(self.time)
        self.time.extend(other.time)
        self.sent.extend(other.sent)
        for code, columns in other.columns.items():
            self.columns.setdefault(code, Columns()).extend(columns, offset)


@dataclass(slots=True)
class Piece:
    """What was read of one logger so far."""

    commands: dict[str, Command] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def extend(self, other: "Piece") -> None:
        """Append another piece of the same logger."""
        for cn, command in other.commands.items():
            self.commands.setdefault(cn, Command()).extend(command)
        self.events.extend(other.events)


def add_frame(pieces: dict[str, Piece], frame: Frame) -> None:
    """Add a frame's values; frames that hold none are passed over."""
    time = frame.data_time or frame.sent_at
    if time is None:
        return
    if frame.cn in EVENTS:
        _add_events(pieces.setdefault(frame.mn, Piece()), frame, time)
        return
    if frame.cn not in PERIODS or frame.data_time is None or not frame.items:
        return
    piece = pieces.setdefault(frame.mn, Piece())
    command = piece.commands.setdefault(frame.cn, Command())
    at = len(command.time)
    sent = frame.sent_at
    command.time.append(int(frame.data_time.timestamp()))
    command.sent.append(int(sent.timestamp()) if sent is not None else -1)
    main, zs = ("Rtd", "ZsRtd") if frame.cn == "2011" else ("Avg", "ZsAvg")
    for item in frame.items:
        columns = command.columns.get(item.code)
        if columns is None:
            columns = command.columns.setdefault(item.code, Columns())
        numbers = item.numbers
        columns.frame.append(at)
        columns.value.append(numbers.get(main, np.nan))
        columns.flag.append(ord(item.flag[0]) & 0x7F if item.flag else NORMAL)
        if zs in numbers:
            columns.converted_at.append(len(columns.value) - 1)
            columns.converted.append(numbers[zs])
        if item.sample_time is not None:
            columns.sampled_at.append(len(columns.value) - 1)
            columns.sampled.append(int(item.sample_time.timestamp()))


def _add_events(piece: Piece, frame: Frame, time: datetime) -> None:
    for item in frame.items:
        text = item.values.get("Info") or ""
        if text:
            piece.events.append(Event(int(time.timestamp()), item.code, text))


def read_block(block: bytes, keys: Mapping[str, tuple[bytes, ...]]) -> "Block":
    """Decode every frame of a block of bytes; pure, so that any process may do it.

    ``keys`` are the SM4 keys by MN. Frames that cannot be read are counted by reason.
    """
    result = Block()
    every = [key for own in keys.values() for key in own]
    for raw in iter_frames(block):
        if isinstance(raw, FrameError):
            result.refuse(raw.error)
            continue
        frame = decode_frame(raw, keys=every)
        if isinstance(frame, FrameError):
            result.refuse(frame.error)
            continue
        result.frames += 1
        add_frame(result.pieces, frame)
    return result


@dataclass(slots=True)
class Block:
    """What a block of bytes held."""

    pieces: dict[str, Piece] = field(default_factory=dict)
    frames: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, reason: str) -> None:
        """Count a frame that cannot be read."""
        self.refused[reason] = self.refused.get(reason, 0) + 1

    def extend(self, other: "Block") -> None:
        """Append another block."""
        self.frames += other.frames
        for reason, count in other.refused.items():
            self.refused[reason] = self.refused.get(reason, 0) + count
        for mn, piece in other.pieces.items():
            self.pieces.setdefault(mn, Piece()).extend(piece)
