"""One vehicle of a clip: measured in each of its pictures, both votes put together."""

import numpy as np

from vehicles.domain.smoke import persistence, transmission, verdict
from vehicles.vision.clip import LEAST_SIGHTS, scaled
from vehicles.vision.scenes import Scenes
from vehicles.vision.tracker import Sight, Track

TRAIL_SECONDS = 1.2
# Where smoke is seen now, nothing is dark so many seconds before, or so many after.
BEFORE_SECONDS, AFTER_SECONDS = 1.4, 5.0
OTHERWISE_PLUMES, OTHERWISE_PICTURES = 5, 12
# A place that much brighter than its background (in optical depth) is seen through mist.
BRIGHTER = 0.08
# A vehicle's direction comes from this many sights around; less motion tells none.
HEADING_SIGHTS, LEAST_MOVED = 2, 0.15
# A vehicle that shrinks to this share of its width drives away.
SMALLER = 0.8

Instants = list[tuple[Sight, verdict.Instant]]
Judged = tuple[Track, Instants, verdict.Verdict]
# (picture, place in its list) of a smoke box → number of the track it belongs to.
Owners = dict[tuple[int, int], int]


def judge_track(
    track: Track,
    scenes: Scenes,
    blocked: str,
    owners: Owners,
) -> Judged:
    """Measure a vehicle in each of its pictures and put both votes together."""
    clip = scenes.clip
    instants: Instants = []
    for number, sight in clip.measured(track):
        trail = [
            scaled(past.box, clip.scale)
            for past in track.sights[:number]
            if sight.at - past.at <= TRAIL_SECONDS
        ]
        measured = transmission.measure(
            scenes.at(sight.index),
            scaled(sight.box, clip.scale),
            trail,
            scenes.settings,
            heading=_heading(track.sights, number),
        )
        instants.append((sight, _instant(track, sight, measured, scenes, owners)))
    judged = verdict.judge(
        [one for _, one in instants],
        clip.profile.thresholds,
        lingering=_lingering(instants, scenes),
        earlier=_otherwise(instants, scenes),
        blocked=blocked,
        recedes=_recedes(track.sights),
    )
    return track, instants, judged


def _recedes(sights: list[Sight]) -> bool:
    """Whether a vehicle drives away from the camera: it is seen smaller and smaller."""
    widths = [one.box[2] - one.box[0] for one in sights]
    third = max(len(widths) // 3, 1)
    return float(np.median(widths[-third:])) < SMALLER * float(
        np.median(widths[:third])
    )


def _instant(
    track: Track,
    sight: Sight,
    measured: transmission.Measure,
    scenes: Scenes,
    owners: Owners,
) -> verdict.Instant:
    """Both votes of one picture."""
    smoke = [
        one
        for place, one in enumerate(scenes.clip.shots[sight.index].smoke)
        if owners.get((sight.index, place)) == track.number
    ]
    support = max(smoke, key=lambda one: one.score, default=None)
    if support is None:
        return verdict.Instant(sight.at, measured, 0.0)
    darkened = scenes.darkened(sight.index, support.box)
    return verdict.Instant(sight.at, measured, support.score, darkened)


def _otherwise(instants: Instants, scenes: Scenes) -> float | None:
    """Share of a vehicle's darkening that is there without it too; None: not seen.

    Smoke of one ahead is dark before the vehicle comes. A background too bright (steam
    or dust stood there) is dark before and long after. Pictures in which the place is
    brighter than the background say nothing.
    """
    shots = scenes.clip.shots
    plumes = [(s, i.measure.region) for s, i in instants if i.measure.region]
    step = max(len(plumes) // OTHERWISE_PLUMES, 1)
    shares = []
    for sight, region in plumes[::step]:
        own = scenes.at(sight.index).depth_in(region.window)
        away = [n for n, shot in enumerate(shots) if _away(shot.at - sight.at)]
        for index in away[:: max(len(away) // OTHERWISE_PICTURES, 1)]:
            scene = scenes.at(index)
            seen = region.mask & scene.usable_in(region.window)
            if np.count_nonzero(seen) < 0.5 * region.size:
                continue
            then = float(np.median(scene.depth_in(region.window)[seen]))
            if then > -BRIGHTER:
                shares.append(then / max(float(np.median(own[seen])), 1e-3))
    return float(np.median(shares)) if len(shares) >= LEAST_SIGHTS else None


def _away(gap: float) -> bool:
    """Whether a vehicle's smoke is not there yet, or no longer, so many seconds off."""
    return gap <= -BEFORE_SECONDS or gap >= AFTER_SECONDS


def _lingering(instants: Instants, scenes: Scenes) -> float | None:
    return persistence.lingering(
        [
            persistence.Moment(
                sight.at,
                scaled(sight.box, scenes.clip.scale),
                scenes.at(sight.index),
                instant.measure.region,
            )
            for sight, instant in instants
        ]
    )


def _heading(sights: list[Sight], number: int) -> transmission.Heading | None:
    """Unit vector of a vehicle's motion around one of its sights; None when it stands."""
    first = sights[max(number - HEADING_SIGHTS, 0)].box
    last = sights[min(number + HEADING_SIGHTS, len(sights) - 1)].box
    dx = (last[0] + last[2] - first[0] - first[2]) / 2
    dy = (last[1] + last[3] - first[1] - first[3]) / 2
    moved = float(np.hypot(dx, dy))
    if moved < LEAST_MOVED * (last[2] - last[0]):
        return None
    return dx / moved, dy / moved
