"""Whose smoke it is: each smoke box and each plume is given to one vehicle."""

import numpy as np

from vehicles.domain.smoke import transmission, verdict
from vehicles.domain.smoke.regions import Box
from vehicles.domain.smoke.tracks import overlap
from vehicles.vision.clip import LEAST_SIGHTS, Clip
from vehicles.vision.judging import TRAIL_SECONDS, Instants, Judged, Owners
from vehicles.vision.tracker import Track

# A smoke box this far off (in vehicle sizes), or this large, is not a vehicle's.
NEAR_SMOKE, LARGEST_SMOKE = 0.4, 6.0
# A follower is where the other was so many seconds before; unless it smokes by so many
# levels more, the smoke is the other's.
FOLLOWS, SAME_PLACE, MUCH_DARKER = (0.5, 4.0), 0.3, 0.8


def owners_of(clip: Clip) -> Owners:
    """Whose smoke each smoke box is: (picture, place in its list) to track number.

    Smoke lies where its vehicle has just been, so the vehicle whose recent way covers
    most of the box owns it; without such a way the nearest does.
    """
    by_picture: dict[int, list[tuple[Track, int]]] = {}
    for track in clip.tracker.tracks.values():
        for number, sight in enumerate(track.sights):
            by_picture.setdefault(sight.index, []).append((track, number))
    owners = {}
    for index, shot in enumerate(clip.shots):
        for place, one in enumerate(shot.smoke):
            claims = [
                (_claim(track, number, one.box), track.number)
                for track, number in by_picture.get(index, [])
            ]
            best = max(claims, default=(0.0, 0))
            if best[0] > 0:
                owners[index, place] = best[1]
    return owners


def _claim(track: Track, number: int, smoke: Box) -> float:
    """How well a smoke box fits a vehicle: 0 not at all, above 1 on its recent way."""
    sight = track.sights[number]
    x1, y1, x2, y2 = sight.box
    w, h = x2 - x1, y2 - y1
    apart_x = max(smoke[0] - x2, x1 - smoke[2], 0.0) / max(w, 1.0)
    apart_y = max(smoke[1] - y2, y1 - smoke[3], 0.0) / max(h, 1.0)
    area = (smoke[2] - smoke[0]) * (smoke[3] - smoke[1])
    if apart_x > NEAR_SMOKE or apart_y > NEAR_SMOKE or area > LARGEST_SMOKE * w * h:
        return 0.0
    way = [
        past.box
        for past in track.sights[:number]
        if sight.at - past.at <= TRAIL_SECONDS
    ]
    covered = max((_shared_area(smoke, box) for box in way), default=0.0)
    return 1.0 - apart_x - apart_y + covered / max(area, 1.0)


def _shared_area(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0


def settle_shared(found: list[Judged]) -> list[Judged]:
    """Proposals only; where two vehicles share one plume, the likelier source stays."""
    proposed = [one for one in found if one[2].proposal is not verdict.Proposal.NOTHING]
    proposed.sort(key=_strength, reverse=True)
    kept: list[Judged] = []
    for one in proposed:
        if not any(
            _share_plume(one[1], other[1]) or _drives_through(one, other)
            for other in kept
        ):
            kept.append(one)
    kept = [
        one
        for one in kept
        if not any(_drives_through(one, other) for other in kept if other is not one)
    ]
    return sorted(kept, key=lambda one: one[1][0][0].at)


def _drives_through(one: Judged, other: Judged) -> bool:
    """Whether a vehicle only follows another in its smoke, which is no weaker."""
    if one[2].level.value > other[2].level.value + MUCH_DARKER:
        return False
    followed = 0
    for sight, _ in one[1]:
        followed += any(
            FOLLOWS[0] <= sight.at - past.at <= FOLLOWS[1]
            and overlap(sight.box, past.box) > SAME_PLACE
            for past, _ in other[1]
        )
    return followed >= LEAST_SIGHTS and followed > len(one[1]) / 3


def _strength(judged: Judged) -> tuple[float, int, float]:
    """Clean air before it first, then more plume pictures, then the nearer plume."""
    plumes = [(s, i) for s, i in judged[1] if i.measure.region]
    if not plumes:
        return -1.0, judged[2].physics_frames, -1e9
    ahead = float(np.median([i.measure.ahead for _, i in plumes]))
    apart = float(np.median([_distance(s.box, i.measure) for s, i in plumes]))
    return -round(ahead, 1), judged[2].physics_frames, -apart


def _distance(vehicle: Box, measured: transmission.Measure) -> float:
    assert measured.box is not None
    middle = (
        (measured.box[0] + measured.box[2]) / 2,
        (measured.box[1] + measured.box[3]) / 2,
    )
    foot = ((vehicle[0] + vehicle[2]) / 2, vehicle[3])
    return float(np.hypot(middle[0] - foot[0], middle[1] - foot[1])) / max(
        vehicle[2] - vehicle[0], 1.0
    )


def _share_plume(one: Instants, other: Instants) -> bool:
    theirs = {i.at: i.measure.region for _, i in other if i.measure.region}
    both = [
        (i.measure.region, theirs[i.at])
        for _, i in one
        if i.measure.region and i.at in theirs
    ]
    shared = [
        region.shared(twin) > 0.5 * max(min(region.size, twin.size), 1)
        for region, twin in both
    ]
    return len(shared) >= 2 and sum(shared) > len(shared) / 2
