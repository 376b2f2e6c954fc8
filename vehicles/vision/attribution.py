"""Whose smoke it is: each smoke box and each plume is given to one vehicle."""

from dataclasses import replace

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
# Plumes that touch within so many seconds are one, seen in so many pictures at least.
SAME_AIR_SECONDS, LEAST_SEEN = 4.0, 2
# With this share of the source's soot another vehicle may be the source as well.
RIVAL_SHARE = 0.75
# Vehicle sizes of plume beyond which more tells nothing of its source.
MOST_AREA = 1.5


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
    """Proposals only, one for each plume: that of the vehicle with most soot behind it.

    Smoke drifts, so those who follow or drive beside its source are seen in it too, but
    deepest, widest and longest it is seen behind the source. What speaks for the plume,
    whichever vehicle it was seen at, speaks for its source; where another vehicle comes
    near it in soot, the reason tells the reviewer to look whose smoke it is.
    """
    sources = [
        one
        for one in found
        if one[2].proposal is not verdict.Proposal.NOTHING
        or one[2].physics_frames >= LEAST_SEEN
    ]
    kept: list[Judged] = []
    beside: list[list[float]] = []
    for one in sorted(sources, key=_soot, reverse=True):
        place = next((n for n, o in enumerate(kept) if _same_plume(one, o)), None)
        if place is None:
            kept.append(one)
            beside.append([])
        else:
            kept[place] = _with_support(kept[place], one)
            beside[place].append(_soot(one))
    proposed = [
        _with_rivals(one, soots)
        for one, soots in zip(kept, beside, strict=True)
        if one[2].proposal is not verdict.Proposal.NOTHING
    ]
    return sorted(proposed, key=lambda one: one[1][0][0].at)


def _with_support(source: Judged, other: Judged) -> Judged:
    """A source with the better proposal of the two."""
    rank = [verdict.Proposal.NOTHING, verdict.Proposal.UNCLEAR, verdict.Proposal.SMOKE]
    track, instants, own = source
    if rank.index(other[2].proposal) <= rank.index(own.proposal):
        return source
    reason = f"同一烟羽在邻近车辆处：{other[2].reason}"
    return track, instants, replace(own, proposal=other[2].proposal, reason=reason)


def _with_rivals(source: Judged, soots: list[float]) -> Judged:
    """A source that says how many others in its plume could be the source as well."""
    own = _soot(source)
    rivals = [soot for soot in soots if soot > 0 and soot >= RIVAL_SHARE * own]
    if not rivals:
        return source
    share = f"（烟量为其 {100 * max(rivals) / own:.0f}%）" if own else ""
    reason = (
        f"{source[2].reason}；同一烟羽中另有 {len(rivals)} 辆车{share}，须核对由谁排出"
    )
    return source[0], source[1], replace(source[2], reason=reason)


def _soot(judged: Judged) -> float:
    """How much soot is seen behind a vehicle in all its pictures.

    Optical depth times area is the mass of soot in the line of sight. Areas are in
    vehicle sizes, so that far and near ones compare; beyond some the whole air is full.
    """
    return sum(
        one.measure.depth * min(one.measure.area, MOST_AREA) * (1.0 - one.measure.ahead)
        for _, one in judged[1]
        if one.measure.finding is transmission.Finding.PLUME
    )


def _same_plume(one: Judged, source: Judged) -> bool:
    """Whether what is seen at a vehicle is the plume of one with more soot behind it."""
    return _in_its_air(one[1], source[1]) or _drives_through(one, source)


def _in_its_air(one: Instants, source: Instants) -> bool:
    """Whether a vehicle's plume (or, without one, itself) is near the source's plume."""
    places = [(s.at, i.measure.box) for s, i in source if i.measure.region]
    seen = [(s.at, i.measure.box) for s, i in one if i.measure.region]
    if not places or not seen:
        return False
    near = sum(
        any(
            abs(at - then) <= SAME_AIR_SECONDS and _touch(box, place)
            for then, place in places
        )
        for at, box in seen
    )
    return near >= LEAST_SEEN and near >= len(seen) / 2


def _touch(one: Box | None, other: Box | None) -> bool:
    """Whether two boxes are nearer than half of the smaller one's width."""
    if one is None or other is None:
        return False
    gap = min(one[2] - one[0], other[2] - other[0]) / 2
    return (
        max(one[0], other[0]) - min(one[2], other[2]) < gap
        and max(one[1], other[1]) - min(one[3], other[3]) < gap
    )


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
