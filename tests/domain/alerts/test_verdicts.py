"""Hit rates of rules from how their alerts ended."""

import pytest

from alerts.domain.verdicts import (
    DISMISSALS,
    HITS,
    LOW_RATE,
    MIN_JUDGED,
    MISSES,
    PROPOSALS,
    HitRate,
    Verdict,
    hit_rates,
)


def test_every_verdict_is_a_hit_a_miss_or_open() -> None:
    assert not HITS & MISSES
    open_ones = set(Verdict) - HITS - MISSES
    assert open_ones == {
        Verdict.DUPLICATE, Verdict.WITHDRAWN, Verdict.MERGED, Verdict.RETURNED,
    }  # fmt: skip
    assert set(PROPOSALS) == MISSES
    assert len(DISMISSALS) == len(set(DISMISSALS)) == 7
    assert set(DISMISSALS) <= MISSES | {Verdict.DUPLICATE}


def test_rates_count_what_was_judged_lowest_first() -> None:
    rates = hit_rates(
        [
            ("good", "penalty", 3), ("good", "false_alarm", 1), ("good", "merged", 50),
            ("bad", "confirmed", 1), ("bad", "device_fault", 2), ("bad", "data_error", 4),
            ("bad", "device_fault", 3), ("open", "returned", 9),
        ]
    )  # fmt: skip
    assert [r.rule for r in rates] == ["bad", "good", "open"]
    bad, good, unjudged = rates
    assert (bad.judged, bad.hits, bad.commonest_miss) == (10, 1, Verdict.DEVICE_FAULT)
    assert bad.rate == pytest.approx(0.1)
    assert (good.judged, good.hits, good.rate) == (4, 3, 0.75)
    assert (unjudged.judged, unjudged.rate, unjudged.commonest_miss) == (0, None, None)


def test_equal_rates_go_by_name() -> None:
    rows = [("b", "penalty", 1), ("a", "penalty", 1), ("c", "merged", 1)]
    assert [r.rule for r in hit_rates(rows)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("judged", "hits", "low"),
    [
        (MIN_JUDGED, 2, True),
        (MIN_JUDGED - 1, 0, False),
        (10, 3, False),
        (10, 2, True),
        (0, 0, False),
    ],
)
def test_a_rule_is_low_from_enough_verdicts_only(
    judged: int, hits: int, low: bool
) -> None:
    assert LOW_RATE == 0.3
    rate = HitRate("r", judged, hits, Verdict.MAINTENANCE)
    assert rate.low is low
    assert (rate.proposal != "") is low


def test_the_proposal_follows_the_commonest_miss() -> None:
    assert "停用窗口" in HitRate("r", 9, 0, Verdict.MAINTENANCE).proposal
    assert HitRate("r", 9, 0, Verdict.DUPLICATE).proposal == "复核规则参数"
    assert HitRate("r", 9, 0, None).proposal == ""


def test_the_commonest_miss_is_told_and_only_hits_and_misses_are_judged() -> None:
    (rate,) = hit_rates(
        [("r", "data_error", 2), ("r", "data_error", 1), ("r", "maintenance", 2),
         ("r", "crime", 1), ("r", "duplicate", 7)]
    )  # fmt: skip
    assert rate == HitRate("r", 6, 1, Verdict.DATA_ERROR)


@pytest.mark.parametrize(
    ("judged", "hits", "low"),
    [(8, 0, True), (7, 0, False), (100, 29, True), (100, 30, False)],
)
def test_eight_judged_and_under_three_in_ten_is_low(
    judged: int, hits: int, low: bool
) -> None:
    assert HitRate("r", judged, hits, None).low is low
