"""The words said of a mean, with value, limit and multiple; and of furnace days."""

from datetime import date, datetime, timedelta

import pytest

from polluters.domain.hj212.frame import BEIJING
from polluters.domain.judge import (
    Exemption,
    Judgement,
    Subject,
    Word,
    judge_furnace,
    judge_mean,
    multiple_of,
)
from polluters.domain.limits import Averaging, Condition, Kind, LimitRule
from polluters.domain.means import LeftOut, MeanResult
from polluters.domain.notice import Bounds
from polluters.domain.validity import ValidityRules

START = datetime(2026, 3, 1, 8, tzinfo=BEIJING)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LIMIT = LimitRule(
    Kind.STANDARD,
    Averaging.HOUR,
    high=200,
    standard="GB 1",
    source="核对",
    article="air-99",
)
SO2 = Subject("SO2", "mg/m3")


def result(mean: float | None = 250, **fields: object) -> MeanResult:
    values: dict[str, object] = {
        "start": START, "length": HOUR, "mean": mean, "converted": None, "low": 1, "high": 9,
        "total": None, "due": 60, "got": 59, "valid_count": 58, "valid": True,
        "stopped": False, "flags": {}, "used": ((START, 250.0),), "left_out": (),
    }  # fmt: skip
    return MeanResult(**(values | fields))  # type: ignore[arg-type]


def judge(
    mean: MeanResult, *limits: LimitRule, subject: Subject = SO2, **fields: object
) -> list[Judgement]:
    values: dict[str, object] = {
        "closed": True,
        "settled": True,
        "averaging": Averaging.HOUR,
    }
    return judge_mean(
        mean, subject=subject, limits=limits or (LIMIT,), **(values | fields)
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "word", "multiple"),
    [(199.9, Word.FINE, None), (200, Word.FINE, None), (200.1, Word.EXCEEDED, 0.0005),
     (500, Word.EXCEEDED, 1.5)],
)  # fmt: skip
def test_over_the_limit_is_an_exceedance_with_its_multiple(
    value: float, word: Word, multiple: float | None
) -> None:
    [told] = judge(result(value))
    assert (told.word, told.value, told.limit) == (word, value, LIMIT)
    assert told.multiple == (None if multiple is None else pytest.approx(multiple))
    assert told.exceeded is told.live is (word == Word.EXCEEDED)
    assert told.explanation.notes == ()


@pytest.mark.parametrize(
    ("closed", "settled", "word"),
    [(True, True, Word.EXCEEDED), (True, False, Word.WARNING), (False, True, Word.WARNING),
     (False, False, Word.WARNING)],
)  # fmt: skip
def test_until_closed_and_settled_it_is_a_warning(
    closed: bool, settled: bool, word: Word
) -> None:
    [told] = judge(result(), closed=closed, settled=settled)
    assert (told.word, told.live, told.exceeded) == (word, True, True)
    noted = "时段未结束或标记未确认，称超标预警" in told.explanation.notes
    assert noted is (word == Word.WARNING)


def test_late_data_raise_no_live_alarm() -> None:
    [told] = judge(result(), timely=False)
    assert (told.word, told.live) == (Word.EXCEEDED, False)


def test_what_is_not_judged_says_why() -> None:
    [stopped] = judge(result(stopped=True))
    assert (stopped.word, stopped.live) == (Word.UNJUDGED, False)
    assert stopped.explanation.notes == ("停运时段不判定",)
    words = "有效值 58 个，应有 60 个，均值无效，不作为判定依据"
    for one in (result(valid=False), result(None)):
        [told] = judge(one)
        assert told.word == Word.UNJUDGED
        assert told.explanation.notes == (words,)
    [none] = judge(result(), LimitRule(Kind.WARNING, Averaging.HOUR, high=1))
    assert (none.word, none.value, none.limit, none.multiple, none.live) == (
        Word.UNJUDGED, 250, None, None, False,
    )  # fmt: skip
    assert none.explanation.notes == ("未设置小时均值限值，不作判定",)
    assert (none.explanation.limit, none.explanation.kind) == ("无", "")


@pytest.mark.parametrize(
    ("begin", "end", "exempt"),
    [(-60, 0, False), (-60, 1, True), (59, 90, True), (60, 90, False), (10, 20, True)],
)
def test_a_mark_that_touches_the_period_exempts_it(
    begin: int, end: int, exempt: bool
) -> None:
    mark = Exemption(START + begin * MINUTE, START + end * MINUTE, "启炉", "企业标记")
    [told] = judge(result(), exemptions=[mark])
    assert (told.word == Word.EXEMPT) is exempt
    if exempt:
        assert told.live is False
        assert told.explanation.notes[0].startswith("启炉 03-01 0")
        assert told.explanation.notes[0].endswith("（企业标记）")
    bare = Exemption(START, START + HOUR, "停炉")
    assert judge(result(), exemptions=[bare])[0].explanation.notes == (
        "停炉 03-01 08:00 至 03-01 09:00",
    )


def test_every_binding_limit_is_judged_for_itself() -> None:
    permit = LimitRule(Kind.PERMIT, Averaging.HOUR, high=300)
    told = judge(result(), LIMIT, permit)
    assert [(one.word, one.limit) for one in told] == [
        (Word.EXCEEDED, LIMIT), (Word.FINE, permit),
    ]  # fmt: skip
    later = LimitRule(Kind.PERMIT, Averaging.HOUR, high=1, valid_from=date(2026, 3, 2))
    assert len(judge(result(), LIMIT, later)) == 1


def test_a_condition_changes_the_bounds_and_is_noted() -> None:
    cold = LimitRule(
        Kind.STANDARD,
        Averaging.HOUR,
        high=200,
        condition=Condition("w01010", "<=", 12, high=300),
    )
    [told] = judge(result(), cold, context={"w01010": 12.0})
    assert (told.word, told.explanation.limit) == (Word.FINE, "≤ 300")
    assert told.explanation.notes == ("条件成立（w01010 <= 12），采用条件限值",)
    [other] = judge(result(), cold)
    assert other.word == Word.EXCEEDED
    assert other.explanation.notes == ("条件因子 w01010 无有效值，按无条件限值判定",)


def test_the_converted_value_is_judged_where_it_counts() -> None:
    subject = Subject("SO2", "mg/m3", converted=True)
    [told] = judge(result(100, converted=250.0), subject=subject)
    assert (told.word, told.value) == (Word.EXCEEDED, 250.0)
    assert told.explanation.judged == "折算值"
    assert told.explanation.formula.startswith("折算值 = 实测值 ×（21 − 基准含氧量）")
    [none] = judge(result(250, converted=None), subject=subject)
    assert none.word == Word.UNJUDGED
    [plain] = judge(result(100, converted=250.0))
    assert (plain.word, plain.explanation.judged) == (Word.FINE, "实测值")
    assert plain.explanation.formula == "均值 = 有效值之和 ÷ 有效值个数"
    assert Subject("SO2", "mg/m3").converted is False


def test_an_explanation_holds_every_step() -> None:
    left = LeftOut(START + MINUTE, None, "C", "标记为 C（校准）")
    [told] = judge(result(left_out=(left,), notes=("甲", "甲")))
    said = told.explanation
    assert said.as_json() == {
        "word": "超标", "point": "SO2", "averaging": "小时均值", "begin": "2026-03-01 08:00",
        "end": "2026-03-01 09:00", "value": 250, "unit": "mg/m3", "judged": "实测值",
        "limit": "≤ 200", "kind": "排放标准", "standard": "GB 1", "limit_source": "核对",
        "article": "air-99", "multiple": 0.25, "formula": "均值 = 有效值之和 ÷ 有效值个数",
        "used": (("2026-03-01 08:00:00", 250.0),),
        "left_out": (
            {"time": "2026-03-01 08:01:00", "value": None, "flag": "C", "reason": "标记为 C（校准）"},
        ),
        "due": 60, "got": 59, "valid_count": 58, "notes": ("甲",),
    }  # fmt: skip
    assert said.text() == (
        "2026-03-01 08:00 至 2026-03-01 09:00，SO2小时均值（实测值）250 mg/m³，"
        "排放标准 ≤ 200 mg/m³（GB 1），超标倍数 0.25：超标"
    )
    fine = judge(result(100))[0].explanation.text()
    assert "超标倍数" not in fine
    none = judge(result(None))[0].explanation.text()
    assert "（实测值）无 mg/m³" in none


@pytest.mark.parametrize(
    ("value", "low", "high", "wanted"),
    [(150, None, 100, 0.5), (100, None, 100, None), (99, None, 100, None), (5, 6, None, None),
     (5, None, 0, None), (5, None, -1, None), (1.5, None, 0.5, 2.0), (9.9, 6, 9, 0.1)],
)  # fmt: skip
def test_the_multiple_is_of_a_positive_upper_bound(
    value: float, low: float | None, high: float | None, wanted: float | None
) -> None:
    found = multiple_of(value, Bounds(low, high))
    assert found == (None if wanted is None else pytest.approx(wanted))


# Furnaces.

FIVE = 5 * MINUTE


def furnace(cold: int, *, closed: bool = True, settled: bool = True, marks: tuple[Exemption, ...] = (),
            **rules: float) -> object:  # fmt: skip
    means = [(START + i * FIVE, 849.9 if i < cold else 850.0) for i in range(20)]
    return judge_furnace(
        means, exemptions=marks, closed=closed, settled=settled,
        rules=ValidityRules(**rules),  # type: ignore[arg-type]
    )  # fmt: skip


def test_more_than_five_means_below_850_are_an_exceedance() -> None:
    fine, over = furnace(5), furnace(6)
    assert (fine.word, over.word) == (Word.FINE, Word.EXCEEDED)  # type: ignore[attr-defined]
    assert len(over.below) == 6  # type: ignore[attr-defined]
    assert over.below[0] == (START, 849.9)  # type: ignore[attr-defined]
    assert (over.valid_count, over.allowed) == (20, 5)  # type: ignore[attr-defined]
    assert "5 个五分钟均值" in over.notes[0]  # type: ignore[attr-defined]
    assert furnace(2, furnace_count=1).word == Word.EXCEEDED  # type: ignore[attr-defined]
    assert furnace(0, furnace_limit=851.0).word == Word.EXCEEDED  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("closed", "settled"), [(True, False), (False, True), (False, False)]
)
def test_an_open_furnace_day_is_a_warning(closed: bool, settled: bool) -> None:
    assert furnace(6, closed=closed, settled=settled).word == Word.WARNING  # type: ignore[attr-defined]


def test_marked_means_of_a_furnace_are_left_out() -> None:
    one = Exemption(START, START + FIVE, "停炉")
    assert furnace(6, marks=(one,)).word == Word.FINE  # type: ignore[attr-defined]
    assert furnace(6, marks=(one,)).valid_count == 19  # type: ignore[attr-defined]
    whole = Exemption(START, START + 24 * HOUR, "停炉")
    assert furnace(6, marks=(whole,)).word == Word.UNJUDGED  # type: ignore[attr-defined]
    after = Exemption(START + 30 * MINUTE, START + 31 * MINUTE, "停炉")
    assert furnace(6, marks=(after,)).valid_count == 19  # type: ignore[attr-defined]
    touching = Exemption(START + 29 * MINUTE, START + 30 * MINUTE, "停炉")
    assert furnace(6, marks=(touching,)).valid_count == 19  # type: ignore[attr-defined]
