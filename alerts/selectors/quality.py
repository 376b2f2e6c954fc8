"""How good the rules are, how long answers take, how the chain is doing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Sum, Value
from django.db.models.functions import Greatest, Least

from alerts.domain.roster import Level
from alerts.domain.verdicts import HitRate, hit_rates
from alerts.models import Alert, AlertEvent, CanaryRun, DutyShift, Heartbeat
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


@dataclass(frozen=True, slots=True)
class Budget:
    """How many alerts a day ask for a person, against how many one person can answer.

    ``loudest`` are the kinds that ask most often, with their number a day.
    """

    per_day: float
    people: float
    limit: int
    loudest: tuple[tuple[str, float], ...]

    @property
    def per_person(self) -> float:
        """Alerts a day for each person on duty."""
        return self.per_day / self.people

    @property
    def over(self) -> bool:
        """Whether more is asked than can be answered."""
        return self.per_person > self.limit


def budget(user: User, *, now: datetime, days: int = 7) -> Budget:
    """Return the budget of the last ``days``; without a roster one person is on duty."""
    since = now - timedelta(days=days)
    kinds = (
        AlertEvent.objects.filter(at__gte=since, tell=True)
        .filter(alert__in=Alert.objects.visible_to(user), alert__severity_rank__gte=1)
        .values_list("alert__kind")
        .annotate(count=Count("pk"))
        .order_by("-count")
    )
    counts = [(kind, count / days) for kind, count in kinds]
    shifts = DutyShift.objects.visible_to(user).filter(
        level=Level.DUTY, starts_at__lt=now, ends_at__gt=since
    )
    held = shifts.aggregate(
        time=Sum(
            Least(F("ends_at"), Value(now)) - Greatest(F("starts_at"), Value(since))
        )
    )["time"]
    people = held / timedelta(days=days) if held else 1.0
    return Budget(
        per_day=sum(count for _, count in counts),
        people=max(people, 1.0),
        limit=settings.ALERT_BUDGET,
        loudest=tuple(counts[:5]),
    )


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
