"""What every check gets: a station, what is usual for it, and the thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from polluters.domain.checks.finding import Hit
from polluters.domain.checks.numeric import Span, join_spans
from polluters.domain.checks.profile import (
    Profile,
    flag_spans,
    make_profile,
    stop_spans,
)
from polluters.domain.checks.series import OXYGEN, Series, Station
from polluters.domain.checks.thresholds import DEFAULT, Thresholds

MARKED = "MCDFSB"


@dataclass
class Context:
    """A station with lazily made profiles."""

    station: Station
    rules: Thresholds = DEFAULT
    _profiles: dict[str, Profile] = field(default_factory=dict)

    @cached_property
    def stops(self) -> list[Span]:
        """Spans flagged as stopped."""
        return stop_spans(self.station)

    @cached_property
    def marked(self) -> list[Span]:
        """Spans in which any factor is flagged as not normal."""
        found: list[Span] = []
        for series in self.station.main.values():
            found += flag_spans(series, MARKED)
        return join_spans(found, 0)

    def profile(self, series: Series) -> Profile:
        """Return what is usual for a series."""
        key = f"{series.code}/{series.period}"
        if key not in self._profiles:
            self._profiles[key] = make_profile(series, self.stops)
        return self._profiles[key]

    def usual(self, code: str) -> float:
        """Return the usual level of a factor, NaN if it is not measured."""
        series = self.station.main.get(code)
        return self.profile(series).median if series is not None else float("nan")

    def near_marks(self, begin: int, end: int, margin: int) -> bool:
        """Return whether a flagged span lies within ``margin`` seconds."""
        return any(b - margin < end and begin < e + margin for b, e in self.marked)

    def running_signs(
        self, begin: int, end: int, *, but: str = "", flagged: bool = False
    ) -> list[str]:
        """Return in words what shows that the plant runs in a window.

        ``flagged`` looks at values whatever their flag (to test a declared stop).
        """
        valid = not flagged
        signs = []
        flow = self.station.flow
        if flow is not None and flow.code != but:
            usual, now = self.usual(flow.code), flow.median(begin, end, valid=valid)
            if usual > 0 and now > 0.35 * usual:
                signs.append(f"流量 {now:.4g}（平时 {usual:.4g}）")
        oxygen = self.station.main.get(OXYGEN)
        if oxygen is not None and but != OXYGEN:
            usual, now = self.usual(OXYGEN), oxygen.median(begin, end, valid=valid)
            if usual < 16 and 0.5 < now < 17.5:
                signs.append(f"含氧量 {now:.3g}%")
        signs += self._warmth(begin, end, valid)
        return signs

    def _warmth(self, begin: int, end: int, valid: bool) -> list[str]:
        for code in ("a01012", "a01901"):
            series = self.station.main.get(code)
            if series is None:
                continue
            usual, now = self.usual(code), series.median(begin, end, valid=valid)
            if usual > 60 and now > 0.75 * usual:
                return [f"温度 {now:.3g} ℃（平时 {usual:.3g} ℃）"]
        return []


def not_habitual(hits: Sequence[Hit], context: Context) -> list[Hit]:
    """Return hits without those that are this plant's everyday behaviour.

    A factor that strikes more often than ``per_month`` has another nature than the
    rule assumes: only what is twice as strong as its usual hit remains.
    """
    months = max(context.station.days / 30, 0.5)
    kept: list[Hit] = []
    for code in sorted({hit.code for hit in hits}):
        own = [hit for hit in hits if hit.code == code]
        if len(own) > context.rules.per_month * months:
            bar = 2 * float(np.median([hit.score for hit in own]))
            own = [hit for hit in own if hit.score > bar]
        kept += own
    return kept
