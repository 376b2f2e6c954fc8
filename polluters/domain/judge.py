"""Judging a mean against the limits of its point, with an explanation of every step.

Until the hour or day has closed and its marks are settled the word is 超标预警; 超标
only afterwards. An invalid mean is never judged. Data that came late may change what is
on record, but never raises a live alarm.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from polluters.domain.limits import (
    AVERAGING_WORDS,
    KIND_WORDS,
    Averaging,
    LimitRule,
    bounds_text,
    choose,
)
from polluters.domain.means import MeanResult
from polluters.domain.notice import Bounds
from polluters.domain.validity import DEFAULT_RULES, ValidityRules

CONVERTED_FORMULA = "折算值 = 实测值 ×（21 − 基准含氧量）÷（21 − 实测含氧量）"
UNITS = {"-": "", "degC": "℃", "m3/h": "m³/h", "mg/m3": "mg/m³"}


class Word(StrEnum):
    """What may be said of a mean."""

    FINE = "达标"
    WARNING = "超标预警"
    EXCEEDED = "超标"
    EXEMPT = "标记时段不判定"
    UNJUDGED = "不判定"


@dataclass(frozen=True, slots=True)
class Exemption:
    """A marked span (start-up, shutdown, fault…) in which a mean is not judged."""

    begin: datetime
    end: datetime
    word: str
    source: str = ""

    def covers(self, start: datetime, length: timedelta) -> bool:
        """Return whether it touches the averaging period."""
        return self.begin < start + length and start < self.end


@dataclass(frozen=True, slots=True)
class LeftOutValue:
    """A value that was not used, ready for JSON."""

    time: str
    value: float | None
    flag: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a judgement says what it says; ``as_json`` is what an alert stores."""

    word: str
    point: str
    averaging: str
    begin: str
    end: str
    value: float | None
    unit: str
    judged: str
    limit: str
    kind: str
    standard: str
    limit_source: str
    article: str
    multiple: float | None
    formula: str
    used: tuple[tuple[str, float], ...]
    left_out: tuple[LeftOutValue, ...]
    due: int
    got: int
    valid_count: int
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as plain JSON values."""
        return asdict(self)

    def text(self) -> str:
        """Return one sentence for a record."""
        multiple = f"，超标倍数 {self.multiple:.2f}" if self.multiple else ""
        value = "无" if self.value is None else f"{self.value:.4g}"
        unit = UNITS.get(self.unit, self.unit)
        return (
            f"{self.begin} 至 {self.end}，{self.point}{self.averaging}（{self.judged}）"
            f"{value} {unit}，{self.kind} {self.limit} {unit}（{self.standard}）"
            f"{multiple}：{self.word}"
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one mean under one limit.

    ``multiple`` is 超标倍数 (value ÷ limit − 1); ``live`` whether an alarm may be raised;
    ``bound`` the figure that the value lies beyond, under the condition that held.
    """

    word: Word
    value: float | None
    limit: LimitRule | None
    multiple: float | None
    live: bool
    explanation: Explanation
    bound: float | None = None

    @property
    def exceeded(self) -> bool:
        """Whether the value lies beyond the limit, however it may be called yet."""
        return self.word in (Word.WARNING, Word.EXCEEDED)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged: the point's name and unit, and whether converted values count."""

    name: str
    unit: str
    converted: bool = False


def multiple_of(value: float, bounds: Bounds) -> float | None:
    """Return 超标倍数 over the upper bound; None below it or for a lower bound."""
    if bounds.high is None or bounds.high <= 0 or value <= bounds.high:
        return None
    return value / bounds.high - 1


def _span(result: MeanResult) -> tuple[str, str]:
    form = "%Y-%m-%d %H:%M"
    return f"{result.start:{form}}", f"{result.start + result.length:{form}}"


def _explain(
    word: Word,
    result: MeanResult,
    subject: Subject,
    averaging: Averaging,
    value: float | None,
    limit: LimitRule | None,
    bounds: Bounds,
    notes: Sequence[str],
) -> Explanation:
    begin, end = _span(result)
    formula = result.formula
    if subject.converted:
        formula = f"{CONVERTED_FORMULA}；{formula}"
    return Explanation(
        word=word.value,
        point=subject.name,
        averaging=AVERAGING_WORDS[averaging],
        begin=begin,
        end=end,
        value=value,
        unit=subject.unit,
        judged="折算值" if subject.converted else "实测值",
        limit=bounds_text(bounds),
        kind=KIND_WORDS[limit.kind] if limit else "",
        standard=limit.standard if limit else "",
        limit_source=limit.source if limit else "",
        article=limit.article if limit else "",
        multiple=multiple_of(value, bounds) if value is not None else None,
        formula=formula,
        used=tuple((f"{time:%Y-%m-%d %H:%M:%S}", v) for time, v in result.used),
        left_out=tuple(
            LeftOutValue(f"{x.time:%Y-%m-%d %H:%M:%S}", x.value, x.flag, x.reason)
            for x in result.left_out
        ),
        due=result.due,
        got=result.got,
        valid_count=result.valid_count,
        notes=tuple(dict.fromkeys([*result.notes, *notes])),
    )


def judge_mean(
    result: MeanResult,
    *,
    subject: Subject,
    limits: Iterable[LimitRule],
    averaging: Averaging,
    context: Mapping[str, float] | None = None,
    exemptions: Iterable[Exemption] = (),
    closed: bool,
    settled: bool,
    timely: bool = True,
) -> list[Judgement]:
    """Judge one mean under every enforceable limit of its averaging time.

    ``context`` holds the means of other factors of the same period (water temperature
    for a conditional limit). ``closed``: the period is over; ``settled``: its marks are
    confirmed or their deadline has passed. ``timely`` False (late, replayed or revised
    data) makes a judgement on record that is not live. Always returns at least one
    judgement: with no limit in force, UNJUDGED with the reason.
    """
    known = context or {}
    choice = choose(limits, on=result.start.date(), averaging=averaging)
    marks = [x for x in exemptions if x.covers(result.start, result.length)]
    value = result.converted if subject.converted else result.mean
    if not choice.limits:
        empty = Bounds(None, None)
        told = _explain(
            Word.UNJUDGED, result, subject, averaging, value, None, empty, choice.notes
        )
        return [Judgement(Word.UNJUDGED, value, None, None, False, told)]
    judged = []
    for limit in choice.limits:
        bounds, note = limit.under(known)
        word, why = _word(result, value, bounds, marks, closed and settled)
        notes = [*choice.notes, *([note] if note else []), *why]
        if not closed or not settled:
            notes.append("时段未结束或标记未确认，称超标预警")
        told = _explain(word, result, subject, averaging, value, limit, bounds, notes)
        judged.append(
            Judgement(
                word=word,
                value=value,
                limit=limit,
                multiple=told.multiple,
                live=timely and word in (Word.WARNING, Word.EXCEEDED),
                explanation=told,
                bound=bounds.broken(value),
            )
        )
    return judged


def _word(
    result: MeanResult,
    value: float | None,
    bounds: Bounds,
    marks: Sequence[Exemption],
    final: bool,
) -> tuple[Word, list[str]]:
    if result.stopped:
        return Word.UNJUDGED, ["停运时段不判定"]
    if marks:
        return Word.EXEMPT, [
            f"{x.word} {x.begin:%m-%d %H:%M} 至 {x.end:%m-%d %H:%M}"
            + (f"（{x.source}）" if x.source else "")
            for x in marks
        ]
    if value is None or not result.valid:
        return Word.UNJUDGED, [
            f"有效值 {result.valid_count} 个，应有 {result.due} 个，均值无效，"
            "不作为判定依据"
        ]
    if not bounds.beyond(value):
        return Word.FINE, []
    return (Word.EXCEEDED if final else Word.WARNING), []


@dataclass(frozen=True, slots=True)
class FurnaceDay:
    """A day's five-minute furnace means (焚烧炉温) and what they amount to."""

    word: Word
    below: tuple[tuple[datetime, float], ...]
    valid_count: int
    allowed: int
    notes: tuple[str, ...]


def judge_furnace(
    means: Iterable[tuple[datetime, float]],
    *,
    exemptions: Iterable[Exemption] = (),
    closed: bool,
    settled: bool,
    rules: ValidityRules = DEFAULT_RULES,
) -> FurnaceDay:
    """Judge a day's five-minute furnace temperatures (degC, by start).

    A day with more than ``rules.furnace_count`` means below ``rules.furnace_limit``
    (生态环境部令第 10 号, number in settings) is an exceedance. Means in a marked span
    are left out.
    """
    marks = list(exemptions)
    five = timedelta(minutes=5)
    kept = {
        time: value
        for time, value in sorted(means)
        if not any(mark.covers(time, five) for mark in marks)
    }
    below = tuple((t, v) for t, v in kept.items() if v < rules.furnace_limit)
    notes = [rules.sources["furnace_count"]]
    if len(below) <= rules.furnace_count:
        word = Word.FINE if kept else Word.UNJUDGED
    else:
        word = Word.EXCEEDED if closed and settled else Word.WARNING
    return FurnaceDay(word, below, len(kept), rules.furnace_count, tuple(notes))
