"""Rendered clips with known truth through the pipeline, and how the two compare."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from bozhou_eco.common.video import frames
from vehicles.domain.smoke.tracks import overlap
from vehicles.domain.smoke.voting import Voted
from vehicles.vision.analysis import Analysis, Candidate, Profile, Seen
from vehicles.vision.detector import Eyes
from vehicles.vision.pipeline import analyse
from vehicles.vision.plate_reader import PlateReader
from vehicles.vision.render.footage import RATE

# A vehicle counts as found where its box and the true one share this much.
SAME_BOX = 0.3
# … or their centres are nearer than this share of its size.
SAME_CENTRE = 0.8
LEAST_LEVEL = 2.0
# In this light the system is to say that it cannot tell.
NO_LEVEL = frozenset({"night", "rain"})

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Truth:
    """What is known of a clip; ``level`` is the plume's median while it is seen."""

    name: str
    light: str
    kind: str
    level: float
    plate: str
    rate: float
    vehicles: Sequence[Box | None]
    # Pixels of the plate where it is widest and wholly in the picture; 0 where not told.
    plate_width: float = 0.0

    @property
    def smoking(self) -> bool:
        """Whether black smoke is to be seen."""
        return self.kind == "soot" and self.level > 0

    def box(self, at: float) -> Box | None:
        """Where the vehicle of the clip is at an instant."""
        place = round(at * self.rate)
        return self.vehicles[place] if place < len(self.vehicles) else None


def read_truth(path: Path) -> Truth:
    """The truth written beside a rendered clip."""
    told = json.loads(path.read_text(encoding="utf-8"))
    made: dict[str, Any] = told.get("spec") or told["job"]
    seen = [
        level
        for level, box in zip(told["levels"], told["vehicles"], strict=True)
        if level > 0 and box
    ]
    return Truth(
        name=path.stem,
        light=made["light"],
        kind=made["kind"] if made["level"] > 0 else "none",
        level=median(seen) if seen and made["kind"] == "soot" else 0.0,
        plate=str(made.get("plate", "")).replace("·", ""),
        rate=float(made.get("rate", 25 if "spec" in told else RATE)),
        vehicles=[tuple(box) if box else None for box in told["vehicles"]],
        plate_width=max(filter(None, told.get("plate_widths", [])), default=0.0),
    )


@dataclass(frozen=True)
class Score:
    """How one clip came out. ``read`` is the level given, None where undetermined."""

    truth: Truth
    hit: bool
    false: int
    read: float | None
    plate: Voted | None
    proposal: str
    words: str
    conditions: Sequence[str]
    pictures: int

    def row(self) -> dict[str, object]:
        """The score as a line of the report."""
        return {
            "clip": self.truth.name,
            "level": round(self.truth.level, 2),
            "hit": self.hit,
            "false": self.false,
            "read": None if self.read is None else round(self.read, 2),
            "plate": self.truth.plate,
            "plate_width": round(self.truth.plate_width),
            "plate_read": self.plate and self.plate.text,
            "plate_problem": self.plate and self.plate.problem,
            "proposal": self.proposal,
            "words": self.words,
            "conditions": list(self.conditions),
        }


def score_clip(
    video: Path, *, eyes: Eyes, plates: PlateReader, per_second: float
) -> Score:
    """Analyse a clip and compare it with the truth beside it."""
    truth = read_truth(video.with_suffix(".json"))
    analysis = analyse(
        frames(video, per_second=per_second),
        eyes=eyes,
        plates=plates,
        profile=Profile(all_plates=bool(truth.plate)),
        per_second=per_second,
    )
    return compare(truth, analysis)


def compare(truth: Truth, analysis: Analysis) -> Score:
    """A clip's analysis beside its truth."""
    right = [one for one in analysis.candidates if _is_vehicle(one, truth)]
    smoking = right if truth.smoking else []
    level = smoking[0].verdict.level if smoking else None
    words = "；".join(
        f"{one.verdict.physics}，{one.verdict.detector}：{one.verdict.reason}"
        for one in analysis.candidates
    )
    return Score(
        truth=truth,
        hit=bool(smoking),
        false=len(analysis.candidates) - len(smoking),
        read=level.value if level is not None and level.determined else None,
        plate=_plate(truth, analysis),
        proposal="、".join(str(one.verdict.proposal) for one in analysis.candidates),
        words=words,
        conditions=analysis.conditions,
        pictures=analysis.pictures,
    )


def _is_vehicle(candidate: Candidate, truth: Truth) -> bool:
    boxes = [(point.vehicle, truth.box(point.at)) for point in candidate.curve]
    same = [_same(seen, true) for seen, true in boxes if true]
    return bool(same) and sum(same) > len(same) / 2


def _same(seen: Box, true: Box) -> bool:
    """Whether two boxes are one vehicle; truth between two sights may be a little off."""
    apart = abs(seen[0] + seen[2] - true[0] - true[2]) / 2
    below = abs(seen[1] + seen[3] - true[1] - true[3]) / 2
    near = apart < SAME_CENTRE * (true[2] - true[0])
    return overlap(seen, true) > SAME_BOX or (
        near and below < SAME_CENTRE * (true[3] - true[1])
    )


def _plate(truth: Truth, analysis: Analysis) -> Voted | None:
    """The plate read on the clip's vehicle; None where it was never followed."""
    if not truth.plate:
        return None
    on_it = [one.track for one in analysis.tracks if _seen_there(one, truth)]
    read = [analysis.plates[number] for number in on_it if number in analysis.plates]
    if not read:
        return None
    return max(read, key=lambda one: (one.readings, one.score))


def _seen_there(seen: Seen, truth: Truth) -> bool:
    box = truth.box(seen.at)
    return box is not None and overlap(seen.box, box) > SAME_BOX


Totals = dict[str, float | int | None]

# Widths of plates in the picture by which their figures are told apart, pixels.
PLATE_BINS = {"under_70": (0, 70), "70_to_90": (70, 90), "from_90": (90, 1e9)}


def plate_totals(scores: Iterable[Score]) -> Totals:
    """Plates read right, by their width in the picture; wrong ones that do not say so.

    Clips at night and in rain are left out, as they are for levels.
    """
    rows = [
        one for one in scores if one.truth.plate and one.truth.light not in NO_LEVEL
    ]
    found: Totals = {
        "plates": len(rows),
        "plate_accuracy": mean(_read_right(one) for one in rows) if rows else None,
        "plates_to_check": sum(bool(_problem(one)) for one in rows),
        "plates_wrong_unmarked": sum(
            not _read_right(one) and not _problem(one) for one in rows
        ),
    }
    for name, (least, most) in PLATE_BINS.items():
        some = [one for one in rows if least <= one.truth.plate_width < most]
        found[f"plates_{name}"] = len(some)
        found[f"plates_{name}_right"] = sum(_read_right(one) for one in some)
    return found


def _read_right(score: Score) -> bool:
    return score.plate is not None and score.plate.text == score.truth.plate


def _problem(score: Score) -> str:
    """What the vote says is wrong; a vehicle that was not followed asks by itself."""
    return score.plate.problem if score.plate else "未跟踪到车辆"


def totals(scores: Iterable[Score]) -> Totals:
    """Recall of level 2 and more, precision, error of the level, plates."""
    rows = list(scores)
    due = [
        one
        for one in rows
        if one.truth.smoking
        and one.truth.level >= LEAST_LEVEL
        and one.truth.light not in NO_LEVEL
    ]
    hits = [one for one in rows if one.hit]
    proposed = len(hits) + sum(one.false for one in rows)
    errors = [abs(one.read - one.truth.level) for one in hits if one.read is not None]
    biases = [one.read - one.truth.level for one in hits if one.read is not None]
    return {
        "clips": len(rows),
        "due": len(due),
        "recall": mean(one.hit for one in due) if due else None,
        "proposed": proposed,
        "precision": len(hits) / proposed if proposed else None,
        "levels": len(errors),
        "ringelmann_mae": mean(errors) if errors else None,
        "ringelmann_bias": mean(biases) if biases else None,
        "given_without_light": sum(
            one.read is not None for one in rows if one.truth.light in NO_LEVEL
        ),
        **plate_totals(rows),
    }
