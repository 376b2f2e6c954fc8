"""Provisions and tables that bear on a case."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Q

from enforcement.domain.law import RangeKind, heaviest
from enforcement.models import Case, Cause, DiscretionTable, LegalBasis


def bases_for(cause: Cause) -> list[LegalBasis]:
    """Return every provision on ``cause``, in force or not."""
    return list(LegalBasis.objects.filter(cause=cause).select_related("cause"))


def in_force_on(day: date) -> Q:
    """Return the condition that a row with validity is in force on ``day``."""
    return Q(valid_from__lte=day) & (Q(valid_to=None) | Q(valid_to__gte=day))


def tables_for(case: Case, day: date) -> list[DiscretionTable]:
    """Return the discretion tables in force for the case's cause."""
    if case.cause is None:
        return []
    return list(
        DiscretionTable.objects.filter(in_force_on(day), causes=case.cause).order_by(
            "code"
        )
    )


def overlapping_rows(
    topics: Sequence[str],
    chosen: LegalBasis,
    act_ended: date,
    count: int,
    goods_value: Decimal | None,
) -> list[dict[str, str]]:
    """List what else the act breaks and why the highest fine is the one to take."""
    if not topics:
        return []
    others = LegalBasis.objects.filter(
        in_force_on(act_ended), cause__topic__in=topics, serious=False
    ).select_related("cause")
    pairs = [
        (row.basis(), row.basis().fine.bounds(count=count, value=goods_value)[1])
        for row in (chosen, *others)
        if row.range_kind not in (RangeKind.NONE, RangeKind.BY_DAY)
        and (row.range_kind != RangeKind.MULTIPLE or goods_value is not None)
    ]
    found = heaviest(pairs)
    if found is None:
        return []
    top, reason = found
    return [
        {
            "code": basis.code,
            "title": basis.title,
            "high": str(high),
            "chosen": "yes" if basis.code == top.code else "",
            "reason": reason if basis.code == top.code else "",
        }
        for basis, high in pairs
    ]
