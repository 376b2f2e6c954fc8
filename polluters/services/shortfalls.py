"""Note which hours lacked a valid mean when they were closed."""

from collections.abc import Sequence
from datetime import datetime

from polluters.models import Shortfall
from polluters.services.means import Computed


def note_shortfalls(made: Sequence[Computed], *, now: datetime) -> int:
    """Keep, once an hour and point, that the mean was not valid yet; return how many."""
    rows = [
        Shortfall(
            point=one.point,
            hour=one.result.start,
            due=one.result.due,
            got=one.result.got,
            valid_count=one.result.valid_count,
            closed_at=now,
        )
        for one in made
        if not one.result.valid and not one.result.stopped
    ]
    Shortfall.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True)
    return len(rows)
