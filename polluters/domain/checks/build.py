"""From columns to the station of a logger.

Order, repetition and delay of the frames change nothing: of several values for one key
the one that was sent first is kept, and the others are noted as changes.
"""

import numpy as np

from polluters.domain.checks.collect import (
    Columns,
    Command,
    LoggerSpec,
    Piece,
    PointSpec,
)
from polluters.domain.checks.numeric import usual_delay
from polluters.domain.checks.series import (
    DAY_S,
    Bytes,
    Floats,
    FrameTimes,
    Ints,
    Mask,
    Repeat,
    Series,
    Station,
)

AHEAD_S = 1800
FAR_S = 400 * DAY_S
ODD_SHARE = 0.2


def build_station(spec: LoggerSpec, piece: Piece) -> Station:
    """Return the station of a logger from all its pieces."""
    series: dict[str, dict[str, Series]] = {}
    frames: dict[str, FrameTimes] = {}
    repeats: list[Repeat] = []
    for cn, command in sorted(piece.commands.items()):
        time, sent = _clocks(command)
        usable = ~ahead(time, sent) & (np.abs(time - np.median(time)) < FAR_S)
        pairs = np.unique(np.stack((time, sent), axis=1), axis=0)
        frames[cn] = FrameTimes(
            pairs[:, 0].copy(), pairs[:, 1].copy(), np.unique(time[usable])
        )
        usual = usual_interval(time[usable], spec.interval)
        for code, columns in sorted(command.columns.items()):
            rows = _Rows(columns, time, sent, usable)
            if len(rows.time):
                one = rows.series(spec, code, cn, usual)
                series.setdefault(code, {})[cn] = one
                repeats += rows.repeats(code, cn)
    return Station(
        mn=spec.mn,
        medium=spec.medium,
        outlet=spec.outlet,
        reference=spec.reference,
        series=series,
        frames=frames,
        repeats=tuple(
            sorted(repeats, key=lambda r: (r.code, r.period, r.time, r.other))
        ),
        events=tuple(sorted(set(piece.events), key=lambda e: (e.time, e.code, e.text))),
        plans=spec.plans,
    )


def _clocks(command: Command) -> tuple[Ints, Ints]:
    """Return data times and times of sending; the latter are −1 if they make no sense."""
    time = np.frombuffer(command.time, dtype=np.int64)
    sent = np.frombuffer(command.sent, dtype=np.int64)
    known = sent >= 0
    if known.any():
        lag = (sent - time)[known]
        odd = np.abs(lag - np.median(lag)) > DAY_S
        if odd.mean() > ODD_SHARE or abs(float(np.median(lag))) > DAY_S:
            sent = np.full(len(time), -1, dtype=np.int64)
    return time, sent


def ahead(time: Ints, sent: Ints) -> Mask:
    """Return which frames speak of a time well after they were sent."""
    known = sent >= 0
    if not known.any():
        return np.zeros(len(time), dtype=bool)
    usual = usual_delay(time[known], sent[known])
    result: Mask = known & (sent - time < usual - AHEAD_S)
    return result


def usual_interval(times: Ints, fallback: int) -> int:
    """Return the median distance of different times, in s."""
    different = np.unique(times)
    if len(different) < 2:
        return fallback
    return max(int(np.median(np.diff(different))), 1)


class _Rows:
    """The rows of one factor, one a key, with those that came again."""

    def __init__(self, columns: Columns, time: Ints, sent: Ints, usable: Mask) -> None:
        frame = np.frombuffer(columns.frame, dtype=np.uint32).astype(np.int64)
        value = np.frombuffer(columns.value, dtype=np.float64)
        flag = np.frombuffer(bytes(columns.flag), dtype=np.uint8)
        order = np.flatnonzero(usable[frame])
        at, value, flag = frame[order], value[order], flag[order]
        late = np.where(sent[at] < 0, np.iinfo(np.int64).max, sent[at])
        rank = np.lexsort((flag, np.nan_to_num(value, nan=np.inf), late, time[at]))
        self.place = order[rank]
        self.frame = at[rank]
        self.every = time[at][rank]
        self.sent = sent[at][rank]
        self.values: Floats = value[rank]
        first = np.ones(len(rank), dtype=bool)
        first[1:] = self.every[1:] != self.every[:-1]
        self.first = first
        self.time: Ints = self.every[first]
        self.flag: Bytes = flag[rank][first]
        self.columns = columns

    def _aligned(self, places: Ints, values: np.ndarray, empty: float) -> np.ndarray:
        """Return optional values (by row in the columns) in the order of the keys."""
        whole = np.full(len(self.columns.value), empty, dtype=values.dtype)
        whole[places] = values
        result: np.ndarray = whole[self.place[self.first]]
        return result

    def series(self, spec: LoggerSpec, code: str, cn: str, usual: int) -> Series:
        """Return the series of the first value of each key."""
        columns = self.columns
        point = spec.points.get(code, PointSpec(code))
        converted = sampled = None
        if len(columns.converted):
            places = np.frombuffer(columns.converted_at, dtype=np.uint32)
            values = np.frombuffer(columns.converted, dtype=np.float64)
            converted = self._aligned(places.astype(np.int64), values, np.nan)
        if len(columns.sampled):
            places = np.frombuffer(columns.sampled_at, dtype=np.uint32)
            moments = np.frombuffer(columns.sampled, dtype=np.int64)
            sampled = self._aligned(places.astype(np.int64), moments, 0)
        interval = usual_interval(self.time, usual)
        shift = interval if spec.label_end and cn != "2011" else 0
        return Series(
            code=code,
            period=cn,
            times=self.time - shift,
            values=self.values[self.first],
            flags=self.flag,
            interval=interval,
            converted=converted,
            sampled=sampled,
            low=point.low,
            high=point.high,
            limits=point.limits,
            unit=point.unit,
        )

    def repeats(self, code: str, cn: str) -> list[Repeat]:
        """Return the values that differ from the first one of their key."""
        again = np.flatnonzero(~self.first)
        if not len(again):
            return []
        starts = np.flatnonzero(self.first)
        of = starts[np.searchsorted(starts, again, side="right") - 1]
        old, new = self.values[of], self.values[again]
        known = np.isfinite(old) & np.isfinite(new)
        other = known & (np.abs(new - old) > 1e-9 * np.maximum(np.abs(old), 1.0))
        other &= self.frame[of] != self.frame[again]
        found = {
            Repeat(
                code,
                cn,
                int(self.every[i]),
                float(self.values[j]),
                float(self.values[i]),
                int(self.sent[i]),
            )
            for i, j in zip(again[other].tolist(), of[other].tolist(), strict=True)
        }
        return sorted(found, key=lambda r: (r.time, r.other))
