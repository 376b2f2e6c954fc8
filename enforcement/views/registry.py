"""Side acts: what each asks for, who may do it, and the service that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bozhou_eco.accounts.models import User
from enforcement.domain.workflow import ENDS, Field, State
from enforcement.models import Case

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
    shown: Callable[[Case], bool] = lambda case: True
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
    over = state in ENDS
    return {
        code: act
        for code, act in SIDE_ACTS.items()
        if user.has_role(*act.roles)
        and (act.after_end or not over)
        and (not act.states or state in act.states)
        and act.shown(case)
    }
