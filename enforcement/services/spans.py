"""Keep account of how long a case stays in each stage."""

from datetime import datetime

from enforcement.models import Case, StageSpan


def open_span(*, case: Case, now: datetime) -> StageSpan:
    """Note that ``case`` entered its present stage."""
    return StageSpan.objects.create(
        case=case,
        stage=case.stage,
        kind=case.kind,
        district=case.district,
        entered_at=now,
    )


def close_span(*, case: Case, now: datetime) -> int:
    """Note that ``case`` left the stage it was in."""
    return StageSpan.objects.filter(case=case, left_at=None).update(left_at=now)
