"""标停未停 and 站房事件: what of a declared stop is operation, which words are events."""

import math

import pytest

from polluters.domain.checks import declared_stop, station_events
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.series import Event, Series
from polluters.domain.checks.thresholds import Thresholds
from tests.domain.polluters.series_lab import (
    HOUR,
    STEP,
    T0,
    around,
    context,
    noise,
    series,
)

N = 432
STOP = (T0 + 144 * STEP, T0 + 192 * STEP)  # eight hours


def plant(
    code: str, level: float, now: float, size: float = 1, *, flag: str = "F"
) -> Series:
    """Return a series that reads about ``now`` in the eight hours flagged as stopped."""
    values = (
        around(level, size, 144) + around(now, size, 48) + around(level, size, N - 192)
    )
    return series(code, values, flags="N" * 144 + flag * 48 + "N" * (N - 192))


FLOW, OXYGEN = plant("a00000", 1000, 900), plant("a19001", 9, 9, 0.1)


def found(*listed: Series, **fields: object) -> list[Hit]:
    return declared_stop.find(context(*listed, **fields))  # type: ignore[arg-type]


def test_a_stop_with_flow_and_oxygen_is_told_in_full() -> None:
    hits = found(FLOW, OXYGEN)
    # The run-down of twenty minutes is left out; pieces of two hours follow.
    assert [((h.begin - T0) / STEP, (h.end - T0) / STEP) for h in hits] == [
        (146, 158), (158, 170), (170, 182), (182, 192),
    ]  # fmt: skip
    assert {(h.code, h.check, h.score) for h in hits} == {
        ("", "declared_stop_running", 2.0)
    }
    assert hits[0].data == {
        "evidence": "同期流量 900（平时 999）、含氧量 9%，与停运不符"
    }


@pytest.mark.parametrize(
    ("minutes", "wanted"),
    [
        (59, []),
        (60, [(15, 60)]),
        (80, [(20, 80)]),
        (200, [(20, 200)]),
        (201, [(20, 140), (140, 201)]),
        (300, [(20, 140), (140, 300)]),
        (320, [(20, 140), (140, 260), (260, 320)]),
        (319, [(20, 140), (140, 319)]),
    ],
)
def test_a_stop_is_looked_at_in_pieces_of_two_hours(
    minutes: int, wanted: list[tuple[int, int]]
) -> None:
    pieces = declared_stop._pieces(T0, T0 + minutes * 60, context(FLOW))
    assert [((a - T0) / 60, (b - T0) / 60) for a, b in pieces] == wanted


def test_a_stop_declared_elsewhere_counts_and_joins() -> None:
    running = [plant(c, level, level, size, flag="N") for c, level, size in (
        ("a00000", 1000, 1), ("a19001", 9, 0.1),
    )]  # fmt: skip
    assert found(*running) == []
    assert len(found(*running, declared=(STOP,))) == 4
    half = (STOP[0] + STOP[1]) // 2
    assert len(found(*running, declared=((STOP[0], half), (half, STOP[1])))) == 4


def test_one_sign_of_several_possible_is_not_enough() -> None:
    assert found(plant("a00000", 1000, 900), plant("a19001", 9, 20.9, 0.1)) == []
    assert found(plant("a00000", 1000, 10), OXYGEN) == []
    assert found(plant("a00000", 1000, 10), plant("a19001", 9, 20.9, 0.1)) == []


@pytest.mark.parametrize(
    ("other", "only"),
    [
        (None, True),
        (plant("a19001", 15.9, 20.9, 0), False),
        (plant("a19001", 16, 20.9, 0), True),
        (plant("a01012", 60.5, 20, 0), False),
        (plant("a01012", 60, 20, 0), True),
        (plant("d00001", 100, 0, 0), False),
        (plant("p00001", 100, 0, 0), False),
        (plant("a21026", 100, 0, 0), True),
    ],
)
def test_one_sign_is_enough_where_no_other_is_possible(
    other: Series | None, only: bool
) -> None:
    lively = plant("a00000", 1000, 1000, 20)
    assert bool(found(lively, *([other] if other else []))) is only


@pytest.mark.parametrize(("size", "found_"), [(4.1, True), (4.0, False), (0, False)])
def test_the_one_sign_must_move_as_in_operation(size: float, found_: bool) -> None:
    values = around(1000, 20, 144) + around(1000, size, 48) + around(1000, 20, N - 192)
    flags = "N" * 144 + "F" * 48 + "N" * (N - 192)
    assert bool(found(series("a00000", values, flags=flags))) is found_


def test_the_oxygen_alone_may_move_and_two_values_at_least() -> None:
    alone = plant("a19001", 9, 9, 0.5)
    assert len(found(alone)) == 4
    gone = [v if not 145 <= i < 192 else math.nan for i, v in enumerate(alone.values)]
    flags = "N" * 144 + "F" * 48 + "N" * (N - 192)
    assert found(series("a19001", gone, flags=flags)) == []
    # Heat alone has no series that could move.
    assert found(plant("a01012", 100, 100)) == []


@pytest.mark.parametrize(("now", "hits"), [(41, 4), (40, 0)])
def test_power_over_four_tenths_is_a_sign(now: float, hits: int) -> None:
    power = plant("d00001", 100, now, 0)
    listed = found(plant("a00000", 1000, 900), power)
    assert len(listed) == hits
    if listed:
        assert "d00001 41（平时 100）" in str(listed[0].data["evidence"])
    assert found(plant("a00000", 1000, 900), plant("d00001", 0, 5, 0)) == []


def test_the_shortest_stop_is_set_by_the_installation() -> None:
    rules = Thresholds(stop_running_s=8 * HOUR + 1)
    assert declared_stop.find(context(FLOW, OXYGEN, rules=rules)) == []


# 站房事件.


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("市电断电", "power"), ("ups switched", "power"), ("门禁打开", "door"),
        ("Door open", "door"), ("修改量程", "parameter"), ("量程已更改", "parameter"),
        ("set param", ""), ("change range 500", "parameter"), ("清洗管路", ""),
        ("设置参数", "parameter"), ("参数设置", ""),
    ],
)  # fmt: skip
def test_words_of_power_doors_and_parameters_are_events(text: str, kind: str) -> None:
    assert station_events.kind_of(text) == kind


def events(*listed: tuple[float, str]) -> list[Hit]:
    found = tuple(Event(int(T0 + hour * HOUR), "i11001", text) for hour, text in listed)
    flags = "N" * 12 + "M" * 6 + "N" * 42
    one = series("a21026", noise(50, 0.1, 60), flags=flags)  # marked from 2 to 3 h
    return station_events.find(context(one, events=found))


def test_an_event_is_told_in_full() -> None:
    [hit] = events((6, "//门禁打开// "))
    assert (hit.code, hit.check, hit.score, hit.count) == (
        "i11001", "station_event", 1.0, 1,
    )  # fmt: skip
    assert (hit.begin, hit.end) == (T0 + 6 * HOUR, T0 + 6 * HOUR + 60)
    assert hit.data == {"text": "门禁打开", "kind": "door"}


@pytest.mark.parametrize(
    ("hour", "text", "hits"),
    [
        (1.5 - 1 / 3600, "门禁打开", 1), (1.5, "门禁打开", 0), (3.4, "修改参数", 0),
        (3.5, "修改参数", 1), (2.5, "断电", 1), (6, "清洗管路", 0),
    ],
)  # fmt: skip
def test_doors_and_changes_within_half_an_hour_of_marks_are_expected(
    hour: float, text: str, hits: int
) -> None:
    assert len(events((hour, text))) == hits
