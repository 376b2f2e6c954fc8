"""Copied curves: what is usual, what is near, what a match must reach, what is told."""

from math import atanh, exp

import numpy as np
import pytest

from tests.domain.vehicles.tests_lab import after, car, curve, inspected, reports
from vehicles.domain.fraud import copied
from vehicles.domain.fraud.base import brief
from vehicles.domain.fraud.copied import (
    CopiedCurves,
    CopiedParams,
    Match,
    Usual,
    _Nearest,
    closest,
    describe,
    votes,
    weigh,
)
from vehicles.domain.fraud.fingerprint import Likeness, Residual, residual

PARAMS = CopiedParams()


def usual(*values: float) -> Usual:
    made = Usual()
    made.best.extend(values)
    return made


def test_until_thirty_are_known_the_first_bar_stands() -> None:
    bar = atanh(0.75)
    assert usual().bar(PARAMS) == pytest.approx((bar / 2, bar / 10))
    assert usual(*[0.3] * 29).bar(PARAMS) == pytest.approx((bar / 2, bar / 10))
    assert usual(*[0.3] * 30).bar(PARAMS) == (0.3, 0.05)


def test_the_spread_is_that_of_the_lower_half() -> None:
    values = [0.1] * 5 + [0.2] * 10 + [0.4] * 1 + [9.0] * 15
    middle, wide = usual(*values).bar(PARAMS)
    # Below 0.4 by 0.3 (5 of them), by 0.2 (10) and by 0 (1): the median is 0.2.
    assert middle == 0.4
    assert wide == pytest.approx(1.4826 * 0.2)
    assert usual(*[0.40] * 16, *[0.38] * 14).bar(PARAMS)[1] == 0.05


def test_what_is_usual_forgets_what_is_long_past() -> None:
    made = usual(*[5.0] * 20, *[0.3] * 300)
    assert (len(made.best), max(made.best)) == (300, 0.3)
    assert Usual(2).best.maxlen == 2


def test_the_candidates_with_most_windows_at_one_shift_come_first() -> None:
    hits = [
        *[(1, 5, 3), (1, 9, 7), (1, 8, 2)],
        *[(2, 4, 4), (2, 6, 6), (2, 9, 9)],
        *[(3, 1, 9)],
    ]
    assert votes(hits, 3) == [(2, 0), (1, 2), (3, -8)]
    assert votes(hits, 1) == [(2, 0)]
    assert votes([], 3) == []


def test_of_equal_shifts_the_first_is_taken() -> None:
    assert votes([(1, 5, 3), (1, 9, 2)], 4) == [(1, 2)]


def test_a_shift_with_fewer_windows_does_not_take_its_place() -> None:
    assert votes([(1, 1, 9), (1, 2, 10), (1, 9, 3)], 4) == [(1, -8)]
    assert votes([(1, 9, 3), (1, 1, 9), (1, 2, 10)], 4) == [(1, -8)]


WHOLE = np.random.RandomState(3).standard_normal((200, 4))


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_shift_is_found_within_a_row(off) -> None:
    one, other = Residual(WHOLE[20:80], 50), Residual(WHOLE[30:90], 50)
    likeness, shift = closest(one, other, 10 + off)
    assert shift == 10
    assert likeness.r == pytest.approx(0.99995)


def test_a_shift_further_off_is_not_looked_for() -> None:
    one, other = Residual(WHOLE[20:80], 50), Residual(WHOLE[30:90], 50)
    for shift in (8, 12):
        assert closest(one, other, shift)[0].r < 0.6


@pytest.mark.parametrize(
    ("r", "chance", "known", "matched"),
    [
        (0.76, 0.1, [], True),
        (0.74, 0.1, [], False),
        (0.76, atanh(0.76) / 5.9, [], False),
        (0.76, atanh(0.76) / 6.1, [], True),
        (0.51, 0.05, [0.2] * 30, True),
        (0.49, 0.05, [0.2] * 30, False),
        (0.51, 0.05, [0.32] * 30, False),
        (0.51, 0.05, [0.31] * 30, True),
    ],
    ids=[
        "over the first bar",
        "under it",
        "within six of chance's deviations",
        "beyond them",
        "half is explained",
        "less than half",
        "within five deviations of the usual",
        "beyond them",
    ],
)
def test_a_copy_stands_out_by_all_three_measures(r, chance, known, matched) -> None:
    match = weigh(Likeness(atanh(r), 4, chance), 3, usual(*known), PARAMS)
    assert (match is not None) is matched
    if match:
        assert match.r == pytest.approx(r)
        assert match.shift == 3
        middle = known[0] if known else atanh(0.75) / 2
        spread = 0.05 if known else atanh(0.75) / 10
        assert match.sigmas == pytest.approx((atanh(r) - middle) / spread)


def test_at_all_three_bounds_a_copy_is_one() -> None:
    likeness = Likeness(0.5, 4, 0.5 / 6)
    params = CopiedParams(least_r=likeness.r)
    found = weigh(likeness, 0, usual(*[0.25] * 30), params)
    assert found is not None
    assert found.sigmas == 5.0


def about(number: int, **more):
    return brief(inspected(f"R{number}", vehicle=car(number), **more))


@pytest.mark.parametrize(
    ("later", "where"),
    [
        ({}, "本线另一车辆"),
        ({"line": "2"}, "本机构 1 线另一车辆"),
        ({"station": "652702001", "line": "2"}, "机构 652701001 另一车辆"),
    ],
    ids=["the same line", "another line", "another station"],
)
def test_the_later_test_is_told_with_the_earlier_one(later, where) -> None:
    one, other = about(1), about(2, minute=60, **later)
    match = Match(0.98765, 9.87, -4)
    for memory, twin in ((one, other), (other, one)):
        found = describe(memory, twin, match)
        assert (found.report, found.rule) == ("R2", "curve_copied")
        assert (found.related, found.second) == (("R1",), 0.0)
        assert found.numbers == {"r": 0.9877, "sigmas": 9.9, "shift": -4}
        assert found.why == (
            f"过程曲线与{where}的报告 R1（03-02 09:00）几乎相同：扣除工况影响后相关系数 0.988，"
            "高出同类检验 10 倍标准差，错开 4 s"
        )


def test_a_copy_within_one_vehicle_is_told_so_and_no_shift_is_not_told() -> None:
    one = brief(inspected("R1"))
    other = brief(inspected("R2", line="2", station="652702001"))
    found = describe(other, one, Match(0.9, 6.0, 0))
    assert found.report == "R2"
    assert "与同一车辆的报告" in found.why
    assert found.why.endswith("6 倍标准差")


@pytest.mark.parametrize("sigmas", [5.0, 7.5, 10.0, 100.0])
def test_certainty_grows_with_the_deviations(sigmas) -> None:
    found = describe(about(2, minute=9), about(1), Match(0.9, sigmas, 0))
    assert found.score == round(0.7 + 0.29 * (1 - exp(-(sigmas - 5) / 5)), 2)
    assert found.score == {5.0: 0.7, 7.5: 0.81, 10.0: 0.88, 100.0: 0.99}[sigmas]


def near(*zs: float, alone: int = 0, chance: float = 0.05, **params) -> list[str]:
    """Return which tests are told when they are so alike with others."""
    rule = CopiedCurves(CopiedParams(**params))
    rule.alone["vmas"] = alone
    rule.nearest["vmas"] = [
        _Nearest(about(n, minute=n), about(900), Likeness(z, 4, chance), 0)
        for n, z in enumerate(zs, 1)
    ]
    return reports(list(rule.finish()))


@pytest.mark.parametrize(
    ("zs", "alone", "told"),
    [
        ([0.1] * 30 + [0.8], 0, 1),
        ([0.1] * 30 + [0.5], 0, 0),
        ([0.8], 30, 1),
        ([0.4] * 3 + [1.2] * 2, 0, 2),
        ([1.2] * 5, 0, 5),
        ([1.2] * 6, 0, 0),
        ([1.2] * 6 + [0.4] * 4, 0, 6),
        ([1.2] * 7 + [0.4] * 4, 0, 0),
        ([1.2] * 6, 23, 0),
        ([1.2] * 6, 24, 6),
    ],
    ids=[
        "one is far above the usual",
        "but explains less than half",
        "the others resembled nobody",
        "among few the first bar decides",
        "five of five",
        "six of six share a form that driving does not explain",
        "six of ten",
        "seven of eleven",
        "29 tests are few",
        "thirty are not",
    ],
)
def test_a_copy_is_more_alike_than_tests_usually_are(zs, alone, told) -> None:
    assert len(near(*zs, alone=alone)) == told


def test_copies_do_not_raise_the_bar_for_each_other() -> None:
    # With the copies among them the usual spread hides the weaker ones.
    honest = [0.1 + 0.01 * (n % 20) for n in range(30)]
    copies = [1.5] * 12
    weak = [0.78]
    found = near(*honest, *copies, *weak)
    assert len(found) == 13


def waves(seed: int, rows: int = 60):
    """Return an idling curve that is all its own."""
    source = np.random.RandomState(seed)
    return {
        name: (level + source.standard_normal(rows).cumsum() * size).round(4).tolist()
        for name, level, size in (
            ("co2_pct", 12.0, 0.1),
            ("hc_ppm", 60.0, 3.0),
            ("co_pct", 0.5, 0.02),
            ("o2_pct", 1.0, 0.05),
        )
    }


def idled(number: int, columns=None, **more):
    process = curve("low_sample", **(columns or waves(number)))
    given = {"minute": 20.0 * number, "vehicle": car(number), **more}
    return inspected(f"R{number}", method="double_idle", process=process, **given)


def fed(*tests, **params) -> CopiedCurves:
    rule = CopiedCurves(CopiedParams(**params))
    for test in tests:
        assert list(rule.see(test)) == []
    return rule


def scaled(columns, cut: int = 0):
    return {
        name: [round(1.1 * value + 0.01, 4) for value in values[cut:]]
        for name, values in columns.items()
    }


@pytest.mark.parametrize("cut", [0, 7], ids=["scaled", "scaled and shifted"])
def test_a_copy_of_a_curve_is_found_among_honest_ones(cut) -> None:
    copy = idled(50, scaled(waves(4), cut))
    found = list(fed(*(idled(n) for n in range(1, 13)), copy).finish())
    assert [(item.report, item.related) for item in found] == [("R50", ("R4",))]
    assert found[0].numbers["shift"] == -cut


def test_the_same_test_sent_twice_is_no_copy() -> None:
    again = fed(idled(1), idled(1))
    assert (again.nearest["double_idle"], again.alone["double_idle"]) == ([], 2)
    other = fed(idled(1), idled(1, session="S9"))
    assert len(other.nearest["double_idle"]) == 1
    renamed = fed(idled(1), inspected("R9", session="S-R1", method="double_idle",
                                      process=curve("low_sample", **waves(1))))  # fmt: skip
    assert len(renamed.nearest["double_idle"]) == 1


@pytest.mark.parametrize(
    "columns",
    [{"co2_pct": []}, {"co2_pct": [1.0] * 60}, {"rpm": [900.0] * 60}],
    ids=["no rows", "no movement", "no channel"],
)
def test_what_has_no_shape_is_not_remembered(columns) -> None:
    rule = fed(idled(1, columns), inspected(method="ringelmann"))
    assert (rule.tests, rule.alone.total(), dict(rule.nearest)) == ([], 0, {})


def test_curves_are_compared_within_their_method() -> None:
    process = curve("", **waves(1), no_ppm=waves(9)["hc_ppm"])
    asm, vmas = (inspected(f"R{m}", method=m, process=process) for m in ("asm", "vmas"))
    rule = fed(asm, vmas)
    assert (rule.alone["asm"], rule.alone["vmas"]) == (1, 1)


def test_a_residual_is_kept_in_fiftieths() -> None:
    columns = waves(1) | {"co_pct": [0.5] * 60}
    rule = fed(idled(1, columns), idled(2))
    plain = residual(idled(1, columns).process, "double_idle")
    kept = rule._rest(0)
    assert plain is not None
    assert kept.freedom == plain.freedom
    assert np.isnan(kept.values[:, 2]).all()
    whole = [0, 1, 3]
    assert kept.values[:, whole] == pytest.approx(
        np.round(plain.values[:, whole] * 50), abs=1e-9
    )
    assert not np.isnan(rule._rest(1).values).any()


@pytest.mark.parametrize(("bucket", "kept"), [(40, 3), (2, 2), (1, 1)])
def test_a_hash_that_many_share_is_no_longer_kept(bucket, kept) -> None:
    same = [idled(n, waves(1)) for n in (1, 2, 3)]
    rule = fed(*same, bucket=bucket)
    sizes = [len(held) for held in rule.index["double_idle"].values()]
    assert max(sizes) == kept
    places = {place for held in rule.index["double_idle"].values() for place, _ in held}
    assert places == set(range(kept))


def test_no_more_than_forty_tests_share_a_hash() -> None:
    rule = fed(*(idled(n, waves(1)) for n in range(42)))
    sizes = [len(held) for held in rule.index["double_idle"].values()]
    assert max(sizes) == 40


def test_the_nearest_of_the_candidates_counts() -> None:
    weak = {
        name: [v + 0.05 * w for v, w in zip(values, waves(77)[name], strict=True)]
        for name, values in waves(1).items()
    }
    rule = fed(idled(1, weak), idled(2, waves(1)), idled(3, scaled(waves(1))))
    last = rule.nearest["double_idle"][-1]
    assert (last.memory.report, last.other.report) == ("R3", "R2")
    few = fed(*(idled(n, waves(1)) for n in range(1, 7)), candidates=1)
    assert len(few.nearest["double_idle"]) == 5


def test_four_candidates_are_looked_at_more_closely(monkeypatch) -> None:
    looked = []

    def counted(rest, other, shift):
        looked.append(shift)
        return closest(rest, other, shift)

    rule = fed(*(idled(n, waves(1)) for n in range(1, 7)))
    monkeypatch.setattr(copied, "closest", counted)
    rule.see(idled(7, waves(1)))
    assert looked == [0, 0, 0, 0]


def test_the_earlier_test_may_be_seen_later() -> None:
    early = idled(1, started_at=after(-600), ended_at=after(-590))
    others = [idled(n) for n in range(2, 9)]
    copy = idled(50, scaled(waves(1)))
    (found,) = list(fed(copy, *others, early).finish())
    assert (found.report, found.related) == ("R50", ("R1",))
