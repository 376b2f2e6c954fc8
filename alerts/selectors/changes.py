"""What happened while a page was away."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.models import Alert
from bozhou_eco.accounts.models import User

OVERLAP = timedelta(seconds=15)
LONGEST = timedelta(hours=24)
MOST = 200


@dataclass(frozen=True, slots=True)
class Changes:
    """Alerts that changed, oldest change first, or the note that there are too many."""

    alerts: list[Alert]
    too_many: bool = False


def changes_since(user: User, *, since: int, now: datetime) -> Changes:
    """Return the visible alerts announced since ``since`` (Unix time in ms).

    Times are written before the commit, so the question reaches `OVERLAP` further back;
    the page drops what it already has by ``version``.
    """
    start = datetime.fromtimestamp(since / 1000, tz=UTC) - OVERLAP
    if now - start > LONGEST:
        return Changes([], too_many=True)
    rows = (
        Alert.objects.visible_to(user)
        .filter(announced_at__gte=start)
        .select_related("district", "acknowledged_by")
        .order_by("announced_at")
    )
    found = list(rows[: MOST + 1])
    if len(found) > MOST:
        return Changes([], too_many=True)
    return Changes(found)
