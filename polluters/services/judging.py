"""Judge computed means under the limits of their points and keep what is beyond one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from polluters.domain.judge import Exemption, Judgement, Subject, Word, judge_mean
from polluters.domain.limits import Averaging, LimitRule, certain_bounds
from polluters.domain.marks import MarkView
from polluters.models import Exceedance, Limit, Mean, Period
from polluters.selectors import marks
from polluters.selectors.limits import rules_of
from polluters.services import exceedances
from polluters.services.means import Computed
from polluters.services.values import HOUR

AVERAGING = {
    Period.HOUR.value: (Averaging.HOUR,),
    Period.DAY.value: (Averaging.DAY, Averaging.H24),
}
Rules = Mapping[int, Sequence[LimitRule]]
Context = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class _Case:
    """What judging the means of one period rests on."""

    rules: Rules
    context: Context
    standing: Mapping[tuple[int, str], Exceedance]
    marked: Mapping[int, Sequence[MarkView]]
    settled: bool
    timely: bool
    now: datetime


def judge(
    made: Sequence[Computed], *, settled: bool, timely: bool, now: datetime
) -> None:
    """Judge means that have an enforceable limit; record what is beyond one.

    All means, of which there is at least one, are of one period. ``settled``: the
    deadline for its marks has passed.
    """
    averagings = AVERAGING[made[0].period]
    rules = _rules(made, averagings)
    judged = [one for one in made if one.point.pk in rules]
    begin = made[0].result.start
    marked: Mapping[int, Sequence[MarkView]] = {}
    if made[0].period == Period.HOUR:  # marked hours are out of a day's mean already
        marked = marks.effective_marks(
            {one.point.outlet_id for one in judged}, begin=begin, end=begin + HOUR
        )
    standing = {
        (row.point_id, row.averaging): row
        for row in Exceedance.objects.filter(
            point__in=rules, time=begin, state__in=Exceedance.STANDING
        )
    }
    case = _Case(rules, _context(made, rules), standing, marked, settled, timely, now)
    for one in judged:
        for averaging in averagings:
            _judge_one(one, averaging, case)


def _rules(made: Sequence[Computed], averagings: Sequence[Averaging]) -> Rules:
    limits: dict[int, list[Limit]] = {}
    for limit in Limit.objects.filter(
        point__in=[one.point.pk for one in made],
        kind__in=Limit.ENFORCEABLE,
        averaging__in=[averaging.value for averaging in averagings],
    ):
        limits.setdefault(limit.point_id, []).append(limit)
    return {point: rules_of(rows) for point, rows in limits.items()}


def _context(made: Sequence[Computed], rules: Rules) -> Context:
    """Return the means of other factors of each outlet that conditional limits ask for.

    Those just computed count; what was computed earlier is read, so that one point
    judged alone is judged as it was among all.
    """
    known: dict[int, dict[str, float]] = {}
    lacking: dict[str, set[int]] = {}
    for one in made:
        if one.result.mean is not None and one.result.valid:
            outlet = known.setdefault(one.point.outlet_id, {})
            outlet[one.point.pollutant.code] = one.result.mean
    here = {(one.point.outlet_id, one.point.pollutant.code) for one in made}
    for one in made:
        for rule in rules.get(one.point.pk, ()):
            code = rule.condition.code if rule.condition else None
            if code and (one.point.outlet_id, code) not in here:
                lacking.setdefault(code, set()).add(one.point.outlet_id)
    for code, outlets in lacking.items():
        rows = Mean.objects.filter(
            point__outlet__in=outlets,
            point__pollutant__code=code,
            period=made[0].period,
            time=made[0].result.start,
            valid=True,
            computed__isnull=False,
        ).values_list("point__outlet_id", "computed")
        for outlet_id, mean in rows:
            assert mean is not None  # by the question
            known.setdefault(outlet_id, {})[code] = mean
    return known


def _judge_one(one: Computed, averaging: Averaging, case: _Case) -> None:
    rules = [r for r in case.rules[one.point.pk] if r.averaging == averaging]
    standing = case.standing.get((one.point.pk, averaging.value))
    if not rules or (standing is None and _certainly_fine(one, rules)):
        return
    point = one.point
    exempt = marks.exemptions(case.marked, outlet=point.outlet_id, point=point.pk)
    judged = judgement_of(
        one,
        rules,
        averaging,
        context=case.context.get(point.outlet_id, {}),
        exempt=exempt,
        settled=case.settled,
        timely=case.timely,
    )
    if judged.exceeded and judged.value is not None:
        _record(one, averaging, judged, case.now)
    elif standing is not None:
        told = judged.explanation.as_json()
        exceedances.fall_away(
            standing, word=judged.word, explanation=told, now=case.now
        )


def _certainly_fine(one: Computed, rules: Sequence[LimitRule]) -> bool:
    """Return whether no limit can be broken, whatever else is known of the period."""
    result = one.result
    value = result.converted if one.point.converted else result.mean
    if value is None or not result.valid or result.stopped:
        return True
    bounds = certain_bounds(rules, on=result.start.date())
    return bounds is None or not bounds.beyond(value)


def judgement_of(
    one: Computed,
    rules: Sequence[LimitRule],
    averaging: Averaging,
    *,
    context: Mapping[str, float],
    exempt: Sequence[Exemption] = (),
    settled: bool,
    timely: bool,
) -> Judgement:
    """Return the judgement of a mean that matters most: the farthest beyond a limit."""
    point = one.point
    judgements = judge_mean(
        one.result,
        subject=Subject(
            point.pollutant.short or point.pollutant.name, point.unit, point.converted
        ),
        limits=rules,
        averaging=averaging,
        context=context,
        exemptions=exempt,
        closed=True,
        settled=settled,
        timely=timely,
    )
    return max(judgements, key=lambda j: (j.exceeded, j.multiple or 0.0))


def _record(
    one: Computed, averaging: Averaging, judged: Judgement, now: datetime
) -> None:
    exceeded = judged.word == Word.EXCEEDED
    exceedances.record(
        one.point,
        averaging=averaging.value,
        time=one.result.start,
        values={
            "limit_id": judged.limit.key if judged.limit else None,
            "value": judged.value,
            "bound": judged.bound,
            "multiple": judged.multiple,
            "state": Exceedance.State.EXCEEDED
            if exceeded
            else Exceedance.State.WARNING,
            "explanation": judged.explanation.as_json(),
        },
        live=judged.live,
        now=now,
    )
