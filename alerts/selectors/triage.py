"""What the triage list shows: filters, order, pages, counts of the tabs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Q

from alerts.domain.life import HELD, WAITING, State
from alerts.domain.severity import Severity
from alerts.models import Alert, AlertQuerySet
from bozhou_eco.accounts.models import User

PAGE = 50
ORDER = ("-priority", "-last_at", "-id")
ORDER_CLOSED = ("-closed_at", "-id")
TAKEN = (State.ACKED, State.RETURNED)
TABS: dict[str, tuple[str, Q]] = {
    "open": ("未办结", ~Q(state=State.CLOSED)),
    "waiting": ("待确认", Q(state__in=WAITING)),
    "taken": ("处理中", Q(state__in=TAKEN)),
    "held": ("搁置与抑制", Q(state__in=HELD)),
    "closed": ("已关闭", Q(state=State.CLOSED)),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of the address; unknown values are ignored, so old links still work."""

    tab: str = "open"
    severities: tuple[str, ...] = ()
    kind: str = ""
    district: str = ""
    subject: str = ""
    text: str = ""
    mine: bool = False

    @property
    def narrowed(self) -> bool:
        """Whether anything but the tab is chosen."""
        return bool(
            self.severities
            or self.kind
            or self.district
            or self.subject
            or self.text
            or self.mine
        )


def read_filters(query: Mapping[str, Any]) -> Filters:
    """Read filters from a query string (a ``QueryDict``)."""
    many = getattr(
        query, "getlist", lambda name: [query[name]] if name in query else []
    )
    known = {severity.value for severity in Severity}
    tab = query.get("tab", "open")
    return Filters(
        tab=tab if tab in TABS else "open",
        severities=tuple(value for value in many("severity") if value in known),
        kind=query.get("kind", "")[:60],
        district=query.get("district", "")[:12],
        subject=query.get("subject", "")[:120],
        text=query.get("q", "").strip()[:60],
        mine=query.get("mine") == "1",
    )


def find(user: User, filters: Filters) -> AlertQuerySet:
    """Return the visible alerts that match, in the order of the list."""
    rows: AlertQuerySet = Alert.objects.visible_to(user).filter(TABS[filters.tab][1])
    if filters.severities:
        rows = rows.filter(severity__in=filters.severities)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.district:
        rows = rows.filter(district__code=filters.district)
    if filters.subject:
        rows = rows.filter(subject_key=filters.subject)
    if filters.mine:
        rows = rows.filter(acknowledged_by=user)
    if filters.text:
        rows = rows.filter(
            Q(subject_name__icontains=filters.text) | Q(summary__icontains=filters.text)
        )
    order = ORDER_CLOSED if filters.tab == "closed" else ORDER
    return rows.order_by(*order)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list and the token of the next, empty at the end."""

    alerts: list[Alert]
    after: str


def page_of(
    rows: AlertQuerySet, *, tab: str, after: str = "", size: int = PAGE
) -> Page:
    """Return the page behind the token ``after``; a token that is no token starts over."""
    place = _read_token(after)
    if place is not None:
        rows = rows.filter(_behind(place, tab))
    found = list(rows.select_related("district", "acknowledged_by")[: size + 1])
    more = len(found) > size
    found = found[:size]
    if not more:
        return Page(found, "")
    last = found[-1]
    token = _token(last.priority, last.last_at, last.closed_at, last.pk, tab)
    return Page(found, token)


def values_of(
    rows: AlertQuerySet, fields: Sequence[str], *, tab: str, after: str, size: int
) -> tuple[list[dict[str, Any]], str]:
    """Return a page as dictionaries of ``fields`` and the token of the next."""
    place = _read_token(after)
    if place is not None:
        rows = rows.filter(_behind(place, tab))
    found: list[dict[str, Any]] = list(rows.values(*fields)[: size + 1])
    more, found = len(found) > size, found[:size]
    if not more:
        return found, ""
    last = found[-1]
    return found, _token(
        last["priority"], last["last_at"], last["closed_at"], last["id"], tab
    )


def _token(
    priority: int, last_at: datetime, closed_at: datetime | None, pk: int, tab: str
) -> str:
    at = closed_at or last_at if tab == "closed" else last_at
    return f"{priority}_{at.timestamp():.6f}_{pk}"


def _read_token(token: str) -> tuple[int, datetime, int] | None:
    try:
        priority, at, pk = token.split("_")
        moment = datetime.fromtimestamp(float(at), tz=UTC)
        return int(priority), moment, int(pk)
    except (ValueError, OverflowError, OSError):
        return None


def _behind(place: tuple[int, datetime, int], tab: str) -> Q:
    priority, at, pk = place
    if tab == "closed":
        return Q(closed_at__lt=at) | Q(closed_at=at, pk__lt=pk)
    return (
        Q(priority__lt=priority)
        | Q(priority=priority, last_at__lt=at)
        | Q(priority=priority, last_at=at, pk__lt=pk)
    )


def tab_counts(user: User) -> dict[str, int]:
    """Return how many alerts are under each tab but the closed ones."""
    rows = Alert.objects.visible_to(user).open()
    counts = rows.aggregate(
        open=Count("pk"),
        **{
            name: Count("pk", filter=TABS[name][1])
            for name in ("waiting", "taken", "held")
        },
    )
    return {name: int(value) for name, value in counts.items()}


def similar(alert: Alert, user: User, *, limit: int = 8) -> list[Alert]:
    """Return past alerts of the same subject and kind, newest first."""
    rows = (
        Alert.objects.visible_to(user)
        .filter(subject_key=alert.subject_key, kind=alert.kind)
        .exclude(pk=alert.pk)
        .select_related("acknowledged_by")
        .order_by("-occurred_at")
    )
    return list(rows[:limit])


def waiting_count(user: User) -> int:
    """Return how many alerts wait for an acknowledgement, for the menu."""
    return Alert.objects.visible_to(user).waiting().count()
