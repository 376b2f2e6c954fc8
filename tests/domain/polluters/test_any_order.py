"""Whatever the order, the repeats and the way: the same figures and the same findings."""

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bozhou_eco.common.clock import BEIJING
from polluters.domain.checks.build import build_station
from polluters.domain.checks.collect import read_block
from polluters.domain.checks.engine import run_checks
from polluters.domain.checks.head import read_head
from polluters.domain.means import PlainHour, Value, hour_mean, slot_means
from polluters.domain.validity import DEFAULT_RULES
from tests.domain.polluters.readings_lab import honest, spoil

START = datetime(2026, 3, 1, 8, 0, tzinfo=BEIJING)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
STEP = {"do": "scale", "from": 500, "to": 560, "codes": ["a21026"], "factor": 2.2}
CONVERT = {"do": "convert", "from": 0, "to": 0}
NUMBERS = st.floats(-1e6, 1e6) | st.sampled_from([0.1, 0.2, 0.3, 1e-9])


def findings(frames: list[bytes], head: dict) -> list[dict]:
    (spec,) = read_head(head).values()
    block = read_block(b"\n".join(frames) + b"\n", {})
    return [
        found.as_json()
        for found in run_checks(build_station(spec, block.pieces[spec.mn]))
    ]


@pytest.fixture(scope="module")
def spoiled() -> tuple[list[bytes], dict, list[dict]]:
    lab = honest("gas")
    spoil(lab, STEP)
    spoil(lab, CONVERT)
    frames, head = list(lab.frames()), lab.head()
    told = findings(frames, head)
    assert told, "the property means nothing without a finding"
    return frames, head, told


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 2**32), st.floats(0, 0.5))
def test_findings(spoiled, seed: int, repeated: float) -> None:
    frames, head, told = spoiled
    rng = random.Random(seed)
    mixed = frames + rng.sample(frames, int(repeated * len(frames)))
    rng.shuffle(mixed)
    assert findings(mixed, head) == told


@settings(deadline=None)
@given(
    st.dictionaries(st.integers(0, 59), NUMBERS, min_size=1, max_size=60),
    st.lists(st.floats(0, 20.5), min_size=60, max_size=60),
    st.booleans(),
)
def test_the_short_way_gives_the_figures_of_the_long_one(
    known: dict[int, float], oxygen: list[float], convert: bool
) -> None:
    minutes = sorted(known)
    plain = PlainHour(
        [known[minute] for minute in minutes], None if len(known) == 60 else minutes
    )
    listed = [Value(START + minute * MINUTE, known[minute]) for minute in minutes]
    air = [Value(START + n * MINUTE, value) for n, value in enumerate(oxygen)]
    slots = slot_means(PlainHour(oxygen), start=START, length=HOUR, interval=MINUTE)
    common = {
        "start": START,
        "interval": MINUTE,
        "medium": "gas",
        "reference": 9.0,
        "convert": convert,
    }
    assert plain.fits(MINUTE, DEFAULT_RULES)
    short = hour_mean(plain, oxygen=slots, **common)
    long = hour_mean(listed, oxygen=air, **common)
    assert short == long


def test_only_values_on_slots_of_their_own_go_the_short_way() -> None:
    ten = timedelta(minutes=10)
    assert PlainHour([1.0] * 6, [0, 10, 20, 30, 40, 50]).fits(ten, DEFAULT_RULES)
    assert not PlainHour([1.0, 2.0], [0, 5]).fits(ten, DEFAULT_RULES)
    assert not PlainHour([1.0] * 60).fits(ten, DEFAULT_RULES)
    assert not PlainHour([1.0] * 60).fits(timedelta(seconds=90), DEFAULT_RULES)
