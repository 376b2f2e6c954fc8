"""Stream time: key frames far apart, clocks that are set, cameras that are switched off."""

from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from bozhou_eco.common.loop import Stopper
from bozhou_eco.common.video import VideoError
from tests.vehicles import capture_factories as make
from tests.vehicles.test_recordings import made
from vehicles.ingest.watch import stream as streams
from vehicles.ingest.watch import watcher
from vehicles.ingest.watch.stream import Held, Look, Piece, Stream, StreamCutter
from vehicles.management.commands.watch_cameras import Command
from vehicles.models import Camera

STARTED = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def cores(every: int, seconds: int = 200) -> tuple[list[tuple[float, float]], int]:
    """Cores in stream time of a stream with a key frame every so many seconds.

    Also the most packets that were ever held; there are two a second.
    """
    cutter = StreamCutter(core=10.0, margin=5.0, started=STARTED)
    found, most = [], 0
    for number in range(seconds * 2):
        at = number / 2
        piece = cutter.add(Held(at, at % every == 0, None), None)
        most = max(most, len(cutter._ring))
        if piece is not None:
            found.append(piece)
    found.append(cutter.flush(None))
    edges = []
    for piece in found:
        assert piece.packets[0].key
        begins = (piece.begins - STARTED).total_seconds()
        first, last = piece.packets[0].at, piece.packets[-1].at
        assert begins == first
        core = (begins + piece.core[0], begins + piece.core[1])
        # The core and its margin lie in the piece.
        assert first <= max(core[0] - 5, 0)
        assert last >= min(core[1] + 5, seconds - 0.5)
        edges.append(core)
    return edges, most


@pytest.mark.parametrize("every", [1, 2, 4, 10, 15, 25, 60])
def test_cores_touch_and_keep_up_however_far_key_frames_are_apart(every: int) -> None:
    edges, most = cores(every)
    assert edges[0][0] == 0.0
    assert edges[-1][1] == pytest.approx(199.5, abs=0.01)
    for one, other in zip(edges[:-1], edges[1:], strict=True):
        assert one[1] == pytest.approx(other[0], abs=0.01)
    if every <= 10:
        assert all(end - begin < 10.1 for begin, end in edges[:-1])
    # Two gaps between key frames, a core and its margins at most.
    assert most <= 2 * (2 * every + 10 + 10) + 2


def test_nothing_is_kept_before_the_first_key_frame() -> None:
    cutter = StreamCutter(core=2.0, margin=1.0, started=STARTED)
    for number in range(40):
        assert cutter.add(Held(number / 10, False, None), None) is None
    assert not cutter._ring
    assert cutter.flush(None) is None


@pytest.mark.parametrize("jump", [7_200_000, -3_000])
def test_time_stamps_that_step_begin_a_new_count(
    tmp_path: Path, jump: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publisher that starts again, and a clock that is set, on one connection."""
    source = made(tmp_path / "a.mkv", count=80, key_every=10)
    stream = Stream(str(source), core=1.0, margin=0.5)
    packets = stream._container.demux(stream._video)

    class Jumping:
        @staticmethod
        def demux(_: object) -> object:
            for number, packet in enumerate(packets):
                if packet.size and number >= 40:
                    packet.pts += jump
                    packet.dts += jump
                yield packet

        close = staticmethod(stream._container.close)

    monkeypatch.setattr(stream, "_container", Jumping)
    pieces: list[Piece] = []
    looks = 0
    for item in stream.read():
        if isinstance(item, Look):
            looks += 1
        else:
            pieces.append(item)
    rest = stream.rest()
    stream.close()
    if rest is not None:
        pieces.append(rest)
    assert looks == 8
    assert stream.counters.errors == 1
    shown = sum(core[1] - core[0] for core in (one.core for one in pieces))
    assert shown == pytest.approx(8.0, abs=0.6)
    assert all(one.seconds < 3.5 for one in pieces)


def test_a_stream_without_decoder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = made(tmp_path / "a.mp4", codec="libx264", count=10)
    content = source.read_bytes().replace(b"avc1", b"zzz1")
    source.write_bytes(content)
    with pytest.raises(VideoError, match="没有此编码的解码器"):
        Stream(str(source), core=2.0, margin=1.0)


def test_a_stream_that_cannot_be_kept_is_named(tmp_path: Path) -> None:
    source = made(tmp_path / "a.flv", codec="flv", count=10)
    with pytest.raises(VideoError, match=r"flv 不能封装为 MP4.*H\.264"):
        Stream(str(source), core=2.0, margin=1.0)
    with av.open(str(tmp_path / "b.mp4"), "w") as out:
        voice = out.add_stream("aac", rate=44100)
        quiet = np.zeros((1, 1024), np.float32)
        frame = av.AudioFrame.from_ndarray(quiet, format="fltp", layout="mono")
        frame.rate = 44100
        out.mux(voice.encode(frame))
        out.mux(voice.encode())
    with pytest.raises(VideoError, match="没有视频"):
        Stream(str(tmp_path / "b.mp4"), core=2.0, margin=1.0)


@pytest.mark.django_db
def test_a_camera_that_is_switched_off_is_watched_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = made(tmp_path / "a.mp4", count=60, key_every=5)
    of = make.camera(source="stream", address=str(source), segment_seconds=2)
    # The connection of the test's own transaction stays.
    monkeypatch.setattr(watcher, "close_old_connections", lambda: None)
    monkeypatch.setattr(watcher, "REPORT_SECONDS", 0.5)
    Camera.objects.filter(pk=of.pk).update(active=False)
    stopper = Stopper()
    watcher.watch(of, stopper)  # it comes back by itself
    assert not stopper.stopping
    monkeypatch.setattr(watcher, "CHECK_SECONDS", 0.0)
    folder = make.camera(address=str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()
    Camera.objects.filter(pk=folder.pk).update(address=str(tmp_path))
    watcher.watch(folder, stopper)
    assert not stopper.stopping


@pytest.mark.django_db
def test_a_watch_that_ends_by_an_unknown_error_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = make.camera()

    def broken(*_: object) -> None:
        raise RuntimeError("something nobody thought of")

    path = "vehicles.management.commands.watch_cameras"
    monkeypatch.setattr(f"{path}.watch", broken)
    monkeypatch.setattr(f"{path}.connection.close", lambda: None)
    Command().guard(of, Stopper())
    of.refresh_from_db()
    assert of.state == Camera.State.DOWN
    assert "something nobody thought of" in of.problem


@pytest.mark.django_db
def test_a_code_that_is_no_active_camera_is_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    command = Command()
    command.missed = set()
    of = make.camera()
    for _ in range(2):
        assert command.cameras([of.code, "NOSUCH"]) == [of]
    told = [one for one in caplog.records if "NOSUCH" in one.getMessage()]
    assert len(told) == 1


@pytest.mark.parametrize("name", ["export_dataset", "render_clips"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="不能写入"):
        call_command(name, str(tmp_path / "file" / "set"))


@pytest.mark.django_db
def test_a_camera_needs_an_address_and_pieces_of_some_length() -> None:
    of = make.camera(source="stream", address=" ", segment_seconds=0)
    with pytest.raises(ValidationError, match="录像目录"):
        of.clean()
    of.address = "/srv/recordings"
    with pytest.raises(ValidationError, match="分段秒数"):
        of.clean()
    make.camera(source="device").full_clean()
    assert streams.STEP_AHEAD_SECONDS > 10
