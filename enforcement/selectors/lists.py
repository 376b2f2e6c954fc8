"""The list of clues and cases: filters, search, order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property

from bozhou_eco.accounts.models import District, User
from bozhou_eco.common.digits import whole
from enforcement.domain.kinds import CaseKind, Outcome, Source
from enforcement.domain.workflow import Stage, State
from enforcement.models import Case
from enforcement.models.cases import CaseQuerySet
from enforcement.selectors.settings import office_calendar

PAGE_SIZE = 40
COUNT_CAP = 10_000
SCOPES = (
    ("open", "在办"),
    ("mine", "我承办"),
    ("todo", "待我办理"),
    ("near", "临期超期"),
    ("filed", "已立案"),
    ("ended", "已办结"),
    ("all", "全部"),
)
ROLE_STATES: dict[str, tuple[State, ...]] = {
    "officer": (
        State.ALERTED,
        State.CHECKING,
        State.HANDOVER,
        State.VISITING,
        State.ASSESSING,
        State.EXTERNAL,
        State.CORRECTING,
        State.INVESTIGATING,
        State.NOTICE,
        State.NOTIFIED,
        State.SERVING,
        State.FULFILLING,
        State.URGING,
        State.FEEDBACK,
    ),
    "reviewer": (State.VISITED, State.REVIEWING),
    "legal": (State.HEARING, State.LEGAL, State.ENFORCING),
    "leader": (
        State.LENIENT,
        State.FILING,
        State.DISCUSSING,
        State.DECIDING,
        State.CLOSING,
        State.SUSPENDED,
    ),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address of the list asks for; unknown values count as not asked."""

    scope: str = "open"
    q: str = ""
    kind: str = ""
    stage: str = ""
    state: str = ""
    district: str = ""
    source: str = ""
    outcome: str = ""
    severity: str = ""

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> "Filters":
        """Return the filters of a query string."""

        def one(name: str, known: set[str]) -> str:
            value = str(query.get(name, ""))
            return value if value in known else ""

        district = str(query.get("district", ""))
        return cls(
            scope=one("scope", {code for code, _ in SCOPES}) or "open",
            q=str(query.get("q", "")).strip()[:80],
            kind=one("kind", set(CaseKind)),
            stage=one("stage", set(Stage)),
            state=one("state", set(State)),
            district=district if whole(district) else "",
            source=one("source", set(Source)),
            outcome=one("outcome", set(Outcome)),
            severity=one("severity", {"critical", "major", "minor", "info"}),
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything beyond the scope is asked for."""
        return any(
            (self.q, self.kind, self.stage, self.state, self.district)
            + (self.source, self.outcome, self.severity)
        )


def list_cases(*, user: User, filters: Filters, today: date) -> CaseQuerySet:
    """Return what ``user`` may see and ``filters`` ask for, newest first."""
    rows = _in_scope(Case.objects.visible_to(user), filters.scope, user, today)
    for name in ("kind", "stage", "state", "source", "outcome", "severity"):
        value = getattr(filters, name)
        if value:
            rows = rows.filter(**{name: value})
    if filters.district:
        rows = rows.filter(district_id=int(filters.district))
    if filters.q:
        rows = rows.filter(pk__in=_matches(filters.q))
    order = (
        ("due_on", "-opened_at") if filters.scope == "near" else ("-opened_at", "-id")
    )
    found: CaseQuerySet = rows.select_related("district", "unit", "handler").order_by(
        *order
    )
    return found.defer("explanation", "summary", "party", "needle")


def _in_scope(rows: CaseQuerySet, scope: str, user: User, today: date) -> CaseQuerySet:
    if scope == "mine":
        return rows.open().filter(handler=user)
    if scope == "todo":
        states = {s.value for role in user.roles for s in ROLE_STATES.get(role, ())}
        return rows.open().filter(state__in=states)
    if scope == "near":
        return rows.open().filter(due_on__lte=near_day(today))
    if scope == "filed":
        return rows.filed()
    if scope == "ended":
        return rows.exclude(ended_at=None)
    if scope == "all":
        return rows
    return rows.open()


def near_day(today: date) -> date:
    """Return the day up to which a last day counts as near: two working days on."""
    try:
        return office_calendar().add_working_days(today, 2)
    except LookupError:
        return today + timedelta(days=2)


def _matches(text: str) -> list[int]:
    """Return the newest clues and cases that hold ``text``, no more than are counted.

    One pass over an index that holds the searched text; who may see which of them is
    the caller's filter.
    """
    found = Case.objects.filter(needle__contains=text.lower())
    order = found.order_by("-opened_at", "-id").values_list("opened_at", "id")
    return [pk for _, pk in order[:COUNT_CAP]]


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than `COUNT_CAP`, so that a long list costs no long count."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most the cap."""
        return int(self.object_list.order_by()[:COUNT_CAP].count())  # type: ignore[attr-defined]


def page_of(rows: CaseQuerySet, number: object) -> Page[Any]:
    """Return page ``number`` of ``rows``; a number that is none is the first."""
    return CappedPaginator(rows, PAGE_SIZE).get_page(str(number or 1))


def choices_for(user: User) -> dict[str, list[tuple[str, str]]]:
    """Return the options of each filter."""
    districts = District.objects.all()
    ids = user.district_ids()
    if ids is not None:
        districts = districts.filter(pk__in=ids)
    return {
        "kind": CaseKind.choices(),
        "stage": Stage.choices(),
        "source": Source.choices(),
        "outcome": Outcome.choices(),
        "district": [(str(row.pk), row.name) for row in districts],
    }
