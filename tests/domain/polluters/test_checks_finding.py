"""Hits made into findings: what is joined, and how numbers are written in words."""

import math
from datetime import datetime

import pytest

from polluters.domain.checks.catalogue import CATALOGUE
from polluters.domain.checks.finding import (
    Hit,
    duration,
    factor_name,
    make_finding,
    merge,
    moment,
    number,
    percent,
    short_time,
)
from polluters.domain.hj212.frame import BEIJING

T0 = int(datetime(2026, 3, 2, tzinfo=BEIJING).timestamp())
HOUR = 3600


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        (0, "0 秒"), (30, "30 秒"), (31, "1 分钟"), (59 * 60 + 29, "59 分钟"),
        (59 * 60 + 31, "1 小时"), (61 * 60, "1.0 小时"), (90 * 60, "1.5 小时"),
        (2 * HOUR, "2 小时"), (2880 * 60 - 60, "48.0 小时"), (2880 * 60, "2.0 天"),
        (60 * HOUR, "2.5 天"), (2400 * HOUR, "100.0 天"),
    ],
)  # fmt: skip
def test_a_length_of_time_is_written_in_its_own_unit(
    seconds: float, wanted: str
) -> None:
    assert duration(seconds) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (3, "3"), ("甲", "甲"), (0.0, "0"), (12.346, "12.35"), (-0.25, "-0.25"),
        (9_999.4, "9999"), (9_999.5, "10000"), (10_000.0, "10000"), (-10_000.4, "-10000"),
        (123_456.7, "123457"), (math.nan, "—"), (math.inf, "—"),
    ],
)  # fmt: skip
def test_a_number_has_four_digits_or_is_whole(value: object, wanted: str) -> None:
    assert number(value) == wanted


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        (0.1, "10%"), (0.0999, "10.0%"), (0.054, "5.4%"), (0.256, "26%"), (1.0, "100%"),
        (math.inf, "数倍"), (math.nan, "数倍"),
    ],
)  # fmt: skip
def test_a_share_under_a_tenth_has_a_decimal(share: float, wanted: str) -> None:
    assert percent(share) == wanted


def test_times_are_beijing_time() -> None:
    assert moment(T0) == datetime(2026, 3, 2, tzinfo=BEIJING)
    assert moment(T0).isoformat() == "2026-03-02T00:00:00+08:00"
    assert short_time(T0 + 90) == "2026-03-02 00:01"


@pytest.mark.parametrize(
    ("code", "wanted"),
    [("a34013", "颗粒物"), ("a21026", "二氧化硫"), ("a99999", "a99999"), ("", "")],
)
def test_a_factor_is_named_as_people_say_it(code: str, wanted: str) -> None:
    assert factor_name(code) == wanted


def hit(begin: int, end: int, **fields: object) -> Hit:
    values: dict[str, object] = {"code": "a21026", "check": "step"}
    return Hit(begin=begin, end=end, **(values | fields))  # type: ignore[arg-type]


def test_neighbours_up_to_three_hours_apart_are_one() -> None:
    near = [hit(0, 100), hit(100 + 3 * HOUR, 20_000)]
    assert [(h.begin, h.end, h.count) for h in merge(near)] == [(0, 20_000, 2)]
    far = [hit(0, 100), hit(101 + 3 * HOUR, 20_000)]
    assert [(h.begin, h.end, h.count) for h in merge(far)] == [
        (0, 100, 1), (101 + 3 * HOUR, 20_000, 1),
    ]  # fmt: skip
    assert len(merge(near, gap=3 * HOUR - 1)) == 2
    assert len(merge(far, gap=3 * HOUR + 1)) == 1


def test_the_strongest_neighbour_gives_the_words_and_counts_add_up() -> None:
    parts = [
        hit(50, 60, score=2.0, data={"value": "b"}, count=3),
        hit(0, 100, score=1.0, data={"value": "a"}, count=4),
        hit(70, 80, score=2.0, data={"value": "c"}, count=5),
    ]
    [one] = merge(parts)
    assert (one.begin, one.end, one.score, one.count) == (0, 100, 2.0, 12)
    assert one.data == {"value": "b"}
    assert [part.count for part in parts] == [3, 4, 5]
    assert [part.end for part in parts] == [60, 100, 80]


@pytest.mark.parametrize("other", [{"code": "a34013"}, {"check": "zero"}])
def test_other_factors_and_other_checks_stay_apart(other: dict[str, object]) -> None:
    assert len(merge([hit(0, 10), hit(5, 20, **other)])) == 2


def test_a_hit_counts_one_and_scores_one_of_itself() -> None:
    plain = Hit("", "offline", 0, 1)
    assert (plain.score, plain.count, plain.data) == (1.0, 1, {})


def test_a_finding_has_its_words_severity_and_topic() -> None:
    data: dict[str, object] = {"before": 10.0, "after": 20.0, "score": 9.0}
    struck = Hit("a21026", "step", T0, T0 + 5400, 9.0, data)
    found = make_finding("MN1", "gas", struck, "mg/m3")
    assert (found.mn, found.code, found.check, found.score) == (
        "MN1", "a21026", "step", 9.0,
    )  # fmt: skip
    assert (found.begin, found.end) == (moment(T0), moment(T0 + 5400))
    assert (found.severity, found.topic) == ("minor", "monitoring_air")
    assert found.why == (
        "二氧化硫自 2026-03-02 00:00 至 2026-03-02 01:30（1.5 小时）由 10 mg/m³ "
        "突变为 20 mg/m³，变化 9 倍于平时波动，同期负荷无相应变化"
    )
    assert found.as_json() == {
        "mn": "MN1", "code": "a21026", "check": "step", "severity": "minor",
        "from": "2026-03-02T00:00:00+08:00", "to": "2026-03-02T01:30:00+08:00",
        "why": found.why,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("medium", "topic"),
    [("water", "monitoring_water"), ("gas", "monitoring_air"), ("", "monitoring_air")],
)
def test_the_topic_is_of_the_medium(medium: str, topic: str) -> None:
    assert make_finding("M", medium, hit(0, 1), "").topic == topic


def test_what_is_not_known_is_a_dash_and_an_empty_unit_leaves_no_gap() -> None:
    why = make_finding("M", "gas", hit(T0, T0 + 60), "-").why
    assert "由 — 突变为 —，变化 — 倍" in why
    other = make_finding("M", "gas", hit(T0, T0 + 60, data={"before": 1.0}), "ppm").why
    assert "由 1 ppm 突变为" in other


def test_the_catalogue_of_the_installation_is_used() -> None:
    own = {"step": CATALOGUE["offline"]}
    found = make_finding("M", "gas", hit(T0, T0 + 60), "", own)
    assert found.why.startswith("数采仪自 2026-03-02 00:00")
