"""Like facts with unlike outcomes: what the bureau should look at before it is asked."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from enforcement.domain.figures import Period
from enforcement.domain.kinds import Outcome
from enforcement.models import Case, DiscretionRun

SPREAD = Decimal("0.2")


@dataclass(frozen=True, slots=True)
class Unlike:
    """Cases with the same cause and the same answers in the discretion table."""

    cause: str
    table: str
    cases: tuple[tuple[Case, str, Decimal], ...]
    why: str


def unlike_outcomes(period: Period) -> list[Unlike]:
    """Return groups of like cases that were treated differently.

    Counted are those decided, or approved not to be punished, in the period, of every
    district. Like means the same cause, table and answers to every factor.
    Unlike means that some were punished and others not, or that fines differ by more
    than a fifth of the highest.
    """
    days = (period.first, period.last)
    settled = Q(case__decisions__decided_on__range=days) | Q(
        case__lenient_test__approved_on__range=days
    )
    runs = (
        DiscretionRun.objects.filter(
            settled,
            current=True,
            case__outcome__in=[Outcome.PENALTY, Outcome.LENIENT],
        )
        .distinct()
        .select_related("case__district", "case__cause", "table")
        .prefetch_related("case__decisions")
        .order_by("case_id")
    )
    groups: dict[tuple[object, ...], list[DiscretionRun]] = defaultdict(list)
    for run in runs:
        key = (
            run.case.cause_id,
            run.table_id,
            tuple(sorted(run.answers.items())),
        )
        groups[key].append(run)
    found = []
    for members in groups.values():
        why = _why(members)
        if why:
            found.append(
                Unlike(
                    str(members[0].case.cause),
                    str(members[0].table),
                    tuple((r.case, r.case.outcome, _fine(r)) for r in members),
                    why,
                )
            )
    return found


def _fine(run: DiscretionRun) -> Decimal:
    return sum(
        (d.amount for d in run.case.decisions.all() if d.revoked_on is None),
        Decimal(0),
    )


def _why(members: list[DiscretionRun]) -> str:
    if len(members) < 2:
        return ""
    outcomes = {run.case.outcome for run in members}
    if len(outcomes) > 1:
        return "有的处罚、有的不予处罚"
    fines = [_fine(run) for run in members]
    highest = max(fines)
    if highest and (highest - min(fines)) / highest > SPREAD:
        return "罚款相差超过两成"
    return ""
