"""突变: which jumps stand alone, which are shared, and which are a change of load."""

import re

import pytest

from polluters.domain.checks import step
from polluters.domain.checks.finding import Hit
from polluters.domain.checks.jumps import Jump
from polluters.domain.checks.series import Series
from polluters.domain.checks.thresholds import DEFAULT, Thresholds
from tests.domain.polluters.series_lab import STEP, T0, context, noise, series

N = 600
OFTEN = Thresholds(per_month=99)


def stepped(
    code: str, factor: float = 2, row: int = 300, *, level: float = 50, end: int = N,
    seed: int = 1, share: float = 0.02,
) -> Series:  # fmt: skip
    """Return noise about ``level`` that is ``factor`` of itself from ``row`` on."""
    values = noise(level, share, N, seed=seed)
    values[row:end] = [round(value * factor, 2) for value in values[row:end]]
    return series(code, values)


def found(*listed: Series, rules: Thresholds = OFTEN) -> list[Hit]:
    return step.find(context(*listed, rules=rules))


def test_a_step_of_one_factor_is_told_in_full() -> None:
    [hit] = found(stepped("a21026", end=340), stepped("a34013", 1, seed=2))
    assert (hit.code, hit.check, hit.count) == ("a21026", "step", 1)
    assert (hit.begin, hit.end) == (T0 + 300 * STEP, T0 + 340 * STEP)
    assert hit.data["before"] == pytest.approx(50, rel=0.03)
    assert hit.data["after"] == pytest.approx(100, rel=0.03)
    assert hit.data["score"] == hit.score
    assert hit.score > 7.5


def test_the_way_back_is_no_second_step() -> None:
    assert len(found(stepped("a21026", end=340))) == 1


def test_a_step_that_the_flow_shares_is_a_change_of_load() -> None:
    flow = stepped("a00000", 1.8, level=1000, seed=2)
    assert [hit.code for hit in found(stepped("a21026"), flow)] == ["a00000"]
    heat = stepped("a01012", 1.5, 540, level=100, seed=3)
    late = stepped("a00000", 1.8, 540, level=1000, seed=2)
    assert found(stepped("a21026", row=540), late, heat) == []


def test_a_step_to_the_oxygen_of_air_is_a_stop() -> None:
    air = stepped("a19001", 2.2, 540, level=9, seed=2)  # 19.8
    assert [hit.code for hit in found(stepped("a21026", 0.2, 540), air)] == ["a19001"]
    less = stepped("a19001", 1.8, 540, level=9, seed=2)  # 16.2
    assert [hit.code for hit in found(stepped("a21026", 0.2, 540), less)] == [
        "a19001", "a21026",
    ]  # fmt: skip


def jump(
    size: float = 1.0, *, before: float = 50, after: float = 100, row: int = 300
) -> Jump:
    return Jump(T0 + row * STEP, size, 10.0, before, after, row)


@pytest.mark.parametrize(
    ("code", "shared", "load"),
    [
        ("a21026", {}, False),
        ("a21026", {"a00000": jump(0.31)}, True),
        ("a21026", {"a00000": jump(0.3)}, False),
        ("a21026", {"a00000": jump(-0.31)}, True),
        ("a21026", {"a34013": jump(1)}, False),
        ("a21026", {"a19001": jump(1, before=9, after=18.1)}, True),
        ("a21026", {"a19001": jump(1, before=18.1, after=9)}, True),
        ("a21026", {"a19001": jump(1, before=9, after=18)}, False),
        ("a00000", {"a34013": jump(1)}, False),
        ("a00000", {"a01012": jump(1)}, True),
        ("a00000", {"a01011": jump(0.01)}, True),
        ("a00000", {}, False),
    ],
)
def test_what_explains_a_step(code: str, shared: dict[str, Jump], load: bool) -> None:
    assert step._is_load(code, jump(1.0), shared) is load
    assert step._is_load(code, jump(-1.0), shared) is load


@pytest.mark.parametrize(
    ("one", "two", "apart", "together"),
    [
        (60, 60, 120, True), (60, 60, 121, False),
        (600, 600, 720, True), (600, 600, 721, False),
        (600, 60, 720, True), (60, 600, 721, False),
        (100, 100, 200, True), (100, 100, 201, False),
        (30, 30, 120, True), (30, 30, 121, False),
    ],
)  # fmt: skip
def test_steps_are_together_as_exactly_as_both_can_say(
    one: int, two: int, apart: int, together: bool
) -> None:
    known = context(
        series("a21026", [1.0, 2.0], interval=one),
        series("a34013", [1.0, 2.0], interval=two),
    )
    assert step._together(known, "a21026", T0, "a34013", T0 + apart) is together
    assert step._together(known, "a34013", T0, "a21026", T0 - apart) is together


@pytest.mark.parametrize(
    ("code", "hits"),
    [("a21026", 1), ("a00000", 1), ("a19001", 1), ("a01012", 0), ("w01001", 0)],
)
def test_concentrations_flow_and_oxygen_are_judged_alone(code: str, hits: int) -> None:
    assert len(found(stepped(code, 0.5, 540))) == hits


def test_a_pump_that_stops_or_starts_is_no_step() -> None:
    # Under a twentieth of the usual flow is nothing.
    assert found(stepped("a00000", 0.04, 400, level=1000)) == []
    assert len(found(stepped("a00000", 0.2, 400, level=1000))) == 1
    assert len(found(stepped("a21026", 0.04, 400, level=1000))) == 1


def test_a_step_alone_needs_more_than_one_that_is_shared() -> None:
    assert (DEFAULT.step_score, DEFAULT.joint_score) == (7.5, 5.0)
    [hit] = found(stepped("a21026"))
    bar = Thresholds(step_score=hit.score * 1.01, per_month=99)
    assert found(stepped("a21026"), rules=bar) == []
    same = Thresholds(step_score=hit.score, per_month=99)
    assert len(found(stepped("a21026"), rules=same)) == 1


# 多因子同时突变.


def test_a_joint_step_is_told_in_full_and_not_again_alone() -> None:
    one, two = stepped("a21026", end=340), stepped("a34013", level=20, end=340, seed=2)
    [hit] = found(one, two)
    assert (hit.code, hit.check) == ("", "joint_step")
    assert (hit.begin, hit.end) == (T0 + 300 * STEP, T0 + 340 * STEP)
    assert hit.data["factors"] == "二氧化硫、颗粒物"
    assert hit.data["codes"] == ["a21026", "a34013"]
    first, second = str(hit.data["changes"]).split("；")
    name, before, after = re.split("[ →]", first)
    assert (name, float(before), float(after)) == (
        "二氧化硫", pytest.approx(50, rel=0.03), pytest.approx(100, rel=0.03),
    )  # fmt: skip
    assert second.startswith("颗粒物 ")
    alone = [found(one)[0].score, found(two)[0].score]
    assert hit.score == pytest.approx(sum(alone) / 2)


def test_the_installation_says_how_many_factors_are_several() -> None:
    listed = (stepped("a21026"), stepped("a34013", level=20, seed=2))
    three = found(*listed, rules=Thresholds(joint_factors=3, per_month=99))
    assert [hit.check for hit in three] == ["step", "step"]


def test_a_joint_step_that_the_flow_shares_is_a_change_of_load() -> None:
    flow = stepped("a00000", 2, level=1000, seed=3)
    hits = found(stepped("a21026"), stepped("a34013", seed=2), flow)
    assert [hit.code for hit in hits] == ["a00000"]


@pytest.mark.parametrize(("scores", "joint"), [((7.0, 7.0), 1), ((7.0, 6.9), 0)])
def test_the_scores_of_a_joint_step_add_up_to_fourteen(
    scores: tuple[float, float], joint: int
) -> None:
    known = context(stepped("a21026"), stepped("a34013", seed=2))
    listed = {
        code: [Jump(T0 + 300 * STEP, 1.0, score, 50, 100, 300)]
        for code, score in zip(("a21026", "a34013"), scores, strict=True)
    }
    hits, used = step._joint(known, listed)
    assert len(hits) == joint
    assert used == (
        {("a21026", T0 + 300 * STEP), ("a34013", T0 + 300 * STEP)} if joint else set()
    )


def test_the_common_way_back_is_used_up_with_the_step() -> None:
    known = context(stepped("a21026", end=340), stepped("a34013", seed=2, end=340))
    back = {300: 1.0, 340: -1.0}

    def listed(late: int) -> dict[str, list[Jump]]:
        return {
            code: [
                Jump(T0 + row * STEP + (late if size < 0 and code == "a34013" else 0),
                     size, 9.0, 50, 100, row)
                for row, size in back.items()
            ]
            for code in ("a21026", "a34013")
        }  # fmt: skip

    # Two intervals and two minutes about the end: 1320 s.
    hits, used = step._joint(known, listed(1320))
    assert ("a34013", T0 + 340 * STEP + 1320) in used
    assert [hit.begin for hit in hits] == [T0 + 300 * STEP]
    _, used = step._joint(known, listed(1321))
    assert ("a34013", T0 + 340 * STEP + 1321) not in used


def test_states_do_not_make_a_joint_step() -> None:
    heat = stepped("a01012", 1.5, level=100, seed=2)
    assert [hit.check for hit in found(stepped("a21026"), heat)] == ["step"]


def test_steps_that_come_every_few_days_are_a_habit() -> None:
    values: list[float] = []
    for part in range(10):
        values += noise(50 if part % 2 else 100, 0.02, 150, seed=part)
    one = series("a21026", values)
    assert len(step.find(context(one, rules=OFTEN))) > 2
    assert step.find(context(one)) == []
