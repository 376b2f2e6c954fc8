"""Plates of one track: which crops are read, two rows, pictures laid on each other."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from bozhou_eco.common.video import Frame
from vehicles.domain.plates import Color
from vehicles.domain.smoke.photometry import Image
from vehicles.domain.smoke.voting import Reading, Voted
from vehicles.vision import plate_merge, plate_rows
from vehicles.vision.analysis import Profile
from vehicles.vision.clip import CROPS_KEPT, Clip, Crop
from vehicles.vision.detector import Detection, Seen
from vehicles.vision.measuring import Score, Truth, plate_totals, read_truth
from vehicles.vision.plate_reader import FoundPlate, PlateReader, rectify
from vehicles.vision.render import plate_face
from vehicles.vision.render.plate_art import draw_plate, draw_two_rows
from vehicles.vision.render.plate_clips import PLAN, plate_specs, plate_view
from vehicles.vision.render.truck import Placed, Truck
from vehicles.vision.track_plate import read_plate

RNG = np.random.default_rng


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    return PlateReader()


def corners_of(
    width: float, height: float, left: float = 0, top: float = 0
) -> plate_rows.Floats:
    right, foot = left + width, top + height
    return np.array(
        [[left, top], [right, top], [right, foot], [left, foot]], np.float32
    )


def scene(plate: Image, width: int) -> Image:
    """A bumper with the plate on it, ``width`` pixels wide."""
    height = round(plate.shape[0] * width / plate.shape[1])
    picture = RNG(1).integers(30, 60, (240, 320, 3)).astype(np.uint8)
    small = cv2.resize(plate, (width, height), interpolation=cv2.INTER_AREA)
    picture[100 : 100 + height, 100 : 100 + width] = small
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7))


# The face


def test_every_letter_and_digit_of_a_plate_has_its_own_shape() -> None:
    assert set(plate_face.FACE) == set("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789")
    inks = {char: plate_face.glyph(char) for char in (*plate_face.FACE, "新")}
    for one, ink in inks.items():
        for other in inks:
            assert one == other or np.abs(ink - inks[other]).mean() > 0.03


def test_left_corners_are_square_where_the_plate_face_has_them_so() -> None:
    corner = np.s_[:12, 4:16]
    assert plate_face.glyph("D")[corner].mean() > 0.9
    assert plate_face.glyph("B")[corner].mean() > 0.9
    assert plate_face.glyph("0")[corner].mean() < 0.2
    assert plate_face.glyph("8")[corner].mean() < 0.2


def test_a_plate_has_the_size_of_its_form() -> None:
    assert draw_plate("新E·0K73X").shape == (140, 440, 3)
    assert draw_two_rows("新E·0K73X", scale=0.5).shape == (110, 220, 3)


# Two rows


def test_what_is_squat_may_have_two_rows() -> None:
    assert plate_rows.squat(corners_of(440, 220))
    assert not plate_rows.squat(corners_of(440, 140))


def test_a_plate_found_without_its_upper_row_is_raised() -> None:
    [found, raised] = plate_rows.whole(corners_of(100, 44, top=6))
    assert found[:, 1].tolist() == [6, 6, 50, 50]
    assert raised[:, 1].tolist() == pytest.approx([0, 0, 50, 50], abs=0.01)
    assert len(list(plate_rows.whole(corners_of(100, 50)))) == 1


@pytest.mark.parametrize("width", [80, 130])
def test_a_plate_of_two_rows_is_read_whole(reader: PlateReader, width: int) -> None:
    [found] = reader.find(scene(draw_two_rows("甘A·7K53N"), width), most=1, enlarge=3)
    assert found.reading.text == "甘A7K53N"
    assert found.reading.color is Color.YELLOW
    assert found.line is not found.picture
    assert found.line.shape[1] > 4 * found.line.shape[0]


@pytest.mark.parametrize(
    ("text", "scores", "expected"),
    [
        ("新A1K73XZ", (0.9, 0.9, 0.4, 0.9, 0.9, 0.9, 0.9, 0.9), "新AK73XZ"),
        ("新AAK73XZ", (0.9, 0.3, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9), "新AK73XZ"),
        ("新AD12345", (0.9, 0.3, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9), "新AD12345"),
        ("新1K73XZZ", (0.9, 0.9, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9), "新1K73XZZ"),
        ("新AK73XZ", (0.9, 0.9, 0.4, 0.9, 0.9, 0.9, 0.9), "新AK73XZ"),
    ],
    ids=["a stroke", "a letter twice", "new energy", "no plate either way", "seven"],
)
def test_the_seam_adds_no_character(
    text: str, scores: tuple[float, ...], expected: str
) -> None:
    choices = tuple({char: 0.9} for char in text)
    reading = plate_rows.of_seven(Reading(text, 0.9, scores=scores, choices=choices))
    assert reading.text == expected
    assert len(reading.scores) == len(reading.choices) == len(expected)
    assert "".join(char for one in reading.choices for char in one) == expected


def test_a_plate_of_one_row_stays_one_line(reader: PlateReader) -> None:
    [found] = reader.find(scene(draw_plate("川A·7K53N", "blue"), 110), most=1)
    assert (found.reading.text, found.reading.color) == ("川A7K53N", Color.BLUE)
    assert found.line is found.picture


def test_a_small_plate_is_found_where_the_picture_is_enlarged(
    reader: PlateReader,
) -> None:
    picture = scene(draw_plate("川A·7K53N", "blue"), 46)
    assert [one.reading.text[-5:] for one in reader.find(picture, enlarge=3)] == [
        "7K53N"
    ]


# Laid on each other


def line(shift: float = 0.0, noise: float = 0.0, seed: int = 0) -> Image:
    plate = rectify(draw_plate("新E·0K73X"), corners_of(440, 140))
    moved = cv2.warpAffine(
        plate,
        np.array([[1, 0, shift], [0, 1, shift / 3]], np.float32),
        plate.shape[1::-1],
        borderMode=cv2.BORDER_REPLICATE,
    )
    rough = RNG(seed).standard_normal(plate.shape) * noise
    return np.asarray(np.clip(moved + rough, 0, 255), np.uint8)


def apart(one: Image, other: Image) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_the_mean_of_moved_and_noisy_plates_is_nearer_to_the_plate() -> None:
    noisy = [line(shift, 40, seed) for seed, shift in enumerate((0, 2, -2, 1, 3, -1))]
    mean = plate_merge.merged(noisy)
    assert mean is not None
    assert apart(mean, line()) < 0.7 * apart(noisy[0], line())


def test_what_shows_another_thing_is_left_out() -> None:
    blot = RNG(5).integers(0, 255, line().shape).astype(np.uint8)
    assert plate_merge.merged([line(), blot]) is None
    assert plate_merge.merged([line()]) is None


# A track


@dataclass
class Finder:
    """Finds in each crop what is written for its time."""

    texts: dict[float, tuple[str, float]]
    asked: list[float] = field(default_factory=list)
    reads: int = 0

    def find(self, picture: Image, **_: object) -> list[FoundPlate]:
        at = float(picture[0, 0, 0])
        self.asked.append(at)
        if at not in self.texts:
            return []
        text, width = self.texts[at]
        reading = Reading(text, 0.95, Color.YELLOW, (0.95,) * len(text))
        corners = corners_of(width, width / 3)
        return [FoundPlate(corners, 0.9, picture, line(), reading)]

    def read(self, _: Image) -> Reading:
        self.reads += 1
        return Reading("新E0K73X", 0.95, Color.YELLOW, (0.95,) * 7)


def crop(at: int, width: float, whole: bool = True) -> Crop:
    return Crop(float(at), width, np.full((8, 8, 3), at, np.uint8), whole)


def voted(finder: Finder, crops: Sequence[Crop]) -> Voted:
    return read_plate(crops, finder, Profile())[0]  # type: ignore[arg-type]


def test_crops_that_show_the_vehicles_foot_come_first_and_three_agreeing_end() -> None:
    finder = Finder({float(at): ("新E0K73X", 90) for at in range(1, 7)})
    crops = [crop(1, 500, whole=False), *(crop(at, 400 - at) for at in range(2, 7))]
    found = voted(finder, crops)
    assert finder.asked == [2, 6, 1] or finder.asked[:2] == [2, 6]
    assert (found.text, found.problem, finder.reads) == ("新E0K73X", "", 0)


def test_a_stripe_across_the_vehicle_is_no_plate() -> None:
    finder = Finder({1.0: ("1", 350.0), 2.0: ("新E0K73X", 90), 3.0: ("新E0K73X", 85)})
    found = voted(finder, [crop(at, 400) for at in (1, 2, 3)])
    assert (found.text, found.problem) == ("新E0K73X", "")


def test_readings_that_differ_are_laid_on_each_other_once() -> None:
    finder = Finder({1.0: ("新E0K73X", 90), 2.0: ("新E8K73X", 90)})
    found = voted(finder, [crop(1, 400), crop(2, 390)])
    assert (found.text, finder.reads) == ("新E0K73X", 1)


def test_a_plate_that_is_small_in_every_picture_is_to_be_checked() -> None:
    finder = Finder({1.0: ("新E0K73X", 48), 2.0: ("新E0K73X", 50)})
    assert "仅宽 50 像素" in voted(finder, [crop(1, 200), crop(2, 190)]).problem


class Passing:
    """A vehicle whose box first goes on below the picture and then moves away."""

    def __init__(self) -> None:
        self.number = 0

    def look(self, _: Image) -> Seen:
        width = 300.0 - 10 * self.number
        foot = 480.0 if self.number < 6 else 400.0
        self.number += 1
        return Seen([Detection("truck", 0.9, (10, 100, 10 + width, foot))], [], [])


def test_crops_cut_off_at_the_foot_make_room_for_whole_ones() -> None:
    clip, eyes = Clip(Profile(), 5.0), Passing()
    for number in range(6 + CROPS_KEPT):
        frame = Frame(number / 5, np.zeros((480, 640, 3), np.uint8))
        clip.take(frame, eyes)  # type: ignore[arg-type]
    [kept] = clip.crops.values()
    assert len(kept) == CROPS_KEPT
    assert all(one.whole for one in kept)
    assert [one.width for one in kept] == sorted(
        (one.width for one in kept), reverse=True
    )


# The set on which it is measured


@pytest.mark.parametrize("series", [0, 1])
def test_capture_cameras_resolve_the_plate(series: int) -> None:
    specs = plate_specs(series)
    assert len({one.name for one in specs}) == len(PLAN) == len(specs)
    for spec in specs:
        truck = Truck(spec.plate, spec.plate_colour, spec.plate_rows)
        view = plate_view(spec)
        seen = [
            Placed(truck, spec.lane, 12 + spec.speed * step / spec.rate).plate_width(
                view
            )
            for step in range(int(spec.seconds * spec.rate))
        ]
        assert 80 < max(filter(None, seen)) < 115


def test_series_share_no_plate_and_a_series_is_always_the_same() -> None:
    one, other = ({spec.plate for spec in plate_specs(series)} for series in (0, 1))
    assert not one & other
    assert plate_specs(0) == plate_specs(0)
    assert sum(spec.plate[0] != "新" for spec in plate_specs(0)) == 4


def score(plate: str, width: float, read: str, problem: str = "") -> Score:
    truth = Truth("x", "day", "none", 0.0, plate, 5, [], width)
    found = Voted(read, Color.YELLOW, 0.9, 3, problem)
    return Score(truth, False, 0, None, found, "", "", [], 10)


def test_plates_are_counted_by_their_width_and_by_what_is_said() -> None:
    rows = [
        score("新E0K73X", 95, "新E0K73X"),
        score("新E0K73X", 90, "新E8K73X"),
        score("新E0K73X", 89.9, "新E8K73X", "难辨"),
        score("新E0K73X", 69, "新E0K73X", "难辨"),
    ]
    found = plate_totals(rows)
    assert found["plate_accuracy"] == 0.5
    assert (found["plates_to_check"], found["plates_wrong_unmarked"]) == (2, 1)
    assert [
        (found[f"plates_{name}"], found[f"plates_{name}_right"])
        for name in ("under_70", "70_to_90", "from_90")
    ] == [(1, 1), (1, 0), (2, 1)]
    assert plate_totals([])["plate_accuracy"] is None


def test_the_truth_tells_the_widest_whole_plate(tmp_path: Path) -> None:
    told = {
        "spec": {"light": "day", "kind": "none", "level": 0, "plate": "新E·0K73X"},
        "levels": [0, 0, 0],
        "vehicles": [None, None, None],
        "plate_widths": [None, 91.5, 80.0],
    }
    path = tmp_path / "x.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    assert read_truth(path).plate_width == 91.5
    del told["plate_widths"]
    path.write_text(json.dumps(told), encoding="utf-8")
    assert read_truth(path).plate_width == 0
