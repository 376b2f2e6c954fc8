"""How good the rules are, how long answers take, how the chain is doing."""

from datetime import datetime, timedelta

from django.db.models import Count

from alerts.domain.verdicts import HitRate, hit_rates
from alerts.models import Alert, CanaryRun, Heartbeat
from bozhou_eco.accounts.models import User


def rates(user: User, *, since: datetime) -> list[HitRate]:
    """Return the hit rate of each rule, or kind without a rule, lowest first."""
    rows = (
        Alert.objects.visible_to(user)
        .filter(closed_at__gte=since)
        .exclude(outcome="")
        .values_list("rule", "kind", "outcome")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return hit_rates((rule or kind, outcome, n) for rule, kind, outcome, n in rows)


def canaries(limit: int = 24) -> list[CanaryRun]:
    """Return the latest canary runs."""
    return list(CanaryRun.objects.order_by("-started_at")[:limit])


def heartbeats(now: datetime) -> list[tuple[Heartbeat, bool]]:
    """Return what is watched and whether it is alive, the silent ones first."""
    rows = [
        (row, now - row.last_at <= timedelta(seconds=row.timeout_s))
        for row in Heartbeat.objects.filter(active=True).select_related("district")
    ]
    return sorted(rows, key=lambda pair: (pair[1], pair[0].kind, pair[0].name))
