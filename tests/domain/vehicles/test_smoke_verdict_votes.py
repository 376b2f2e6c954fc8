"""Both votes of a track at their bounds: who is counted, and what is proposed."""

import pytest

from vehicles.domain.smoke.transmission import Finding, Measure
from vehicles.domain.smoke.verdict import Instant, Proposal, Thresholds, Verdict, judge

LIMITS = Thresholds(
    detector=0.12,
    detector_alone=0.35,
    least_level=0.6,
    least_frames=3,
    least_lingering=0.3,
    strong_level=1.5,
    strong_frames=5,
    wide_area=0.2,
    strong_area=0.3,
    least_soot=0.0,
    strong_soot=0.0,
    plain_soot=4.0,
    least_share=0.25,
    strong_share=0.5,
    most_ahead=0.4,
    most_earlier=0.5,
    least_darkened=0.05,
)
SMOKE, UNCLEAR, NOTHING = Proposal.SMOKE, Proposal.UNCLEAR, Proposal.NOTHING


def one(
    opacity: float = 0.5,
    detector: float = 0.0,
    *,
    darkened: float | None = None,
    finding: Finding = Finding.PLUME,
    sigma: float = 0.0,
    area: float = 0.5,
    ahead: float = 0.0,
    reason: str = "烟",
) -> Instant:
    measured = Measure(
        finding, reason, opacity=opacity, sigma=sigma, area=area, ahead=ahead
    )
    return Instant(0.0, measured, detector, darkened)


CLEAR = one(0.0, finding=Finding.NOTHING, reason="未见变暗")


def voted(
    *groups: tuple[int, Instant], lingering: float | None = 0.6, **more
) -> Verdict:
    """Return the verdict on so many of each picture."""
    pictures = [picture for count, picture in groups for _ in range(count)]
    return judge(pictures, LIMITS, lingering=lingering, **more)


def test_the_limits_of_a_camera_without_its_own() -> None:
    given = Thresholds()
    assert (given.detector, given.detector_alone) == (0.12, 0.35)
    assert (given.least_level, given.strong_level) == (0.6, 1.5)
    assert (given.wide_area, given.strong_area) == (0.3, 0.5)
    assert (given.least_soot, given.strong_soot, given.lasting_frames) == (1.0, 1.5, 10)
    assert given.plain_soot == 4.0
    assert (given.least_share, given.most_earlier) == (0.4, 0.35)
    assert (given.least_frames, given.strong_frames) == (3, 5)
    assert (given.least_lingering, given.strong_share) == (0.3, 0.5)
    assert (given.most_ahead, given.least_darkened) == (0.4, 0.05)


@pytest.mark.parametrize(
    ("opacity", "frames"), [(0.12, 4), (0.119, 0)], ids=["0.6 of a level", "less"]
)
def test_a_plume_is_more_than_half_a_level(opacity, frames) -> None:
    assert voted((4, one(opacity))).physics_frames == frames


@pytest.mark.parametrize(
    ("more", "frames", "words"),
    [
        ({"lingering": 0.3}, 4, "透过率支持 4/4 帧，2.5±0.1 级"),
        ({"lingering": 0.29}, 0, "变暗随车移动而不滞留：阴影或车体"),
        ({"lingering": None}, 4, "透过率支持 4/4 帧，2.5±0.1 级"),
        ({"earlier": 0.5}, 4, "透过率支持 4/4 帧，2.5±0.1 级"),
        ({"earlier": 0.51}, 0, "变暗早于该车到来：前车的烟或背景误差"),
        ({"earlier": 0.51, "blocked": "夜间"}, 0, "夜间，透过率不参与判定"),
        ({"lingering": 0.29, "blocked": "夜间"}, 0, "夜间，透过率不参与判定"),
        ({"blocked": "夜间"}, 4, "夜间，透过率不参与判定"),
    ],
    ids=[
        "three tenths stay",
        "less stays",
        "it moved too little to tell",
        "half was there before",
        "more was there",
        "there before, at night",
        "moves along, at night",
        "at night",
    ],
)
def test_what_moves_along_or_was_there_before_is_not_its_smoke(
    more, frames, words
) -> None:
    found = voted((4, one()), **more)
    assert (found.physics_frames, found.physics) == (frames, words)


@pytest.mark.parametrize(
    ("groups", "ours"),
    [
        ([(4, one(ahead=0.4))], True),
        ([(4, one(ahead=0.41))], False),
        ([(1, one(ahead=0.9)), (3, CLEAR)], True),
        ([(2, one(ahead=0.9)), (3, CLEAR)], False),
        ([(2, one(ahead=0.9)), (2, one(ahead=0.0))], False),
        ([(1, one(ahead=0.9)), (2, one(ahead=0.0))], True),
        ([(2, one()), (3, one(0.0, finding=Finding.NOTHING, ahead=0.9))], False),
    ],
    ids=[
        "four tenths lie ahead",
        "more lies ahead",
        "in one picture only",
        "in two",
        "in half of the plumes",
        "in one of three",
        "where nothing lies behind it",
    ],
)
def test_what_lies_before_a_vehicle_is_another_ones(groups, ours) -> None:
    found = voted(*groups)
    assert (found.physics == "变暗主要在车前：来自前车") is not ours
    assert (found.physics_frames > 0) is ours
    night = voted(*groups, blocked="夜间")
    assert night.physics == "夜间，透过率不参与判定"


@pytest.mark.parametrize(
    ("picture", "frames", "words"),
    [
        (one(detector=0.12), 3, "检测模型支持 3/3 帧，最高 0.12"),
        (one(detector=0.119), 0, "检测模型支持 0/3 帧"),
        (one(detector=0.5, darkened=0.001), 3, "检测模型支持 3/3 帧，最高 0.50"),
        (one(detector=0.5, darkened=0.0), 0, "检测模型支持 0/3 帧"),
    ],
    ids=["at its bound", "under it", "a little darker", "not darker"],
)
def test_the_detector_counts_where_it_is_sure_enough_and_dark(
    picture, frames, words
) -> None:
    found = voted((3, picture))
    assert (found.detector_frames, found.detector) == (frames, words)


@pytest.mark.parametrize(
    ("groups", "more", "proposal"),
    [
        ([(5, one(0.0, 0.35, finding=Finding.NOTHING))], {}, UNCLEAR),
        ([(4, one(0.0, 0.35, finding=Finding.NOTHING)), (9, CLEAR)], {}, NOTHING),
        ([(9, one(0.0, 0.349, finding=Finding.NOTHING))], {}, NOTHING),
        ([(5, one(0.0, 0.9, darkened=0.05, finding=Finding.NOTHING))], {}, UNCLEAR),
        ([(5, one(0.0, 0.9, darkened=0.049, finding=Finding.NOTHING))], {}, NOTHING),
        ([(9, one(0.5, 0.9, ahead=0.9))], {}, NOTHING),
        ([(5, one(0.5, 0.9))], {"blocked": "夜间"}, UNCLEAR),
        ([(4, one(0.5, 0.9))], {"blocked": "夜间"}, NOTHING),
    ],
    ids=[
        "five sure pictures",
        "four",
        "none is sure",
        "dark enough",
        "not dark enough",
        "smoke of another vehicle",
        "at night",
        "at night four are too few",
    ],
)
def test_the_detector_alone_needs_five_sure_pictures(groups, more, proposal) -> None:
    found = voted(*groups, **more)
    day = {UNCLEAR: "仅检测模型支持，透过率未支持", NOTHING: "证据不足"}
    night = {UNCLEAR: "夜间：不能判级，仅检测模型支持", NOTHING: "夜间：不能判级"}
    assert found.proposal is proposal
    assert found.reason == (night if more else day)[proposal]
    assert (found.level.reason == "夜间") is bool(more)


BOTH, DARK = one(0.3, 0.2), one(0.3)


@pytest.mark.parametrize(
    ("groups", "smoke"),
    [
        ([(2, BOTH), (1, DARK)], True),
        ([(2, BOTH)], False),
        ([(2, BOTH), (1, DARK), (9, CLEAR)], True),
        ([(2, BOTH), (1, DARK), (10, CLEAR)], False),
        ([(1, BOTH), (2, DARK)], True),
        ([(1, one(0.3, 0.2, area=0.19)), (2, one(0.3, area=0.19))], False),
        ([(1, one(0.3, 0.2, area=0.2)), (2, one(0.3, area=0.2))], True),
        ([(2, one(0.3, 0.2, area=0.1)), (1, one(0.3, area=0.1))], True),
        ([(1, one(0.3, 0.2, area=0.9)), (2, one(0.3, area=0.1))], False),
        ([(3, DARK)], False),
        ([(2, one(0.156, 0.2)), (1, one(0.156))], True),
        ([(2, one(0.144, 0.2)), (1, one(0.144))], False),
        ([(2, one(0.3, 0.2, sigma=0.3)), (1, one(0.3, sigma=0.3))], True),
    ],
    ids=[
        "three dark pictures, two boxes",
        "two dark pictures",
        "three of twelve are a quarter",
        "three of thirteen are less",
        "one box on a wide plume",
        "one box on a narrow strip",
        "one box on a fifth of the vehicle",
        "two boxes on a narrow strip",
        "the middle width counts",
        "no box",
        "a level above its own doubt",
        "a level within its own doubt",
        "no level, and so no doubt of it",
    ],
)
def test_both_votes_together_need_three_pictures(groups, smoke) -> None:
    found = voted(*groups)
    assert found.proposal is (SMOKE if smoke else NOTHING)
    assert found.reason == ("透过率与检测模型一致" if smoke else "证据不足")


def test_pictures_in_which_nothing_could_be_measured_do_not_count() -> None:
    blind = one(0.0, finding=Finding.UNDETERMINED, reason="背景过暗")
    assert voted((2, BOTH), (1, DARK), (9, blind)).proposal is SMOKE
    assert voted((2, BOTH), (1, DARK), (9, CLEAR), (9, blind)).proposal is SMOKE
    assert voted((2, BOTH), (1, DARK), (10, CLEAR), (9, blind)).proposal is NOTHING
    assert voted((9, blind)).proposal is NOTHING


def test_of_a_vehicle_that_comes_nearer_every_picture_counts() -> None:
    groups = (5, one(0.4)), (6, one(0.3))
    assert voted(*groups).level.value == pytest.approx(2.0)
    assert voted(*groups, recedes=True).level.value == pytest.approx(2.0)
    assert voted(*groups, recedes=False).level.value == pytest.approx(1.5)


DEEP, SHALLOW = one(0.3), one(0.299)


@pytest.mark.parametrize(
    ("groups", "lingering", "smoke"),
    [
        ([(5, DEEP), (5, CLEAR)], 0.6, True),
        ([(5, DEEP), (6, CLEAR)], 0.6, False),
        ([(4, DEEP)], 0.6, True),
        ([(9, DEEP), (1, CLEAR)], 0.6, True),
        ([(4, DEEP), (1, CLEAR)], 0.6, False),
        ([(3, DEEP)], 0.6, False),
        ([(5, SHALLOW)], 0.6, False),
        ([(5, one(0.3, area=0.29))], 0.6, False),
        ([(5, one(0.3, area=0.3))], 0.6, True),
        ([(5, DEEP)], None, False),
        ([(9, CLEAR)], 0.6, False),
    ],
    ids=[
        "five pictures, half of all",
        "fewer than half",
        "four of four",
        "nine of ten",
        "four of five",
        "three of three",
        "less than a level and a half",
        "a narrow strip",
        "three tenths wide",
        "it moved too little to tell",
        "nothing",
    ],
)
def test_physics_alone_needs_a_deep_and_lasting_plume(groups, lingering, smoke) -> None:
    found = voted(*groups, lingering=lingering)
    assert found.proposal is (SMOKE if smoke else NOTHING)
    if smoke:
        assert found.reason == "透过率明确，检测模型未支持"


def hazy(opacity: float, sigma: float = 0.2, area: float = 0.5) -> Instant:
    """Return a plume whose level is in too much doubt to be given."""
    return one(opacity, sigma=sigma, area=area)


@pytest.mark.parametrize(
    ("groups", "unclear"),
    [
        ([(5, hazy(0.323))], True),
        ([(5, hazy(0.322))], False),
        ([(8, hazy(0.6)), (2, CLEAR)], True),
        ([(7, hazy(0.6)), (2, CLEAR)], False),
        ([(4, hazy(0.6))], False),
        ([(5, hazy(0.6, area=0.29))], False),
        ([(7, hazy(0.6, area=1.0)), (7, CLEAR)], True),
        ([(7, hazy(0.6, area=1.0)), (8, CLEAR)], False),
        ([(6, hazy(0.6, area=1.0)), (3, CLEAR)], False),
        ([(13, hazy(0.322, area=1.0)), (1, CLEAR)], True),
        ([(13, hazy(0.322, area=1.0)), (2, CLEAR)], False),
        ([(14, hazy(0.299, sigma=0.4, area=1.0))], False),
    ],
    ids=[
        "a level beyond its doubt",
        "a level within its doubt",
        "eight of ten",
        "seven of nine",
        "four pictures",
        "a narrow strip",
        "much soot in half of the pictures",
        "much soot in fewer",
        "two thirds of the pictures, less soot",
        "much soot nearly always, a level within its doubt",
        "much soot less often, a level within its doubt",
        "much soot of less than a level and a half",
    ],
)
def test_without_a_level_nearly_every_picture_must_show_it_or_much_soot(
    groups, unclear
) -> None:
    # 5 · 0.2 and 0.15 together are a doubt of 1.0112, so 0.3222 is 0.6 beyond it.
    found = voted(*groups)
    assert found.proposal is (UNCLEAR if unclear else NOTHING)
    assert found.level.grade is None
    if unclear:
        assert found.reason == "透过率明确但不能判级，检测模型未支持"


def test_physics_says_what_it_saw() -> None:
    assert voted((2, one()), (1, CLEAR)).physics == (
        "透过率支持 2/3 帧，未能定级（可测画面不足 3 帧）"
    )
    shadow = one(0.0, finding=Finding.SHADOW, reason="阴影")
    assert voted((1, shadow), (2, CLEAR)).physics == "未见变暗"
    assert voted((2, shadow), (1, CLEAR)).physics == "阴影"
    empty = voted()
    assert (empty.physics, empty.detector) == ("无可用画面", "检测模型支持 0/0 帧")
    assert empty.proposal is NOTHING
