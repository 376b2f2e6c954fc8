"""A video of any length in windows: nothing of it is left out, times stay its own."""

from pathlib import Path

import numpy as np
import pytest

from bozhou_eco.common.video import Frame, frames
from vehicles.demo import CLIPS
from vehicles.vision import windows, worker
from vehicles.vision.analysis import Analysis, Profile, Seen
from vehicles.vision.windows import analyse_windows, joined

BOX = (0.0, 0.0, 9.0, 9.0)


def part(
    number: int, *, tracks: tuple[int, ...] = (), width: int = 64, at: float = 0.0
) -> Analysis:
    return Analysis(
        model="m@1",
        pictures=3,
        seconds=at,
        width=width,
        height=48,
        conditions=["夜间"] if number else ["逆光", "夜间"],
        candidates=[],
        vehicles=len(tracks),
        background=None,
        notes=[f"n{number}", "both"],
        tracks=[Seen(one, "car", 0.9, BOX, at) for one in tracks],
        plates={one: f"plate {number}-{one}" for one in tracks},
    )


def test_tracks_of_windows_are_numbered_on() -> None:
    whole = joined(
        [part(0, tracks=(1, 3), at=89.0), part(1), part(2, tracks=(1,), at=200)]
    )
    assert [one.track for one in whole.tracks] == [1, 3, 4]
    assert whole.plates == {1: "plate 0-1", 3: "plate 0-3", 4: "plate 2-1"}
    assert (whole.pictures, whole.seconds, whole.vehicles) == (9, 200, 3)
    assert whole.conditions == ["逆光", "夜间"]
    assert whole.notes == ["视频超过 45 s，分 3 段分析", "n0", "both", "n1", "n2"]


def test_a_window_of_another_size_is_left_out_and_told() -> None:
    whole = joined([part(0, tracks=(1,)), part(1, tracks=(1,), width=32)])
    assert [one.track for one in whole.tracks] == [1]
    assert any("尺寸" in note for note in whole.notes)


def test_a_short_video_is_one_window_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def analyse(given: object, **_: object) -> Analysis:
        seen.append(len(list(given)))
        return part(0)

    monkeypatch.setattr(windows, "analyse", analyse)
    image = np.zeros((48, 64, 3), np.uint8)
    video = (Frame(at / 5, image) for at in range(5 * 44))
    named = {"eyes": None, "plates": None, "profile": Profile(), "per_second": 5.0}
    assert analyse_windows(video, **named).notes == ["n0", "both"]
    assert seen == [220]
    seen.clear()
    video = (Frame(at / 5, image) for at in range(5 * 200))
    assert len(analyse_windows(video, **named).notes) > 2
    assert seen == [225, 225, 225, 225, 100]


def test_the_truck_is_found_in_the_window_it_drives_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Windows of ten seconds over a clip of twelve: the first has the truck's smoke."""
    monkeypatch.setattr(windows, "WINDOW_SECONDS", 10.0)
    clip = Path(CLIPS / "g3018-level3.mp4")
    found = analyse_windows(
        frames(clip, per_second=5.0),
        eyes=worker.eyes(),
        plates=worker.plates(),
        profile=Profile(),
        per_second=5.0,
    )
    assert found.pictures == 60
    [one] = found.candidates
    assert one.plate.text == "新E0K73X"
    assert all(point.at < 12.0 for point in one.curve)
