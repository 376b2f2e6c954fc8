"""What lies in a camera's folder: every recording is taken once, nothing stops the rest."""

import os
from pathlib import Path

import numpy as np
import pytest

from bozhou_eco.common import clock
from bozhou_eco.common.video import encode
from tests.vehicles import capture_factories as make
from tests.vehicles.test_recordings import made
from vehicles.ingest.watch import folder
from vehicles.ingest.watch.folder import FolderWatch
from vehicles.ingest.watch.pieces import part_path
from vehicles.models import Camera, Segment
from vehicles.services.segments import erase_parts, segment_file
from vehicles.vision import worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def inbox(settings: object, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    made = tmp_path / "收件 箱"
    made.mkdir()
    return made


def recording(path: Path, *, seconds: int = 3, shade: int = 90, age: float = 5) -> Path:
    """A small clip in which a block moves, so that it is worth looking at."""
    pictures = []
    for number in range(seconds * 10):
        picture = np.full((96, 160, 3), shade, np.uint8)
        picture[30:70, number * 3 % 120 : number * 3 % 120 + 40] = 220
        pictures.append(picture)
    encode(path, iter(pictures), rate=10)
    aged(path, age)
    return path


def aged(path: Path, age: float, *, now: float | None = None) -> None:
    moment = (now or clock.now().timestamp()) - age
    os.utime(path, (moment, moment))


def emptied(watch: FolderWatch) -> int:
    """Take everything there is; how often something was taken."""
    for count in range(50):
        if not watch.step():
            return count
    raise AssertionError("the same file is taken again and again")


def test_two_recordings_of_one_moment_are_two_segments(inbox: Path) -> None:
    now = clock.now().timestamp()
    for name, shade in (("a.mp4", 60), ("b.mp4", 130)):
        aged(recording(inbox / name, shade=shade), 60, now=now)
    assert emptied(FolderWatch(make.camera(address=str(inbox)))) == 2
    assert len(set(Segment.objects.values_list("path", flat=True))) == 2
    for one in Segment.objects.all():
        assert one.size > 0


def test_a_mixed_folder_gives_its_recordings_and_nothing_stops(inbox: Path) -> None:
    recording(inbox / "Z 好 的.MP4")
    (inbox / "note.txt").write_text("x")
    (inbox / "a.mp4").symlink_to(inbox / "nowhere.mp4")
    (inbox / "b.mp4").mkdir()
    (inbox / "c.mp4").write_bytes(b"")
    (inbox / "d.mp4").write_bytes(b"no video")
    os.mkfifo(inbox / "e.mp4")
    for name in ("c.mp4", "d.mp4"):
        aged(inbox / name, 5)
    of = make.camera(address=str(inbox))
    emptied(FolderWatch(of))
    assert Segment.objects.count() == 1


def test_a_recording_from_the_future_is_taken_and_says_so(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording(inbox / "a.mp4", age=-3600)
    watch = FolderWatch(make.camera(address=str(inbox)))
    assert not watch.step()  # it may still be growing
    monkeypatch.setattr(folder, "SETTLED_SECONDS", 0.0)
    assert watch.step()
    segment = Segment.objects.get()
    assert segment.begins <= clock.now()
    assert any("时钟" in note for note in segment.report["notes"])


def test_a_torn_ledger_is_begun_anew(inbox: Path) -> None:
    recording(inbox / "a.mp4")
    of = make.camera(address=str(inbox))
    assert emptied(FolderWatch(of)) == 1
    ledger = next(Path(inbox.parent / "media").rglob("seen.json"))
    ledger.write_text('["a.mp4:1')
    emptied(FolderWatch(of))
    assert Segment.objects.count() == 1


def test_a_disk_that_refuses_is_told_and_the_file_waits(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording(inbox / "a.mp4")
    of = make.camera(address=str(inbox))
    watch = FolderWatch(of)

    def full(*_: object, **__: object) -> float:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("vehicles.ingest.watch.folder.cut", full)
        assert not watch.step()
    of.refresh_from_db()
    assert of.state == Camera.State.DEGRADED
    assert "No space" in of.problem
    assert emptied(FolderWatch(of)) == 1
    assert Segment.objects.count() == 1
    of.refresh_from_db()
    assert of.state == Camera.State.OK


def test_a_single_file_is_taken_whatever_its_name(inbox: Path) -> None:
    recording(inbox / "a.mp4").rename(inbox / "录像 1")
    watch = FolderWatch(make.camera(address=str(inbox / "录像 1")))
    assert emptied(watch) == 1
    assert emptied(FolderWatch(make.camera(address=str(inbox)))) == 0
    assert Segment.objects.count() == 1


def test_old_codecs_are_taken_and_said_to_be_encoded_anew(inbox: Path) -> None:
    aged(made(inbox / "a.avi", codec="wmv2"), 5)
    # A picture that brightens as a whole is no motion, so the parts are asked for.
    folder_camera = make.camera(address=str(inbox))
    watch = FolderWatch(folder_camera)
    found = watch._look_through(inbox / "a.avi")
    with watch._copyable(inbox / "a.avi", found) as source:
        assert source != inbox / "a.avi"
        watch._piece(source, found, (0.0, found.seconds), 1.0)
    assert not source.exists()
    segment = Segment.objects.get()
    assert any("重新编码" in note for note in segment.report["notes"])
    assert segment_file(segment).stat().st_size == segment.size


def test_a_long_recording_is_cut_into_cores_that_touch(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording(inbox / "a.mp4", seconds=9)
    monkeypatch.setattr(folder, "WHOLE_SECONDS", 4.0)
    of = make.camera(address=str(inbox), segment_seconds=3, margin_seconds=1)
    assert emptied(FolderWatch(of)) == 1
    rows = list(Segment.objects.order_by("begins"))
    assert len(rows) == 3
    start = rows[0].begins
    cores = [
        (
            (one.begins - start).total_seconds() + one.core_begins,
            (one.begins - start).total_seconds() + one.core_ends,
        )
        for one in rows
    ]
    assert cores[0][0] == pytest.approx(0.0, abs=0.01)
    for one, other in zip(cores[:-1], cores[1:], strict=True):
        assert one[1] == pytest.approx(other[0], abs=0.01)


def test_a_segment_that_was_changed_on_the_disk_is_not_analysed(inbox: Path) -> None:
    recording(inbox / "a.mp4")
    emptied(FolderWatch(make.camera(address=str(inbox))))
    segment = Segment.objects.get()
    path = segment_file(segment)
    path.write_bytes(path.read_bytes() + b"\0")
    assert worker.analyse_segment(segment.pk) == 0
    segment.refresh_from_db()
    assert segment.state == Segment.State.FAILED
    assert "SHA-256" in segment.error


def test_half_written_pieces_are_swept_away_after_a_day(inbox: Path) -> None:
    of = make.camera()
    old, fresh = part_path(of), part_path(of)
    kept = old.with_name("a.mp4")
    for path in (old, fresh, kept):
        path.write_bytes(b"half")
    aged(old, 2 * 86400)
    aged(kept, 2 * 86400)
    assert erase_parts(now=clock.now()) == 1
    assert (old.exists(), fresh.exists(), kept.exists()) == (False, True, True)
