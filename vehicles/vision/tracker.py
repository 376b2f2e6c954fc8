"""ByteTrack of ultralytics over our detections."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from ultralytics.trackers.byte_tracker import BYTETracker
from ultralytics.utils import YAML, IterableSimpleNamespace
from ultralytics.utils.checks import check_yaml

from vehicles.vision.detector import Box, Detection


class _Boxes:
    """The few attributes of ultralytics' Boxes that the tracker reads."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self.rows = rows

    @property
    def xyxy(self) -> NDArray[np.float32]:
        return self.rows[:, :4]

    @property
    def xywh(self) -> NDArray[np.float32]:
        x1, y1, x2, y2 = self.rows[:, :4].T
        return np.stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], 1)

    @property
    def conf(self) -> NDArray[np.float32]:
        return self.rows[:, 4]

    @property
    def cls(self) -> NDArray[np.float32]:
        return self.rows[:, 5]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: NDArray[np.bool_]) -> "_Boxes":
        return _Boxes(self.rows[chosen])


@dataclass
class Sight:
    """A track in one picture: when, where, how sure, and which picture (by number)."""

    at: float
    box: Box
    score: float
    kind: str
    index: int


@dataclass
class Track:
    """One vehicle followed through a segment."""

    number: int
    sights: list[Sight] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The class with the most support."""
        support: dict[str, float] = {}
        for one in self.sights:
            support[one.kind] = support.get(one.kind, 0.0) + one.score
        return max(support, key=lambda name: support[name])


class Tracker:
    """Feeds one segment's detections in time order; tracks accumulate."""

    def __init__(self, *, per_second: float) -> None:
        options = YAML.load(check_yaml("bytetrack.yaml"))
        options.update(track_buffer=max(int(per_second * 2), 4), match_thresh=0.9)
        self._tracker = BYTETracker(IterableSimpleNamespace(**options))
        self.tracks: dict[int, Track] = {}

    def add(self, at: float, index: int, vehicles: list[Detection]) -> None:
        """Take the vehicles of one picture."""
        rows = np.array(
            [(*one.box, one.score, 0.0) for one in vehicles], np.float32
        ).reshape(-1, 6)
        for row in self._tracker.update(_Boxes(rows)):
            number, chosen = int(row[4]), vehicles[int(row[7])]
            track = self.tracks.setdefault(number, Track(number))
            track.sights.append(Sight(at, chosen.box, chosen.score, chosen.kind, index))
