"""Long videos in windows: memory stays that of a window, however long somebody films.

Segments and most vendors' clips are one window and are analysed as they always were.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from bozhou_eco.common.video import Frame
from vehicles.vision.analysis import Analysis, Profile
from vehicles.vision.detector import Eyes
from vehicles.vision.pipeline import analyse
from vehicles.vision.plate_reader import PlateReader

WINDOW_SECONDS = 45.0


def analyse_windows(
    frames: Iterable[Frame],
    *,
    eyes: Eyes,
    plates: PlateReader,
    profile: Profile,
    per_second: float,
) -> Analysis:
    """Analyse a video of any length; what a window shows of the scene helps the next.

    A vehicle that passes at the very end of a window is seen in both, as two tracks.
    """
    found: list[Analysis] = []
    for _, group in groupby(frames, key=lambda one: int(one.at // WINDOW_SECONDS)):
        analysis = analyse(
            group, eyes=eyes, plates=plates, profile=profile, per_second=per_second
        )
        profile = replace(profile, background=analysis.background or profile.background)
        found.append(analysis)
    return found[0] if len(found) == 1 else joined(found)


def joined(found: list[Analysis]) -> Analysis:
    """One analysis of several windows, tracks numbered on; times are the video's own."""
    first = found[0]
    same = [
        one for one in found if (one.width, one.height) == (first.width, first.height)
    ]
    notes = [f"视频超过 {WINDOW_SECONDS:.0f} s，分 {len(found)} 段分析"]
    if len(same) < len(found):
        notes.append("画面尺寸中途改变，尺寸不同的段未分析")
    whole, offset = replace(first, candidates=[], tracks=[], plates={}), 0
    for one in same:
        shift = offset
        whole.candidates.extend(
            replace(each, track=each.track + shift) for each in one.candidates
        )
        whole.tracks.extend(
            replace(each, track=each.track + shift) for each in one.tracks
        )
        whole.plates.update({key + shift: plate for key, plate in one.plates.items()})
        numbers = [each.track for each in one.tracks]
        numbers += [each.track for each in one.candidates]
        offset += max([*numbers, *one.plates], default=0)
    return replace(
        whole,
        pictures=sum(one.pictures for one in same),
        seconds=same[-1].seconds,
        vehicles=sum(one.vehicles for one in same),
        conditions=list(dict.fromkeys(each for one in same for each in one.conditions)),
        background=same[-1].background or first.background,
        notes=list(
            dict.fromkeys((*notes, *(each for one in same for each in one.notes)))
        ),
    )
