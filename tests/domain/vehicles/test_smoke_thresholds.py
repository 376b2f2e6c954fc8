"""Advice about a camera's threshold: from how many, how precise, at what loss."""

import pytest

from vehicles.domain.smoke.thresholds import Advice, Judged, advise


def judged(*rows: tuple[float, bool, int]) -> list[Judged]:
    return [Judged(at, smoke) for at, smoke, count in rows for _ in range(count)]


def test_nineteen_reviews_say_nothing_and_twenty_do() -> None:
    few = advise(judged((0.5, True, 19)), current=0.3)
    assert few == Advice(None, "已复核 19 条，满 20 条后给出建议", 19)
    enough = advise(judged((0.5, True, 20)), current=0.3)
    assert enough == Advice(None, "现有阈值下精度已达标", 20, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("right", "wrong", "good"),
    [(18, 2, True), (179, 21, False)],
    ids=["nine of ten", "a little less"],
)
def test_nine_of_ten_are_precise_enough(right, wrong, good) -> None:
    found = advise(judged((0.5, True, right), (0.5, False, wrong)), current=0.5)
    assert (found.precision_after is not None) is good
    assert found.precision == right / (right + wrong)


@pytest.mark.parametrize(
    ("rows", "current", "threshold", "after", "kept"),
    [
        (((0.8, True, 18), (0.8, False, 2), (0.4, False, 9)), 0.3, 0.8, 0.9, 1.0),
        (((0.8, True, 17), (0.8, False, 2), (0.4, False, 9)), 0.3, None, None, None),
        (((0.8, True, 18), (0.4, False, 9)), 0.8, None, None, None),
        (((0.8, True, 18), (0.4, False, 9), (0.4, True, 2)), 0.3, 0.8, 1.0, 0.9),
        (((0.8, True, 17), (0.4, False, 9), (0.4, True, 2)), 0.3, None, None, None),
        (
            ((0.9, True, 9), (0.8, True, 9), (0.8, False, 1), (0.4, False, 9)),
            0.3,
            0.8,
            18 / 19,
            1.0,
        ),
        (((0.6789, True, 18), (0.4, False, 9)), 0.3, 0.68, 1.0, 1.0),
        (((0.5, False, 25), (0.4, False, 9)), 0.3, None, None, None),
    ],
    ids=[
        "nine of ten above it",
        "fewer above it",
        "the present one is not proposed again",
        "a tenth of the confirmed is lost",
        "more than a tenth is lost",
        "the lowest that is precise enough",
        "told to two digits",
        "all are wrong",
    ],
)
def test_the_lowest_threshold_that_is_precise_and_loses_little(
    rows, current, threshold, after, kept
) -> None:
    found = advise(judged(*rows), current=current)
    assert found.threshold == threshold
    if threshold is None:
        assert found.reason.endswith("需补充该点位样本重新训练")
        assert (found.precision_after, found.kept) == (None, None)
    else:
        assert found.reason == "提高后精度达标"
        assert found.precision_after == pytest.approx(after)
        assert found.kept == pytest.approx(kept)
