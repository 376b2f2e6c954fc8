"""Recordings as devices leave them: every container is cut whole, oddities are told."""

import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from bozhou_eco.common.cutting import NotCopiedError, cut, recode
from bozhou_eco.common.video import VideoError, encode, frames

RATE = 10


def made(
    path: Path,
    *,
    codec: str = "libx264",
    stamps: Sequence[int] | None = None,
    size: tuple[int, int] = (64, 48),
    count: int = 60,
    key_every: int = 20,
) -> Path:
    """A clip whose brightness tells the number of each frame; ``stamps`` in ms."""
    width, height = size
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        exact = {"qp": "0", "bf": "2"} if codec == "libx264" else {}
        stream.options = {"g": str(key_every)} | exact
        if stamps:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            image = np.full((height, width, 3), 20 + number * 3 % 210, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            if stamps:
                frame.pts, frame.time_base = stamps[number], Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def shades(path: Path) -> list[int]:
    """The numbers of a clip's frames, by their brightness."""
    return [round((float(one.image.mean()) - 17) / 3) for one in frames(path)]


def remarks(path: Path) -> str:
    notes: list[str] = []
    assert list(frames(path, per_second=5, notes=notes))
    return "；".join(notes)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.flv", "a.mov"])
def test_every_container_is_cut_from_the_key_frame_before(
    tmp_path: Path, name: str
) -> None:
    source = made(tmp_path / name)
    target = tmp_path / "cut.mp4"
    assert cut(source, target, start=0.0, end=99.0) == pytest.approx(0.0, abs=0.01)
    assert shades(target) == list(range(60))
    assert cut(source, target, start=3.1, end=5.0) == pytest.approx(2.0, abs=0.01)
    found = shades(target)
    assert (found[0], found[-1] >= 50) == (20, True)
    assert found == list(range(20, 20 + len(found)))


def test_what_no_mp4_can_hold_is_encoded_anew(tmp_path: Path) -> None:
    for name, codec in (("a.avi", "wmv2"), ("a.h264", "libx264")):
        source = made(tmp_path / name, codec=codec)
        with pytest.raises(NotCopiedError):
            cut(source, tmp_path / "cut.mp4", start=0.0, end=9.0)
        recode(source, tmp_path / "new.mp4")
        assert len(shades(tmp_path / "new.mp4")) == 60, name
        cut(tmp_path / "new.mp4", tmp_path / "cut.mp4", start=0.0, end=9.0)


def test_a_disk_that_refuses_is_no_fault_of_the_video(tmp_path: Path) -> None:
    source = made(tmp_path / "a.mp4")
    with pytest.raises(OSError, match="No space"):
        cut(source, Path("/dev/full"), start=0.0, end=9.0)
    with pytest.raises(OSError, match="No space"):
        recode(source, Path("/dev/full"))


def test_an_uneven_rate_keeps_its_pace_and_is_told(tmp_path: Path) -> None:
    draw = random.Random(3)
    stamps = [0]
    for _ in range(59):
        stamps.append(stamps[-1] + draw.choice((30, 60, 180)))
    source = made(tmp_path / "a.mp4", stamps=stamps)
    assert "帧率不固定" in remarks(source)
    recode(source, tmp_path / "b.mp4")
    times = [[one.at for one in frames(path)] for path in (source, tmp_path / "b.mp4")]
    assert times[0] == pytest.approx(times[1], abs=0.01)
    assert remarks(made(tmp_path / "even.mp4")) == ""


def test_size_shape_and_missing_time_stamps_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "竖幅" in remarks(made(tmp_path / "a.mp4", size=(48, 64)))
    assert "没有时间戳" in remarks(made(tmp_path / "a.h264"))
    monkeypatch.setattr("bozhou_eco.common.video.MOST_PIXELS", 32 * 24)
    assert "64×48 缩小为 32×24" in remarks(made(tmp_path / "b.mp4"))


def test_a_truncated_video_says_how_much_of_it_was_seen(tmp_path: Path) -> None:
    source = made(tmp_path / "a.flv")
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) // 2])
    told = remarks(source)
    assert "只解出" in told or "中断" in told, told
    source = made(tmp_path / "b.mp4")
    source.write_bytes(source.read_bytes()[:2000])
    with pytest.raises(VideoError):  # its index lay at the end
        list(frames(source))


def test_after_damage_the_next_key_frame_is_looked_at_and_it_is_told(
    tmp_path: Path,
) -> None:
    """The bytes of three pictures are overwritten; the rest is seen."""
    source = made(tmp_path / "a.mp4")
    with av.open(str(source)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    content = bytearray(source.read_bytes())
    for packet in packets[24:27]:
        content[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    source.write_bytes(content)
    found = shades(source)
    assert {0, 19, 40, 59} <= set(found)
    assert "损坏" in remarks(source)
    with pytest.raises(VideoError, match="中断"):
        list(frames(source, strict=True))


def test_a_clip_of_pictures_alone_is_read(tmp_path: Path) -> None:
    encode(tmp_path / "a.mp4", iter([np.zeros((32, 32, 3), np.uint8)]), rate=10)
    assert remarks(tmp_path / "a.mp4") == ""


@pytest.mark.parametrize("device", ["cuda", "qsv", "nonsense"])
def test_without_its_device_the_processor_decodes(
    tmp_path: Path, settings: object, device: str
) -> None:
    if device == "cuda" and Path("/dev/nvidiactl").exists():
        pytest.skip("there is such a device here")
    settings.VIDEO_HARDWARE = device
    assert shades(made(tmp_path / "a.mp4")) == list(range(60))
    (tmp_path / "b.mp4").write_bytes(b"no video")
    with pytest.raises(VideoError):
        list(frames(tmp_path / "b.mp4"))
