"""Drawn clips whose cameras resolve plates: what reading plates is measured on.

The other drawn views are wide, their plates about 45 pixels: they measure the picture
rather than the reader. A capture camera is set up so that a plate fills more of it.
"""

import numpy as np

from vehicles.vision.render.clips import LETTERS, Spec
from vehicles.vision.render.scene import View
from vehicles.vision.render.truck import PLATE_WIDTH

# How wide a capture camera shows a plate where it is nearest: what is commonly asked of
# such cameras (source: memory, not checked against GA/T 497 or GA/T 833). Rendering
# takes another width as an option; nothing is judged by it.
PLATE_PIXELS = 100.0
SIZE = (1920, 1080)
# As many pictures a second as the pipeline looks at.
RATE = 5
# Two clips in five with smoke, some of it before the plate.
PLAN = (
    *(("day", "none"),) * 12,
    *(("day", "soot"),) * 10,
    *(("haze", "none"), ("haze", "none"), ("haze", "soot"), ("haze", "soot")),
    *(("dusk", "none"), ("dusk", "none"), ("dusk", "soot"), ("dusk", "soot")),
    *(("shadow", "none"),) * 4,
    *(("day", "dust"), ("day", "dust"), ("day", "spray"), ("day", "steam")),
    *(("night", "none"), ("rain", "none")),
)
OTHER_PROVINCES = "甘陕川豫浙苏京鲁"
OTHERS_ONE_IN = 10
# Colour, rows of characters and share: large vehicles carry two rows at the rear.
PLATES = (("yellow", 2, 0.6), ("yellow", 1, 0.15), ("blue", 1, 0.25))


def plate_specs(series: int = 0) -> list[Spec]:
    """The set of a series: 0 is what methods are developed with, others for the end."""
    rng = np.random.default_rng(20261128 + series)
    specs = []
    for number, (light, kind) in enumerate(PLAN):
        colour, rows, _ = PLATES[rng.choice(len(PLATES), p=[p for *_, p in PLATES])]
        serial = "".join(rng.choice(list(LETTERS), 5))
        province = "新"
        if number % OTHERS_ONE_IN == OTHERS_ONE_IN - 1:
            province = str(rng.choice(list(OTHER_PROVINCES)))
        paint = [int(v) for v in rng.integers(40, 210, 3)]
        specs.append(
            Spec(
                name=f"plate-{series}-{number:02d}-{light}-{kind}",
                plate=f"{province}{rng.choice(list('ABEFN'))}{serial}",
                level=0.0 if kind == "none" else float(rng.uniform(1.0, 4.0)),
                light=light,
                speed=float(rng.uniform(6, 13)),
                lane=float(rng.choice([2.0, 4.6, -1.6]) + rng.uniform(-0.3, 0.3)),
                paint=(paint[0], paint[1], paint[2]),
                plate_colour=colour,
                plate_rows=rows,
                seed=40_500 + number + 1000 * series,
                kind=kind,
                wind=float(rng.uniform(-1.3, 1.3)),
                seconds=6.0,
                enters=0.0,
                rate=RATE,
            )
        )
    return specs


def plate_view(spec: Spec, pixels: float = PLATE_PIXELS) -> View:
    """The camera of a clip: on a pole beside or above the lane, aimed along it."""
    rng = np.random.default_rng(spec.seed)
    pole, aside = float(rng.uniform(5.2, 7.5)), float(rng.uniform(-3.5, 3.5))
    nearest, aimed = float(rng.uniform(20.0, 26.0)), 34.0
    width, height = SIZE
    focal = pixels * nearest / PLATE_WIDTH
    # The plate hangs a metre above the ground and leaves the picture's foot last.
    below = np.arctan((pole - 1.0) / nearest)
    pitch = float(np.degrees(below - np.arctan(height / 2 / focal) * 0.92))
    return View(
        width,
        height,
        focal=focal,
        pole=pole,
        offset=spec.lane - aside,
        pitch=pitch,
        yaw=float(np.degrees(np.arctan(aside / aimed))),
    )
