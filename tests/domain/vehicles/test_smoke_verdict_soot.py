"""How much soot must be seen, and for how long, before a vehicle is put forward."""

import pytest

from vehicles.domain.smoke.transmission import Finding, Measure
from vehicles.domain.smoke.verdict import Instant, Proposal, Thresholds, judge


def proposed(
    count: int,
    opacity: float,
    area: float,
    *,
    boxes: int,
    lingering: float | None = 0.6,
) -> Proposal:
    """Return what so many pictures of one plume lead to, the first with smoke boxes."""
    plume = Measure(Finding.PLUME, "烟", opacity=opacity, sigma=0.02, area=area)
    pictures = [
        Instant(0.2 * number, plume, 0.3 if number < boxes else 0.0)
        for number in range(count)
    ]
    return judge(pictures, Thresholds(), lingering=lingering).proposal


@pytest.mark.parametrize(
    ("count", "opacity", "area", "smoke"),
    [
        (4, 0.5, 0.51, True),
        (4, 0.5, 0.49, False),
        (4, 0.26, 3.0, True),
        (4, 0.24, 3.0, False),
        (10, 0.25, 0.1, True),
        (9, 0.25, 0.1, False),
    ],
    ids=[
        "one vehicle of black in all",
        "a little less",
        "what fills the air counts as one vehicle",
        "four quarters are not reached",
        "faint but lasting",
        "faint and passing",
    ],
)
def test_the_detector_supports_only_what_is_soot_enough(
    count, opacity, area, smoke
) -> None:
    expected = Proposal.SMOKE if smoke else Proposal.NOTHING
    assert proposed(count, opacity, area, boxes=2) is expected


@pytest.mark.parametrize(
    ("count", "opacity", "smoke"),
    [(5, 0.51, True), (5, 0.49, False), (6, 0.42, True), (6, 0.41, False)],
    ids=["five", "five fainter", "six", "six fainter"],
)
def test_physics_alone_needs_half_as_much_more(count, opacity, smoke) -> None:
    expected = Proposal.SMOKE if smoke else Proposal.NOTHING
    assert proposed(count, opacity, 0.6, boxes=0) is expected


@pytest.mark.parametrize(
    ("count", "lingering", "smoke"),
    [(3, 0.6, True), (4, None, False), (5, None, True)],
    ids=["three that linger", "four that may be a shadow", "five"],
)
def test_where_nothing_tells_smoke_from_shadow_more_must_show_it(
    count, lingering, smoke
) -> None:
    expected = Proposal.SMOKE if smoke else Proposal.NOTHING
    assert proposed(count, 0.6, 1.0, boxes=2, lingering=lingering) is expected
