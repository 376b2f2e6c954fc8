"""Near-duplicate photos: the same scene must never be on both sides of a split."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vehicles.domain.smoke.photometry import Image
from vehicles.vision.training.pictures import read_picture

SIDE = 24
SAME = 0.82
LOOK_CLOSER = 0.35
MATCHES = 18


class TooFewError(ValueError):
    """Fewer pictures of different scenes than training needs."""


def _thumb(image: Image) -> NDArray[np.float32]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    flat = small.astype(np.float32)
    flat -= flat.mean()
    return flat / (np.linalg.norm(flat) or 1.0)


def _corners(image: Image) -> NDArray[np.uint8] | None:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    grey = cv2.resize(grey, (320, 240), interpolation=cv2.INTER_AREA)
    orb = cv2.ORB_create(300)  # type: ignore[attr-defined]
    return orb.detectAndCompute(grey, None)[1]  # type: ignore[no-any-return]


def _matches(a: NDArray[np.uint8] | None, b: NDArray[np.uint8] | None) -> int:
    if a is None or b is None or len(a) < 2 or len(b) < 2:
        return 0
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(a, b, k=2)
    good = [p for p in pairs if len(p) == 2 and p[0].distance < 0.7 * p[1].distance]
    return len(good)


def group_duplicates(paths: list[Path]) -> dict[Path, int]:
    """Number the groups of pictures that show the same scene (mirrored counts too)."""
    images = [read_picture(path) for path in paths]
    upright = np.stack([_thumb(image).ravel() for image in images])
    mirrored = np.stack([_thumb(image[:, ::-1]).ravel() for image in images])
    likeness = np.maximum(upright @ upright.T, upright @ mirrored.T)
    corners = [_corners(image) for image in images]
    parent = list(range(len(paths)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for i in range(len(paths)):
        for j in np.flatnonzero(likeness[i, :i] > LOOK_CLOSER):
            same = likeness[i, j] > SAME
            if same or _matches(corners[i], corners[int(j)]) >= MATCHES:
                parent[root(i)] = root(int(j))
    return {path: root(index) for index, path in enumerate(paths)}


def split_of(group_first: str, *, clear: bool) -> str:
    """``train``, ``val`` (8 %) or ``test``, fixed by the group's first name.

    Clear roads give 35 % to the test, plumes 22 %: a false alarm rate of a few per
    cent cannot be seen on fewer.
    """
    number = _number(group_first)
    test = 0.35 if clear else 0.22
    if number < test:
        return "test"
    return "val" if number < test + 0.08 else "train"


def _number(group_first: str) -> float:
    return int(hashlib.sha256(group_first.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


def fill(sides: dict[str, str]) -> dict[str, str]:
    """Give ``train`` and ``val`` a group each where a small set left one empty.

    ``sides`` by a group's first name. What moves is the group that stands nearest to
    the side it goes to. Raises `TooFewError` below two groups.
    """
    if len(sides) < 2:
        raise TooFewError(
            "training needs at least two pictures that do not show the same scene"
        )
    filled = dict(sides)
    for wanted, givers in (("train", ("test", "val")), ("val", ("train", "test"))):
        if wanted in filled.values():
            continue
        for giver in givers:
            held = sorted((n for n, s in filled.items() if s == giver), key=_number)
            if len(held) > 1 or (held and giver == "test"):
                filled[held[0] if giver == "train" else held[-1]] = wanted
                break
    return filled


def split(clear: dict[Path, bool]) -> dict[Path, str]:
    """The side of each picture; a group of near-duplicates stays together.

    ``clear`` says of each picture whether it shows no plume. A group with both kinds
    goes as plumes do.
    """
    paths = sorted(clear)
    groups = group_duplicates(paths)
    first: dict[int, str] = {}
    all_clear: dict[int, bool] = {}
    for path in paths:
        group = groups[path]
        first.setdefault(group, path.name)
        all_clear[group] = all_clear.get(group, True) and clear[path]
    sides = {
        name: split_of(name, clear=all_clear[group]) for group, name in first.items()
    }
    filled = fill(sides)
    return {path: filled[first[groups[path]]] for path in paths}
