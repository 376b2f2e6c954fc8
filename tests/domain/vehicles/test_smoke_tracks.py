"""Who owns a passing, and when two candidates are the same one."""

import pytest

from vehicles.domain.smoke.tracks import Passing, overlap, owned, same_passing

UNIT = (0.0, 0.0, 1.0, 1.0)
FAR = (5.0, 5.0, 6.0, 6.0)


def right(share: float) -> tuple[float, float, float, float]:
    """Return the unit box moved to the right so that this much is shared."""
    return (1.0 - share, 0.0, 2.0 - share, 1.0)


def passing(begins, ends, plate="", first=UNIT, last=UNIT) -> Passing:
    return Passing(begins, ends, plate, first, last)


@pytest.mark.parametrize(
    ("begins", "ends", "mine"),
    [
        (0, 20, True),
        (-3, 3, True),
        (9, 11, True),
        (10, 30, False),
        (-1, 0.9, False),
        (-3, 23, True),
    ],
    ids=[
        "begins with it",
        "middle at its start",
        "inside",
        "middle at its end",
        "middle before it",
        "around",
    ],
)
def test_the_middle_of_a_passing_decides_who_owns_it(begins, ends, mine) -> None:
    assert owned(passing(begins, ends), 0.0, 20.0) is mine


def test_the_middle_is_halfway() -> None:
    assert passing(3.0, 8.0).middle == 5.5


@pytest.mark.parametrize(
    ("other", "share"),
    [
        (UNIT, 1.0),
        (right(0.5), 1 / 3),
        ((0.0, 0.75, 1.0, 1.75), 1 / 7),
        ((0.25, 0.25, 0.75, 0.75), 0.25),
        ((-1.0, -1.0, 0.5, 0.5), 0.25 / 3.0),
        ((1.0, 0.0, 2.0, 1.0), 0.0),
        ((0.0, 1.0, 1.0, 2.0), 0.0),
        (FAR, 0.0),
        ((0.5, 5.0, 1.5, 6.0), 0.0),
        ((5.0, 0.5, 6.0, 1.5), 0.0),
    ],
    ids=[
        "the same", "half to the right", "a quarter from above", "inside",
        "over a corner", "beside", "below", "far away", "only the columns", "only the rows",
    ],
)  # fmt: skip
def test_overlap_is_what_is_shared_of_what_both_cover(other, share) -> None:
    assert overlap(UNIT, other) == pytest.approx(share)
    assert overlap(other, UNIT) == pytest.approx(share)


@pytest.mark.parametrize(
    ("plates", "begins", "same"),
    [
        (("新E0K73X", "新E0K73X"), 14.0, True),
        (("新E0K73X", "新E0K73X"), 14.1, False),
        (("新E0K73X", "新E8K73X"), 5.0, True),
        (("新E0K73X", "新E8K13X"), 5.0, False),
        (("新E0K73X", "新E0K73X"), 1.0, True),
    ],
    ids=["ten seconds later", "later", "one character", "two characters", "at once"],
)
def test_one_plate_within_ten_seconds_is_one_passing(plates, begins, same) -> None:
    one = passing(0.0, 4.0, plates[0])
    other = passing(begins, begins + 3, plates[1], FAR, FAR)
    assert same_passing(one, other) is same
    assert same_passing(other, one) is same


def test_width_and_height_are_each_their_own() -> None:
    # 2 × 1 of 4 × 1 and 4 × 3
    assert overlap((0.0, 0.0, 4.0, 1.0), (2.0, 0.0, 6.0, 3.0)) == pytest.approx(2 / 14)
    assert overlap((0.0, 0.0, 1.0, 4.0), (0.0, 2.0, 3.0, 6.0)) == pytest.approx(2 / 14)


# Shared over covered is s / (2 - s): 0.3 at s = 6/13, 0.2 at s = 1/3.
OVER_3, UNDER_3 = right(0.47), right(0.45)
OVER_2, UNDER_2 = right(0.34), right(0.32)


@pytest.mark.parametrize(
    ("first", "last", "begins", "same"),
    [
        (OVER_3, FAR, 4.0, True),
        (UNDER_3, FAR, 4.0, False),
        (FAR, OVER_3, 4.0, True),
        (FAR, UNDER_3, 4.0, False),
        ((0.0, 0.0, 0.3, 1.0), FAR, 4.0, False),
        (FAR, (0.0, 0.0, 0.3, 1.0), 4.0, False),
        ((0.0, 0.0, 0.2, 1.0), FAR, 4.1, False),
        (OVER_2, FAR, 4.1, True),
        (UNDER_2, FAR, 4.1, False),
        (FAR, UNIT, 4.1, False),
        (OVER_2, FAR, 14.0, True),
        (OVER_2, FAR, 14.1, False),
    ],
    ids=[
        "at one time, begun alike",
        "begun too far apart",
        "at one time, ended alike",
        "ended too far apart",
        "three tenths of the first are not more",
        "nor of the last",
        "nor two tenths of where it goes on",
        "goes on where the other ended",
        "begins too far away",
        "only ends there",
        "ten seconds later",
        "later still",
    ],
)
@pytest.mark.parametrize("plate", ["", "新E0K73X"], ids=["no plate", "one plate"])
def test_without_both_plates_a_track_goes_on_where_the_other_ended(
    plate, first, last, begins, same
) -> None:
    one, other = passing(0.0, 4.0, plate), passing(begins, begins + 3, "", first, last)
    assert same_passing(one, other) is same
