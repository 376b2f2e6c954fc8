"""Two votes, rigid shadows, merged passings, agreeing reviewers."""

import numpy as np
import pytest

from vehicles.domain.smoke.comparison import Scene
from vehicles.domain.smoke.persistence import Moment, lingering
from vehicles.domain.smoke.regions import Region, Window
from vehicles.domain.smoke.review import Judgement, Next, Opinion, decide, kappa
from vehicles.domain.smoke.tracks import Passing, owned, same_passing
from vehicles.domain.smoke.transmission import Finding, Measure
from vehicles.domain.smoke.verdict import Instant, Proposal, Thresholds, judge

SHAPE = (100, 300)


def instants(
    count: int,
    *,
    opacity: float = 0.5,
    detector: float = 0.0,
    area: float = 0.5,
    sigma: float = 0.02,
) -> list[Instant]:
    measured = Measure(
        Finding.PLUME, "背景被遮减、边缘未移动", opacity=opacity, sigma=sigma, area=area
    )
    return [Instant(n * 0.2, measured, detector) for n in range(count)]


def test_both_votes_make_a_proposal() -> None:
    verdict = judge(instants(4, detector=0.3), Thresholds(), lingering=0.6)
    assert verdict.proposal is Proposal.SMOKE
    assert verdict.level.grade == 2
    assert verdict.reason == "透过率与检测模型一致"


def test_two_pictures_are_never_enough() -> None:
    verdict = judge(instants(2, detector=0.9), Thresholds(), lingering=0.6)
    assert verdict.proposal is Proposal.NOTHING


def test_what_moves_with_the_vehicle_is_no_smoke() -> None:
    verdict = judge(instants(10, detector=0.2), Thresholds(), lingering=0.05)
    assert verdict.proposal is Proposal.NOTHING
    assert verdict.physics == "变暗随车移动而不滞留：阴影或车体"


def test_clear_physics_stands_alone_only_when_the_vehicle_moved_on() -> None:
    strong = instants(6, opacity=0.6)
    assert judge(strong, Thresholds(), lingering=0.6).proposal is Proposal.SMOKE
    assert judge(strong, Thresholds(), lingering=None).proposal is Proposal.NOTHING


def test_a_narrow_dark_strip_needs_the_detector_too() -> None:
    strip = instants(6, opacity=0.6, area=0.4)
    assert judge(strip, Thresholds(), lingering=0.6).proposal is Proposal.NOTHING
    both = instants(6, opacity=0.6, area=0.4, detector=0.2)
    assert judge(both, Thresholds(), lingering=0.6).proposal is Proposal.SMOKE


def test_a_level_within_its_own_doubt_is_no_smoke() -> None:
    faint = instants(4, opacity=0.2, sigma=0.12, detector=0.3)
    assert judge(faint, Thresholds(), lingering=0.6).proposal is Proposal.NOTHING


def test_what_is_deep_but_has_no_level_is_unclear() -> None:
    hazy = instants(6, opacity=0.6, sigma=0.3)
    verdict = judge(hazy, Thresholds(), lingering=0.6)
    assert verdict.proposal is Proposal.UNCLEAR
    assert verdict.level.grade is None


def test_night_leaves_only_an_unclear_proposal_without_level() -> None:
    verdict = judge(
        instants(6, detector=0.6), Thresholds(), lingering=0.6, blocked="夜间"
    )
    assert verdict.proposal is Proposal.UNCLEAR
    assert verdict.level.grade is None


def moments(*, stays: bool) -> list[Moment]:
    """A vehicle that moves 12 px a picture with a dark region behind it."""
    found = []
    for number in range(8):
        x = 120 + 12 * number
        depth = np.zeros(SHAPE, np.float32)
        start = 60 if stays else x - 60
        depth[40:80, start:x] = 0.8
        box = (float(x), 30.0, float(x + 40), 80.0)
        scene = Scene.plain(depth)
        dark = Region.tight(Window(0, 0, SHAPE[1], SHAPE[0]), depth > 0.1)
        found.append(Moment(number * 0.2, box, scene, dark))
    return found


def test_smoke_lingers_and_shadow_leaves() -> None:
    assert lingering(moments(stays=True)) == pytest.approx(1.0, abs=0.05)
    assert lingering(moments(stays=False)) == pytest.approx(0.0, abs=0.05)


def test_a_vehicle_that_stands_tells_nothing() -> None:
    still = moments(stays=True)[:1] * 6
    same = [Moment(n * 0.2, m.box, m.scene, m.dark) for n, m in enumerate(still)]
    assert lingering(same) is None


def passing(begins: float, ends: float, plate: str = "", x: float = 0.4) -> Passing:
    box = (x, 0.4, x + 0.2, 0.6)
    return Passing(begins, ends, plate, box, box)


def test_a_passing_has_exactly_one_owner() -> None:
    one = passing(8.0, 12.0)
    assert not owned(one, 0.0, 10.0)
    assert owned(one, 10.0, 20.0)


def test_same_plate_within_ten_seconds_is_the_same_passing() -> None:
    assert same_passing(passing(0, 4, "新E0K73X"), passing(9, 12, "新E8K73X"))
    assert not same_passing(passing(0, 4, "新E0K73X"), passing(15, 18, "新E0K73X"))
    assert not same_passing(passing(0, 4, "新E0K73X"), passing(2, 6, "甘B5D91K"))


def test_without_plates_a_track_must_go_on_where_the_other_ended() -> None:
    assert same_passing(passing(0, 4), passing(5, 8))
    assert not same_passing(passing(0, 4), passing(5, 8, x=0.75))


SMOKE = Judgement(Opinion.SMOKE, 3, "新E0K73X", "yellow")


def test_two_who_agree_confirm_at_the_lower_level() -> None:
    other = Judgement(Opinion.SMOKE, 2, "新E0K73X", "yellow")
    outcome = decide([SMOKE, other])
    assert (outcome.next, outcome.level) == (Next.CONFIRMED, 2)
    assert outcome.plate == "新E0K73X"


@pytest.mark.parametrize(
    "other",
    [
        Judgement(Opinion.NOT_SMOKE),
        Judgement(Opinion.SMOKE, 1, "新E0K73X", "yellow"),
        Judgement(Opinion.SMOKE, 3, "新E8K73X", "yellow"),
    ],
)
def test_disagreement_goes_to_a_third_person(other: Judgement) -> None:
    assert decide([SMOKE, other]).next is Next.THIRD
    assert decide([SMOKE, other, SMOKE]).next is Next.CONFIRMED


def test_three_different_opinions_prove_nothing() -> None:
    outcome = decide([SMOKE, Judgement(Opinion.NOT_SMOKE), Judgement(Opinion.UNCLEAR)])
    assert outcome.next is Next.UNCLEAR
    assert outcome.level is None


def test_kappa_counts_agreement_beyond_chance() -> None:
    yes, no = Opinion.SMOKE, Opinion.NOT_SMOKE
    assert kappa([(yes, yes)] * 9) is None
    assert kappa([(yes, yes)] * 5 + [(no, no)] * 5) == pytest.approx(1.0)
    mixed = [(yes, yes)] * 4 + [(no, no)] * 4 + [(yes, no), (no, yes)]
    assert kappa(mixed) == pytest.approx(0.6)
    assert kappa([(yes, yes)] * 10) == 1.0, "where all agree on one answer"


def test_what_was_dark_before_the_vehicle_came_is_not_its_smoke() -> None:
    seen = instants(8, detector=0.3)
    assert judge(seen, Thresholds(), lingering=0.6, earlier=0.1).proposal == "smoke"
    late = judge(seen, Thresholds(), lingering=0.6, earlier=0.9)
    assert late.proposal is Proposal.NOTHING
    assert "早于" in late.physics


def test_a_detector_that_sees_smoke_where_it_is_not_dark_has_no_vote() -> None:
    bright = [
        Instant(n * 0.2, Measure(Finding.BRIGHT, "亮于背景"), 0.8, darkened=-0.05)
        for n in range(8)
    ]
    assert judge(bright, Thresholds(), lingering=None).proposal is Proposal.NOTHING
    unknown = [
        Instant(n * 0.2, Measure(Finding.UNDETERMINED, "背景过暗"), 0.8)
        for n in range(8)
    ]
    assert judge(unknown, Thresholds(), lingering=None).proposal is Proposal.UNCLEAR


def test_a_few_dark_pictures_of_many_are_not_enough() -> None:
    nothing = Measure(Finding.NOTHING, "未见变暗")
    few = instants(3, detector=0.3) + [
        Instant(1.0 + n * 0.2, nothing, 0.0) for n in range(12)
    ]
    assert judge(few, Thresholds(), lingering=0.6).proposal is Proposal.NOTHING


def test_smoke_before_a_vehicle_is_the_other_ones() -> None:
    ahead = Measure(
        Finding.PLUME, "背景被遮减、边缘未移动", opacity=0.5, sigma=0.02, ahead=0.7
    )
    seen = [Instant(n * 0.2, ahead, 0.5) for n in range(8)]
    told = judge(seen, Thresholds(), lingering=0.6)
    assert told.proposal is Proposal.NOTHING
    assert "来自前车" in told.physics
