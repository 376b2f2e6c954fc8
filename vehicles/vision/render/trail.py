"""A plume left by a moving exhaust: puffs that drift, widen and thin out."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vehicles.vision.plume import Field, Puff, blobs, core_level, fractal_noise

Vector = NDArray[np.float64]
# World points N×3 to pixels N×2 and pixels per metre N.
Projector = Callable[[Vector], tuple[Vector, Vector]]


# Radius in metres of a puff as it leaves the exhaust and its wake.
START = 0.5
# Pixels per second by which the plume's texture drifts at full size.
DRIFT = 34.0


@dataclass(frozen=True)
class Wind:
    """Metres per second across (x), along (y) and up (z), with gustiness."""

    x: float = -0.6
    y: float = 0.0
    z: float = 0.45
    gust: float = 0.35


@dataclass
class Trail:
    """Puffs emitted every ``step`` seconds by an exhaust whose place is ``path(t)``.

    ``path`` gives the exhaust's x, y, z and its velocity; None while it is away.
    """

    path: Callable[[float], tuple[Vector, Vector] | None]
    project: Projector
    wind: Wind
    rng: np.random.Generator
    step: float = 0.03
    life: float = 3.2
    strength: float = 1.0
    _noise: dict[tuple[int, int], Field] = field(default_factory=dict)
    _jitter: dict[int, Vector] = field(default_factory=dict)

    def _puffs(self, now: float, shrink: float) -> list[Puff]:
        """Puffs alive at ``now`` in pixels of a picture shrunk by ``shrink``."""
        first, last = int(max(now - self.life, 0) / self.step), int(now / self.step)
        places, radii, depths = [], [], []
        for number in range(first, last + 1):
            born = number * self.step
            source = self.path(born)
            if source is None:
                continue
            if number not in self._jitter:
                self._jitter[number] = self.rng.standard_normal(5)
            jitter, age = self._jitter[number], max(now - born, 0.0)
            at, speed = source
            carried = speed * 0.55 * 0.7 * (1 - np.exp(-age / 0.7))
            drift = np.array([self.wind.x, self.wind.y, self.wind.z]) * age
            radius = START + 0.62 * np.sqrt(age) + 0.12 * age
            swirl = jitter[:3] * radius * self.wind.gust
            place = at + carried + drift + swirl
            place[2] = max(place[2], radius * 0.4)
            places.append(place)
            radii.append(radius)
            puff = np.exp(0.35 * jitter[3]) * (0.75 + 0.25 * np.sin(born * 5.1))
            fade = np.exp(-age / (self.life * 0.55)) * (1 - np.exp(-age / 0.05))
            depths.append(puff * fade * (START / radius) ** 1.3)
        if not places:
            return []
        pixels, scale = self.project(np.array(places))
        return [
            Puff(float(u) * shrink, float(v) * shrink, float(r * s) * shrink, float(d))
            for (u, v), s, r, d in zip(pixels, scale, radii, depths, strict=True)
            if np.isfinite(u) and np.isfinite(v)
        ]

    def depth(self, now: float, height: int, width: int, shrink: float = 0.5) -> Field:
        """Optical depth at ``now`` on a grid of ``height*shrink`` × ``width*shrink``."""
        rows, columns = int(height * shrink), int(width * shrink)
        smooth = blobs(rows, columns, self._puffs(now, shrink))
        if smooth.max() <= 0:
            return smooth
        key = (rows, columns)
        spare = int(self.life * 2 * DRIFT)
        if key not in self._noise:
            self._noise[key] = np.exp(
                0.34
                * fractal_noise(
                    rows + spare, columns + spare, self.rng, cell=max(columns / 14, 6.0)
                )
            )
        # The texture drifts with the plume and turns back before its edge is reached.
        shift = int(abs((now * DRIFT * shrink) % (2 * spare) - spare))
        texture = self._noise[key][
            spare - shift : spare - shift + rows, shift : shift + columns
        ]
        return (smooth * texture * self.strength).astype(np.float32)

    def calibrate(
        self, level: float, times: list[float], height: int, width: int
    ) -> None:
        """Set the strength so that the median core level over ``times`` is ``level``."""
        if level <= 0:
            self.strength = 0.0
            return
        self.strength = 1.0
        fields = [self.depth(t, height, width, 0.25) for t in times]
        fields = [f for f in fields if f.max() > 0]
        low, high = 1e-3, 1e3
        for _ in range(40):
            middle = float(np.sqrt(low * high))
            got = float(np.median([core_level(f * middle) for f in fields]))
            low, high = (middle, high) if got < level else (low, middle)
        self.strength = float(np.sqrt(low * high))
