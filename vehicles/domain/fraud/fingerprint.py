"""Fingerprints of curves: find near-duplicates without comparing every pair.

Honest tests follow the same driving cycle, so raw curves all look alike. What belongs to
one test alone is what neither driving nor the seconds before explain: each gas column is
regressed on time, speed, engine speed and its own last two values, and the remainder is
clipped, so that no single jump decides. Such remainders are nearly white noise; those of
unlike tests correlate by chance only, those of copies do, even when a copy was scaled,
shifted or slightly blurred.

The remainder is smoothed a little, since a copyist's noise and blur sit in its fastest
changes, and cut into windows, each less its mean and projected on fixed random
directions; the signs are the window's hash. Windows in which nothing happens are left
out: all tests share them. Windows are *stored* at every few rows and *asked for* at
every row, hence a shifted copy still meets its original.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vehicles.domain.inspection.process import Curve

VERSION = 2
"""Changes whenever stored hashes would no longer meet new ones: they are then made anew
by ``manage.py rebuild_fingerprints``."""

WINDOW, BITS, PROBES = 24, 28, 1
LEAST_ROWS = WINDOW + 4
QUIET = 0.25
"""A window whose spread is below this share of the channel's says nothing."""
STORED_WINDOWS = 14
"""About so many windows are stored per channel, whatever the test's length."""

CHANNELS: dict[str, tuple[str, ...]] = {
    "double_idle": ("co2_pct", "hc_ppm", "co_pct", "o2_pct"),
    "asm": ("co2_pct", "hc_ppm", "co_pct", "no_ppm"),
    "vmas": ("co2_pct", "hc_ppm", "co_pct", "no_ppm"),
    "transient": ("co2_pct", "hc_ppm", "co_pct", "no_ppm"),
    "lugdown": ("k_m1", "nox_ppm", "power_kw", "co2_pct"),
    "free_acceleration": ("k_m1", "rpm"),
}
DRIVERS = ("speed_kmh", "rpm", "power_kw")


def needed(method: str) -> frozenset[str]:
    """Return the columns that ``shape`` and ``residual`` read."""
    return frozenset((*CHANNELS.get(method, ()), *DRIVERS))


LEAST_CHANNELS = 2
"""Channels that must agree, where there are so many: one alone may follow driving."""

Array = NDArray[np.float64]


@cache
def _directions() -> Array:
    """Return the fixed random directions; RandomState's stream is frozen by NumPy."""
    made: Array = np.random.RandomState(20181107).standard_normal((WINDOW, BITS))
    return made


def column(curve: Curve, name: str) -> Array | None:
    """Return a column as an array with gaps filled, None if a fifth or more is gone."""
    if name not in curve.columns:
        return None
    values = np.array(
        [np.nan if v is None else v for v in curve.columns[name]], dtype=float
    )
    missing = np.isnan(values)
    if len(values) < LEAST_ROWS or missing.mean() >= 0.2:
        return None
    if missing.any():
        places = np.arange(len(values))
        values[missing] = np.interp(places[missing], places[~missing], values[~missing])
    return values


def _step(values: Array) -> float:
    """Return the resolution of a column: its smallest change."""
    changes = np.abs(np.diff(values))
    changes = changes[changes > 1e-9]
    return float(changes.min()) if len(changes) else 0.0


def _all_lagged(values: list[Array], lags: tuple[int, ...]) -> Array:
    """Return rows × (every column at every lag), the lags of a column side by side."""
    table = np.stack(values, axis=1)
    most, rows = max(lags), len(table)
    padded = np.concatenate([np.repeat(table[:1], most, axis=0), table])
    shifted = [padded[most - lag : most - lag + rows] for lag in lags]
    return np.stack(shifted, axis=2).reshape(rows, -1)


def _median(values: Array) -> float:
    """Return the median; numpy's own takes ten times as long for a short column."""
    ordered = np.sort(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[middle])
    return float((ordered[middle - 1] + ordered[middle]) / 2)


def _smooth(values: Array) -> Array:
    padded = np.concatenate([values[:1], values[:1], values, values[-1:], values[-1:]])
    return np.convolve(padded, np.full(5, 0.2), "valid")


def _driving(curve: Curve, names: tuple[str, ...]) -> Array:
    """Return regressors that say what was driven: level, trend, and by lag the speeds,
    their squares, accelerating, braking, and the beginning of each phase.

    Short tests get fewer of them, or nothing would be left. Speeds are smoothed, so that
    a copyist's noise on them does not pass into what is explained.
    """
    long = curve.rows >= 120
    base: list[Array] = []
    for name in DRIVERS:
        values = None if name in names else column(curve, name)
        if values is None or not values.std() or (base and not long):
            continue
        plain = _smooth((values - values.mean()) / values.std())
        change = np.diff(plain, prepend=plain[0])
        base += [plain, plain * plain]
        if len(base) == 2:
            base += [np.maximum(change, 0), np.maximum(-change, 0)]
    lags = (0, 2, 4, 6, 8) if long else (0, 3)
    parts = [np.stack([np.ones(curve.rows), np.linspace(-1, 1, curve.rows)], axis=1)]
    if base:
        parts.append(_all_lagged(base, lags))
    phases = np.array(curve.phases)
    for code in list(dict.fromkeys(curve.phases))[1:]:
        step = (phases == code).astype(float)
        parts.append(_all_lagged([step], (0, 3)))
    return np.concatenate(parts, axis=1)


def _basis(shared: Array) -> Array:
    """Return orthonormal columns that span ``shared``; dependent columns are dropped."""
    q, r = np.linalg.qr(shared)
    sizes = np.abs(np.diagonal(r))
    kept: Array = q[:, sizes > 1e-9 * sizes.max()]
    return kept


def _unexplained(values: Array, basis: Array) -> Array:
    """Return what neither ``basis`` nor the last two values explain (least squares)."""
    table = np.stack([values[2:], values[1:-1], values[:-2]], axis=1)
    table = table - basis @ (basis.T @ table)
    past, rest = table[:, 1:], table[:, 0]
    square = past.T @ past
    square[np.diag_indices(2)] += 1e-12 * max(float(np.trace(square)), 1e-12)
    out: Array = rest - past @ np.linalg.solve(square, past.T @ rest)
    return out


def _own(curve: Curve, method: str, shared: Array, clip: float) -> Array | None:
    """Return rows × channels of what ``shared`` and the own past leave unexplained."""
    names = CHANNELS.get(method, ())
    out = np.full((curve.rows, len(names)), np.nan)
    basis = _basis(shared[2:])
    for place, name in enumerate(names):
        values = column(curve, name)
        if values is None or len(set(values.tolist())) < 6:
            continue
        rest = _unexplained(values, basis)
        spread = 1.4826 * _median(np.abs(rest))
        if spread <= 0.2 * _step(values):
            continue
        rest = np.clip(rest / spread, -clip, clip)
        out[:, place] = np.concatenate([[0.0, 0.0], rest - rest.mean()])
    return None if np.isnan(out).all() else out


def shape(curve: Curve, method: str) -> Array | None:
    """Return what the hashes are made of: each channel less its own past.

    The first two rows are 0; a channel that hardly moves beyond its resolution is all
    NaN. None when no channel is left.
    """
    if curve.rows < LEAST_ROWS:
        return None
    return _own(curve, method, np.ones((curve.rows, 1)), 2.0)


@dataclass(frozen=True, slots=True)
class Residual:
    """What is a test's own: rows × channels, and how many rows' worth it holds."""

    values: Array
    freedom: int


def residual(curve: Curve, method: str) -> Residual | None:
    """Return what neither driving nor the own past explain, clipped to unit spread."""
    if curve.rows < LEAST_ROWS:
        return None
    shared = _driving(curve, CHANNELS.get(method, ()))
    values = _own(curve, method, shared, 1.2)
    freedom = max(curve.rows - 2 - shared.shape[1], 12)
    return None if values is None else Residual(values, freedom)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``stored``: (hash, row) to keep; ``asked``: (hash, row) to look up."""

    stored: tuple[tuple[int, int], ...]
    asked: tuple[tuple[int, int], ...]


def fingerprint(rest: Array) -> Fingerprint:
    """Return the fingerprint of a ``shape``.

    The ``PROBES`` least certain bits of a window are asked for both ways.
    """
    stored: list[tuple[int, int]] = []
    asked: list[tuple[int, int]] = []
    rows = len(rest) - WINDOW + 1
    stride = max(2, rows // STORED_WINDOWS)
    weights = 1 << np.arange(BITS, dtype=np.int64)
    for channel in range(rest.shape[1]):
        if np.isnan(rest[0, channel]):
            continue
        sides, loud = _windows(rest[:, channel])
        hashes = (sides > 0) @ weights + (channel << BITS)
        stored += _pairs(hashes, loud, stride)
        unsure = np.argsort(np.abs(sides), axis=1)[:, :PROBES]
        for pattern in range(1 << PROBES):
            probe = hashes
            for bit in range(PROBES):
                if pattern >> bit & 1:
                    probe = probe ^ weights[unsure[:, bit]]
            asked += _pairs(probe, loud, 1)
    return Fingerprint(tuple(stored), tuple(asked))


def _windows(values: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return each window's sides of the directions, and whether anything happens in it."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    smooth = np.convolve(padded, (0.25, 0.5, 0.25), "valid")
    windows = np.lib.stride_tricks.sliding_window_view(smooth, WINDOW)
    windows = windows - windows.mean(axis=1, keepdims=True)
    spread = np.sqrt((windows * windows).mean(axis=1))
    return windows @ _directions(), spread >= QUIET


def _pairs(
    hashes: NDArray[np.int64], loud: NDArray[np.bool_], stride: int
) -> list[tuple[int, int]]:
    """Return (hash, row) from row 2 on, every ``stride`` rows, quiet windows left out."""
    rows = np.arange(2, len(hashes), stride)
    rows = rows[loud[rows]]
    return list(zip(hashes[rows].tolist(), rows.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two residuals are: mean Fisher z over ``channels``, chance's spread."""

    z: float
    channels: int
    chance: float

    @property
    def r(self) -> float:
        """The correlation that z stands for."""
        return float(np.tanh(self.z))


UNLIKE = Likeness(0.0, 0, 1.0)


def similarity(a: Residual, b: Residual, shift: int) -> Likeness:
    """Return how alike two residuals are.

    ``shift`` is the row of ``a`` that meets row 0 of ``b``. Of the channels' Fisher z
    the best two, three … are averaged, whichever says most, since a copyist may blur
    some channels beyond recognition. ``UNLIKE`` when too few rows overlap.
    """
    start_a, start_b = max(shift, 0), max(-shift, 0)
    length = min(len(a.values) - start_a, len(b.values) - start_b)
    if length < WINDOW or a.values.shape[1] != b.values.shape[1]:
        return UNLIKE
    x = a.values[start_a : start_a + length]
    y = b.values[start_b : start_b + length]
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    both = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (x * y).sum(axis=0) / both
    r = r[~np.isnan(r)]
    if not len(r):
        return UNLIKE
    z = np.sort(np.arctanh(np.minimum(np.maximum(r, -0.99995), 0.99995)))[::-1]
    counts = np.arange(1, len(z) + 1)
    means = np.cumsum(z) / counts
    least = min(len(z), LEAST_CHANNELS) - 1
    best = least + int(np.argmax((means * np.sqrt(counts))[least:]))
    freedom = min(a.freedom, b.freedom) * length / max(len(a.values), len(b.values))
    chance = 1 / float(np.sqrt(max(freedom - 3, 1) * (best + 1)))
    return Likeness(float(means[best]), best + 1, chance)
