"""Smooth random curves that can be asked for any moment, past or future.

Value noise: pseudo-random levels at lattice points, joined by a smooth step. The same
seed and moment always give the same value, so a history request gets what was sent.
"""

import math

_MASK = (1 << 64) - 1


def _mix(value: int) -> int:
    """Scatter 64 bits (the finalizer of SplitMix64)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def level(seed: int, step: int) -> float:
    """Return the pseudo-random level in -1..1 of one lattice point."""
    return _mix(seed ^ (step * 0x632BE59BD9B4E019 & _MASK)) / (1 << 63) - 1


def smooth(seed: int, seconds: float, period: float) -> float:
    """Return a curve in -1..1 that turns about once in ``period`` seconds."""
    place = seconds / period
    step = math.floor(place)
    part = place - step
    part = part * part * (3 - 2 * part)
    return level(seed, step) * (1 - part) + level(seed, step + 1) * part


def wander(seed: int, seconds: float) -> float:
    """Return a natural-looking fluctuation with about unit standard deviation.

    Hours, quarters of hours, minutes and seconds each have their share.
    """
    return (
        1.15 * smooth(seed, seconds, 7200)
        + 1.0 * smooth(seed + 1, seconds, 900)
        + 0.7 * smooth(seed + 2, seconds, 75)
        + 0.35 * level(seed + 3, int(seconds // 5))
    )
