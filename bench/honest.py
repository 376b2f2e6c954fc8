"""Honest, noisy plants: what their loggers send, with everything a fair check must bear.

A plant is drawn from a regime (noise, cycles, analysers, habits). Values come as arrays
with flags and sending times; nothing of it knows the checks.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from polluters.domain.checks import (
    Event,
    FrameTimes,
    PointLimit,
    Repeat,
    Series,
    Station,
)

START = 1_772_294_400  # 2026-03-01 00:00 in Beijing
DAY, HOUR = 86_400, 3600
N, F, M, C, D, T = (ord(letter) for letter in "NFMCDT")


@dataclass(frozen=True)
class Regime:
    """How one generator of honest data differs from another; ranges are drawn from."""

    noise: tuple[float, float] = (0.03, 0.2)
    memory: tuple[float, float] = (0.0, 0.97)
    daily: tuple[float, float] = (0.0, 0.25)
    intervals: tuple[int, ...] = (60, 300, 600, 3600)
    cycles: tuple[int, ...] = (3600, 7200, 14_400)
    stops: float = 1.5
    maintenance: float = 2.0
    faults: float = 0.5
    calibration: str = "daily"
    gaps: float = 3.0
    spikes: float = 0.0
    tails: bool = False
    load_steps: float = 0.0
    sample_time: bool = True
    ramp_s: int = 1200
    random_hold: bool = False
    stop_style: str = "air"
    drift: float = 0.0
    coarse: bool = False
    low_so2: bool = False
    update: int = 1
    loss: float = 0.0
    holes: float = 0.0
    shifts: bool = False
    night_pump: bool = False


@dataclass
class Plant:
    """One honest logger, before anything is planted."""

    mn: str
    medium: str
    interval: int
    times: np.ndarray
    sent: np.ndarray
    values: dict[str, np.ndarray] = field(default_factory=dict)
    flags: dict[str, np.ndarray] = field(default_factory=dict)
    sampled: dict[str, np.ndarray] = field(default_factory=dict)
    decimals: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    cycle: int = 0
    reference: float | None = None
    scale: dict[str, np.ndarray] = field(default_factory=dict)
    repeats: list[Repeat] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    hourly: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    dropped: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def period(self) -> str:
        """The command under which values are sent."""
        if self.interval >= HOUR:
            return "2061"
        return "2011" if self.interval <= 60 else "2051"

    def convert(self) -> dict[str, np.ndarray]:
        """Return the converted concentrations as the logger would send them."""
        if self.reference is None or "a19001" not in self.values:
            return {}
        oxygen = self.values["a19001"]
        factor = (21 - self.reference) / np.maximum(21 - oxygen, 0.1)
        return {
            code: np.round(self.values[code] * factor * self.scale.get(code, 1.0), 3)
            for code in self.limits
            if code.startswith(("a2", "a34"))
        }

    def station(self) -> Station:
        """Return what the checks look at."""
        converted = self.convert()
        series: dict[str, dict[str, Series]] = {}
        for code, values in self.values.items():
            low, high = self.ranges[code]
            limits = (
                (PointLimit(self.limits[code], converted=bool(converted)),)
                if code in self.limits
                else ()
            )
            keep = ~self.dropped.get(code, np.zeros(len(self.times), bool))
            own = Series(
                code=code,
                period=self.period,
                times=self.times[keep],
                values=values[keep],
                flags=self.flags[code][keep],
                interval=self.interval,
                converted=converted[code][keep] if code in converted else None,
                sampled=self.sampled[code][keep] if code in self.sampled else None,
                low=low,
                high=high,
                limits=limits,
            )
            series[code] = {self.period: own}
            if code in self.hourly:
                times, means = self.hourly[code]
                flags = np.full(len(times), N, np.uint8)
                flags[~np.isfinite(means)] = D
                series[code]["2061"] = Series(
                    code=code, period="2061", times=times, values=means, flags=flags,
                    interval=HOUR, low=low, high=high, limits=limits,
                )  # fmt: skip
        gone = self.dropped.get("", np.zeros(len(self.times), bool))
        frames = {
            self.period: FrameTimes(
                self.times[~gone], self.sent[~gone], self.times[~gone]
            )
        }
        if gone.any():
            for found in series.values():
                for period, one in found.items():
                    keep = ~np.isin(one.times, self.times[gone])
                    found[period] = _cut(one, keep)
        return Station(
            mn=self.mn,
            medium=self.medium,
            reference=self.reference,
            series=series,
            frames=frames,
            repeats=tuple(self.repeats),
            events=tuple(self.events),
        )


def _cut(series: Series, keep: np.ndarray) -> Series:
    return replace(
        series,
        times=series.times[keep],
        values=series.values[keep],
        flags=series.flags[keep],
        converted=None if series.converted is None else series.converted[keep],
        sampled=None if series.sampled is None else series.sampled[keep],
    )


def wander(
    rng: np.random.Generator, count: int, memory: float, tails: bool
) -> np.ndarray:
    """Return noise of unit variance with the given memory from value to value."""
    shocks = rng.standard_t(5, count) / 1.29 if tails else rng.standard_normal(count)
    if memory <= 0.01:
        return shocks
    steps = max(int(np.ceil(np.log(1e-3) / np.log(memory))), 2)
    if steps > 4000:
        steps = 4000
    kernel = memory ** np.arange(steps)
    size = 1 << int(np.ceil(np.log2(count + steps)))
    mixed = np.fft.irfft(np.fft.rfft(shocks, size) * np.fft.rfft(kernel, size), size)
    result: np.ndarray = mixed[:count] * np.sqrt(1 - memory**2)
    return result
