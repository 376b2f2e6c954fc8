"""Photos to train on: the same scene on one side, and no side of a small set empty."""

import pytest

from vehicles.vision.training.groups import TooFewError, fill, split_of


def test_a_set_with_all_sides_stays_as_it_is() -> None:
    sides = {"a": "train", "b": "val", "c": "test"}
    assert fill(sides) == sides


def test_a_side_may_lack_a_test_for_which_nothing_is_taken_away() -> None:
    sides = {"a": "train", "b": "val"}
    assert fill(sides) == sides


@pytest.mark.parametrize(
    ("sides", "there"),
    [
        ({"a": "train", "b": "train", "c": "test"}, {"train", "val", "test"}),
        ({"a": "test", "b": "test", "c": "test"}, {"train", "val", "test"}),
        ({"a": "test", "b": "test"}, {"train", "val"}),
        ({"a": "train", "b": "test"}, {"train", "val"}),
        ({"a": "val", "b": "test"}, {"train", "val"}),
        ({"a": "val", "b": "val"}, {"train", "val"}),
    ],
    ids=["no-val", "test-alone", "two-tests", "one-train", "no-train", "val-alone"],
)
def test_a_small_set_trains_and_is_validated(
    sides: dict[str, str], there: set[str]
) -> None:
    filled = fill(sides)
    assert set(filled) == set(sides)
    assert set(filled.values()) == there
    assert sum(filled[name] != side for name, side in sides.items()) <= 2


def test_one_scene_is_refused_with_what_to_do() -> None:
    with pytest.raises(TooFewError, match="at least two pictures"):
        fill({"a": "train"})


def test_what_moves_stands_nearest() -> None:
    """Of the training groups the one whose number lies next to the validation's."""
    names = [f"capture-{number}.jpg" for number in range(40)]
    sides = {name: split_of(name, clear=False) for name in names}
    whole = fill(sides)
    assert whole == sides
    trained = {name: "train" for name, side in sides.items() if side == "train"}
    moved = [name for name, side in fill(trained).items() if side == "val"]
    assert len(moved) == 1
    left = {name for name in trained if name not in moved}
    assert not [name for name in left if split_of(name, clear=True) == "test"] or (
        split_of(moved[0], clear=True) == "test"
    )
