"""What is usual for a series, learned from the series itself.

Batch analysers (COD, NH3-N, TP, TN …) hold a result until the next one: their series is
collapsed to one value a batch, by SampleTime where it is sent, else by the length of
the runs. Samples near a stop or a flagged span are left out as transients.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from polluters.domain.checks.numeric import (
    Span,
    covered,
    equal_runs,
    resolution,
    robust_sd,
    spans,
)
from polluters.domain.checks.series import (
    HOUR_S,
    STOPPED,
    Floats,
    Ints,
    Mask,
    Series,
    Station,
    is_pollutant,
)

SLOW_S = 45 * 60
STILL = 15 * 60
SETTLING = HOUR_S
LEAST_HELD = 4
HELD_SHARE = 0.65


def flag_spans(series: Series, flags: str) -> list[Span]:
    """Return the spans (s) in which the series carries one of ``flags``."""
    codes = np.frombuffer(flags.encode(), dtype=np.uint8)
    found = []
    for begin, end in spans(np.isin(series.flags, codes)):
        last = int(series.times[end - 1]) + series.interval
        found.append((int(series.times[begin]), last))
    return found


def stop_spans(station: Station) -> list[Span]:
    """Return the spans in which at least half the factors sent are flagged stopped."""
    series = list(station.main.values())
    if not series:
        return []
    widest = max(series, key=len)
    share = np.zeros(len(widest), dtype=np.int32)
    for one in series:
        stopped = one.times[one.flags == STOPPED]
        share += np.isin(widest.times, stopped).astype(np.int32)
    found = []
    for begin, end in spans(share * 2 >= len(series)):
        last = int(widest.times[end - 1]) + widest.interval
        found.append((int(widest.times[begin]), last))
    return found


def transients(series: Series, stops: list[Span]) -> list[Span]:
    """Return the spans that are no steady operation: flagged ones and their edges."""
    step = series.interval
    before, after = max(STILL, step), max(SETTLING, 2 * step)
    own = [(begin, end) for begin, end in flag_spans(series, "FMSDCTB")]
    return [(b - before, e + after) for b, e in [*stops, *own]]


@dataclass
class Profile:
    """A series with what is usual for it; see the module's docstring."""

    series: Series
    times: Ints
    values: Floats
    breaks: Mask

    @cached_property
    def resolution(self) -> float:
        """The step in which values are written."""
        return resolution(self.values)

    @cached_property
    def median(self) -> float:
        """The median of steady values, NaN of none."""
        return float(np.median(self.values)) if len(self.values) else float("nan")

    @cached_property
    def spread(self) -> float:
        """The robust standard deviation of steady values."""
        return robust_sd(self.values)

    @cached_property
    def batch(self) -> int:
        """How long the analyser usually holds a result, in s; 0 if it is continuous."""
        if not is_pollutant(self.series.code) or len(self.values) < 6:
            return 0
        if self.series.sampled is not None:
            return self._batch_by_sample_time()
        starts, ends = equal_runs(self.values, self.breaks)
        if len(starts) < 4:
            return 0
        lengths = np.sort(ends - starts)
        inner = lengths[: max(len(lengths) - 1 - len(lengths) // 50, 1)]
        low, middle, high = np.percentile(inner, (20, 50, 80))
        hold = middle * self.series.interval
        same = float(np.mean(np.abs(inner - middle) <= max(1, 0.15 * middle)))
        regular = high <= 1.6 * low and same >= 0.5
        slow = hold >= SLOW_S and middle >= 3 and high <= 5 * low
        if middle >= 2 and (regular or slow):
            return int(round(hold / self.series.interval) * self.series.interval)
        return self._batch_by_time(lengths)

    def _batch_by_time(self, lengths: Ints) -> int:
        """Return the hold that most of the time is spent in, 0 if there is none.

        A stretch of other data (single values by the hundred) outnumbers the holds, but
        not their time.
        """
        spent = np.cumsum(lengths)
        middle = int(lengths[int(np.searchsorted(spent, spent[-1] / 2))])
        if middle < LEAST_HELD:
            return 0
        close = np.abs(lengths - middle) <= max(1, 0.1 * middle)
        share = float(lengths[close].sum() / spent[-1])
        return middle * self.series.interval if share >= HELD_SHARE else 0

    def _batch_by_sample_time(self) -> int:
        sampled = self.series.sampled
        assert sampled is not None
        known = np.unique(sampled[sampled > 0])
        if len(known) < 3:
            return 0
        cycle = int(np.median(np.diff(known)))
        return cycle if cycle >= 2 * self.series.interval else 0

    @cached_property
    def rows(self) -> tuple[Ints, Ints]:
        """Starts and ends (indices into ``times``) of independent values.

        A batch each for batch analysers, a sample each otherwise. A run longer than a
        cycle is cut into cycles, so that a stuck value counts as many equal batches.
        """
        count = len(self.values)
        if not self.batch:
            index = np.arange(count, dtype=np.int64)
            return index, index + 1
        starts, ends = equal_runs(self.values, self.breaks)
        per = round(self.batch / self.series.interval)  # two at least
        cut: list[int] = []
        for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
            pieces = max(round((end - begin) / per), 1)
            cut.extend(begin + (end - begin) * i // pieces for i in range(pieces))
        first = np.array(cut, dtype=np.int64)
        return first, np.append(first[1:], count).astype(np.int64)

    @cached_property
    def row_values(self) -> Floats:
        """The independent values."""
        return self.values[self.rows[0]]

    @cached_property
    def row_times(self) -> Ints:
        """When each independent value begins."""
        return self.times[self.rows[0]]

    @cached_property
    def row_breaks(self) -> Mask:
        """Whether a row does not follow the row before (a gap lies between)."""
        starts = self.rows[0]
        cuts = np.cumsum(self.breaks)
        result = np.ones(len(starts), dtype=bool)
        result[1:] = cuts[starts[1:]] != cuts[starts[:-1]]
        return result

    @cached_property
    def row_interval(self) -> int:
        """The time from one independent value to the next, in s."""
        return self.batch or self.series.interval

    def end_of(self, row: int) -> int:
        """Return when the row with this index ends, in epoch seconds."""
        last = int(self.rows[1][row]) - 1
        return int(self.times[last]) + self.series.interval

    @cached_property
    def positive(self) -> bool:
        """Whether values are to be compared by ratio: never negative, noise grows."""
        code = self.series.code
        ratio = is_pollutant(code) or code in ("a00000", "w00000", "a01011")
        return ratio and self.median > 0

    def scaled(self, values: Floats) -> Floats:
        """Return values on the scale on which a change is judged (log or linear)."""
        if not self.positive:
            return values
        floor = 0.1 * self.median + 3 * self.resolution
        return np.log(np.maximum(values, 0) + floor)


def make_profile(series: Series, stops: list[Span]) -> Profile:
    """Return the profile of a series, given the station's stops."""
    steady = series.valid & ~covered(series.times, transients(series, stops))
    times, values = series.times[steady], series.values[steady]
    gap = max(3 * series.interval, 1800)
    breaks = np.ones(len(times), dtype=bool)
    breaks[1:] = np.diff(times) > gap
    return Profile(series, times, values, breaks)
