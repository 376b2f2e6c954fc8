"""Rules of marks, substitution, the rule book, batches and declared stops: no database."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polluters.domain.checks import Series, Station, run_checks
from polluters.domain.checks.profile import make_profile
from polluters.domain.hj212.frame import BEIJING
from polluters.domain.marks import (
    Flagged,
    MarkView,
    covered,
    deadline_of,
    has_effect,
    hours_in,
    runs_of,
    unmarked,
)
from polluters.domain.matters import KNOWN, TOLD
from polluters.domain.rulebook import NUMBERS, thresholds, validity_rules
from polluters.domain.substitution import Steps, stand_for

START = datetime(2026, 3, 1, tzinfo=BEIJING)
HOUR = timedelta(hours=1)


def view(begin: float, end: float, **fields: object) -> MarkView:
    values = {
        "kind": "starting", "name": "启炉", "point": None, "begin": START + begin * HOUR,
        "end": START + end * HOUR, "made_at": START, "deadline": START + 36 * HOUR,
    }  # fmt: skip
    return MarkView(**(values | fields))  # type: ignore[arg-type]


def test_the_deadline_is_noon_of_the_next_day() -> None:
    late = START + timedelta(hours=23, minutes=50)
    assert deadline_of(late, hour=12) == START + timedelta(days=1, hours=12)


@pytest.mark.parametrize(
    ("fields", "in_scope", "own", "effect"),
    [
        ({"legal": True}, True, False, True),
        ({}, True, True, False),
        ({}, False, True, True),
        ({}, False, False, False),
        ({"made_at": START + 40 * HOUR}, False, True, False),
        ({"from_logger": True}, False, True, False),
    ],
)
def test_which_marks_have_effect(
    fields: dict[str, object], in_scope: bool, own: bool, effect: bool
) -> None:
    assert has_effect(view(0, 1, **fields), in_scope=in_scope, own_counts=own) is effect


spans = st.lists(
    st.tuples(st.integers(0, 48), st.integers(1, 12)).map(
        lambda pair: view(pair[0], pair[0] + pair[1])
    ),
    max_size=8,
)


@given(spans)
def test_overlapping_marks_count_once_in_any_order(marks: list[MarkView]) -> None:
    end = START + 60 * HOUR
    hours = {
        hour
        for mark in marks
        for hour in range(60)
        if mark.touches(START + hour * HOUR, START + (hour + 1) * HOUR)
    }
    assert hours_in(marks, START, end) == len(hours)
    assert covered(START, end, marks) == covered(START, end, marks[::-1])


def test_runs_of_hours_and_what_no_mark_covers() -> None:
    hours = [(1, START + n * HOUR, "M") for n in (0, 1, 2, 5)]
    runs = runs_of([*hours, (2, START, "C")])
    assert [(run.point, (run.end - run.begin) / HOUR) for run in runs] == [
        (1, 3), (1, 1), (2, 1),
    ]  # fmt: skip
    marks = [view(0, 3, legal=True, point=1), view(0, 9)]
    late = START + 40 * HOUR
    found = unmarked(runs, marks, now=late, hour=12, least=HOUR)
    assert found == [
        Flagged(1, START + 5 * HOUR, START + 6 * HOUR, "M"),
        Flagged(2, START, START + HOUR, "C"),
    ]
    assert unmarked(runs, marks, now=START + 30 * HOUR, hour=12, least=HOUR) == []


def test_what_stands_in_depends_on_the_share_of_valid_hours() -> None:
    earlier = [1.0] * 180 + [5.0] * 540
    high = stand_for(earlier, share=0.95, steps=Steps())
    low = stand_for(earlier, share=0.6, steps=Steps())
    assert high is not None
    assert low is not None
    assert (high.value, high.looked_at) == (1.0, 180)
    assert (low.value, low.looked_at) == (5.0, 720)
    assert "低于 75%" in low.method
    assert stand_for([], share=1, steps=Steps()) is None


def test_numbers_of_the_rule_book_reach_the_rules() -> None:
    values = {code: one.value for code, one in NUMBERS.items()}
    rules = validity_rules(values | {"gas_day_hours": 18})
    assert rules.gas_day_hours == 18
    assert isinstance(rules.gas_day_hours, int)
    assert thresholds(values | {"check.skew_s": 90}).skew_s == 90
    assert all(one.source for one in NUMBERS.values())


def test_no_suspicion_is_told_to_the_one_it_concerns() -> None:
    assert not TOLD & {"constant", "flat_top", "backdated_mark", "parameter_undeclared"}
    assert all(check.text and check.name for check in KNOWN.values())


def series(
    code: str, values: np.ndarray, flag: str = "N", interval: int = 600
) -> Series:
    times = int(START.timestamp()) + interval * np.arange(len(values), dtype=np.int64)
    flags = np.full(len(values), ord(flag), dtype=np.uint8)
    return Series(code, "2051", times, values.astype(float), flags, interval)


def test_holds_are_known_by_their_time_though_single_values_outnumber_them() -> None:
    rng = np.random.default_rng(3)
    held = np.repeat(np.round(rng.uniform(20, 40, 60), 2), 12)
    loose = np.round(rng.uniform(20, 40, 150), 2)
    profile = make_profile(series("w01018", np.concatenate((held, loose, held))), [])
    assert profile.batch == 7200
    assert (
        make_profile(series("w01018", np.round(rng.uniform(20, 40, 900), 2)), []).batch
        == 0
    )


def test_a_stop_declared_elsewhere_is_held_against_the_running_plant() -> None:
    rng = np.random.default_rng(4)
    count = 144 * 10
    load = 1 + 0.1 * rng.standard_normal(count)
    running = {
        "a00000": series("a00000", 50_000 * load),
        "a19001": series("a19001", 9 + 0.3 * rng.standard_normal(count)),
        "a01012": series("a01012", 120 + 3 * rng.standard_normal(count)),
    }
    begin = int(START.timestamp()) + 5 * 86_400
    station = Station(
        "TEST", "gas", series={code: {"2051": one} for code, one in running.items()},
        declared=((begin, begin + 8 * 3600),),
    )  # fmt: skip
    found = [one for one in run_checks(station) if one.check == "declared_stop_running"]
    assert len(found) == 1
    assert "流量" in found[0].why
    quiet = Station("TEST", "gas", series=station.series)
    assert run_checks(quiet) == []
