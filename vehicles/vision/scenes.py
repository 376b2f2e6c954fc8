"""Pictures of a clip beside its clean background, each compared when first asked for."""

from dataclasses import replace

import numpy as np

from vehicles.domain.smoke import comparison
from vehicles.domain.smoke.background import Background
from vehicles.domain.smoke.photometry import luminance
from vehicles.domain.smoke.regions import Box, Window, box_mask, widened
from vehicles.vision.clip import Clip, scaled

# In measuring, shadows and wheels beside a vehicle's box are left out with it.
MEASURE_MARGIN = 0.12
AIRLIGHT_PICTURES = 12
FLICKER_PICTURES = 5
# Share of a smoke box where the background must be known to say anything of it.
LEAST_KNOWN = 0.3
MOSTLY_MIST, HARDLY = 0.5, 0.01


class Scenes:
    """The comparisons of a clip; each is made once."""

    def __init__(self, clip: Clip, background: Background) -> None:
        self.clip, self.background = clip, background
        self.clean = comparison.Clean.of(background, clip.profile.photometry)
        self.settings = replace(clip.profile.photometry, airlight=self._airlight())
        self._cache: dict[int, comparison.Scene] = {}

    def at(self, index: int) -> comparison.Scene:
        """The comparison of picture ``index``."""
        if index not in self._cache:
            shot = self.clip.shots[index]
            self._cache[index] = comparison.compare(
                shot.small,
                self.clean,
                [
                    widened(scaled(one, self.clip.scale), MEASURE_MARGIN)
                    for one in shot.hiding
                ],
                self.settings,
            )
        return self._cache[index]

    def typical_flicker(self) -> float:
        """Median fine flicker of a few pictures of the clip."""
        step = max(len(self.clip.shots) // FLICKER_PICTURES, 1)
        indices = range(0, len(self.clip.shots), step)
        return float(np.median([self.at(index).flicker for index in indices]))

    def darkened(self, index: int, smoke: Box) -> float | None:
        """Depth of the darker half of a smoke box; None where nothing is known.

        Nearly none where mist stood: what the detector took for smoke may be it, so
        that there it may support but not speak alone.
        """
        scene = self.at(index)
        height, width = scene.bare.shape
        window = Window.around([scaled(smoke, self.clip.scale)], height, width)
        misty = self.background.misty
        if misty is not None and window.of(misty).mean() > MOSTLY_MIST:
            return HARDLY
        usable = scene.usable_in(window)
        if usable.size < 30 or usable.mean() < LEAST_KNOWN:
            return None
        return float(np.percentile(scene.depth_in(window)[usable], 70))

    def _airlight(self) -> float:
        """Scattered light of the clip, from the dark parts of its vehicles."""
        clip, light = self.clip, self.clean.light
        step = max(len(clip.shots) // AIRLIGHT_PICTURES, 1)
        height, width = light.shape
        pictures, masks = [], []
        for shot in clip.shots[::step]:
            boxes = [scaled(one.box, clip.scale) for one in shot.vehicles]
            if not boxes:
                continue
            window = Window.around(boxes, height, width)
            pictures.append(luminance(window.of(shot.small)))
            inner = [window.inner(box) for box in boxes]
            masks.append(box_mask(*window.shape, inner))
        road = float(np.median(light[int(height * 0.45) :: 2, ::2]))
        return comparison.airlight_of(pictures, masks, road, clip.profile.photometry)
