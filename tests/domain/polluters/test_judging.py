"""Conversion, validity, limits and judging: exact figures and what is refused."""

import json
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polluters.domain.convert import (
    dry_standard_flow,
    excess_air,
    from_ppm,
    gas_mass_kg,
    nox_as_no2,
    oxygen_factor,
    to_dry,
    to_reference_oxygen,
    to_standard,
    water_mass_kg,
    water_volume,
    wet_flow,
)
from polluters.domain.hj212 import BEIJING
from polluters.domain.judge import (
    Exemption,
    Subject,
    Word,
    judge_furnace,
    judge_mean,
)
from polluters.domain.limits import (
    Averaging,
    Condition,
    Kind,
    LimitRule,
    choose,
    overlaps,
)
from polluters.domain.longmeans import Part, day_mean, month_mean, part_of
from polluters.domain.means import Value, disagreement, hour_mean

START = datetime(2026, 3, 1, 8, 0, tzinfo=BEIJING)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SO2 = Subject("SO2", "mg/m3", converted=True)
STANDARD = LimitRule(
    Kind.STANDARD,
    Averaging.HOUR,
    high=200,
    standard="GB 4915-2013",
    source="核对",
    article="air-99",
    valid_from=date(2024, 1, 1),
)


def minutes(*values: float, flag: str = "N") -> list[Value]:
    return [Value(START + i * MINUTE, v, flag) for i, v in enumerate(values)]


def test_conversion_follows_appendix_d() -> None:
    assert to_reference_oxygen(100, measured=15, reference=9) == 200
    assert to_reference_oxygen(100, measured=15, reference=None) == 100
    assert excess_air(7) == 1.5
    assert to_standard(100, temperature=273, static=0, barometric=101_325) == 200
    assert to_dry(90, moisture=10) == pytest.approx(100)
    assert from_ppm(10, molar_mass=64) == pytest.approx(28.5714, abs=1e-4)
    assert nox_as_no2(30, 5) == pytest.approx(51)
    assert wet_flow(velocity=10, area=2) == 72_000
    flow = dry_standard_flow(
        72_000, temperature=273, static=0, barometric=101_325, moisture=10
    )
    assert flow == pytest.approx(32_400)
    assert gas_mass_kg(50, flow=100_000, hours=2) == pytest.approx(10)
    assert water_volume(210, seconds=3600) == pytest.approx(756)
    assert water_mass_kg(30, volume=1000) == pytest.approx(30)


@pytest.mark.parametrize("oxygen", [20.0, 20.9, 21.0, 22.5, -1.0, None])
def test_conversion_stops_where_oxygen_is_that_of_air(oxygen: float | None) -> None:
    assert oxygen_factor(oxygen, 9) is None
    assert to_reference_oxygen(100, measured=oxygen, reference=9) is None


def test_hour_needs_45_valid_minutes() -> None:
    good = minutes(*[10.0] * 45)
    result = hour_mean(good, start=START, interval=MINUTE, medium="gas")
    assert (result.mean, result.valid, result.valid_count) == (10.0, True, 45)
    short = hour_mean(good[:44], start=START, interval=MINUTE, medium="gas")
    assert (short.mean, short.valid, short.due) == (10.0, False, 60)


def test_flagged_and_over_range_values_are_left_out_with_reasons() -> None:
    values = [
        *minutes(*[10.0] * 50),
        Value(START + 50 * MINUTE, 900.0, "C"),
        Value(START + 51 * MINUTE, 950.0, "N", usable=False),
        Value(START + 52 * MINUTE, None, "N"),
    ]
    result = hour_mean(values, start=START, interval=MINUTE, medium="gas")
    assert result.mean == 10.0
    assert [x.reason for x in result.left_out] == [
        "标记为 C（校准）",
        "超出量程",
        "无数值",
    ]
    assert result.flags == {"C": 1, "N": 52}


def test_thirty_second_values_make_minutes_first() -> None:
    half = timedelta(seconds=30)
    values = [Value(START + i * half, 10.0 if i % 2 else 20.0) for i in range(120)]
    result = hour_mean(values, start=START, interval=half, medium="gas")
    assert (result.mean, result.due, result.valid_count) == (15.0, 60, 60)


def test_converted_mean_uses_each_minutes_own_oxygen() -> None:
    oxygen = [Value(START + i * MINUTE, 15.0 if i < 30 else 9.0) for i in range(60)]
    result = hour_mean(
        minutes(*[100.0] * 60),
        start=START,
        interval=MINUTE,
        medium="gas",
        reference=9,
        oxygen=oxygen,
        convert=True,
    )
    assert result.mean == 100.0
    assert result.converted == pytest.approx(150.0)


def test_oxygen_near_air_gives_no_converted_mean() -> None:
    oxygen = [Value(START + i * MINUTE, 20.8) for i in range(60)]
    result = hour_mean(
        minutes(*[100.0] * 60),
        start=START,
        interval=MINUTE,
        medium="gas",
        reference=9,
        oxygen=oxygen,
        convert=True,
    )
    assert result.converted is None
    [told] = judge_mean(
        result,
        subject=SO2,
        limits=[STANDARD],
        averaging=Averaging.HOUR,
        closed=True,
        settled=True,
    )
    assert told.word == Word.UNJUDGED
    assert "含氧量 20.8% 不可折算" in told.explanation.left_out[0].reason


def test_water_hour_is_valid_with_one_batch_value() -> None:
    result = hour_mean(minutes(31.0), start=START, interval=10 * MINUTE, medium="water")
    assert (result.valid, result.due, result.mean) == (True, 6, 31.0)


def test_gas_day_needs_20_valid_hours_and_water_weighs_by_flow() -> None:
    midnight = START.replace(hour=0)
    parts = [Part(midnight + i * HOUR, float(i)) for i in range(24)]
    assert day_mean(parts[:19], start=midnight, medium="gas").valid is False
    assert day_mean(parts[:20], start=midnight, medium="gas").valid is True
    flows = {midnight + i * HOUR: 3.0 if i < 12 else 1.0 for i in range(24)}
    two = [Part(p.time, 10.0 if i < 12 else 50.0) for i, p in enumerate(parts)]
    water = day_mean(two, start=midnight, medium="water", flows=flows)
    assert (water.mean, water.valid) == (20.0, True)
    assert "小时流量" in water.formula
    without = day_mean(two, start=midnight, medium="water", flows={})
    assert without.mean == 30.0
    assert "算术均值" in without.notes[0]


def test_day_with_three_valid_hours_is_not_judged() -> None:
    midnight = START.replace(hour=0)
    parts = [Part(midnight + i * HOUR, 90.0) for i in range(3)]
    day = day_mean(parts, start=midnight, medium="water")
    limit = LimitRule(Kind.STANDARD, Averaging.DAY, high=50)
    [told] = judge_mean(
        day,
        subject=Subject("COD", "mg/L"),
        limits=[limit],
        averaging=Averaging.DAY,
        closed=True,
        settled=True,
    )
    assert told.word == Word.UNJUDGED
    assert told.value == 90.0
    assert any("有效值 3 个" in note for note in told.explanation.notes)


def test_batch_analyser_owes_one_value_a_cycle_and_stops_are_not_due() -> None:
    midnight = START.replace(hour=0)
    parts = [Part(midnight + i * HOUR, 20.0) for i in range(0, 24, 4)]
    day = day_mean(parts, start=midnight, medium="water", cycle=4 * HOUR)
    assert (day.due, day.valid_count, day.valid) == (6, 6, True)
    stopped = [
        Part(midnight + i * HOUR, 20.0 if i < 12 else None, stopped=i >= 12)
        for i in range(24)
    ]
    half = day_mean(stopped, start=midnight, medium="water")
    assert (half.due, half.valid_count, half.valid) == (12, 12, True)


def test_month_needs_its_share_of_days() -> None:
    start, end = (
        datetime(2026, 3, 1, tzinfo=BEIJING),
        datetime(2026, 4, 1, tzinfo=BEIJING),
    )
    days = [Part(start + i * timedelta(days=1), 2.0) for i in range(24)]
    assert month_mean(days, start=start, end=end).valid is True
    assert month_mean(days[:23], start=start, end=end).valid is False


def hour_of(value: float) -> object:
    return hour_mean(minutes(*[value] * 60), start=START, interval=MINUTE, medium="gas")


@pytest.mark.parametrize(
    ("closed", "settled", "word"),
    [
        (False, False, Word.WARNING),
        (True, False, Word.WARNING),
        (True, True, Word.EXCEEDED),
    ],
)
def test_the_word_is_exceedance_only_when_closed_and_settled(
    closed: bool, settled: bool, word: Word
) -> None:
    result = hour_of(250.0)
    [told] = judge_mean(
        result,
        subject=Subject("SO2", "mg/m3"),
        limits=[STANDARD],
        averaging=Averaging.HOUR,
        closed=closed,
        settled=settled,
    )
    assert told.word == word
    assert told.multiple == pytest.approx(0.25)
    assert told.live is True


def test_explanation_is_plain_json_and_names_limit_standard_and_article() -> None:
    [told] = judge_mean(
        hour_of(250.0),
        subject=Subject("SO2", "mg/m3"),
        limits=[STANDARD],
        averaging=Averaging.HOUR,
        closed=True,
        settled=True,
    )
    stored = json.loads(json.dumps(told.explanation.as_json(), ensure_ascii=False))
    assert stored["limit"] == "≤ 200"
    assert stored["standard"] == "GB 4915-2013"
    assert stored["article"] == "air-99"
    assert len(stored["used"]) == 60
    assert told.explanation.text() == (
        "2026-03-01 08:00 至 2026-03-01 09:00，SO2小时均值（实测值）250 mg/m³，"
        "排放标准 ≤ 200 mg/m³（GB 4915-2013），超标倍数 0.25：超标"
    )


def test_late_data_is_judged_but_never_live() -> None:
    [told] = judge_mean(
        hour_of(250.0),
        subject=Subject("SO2", "mg/m3"),
        limits=[STANDARD],
        averaging=Averaging.HOUR,
        closed=True,
        settled=True,
        timely=False,
    )
    assert (told.word, told.live) == (Word.EXCEEDED, False)


def test_ultra_low_and_warning_never_make_an_exceedance() -> None:
    soft = [
        LimitRule(Kind.ULTRA_LOW, Averaging.HOUR, high=35),
        LimitRule(Kind.WARNING, Averaging.HOUR, high=30),
    ]
    [told] = judge_mean(
        hour_of(100.0),
        subject=Subject("SO2", "mg/m3"),
        limits=soft,
        averaging=Averaging.HOUR,
        closed=True,
        settled=True,
    )
    assert told.word == Word.UNJUDGED
    assert "未设置小时均值限值，不作判定" in told.explanation.notes


def test_marked_start_up_is_not_judged() -> None:
    mark = Exemption(START - HOUR, START + 10 * MINUTE, "启炉", "企业标记")
    [told] = judge_mean(
        hour_of(250.0),
        subject=Subject("SO2", "mg/m3"),
        limits=[STANDARD],
        averaging=Averaging.HOUR,
        exemptions=[mark],
        closed=True,
        settled=True,
    )
    assert (told.word, told.live) == (Word.EXEMPT, False)
    assert "启炉 03-01 07:00 至 03-01 08:10（企业标记）" in told.explanation.notes


def test_ph_is_a_range_and_ammonia_depends_on_water_temperature() -> None:
    ph = LimitRule(Kind.STANDARD, Averaging.HOUR, low=6, high=9)
    words = [
        judge_mean(
            hour_of(value),
            subject=Subject("pH", "-"),
            limits=[ph],
            averaging=Averaging.HOUR,
            closed=True,
            settled=True,
        )[0].word
        for value in (5.9, 6.0, 9.0, 9.1)
    ]
    assert words == [Word.EXCEEDED, Word.FINE, Word.FINE, Word.EXCEEDED]
    cold = Condition.read({"code": "w01010", "op": "<=", "value": 12, "high": 8})
    ammonia = LimitRule(Kind.STANDARD, Averaging.HOUR, high=5, condition=cold)

    def word(context: dict[str, float]) -> tuple[Word, bool]:
        [told] = judge_mean(
            hour_of(6.0),
            subject=Subject("NH3-N", "mg/L"),
            limits=[ammonia],
            averaging=Averaging.HOUR,
            context=context,
            closed=True,
            settled=True,
        )
        return told.word, any("无有效值" in x for x in told.explanation.notes)

    assert word({"w01010": 12.0}) == (Word.FINE, False)
    assert word({"w01010": 12.1}) == (Word.EXCEEDED, False)
    assert word({}) == (Word.EXCEEDED, True)


def test_overlapping_and_missing_limits_are_said() -> None:
    first = LimitRule(
        Kind.PERMIT, Averaging.HOUR, high=100, valid_from=date(2024, 1, 1)
    )
    second = LimitRule(
        Kind.PERMIT, Averaging.HOUR, high=80, valid_from=date(2026, 1, 1)
    )
    found = choose([first, second, STANDARD], on=START.date(), averaging=Averaging.HOUR)
    assert found.limits == (second, STANDARD)
    assert found.strictest == second
    assert found.notes == ("许可限值有效期重叠（2026-03-01），按较严者判定",)
    assert overlaps([first, second, STANDARD]) == [(first, second)]
    before = choose([second], on=date(2025, 1, 1), averaging=Averaging.HOUR)
    assert before.limits == ()
    assert before.notes == ("2025-01-01 无有效的小时均值限值，不作判定",)


def test_furnace_day_counts_five_minute_means_below_850() -> None:
    five = timedelta(minutes=5)
    midnight = START.replace(hour=0)

    def day(cold: int, marks: list[Exemption] | None = None) -> Word:
        means = [
            (midnight + i * five, 840.0 if i < cold else 900.0) for i in range(288)
        ]
        return judge_furnace(
            means, exemptions=marks or [], closed=True, settled=True
        ).word

    assert day(5) == Word.FINE
    assert day(6) == Word.EXCEEDED
    assert day(6, [Exemption(midnight, midnight + HOUR, "停炉")]) == Word.FINE


def test_disagreement_is_relative_to_the_logger() -> None:
    assert disagreement(103, 100) == pytest.approx(0.03)
    assert disagreement(0.0, 0.0) is None
    assert disagreement(1.0, 0.0) == float("inf")
    assert disagreement(None, 1.0) is None


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1000), min_size=1, max_size=60),
    st.integers(0, 2**32),
)
def test_order_and_repeats_change_nothing(values: list[float], seed: int) -> None:
    sent = [
        Value(START + i * MINUTE, v, "NNNC"[i % 4] if i else "N")
        for i, v in enumerate(values)
    ]
    shuffled = [*sent, *sent]
    random.Random(seed).shuffle(shuffled)
    one = hour_mean(sent, start=START, interval=MINUTE, medium="gas")
    other = hour_mean(shuffled, start=START, interval=MINUTE, medium="gas")
    assert one == other
    midnight = START.replace(hour=0)
    hours = [part_of(one)] + [
        Part(midnight + i * HOUR, v) for i, v in enumerate(values[:8])
    ]
    mixed = [*hours, *hours]
    random.Random(seed).shuffle(mixed)
    assert day_mean(hours, start=midnight, medium="gas") == day_mean(
        sorted(mixed, key=lambda p: p.time), start=midnight, medium="gas"
    )


def test_moments_of_another_zone_give_the_same_hour_in_the_zone_of_its_start() -> None:
    here = minutes(*[float(n) for n in range(60)])
    there = [Value(v.time.astimezone(UTC), v.value, v.flag) for v in here]
    one = hour_mean(here, start=START, interval=MINUTE, medium="gas")
    other = hour_mean(there, start=START, interval=MINUTE, medium="gas")
    assert one == other
    assert [time.tzinfo for time, _ in other.used] == [BEIJING] * 60
