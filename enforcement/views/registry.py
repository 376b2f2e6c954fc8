"""Side acts: what each asks for, who may do it, and the service that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from bozhou_eco.accounts.models import User
from enforcement.domain.workflow import ENDS, Field, State
from enforcement.models import (
    BasisChoice,
    Case,
    ClockExtension,
    ClockPause,
    Decision,
    Rectification,
)
from enforcement.selectors.facts import fines_in_force
from enforcement.services.clocks import running

Given = dict[str, object]
OFFICER, REVIEWER, LEGAL, LEADER = "officer", "reviewer", "legal", "leader"
BUREAU = (OFFICER, REVIEWER, LEGAL, LEADER)


@dataclass(frozen=True, slots=True)
class Ask:
    """A form being drawn or handed in: the case, who, when, and the address."""

    case: Case
    user: User
    now: datetime
    query: Mapping[str, str]


class Situation:
    """What acts ask about a case before they are offered, each looked up once."""

    def __init__(self, case: Case) -> None:
        self.case = case

    @cached_property
    def visits(self) -> frozenset[str]:
        """States of the case's visits."""
        return frozenset(self.case.visits.values_list("state", flat=True))

    @cached_property
    def transfers(self) -> frozenset[tuple[str, bool]]:
        """State of each transfer and whether it is a joint one."""
        return frozenset(self.case.transfers.values_list("state", "joint"))

    @cached_property
    def rectifying(self) -> bool:
        """Whether something is still to be put right."""
        rows = self.case.rectifications
        return rows.exclude(state=Rectification.State.ACCEPTED).exists()

    @cached_property
    def clocks(self) -> dict[str, bool]:
        """Code of each running clock and whether it stands still."""
        rows = running(self.case).values_list("rule__code", "last_day", "pk")
        open_pauses = set(
            ClockPause.objects.filter(
                clock__in=[pk for _, _, pk in rows], end=None
            ).values_list("clock_id", flat=True)
        )
        return {code: pk in open_pauses for code, _, pk in rows}

    @cached_property
    def asked(self) -> bool:
        """Whether an extension waits to be decided."""
        return ClockExtension.objects.filter(
            clock__case=self.case, state=ClockExtension.State.ASKED
        ).exists()

    @cached_property
    def fines(self) -> list[Decision]:
        """Fines in force."""
        return fines_in_force(self.case)

    @property
    def published(self) -> bool:
        """Whether a fine has been published."""
        return any(row.published_on for row in self.fines)

    @property
    def contested(self) -> bool:
        """Whether a reconsideration or suit is pending."""
        return any(r.ended_on is None for d in self.fines for r in d.remedies.all())

    @cached_property
    def alerts(self) -> int:
        """How many alerts the clue rests on."""
        return self.case.alert_links.count()

    @cached_property
    def unreceipted(self) -> bool:
        """Whether a reply went out of which no receipt came."""
        return self.case.replies.filter(receipt="").exclude(sent_on=None).exists()

    @cached_property
    def invited(self) -> bool:
        """Whether somebody from elsewhere is on the case."""
        return self.case.guests.filter(ended_at=None).exists()

    @cached_property
    def law_chosen(self) -> bool:
        """Whether the provision is chosen."""
        return BasisChoice.objects.filter(case=self.case).exists()


def _nothing(_: Ask) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class SideAct:
    """One act. ``shown`` says whether the case page offers it now."""

    code: str
    label: str
    roles: tuple[str, ...]
    fields: Callable[[Ask], tuple[Field, ...]]
    run: Callable[[Ask, Given, str], object]
    icon: str = "edit"
    note: bool | None = None
    said: str = "说明"
    help: str = ""
    done: str = ""
    anchor: str = "main"
    after_end: bool = False
    shown: Callable[[Situation], bool] = lambda now: True
    initial: Callable[[Ask], dict[str, Any]] = _nothing
    around: Callable[[Ask], dict[str, Any]] = _nothing
    states: frozenset[State] = field(default_factory=frozenset)


SIDE_ACTS: dict[str, SideAct] = {}


def register(*acts: SideAct) -> None:
    """Add acts; a code can be taken once."""
    for act in acts:
        if act.code in SIDE_ACTS:
            raise ValueError(f"side act {act.code} is registered twice")
        SIDE_ACTS[act.code] = act


def side_acts_for(case: Case, user: User) -> dict[str, SideAct]:
    """Return the acts that ``user`` may do on ``case`` now, by code."""
    state = State(case.state)
    over, situation = state in ENDS, Situation(case)
    return {
        code: act
        for code, act in SIDE_ACTS.items()
        if user.has_role(*act.roles)
        and (act.after_end or not over)
        and (not act.states or state in act.states)
        and act.shown(situation)
    }
