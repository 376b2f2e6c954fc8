"""``detect_smoke`` on every kind of file that people will give it."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from bozhou_eco.common.video import encode
from vehicles.demo import CLIPS
from vehicles.vision.pictures import (
    PictureError,
    decode_picture,
    is_video,
    read_picture,
)

Lines = list[dict[str, object]]
Run = Callable[..., Lines]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*names: object, **options: object) -> Lines:
        capsys.readouterr()
        call_command("detect_smoke", *[str(name) for name in names], **options)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call


def scene(at: float = 3.2) -> np.ndarray:
    """A frame of the demo's smoking truck: 900×1600 BGR."""
    with av.open(str(CLIPS / "g3018-level3.mp4")) as container:
        for frame in container.decode(video=0):
            if float(frame.time or 0) >= at:
                return frame.to_ndarray(format="bgr24")
    raise AssertionError("the demo clip is shorter than thought")


def jpeg(image: np.ndarray, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(image[..., ::-1]).save(out, "JPEG", quality=92, **options)
    return out.getvalue()


def truck(line: dict[str, object]) -> list[float]:
    found = [one["box"] for one in line["vehicles"]]
    assert found, line
    return max(found, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))


def overlap(one: list[float], other: list[float]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return width * height / (areas - width * height)


def test_one_scene_in_many_forms_gives_the_same_truck_and_plate(
    run: Run, tmp_path: Path
) -> None:
    image = scene()
    rgb = Image.fromarray(image[..., ::-1])
    (tmp_path / "plain.jpg").write_bytes(jpeg(image))
    rgb.save(tmp_path / "plain.webp", quality=90)
    rgb.save(tmp_path / "plain.bmp")
    rgb.convert("L").save(tmp_path / "grey.png")
    rgb.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=92)
    layered = rgb.convert("RGBA")
    layered.save(tmp_path / "alpha.png")
    # Stored lying on its side, to be turned by its EXIF entry.
    turned = rgb.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif, quality=92)
    (tmp_path / "no-suffix").write_bytes(jpeg(image))
    (tmp_path / "picture-called.mp4").write_bytes(jpeg(image))
    names = sorted(tmp_path.iterdir())
    lines = run(*names)
    assert [line["file"] for line in lines] == [str(name) for name in names]
    for line in lines:
        assert "error" not in line, line
        assert (line["width"], line["height"]) == (1600, 900), line["file"]
    plain = next(line for line in lines if line["file"].endswith("plain.jpg"))
    for line in lines:
        assert overlap(truck(line), truck(plain)) > 0.8, line["file"]
        # One picture does not always tell the province; a track's vote does.
        assert [one["text"][1:] for one in line["plates"]] == ["E0K73X"], line["file"]
        if "grey" not in line["file"]:
            assert line["plates"][0]["color"] == "yellow", line["file"]
    grey = next(line for line in lines if "grey" in line["file"])
    assert grey["notes"] == ["灰度图片，颜色不可用"]


def test_boxes_of_8k_pictures_are_in_their_own_pixels(run: Run, tmp_path: Path) -> None:
    image = scene()
    (tmp_path / "a.jpg").write_bytes(jpeg(image))
    big = cv2.resize(image, (7680, 4320), interpolation=cv2.INTER_CUBIC)
    (tmp_path / "b.jpg").write_bytes(jpeg(big))
    small, large = run(tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert (large["width"], large["height"]) == (7680, 4320)
    shrunk = [edge / 4.8 for edge in truck(large)]
    assert overlap(shrunk, truck(small)) > 0.8
    assert large["plates"][0]["text"][1:] == "E0K73X"
    assert large["plates"][0]["box"][2] > 1600


def test_portrait_pictures_are_looked_at_as_they_stand(
    run: Run, tmp_path: Path
) -> None:
    image = scene()
    tall = np.full((2000, 900, 3), 120, np.uint8)
    x1, x2 = 500, 1400
    tall[600:1500] = image[:, x1:x2]
    (tmp_path / "tall.jpg").write_bytes(jpeg(tall))
    [line] = run(tmp_path / "tall.jpg")
    assert (line["width"], line["height"]) == (900, 2000)
    assert truck(line)[1] > 600


BAD: dict[str, tuple[bytes, str]] = {
    "empty.jpg": (b"", "0 字节"),
    "empty.mp4": (b"", "0 字节"),
    "text.jpg": ("这不是图片".encode(), "不是图片"),
    "zeros.png": (bytes(5000), "不是图片"),
    "noise.mp4": (bytes(range(256)) * 40, "无法打开视频"),
    "page.html": (b"<html><body>404</body></html>", "不是图片"),
    "half.png": (b"\x89PNG\r\n\x1a\n" + bytes(40), "损坏"),
    "phone.heic": (b"\0\0\0\x18ftypheic" + bytes(60), "HEIC"),
    "start.mkv": (b"\x1aE\xdf\xa3" + bytes(60), "无法打开视频"),
}


def test_every_bad_file_says_what_is_wrong(run: Run, tmp_path: Path) -> None:
    for name, (content, _) in BAD.items():
        (tmp_path / name).write_bytes(content)
    good = jpeg(scene())
    (tmp_path / "cut.jpg").write_bytes(good[: len(good) // 2])
    (tmp_path / "tiny.jpg").write_bytes(jpeg(np.zeros((2, 2, 3), np.uint8)))
    clip = (CLIPS / "g30-clean.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(clip[: len(clip) // 3])
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    names = [tmp_path / name for name in BAD]
    more = [tmp_path / name for name in ("cut.jpg", "tiny.jpg", "pipe.jpg",
                                         "folder.jpg", "none.jpg", "none.mp4")]  # fmt: skip
    lines = run(*names, *more, tmp_path / "cut.mp4")
    assert len(lines) == len(BAD) + len(more) + 1
    for line, (_, why) in zip(lines, BAD.values(), strict=False):
        assert why in line["error"], line
        assert line["vehicles"] == line["smoke"] == line["plates"] == []
    wanted = ("不完整", "过小", "不是普通文件", "目录", "不存在", "不存在")
    for line, why in zip(lines[len(BAD) : -1], wanted, strict=True):
        assert why in line["error"], line
    assert "error" in lines[-1] or lines[-1]["pictures"] < 60


def test_a_truncated_stream_is_analysed_as_far_as_it_goes_and_says_so(
    run: Run, tmp_path: Path
) -> None:
    """A transport stream needs no index, so half of one can be read."""
    pictures = [scene(3.0)] * 30
    encode(tmp_path / "a.mp4", iter(pictures), rate=10)
    with (
        av.open(str(tmp_path / "a.mp4")) as source,
        av.open(str(tmp_path / "a.ts"), "w", format="mpegts") as out,
    ):
        copy = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)
    whole = (tmp_path / "a.ts").read_bytes()
    (tmp_path / "half.ts").write_bytes(whole[: len(whole) // 2 // 188 * 188])
    [line] = run(tmp_path / "half.ts")
    assert "error" not in line
    assert 0 < line["pictures"] < 15


def test_a_plate_and_nothing_else_is_read(run: Run, tmp_path: Path) -> None:
    from vehicles.vision.render.plate_art import draw_plate  # noqa: PLC0415

    for name, text, colour in (
        ("y", "新E·0K73X", "yellow"),
        ("b", "新A·7B15Q", "blue"),
    ):
        plate = draw_plate(text, colour)
        small = cv2.resize(plate, (188, 60), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(tmp_path / f"{name}.png"), small)
    yellow, blue = run(tmp_path / "y.png", tmp_path / "b.png")
    assert (yellow["plates"][0]["text"], yellow["plates"][0]["color"]) == (
        "新E0K73X",
        "yellow",
    )
    assert (blue["plates"][0]["text"], blue["plates"][0]["color"]) == (
        "新A7B15Q",
        "blue",
    )


def test_the_demo_clip_as_a_video(run: Run) -> None:
    [line] = run(CLIPS / "g3018-level3.mp4")
    [smoke] = line["smoke"]
    assert (smoke["ringelmann"], smoke["proposal"]) == (3, "smoke")
    assert line["plates"][0]["text"] == "新E0K73X"
    assert line["plates"][0]["color"] == "yellow"


def test_hevc_is_decoded_like_any_other(run: Run, tmp_path: Path) -> None:
    image = scene()
    try:
        with av.open(str(tmp_path / "a.mp4"), "w") as out:
            stream = out.add_stream("libx265", rate=10)
            stream.height, stream.width = image.shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.options = {"preset": "ultrafast", "x265-params": "log-level=none"}
            for _ in range(12):
                frame = av.VideoFrame.from_ndarray(image, format="bgr24")
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
    except (av.error.FFmpegError, ValueError) as error:
        pytest.skip(f"this FFmpeg cannot make HEVC: {error}")
    [line] = run(tmp_path / "a.mp4")
    assert "error" not in line
    assert truck(line)


def test_a_missing_model_is_named() -> None:
    with pytest.raises(CommandError, match="nowhere"):
        call_command("detect_smoke", "x.jpg", smoke_model="/nowhere/model")


def test_other_vehicle_weights_can_be_compared(run: Run, tmp_path: Path) -> None:
    from vehicles.vision.config import load_config  # noqa: PLC0415

    (tmp_path / "a.jpg").write_bytes(jpeg(scene()))
    same = str(load_config().smoke_model)
    first, second = (
        *run(tmp_path / "a.jpg"),
        *run(tmp_path / "a.jpg", vehicles_model=same),
    )
    assert first["vehicles"] == second["vehicles"]


def test_sixteen_bits_and_transparency() -> None:
    grey = np.full((40, 60), 30000, np.uint16)
    done, data = cv2.imencode(".png", grey)
    assert done
    picture = decode_picture(bytes(data))
    assert picture.image.shape == (40, 60, 3)
    assert 110 < picture.image.mean() < 125
    clear = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(clear, "PNG")
    assert decode_picture(clear.getvalue()).image.mean() == pytest.approx(128, abs=1)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    Image.new("1", (30000, 30000)).save(out, "PNG")
    with pytest.raises(PictureError, match="百万像素"):
        decode_picture(out.getvalue())


def test_what_is_video_is_told_by_content(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes((CLIPS / "g30-clean.mp4").read_bytes())
    assert is_video(tmp_path / "a.jpg")
    (tmp_path / "b.mp4").write_bytes(jpeg(np.zeros((20, 20, 3), np.uint8)))
    assert not is_video(tmp_path / "b.mp4")
    assert read_picture(tmp_path / "b.mp4").width == 20
