"""The online check-list of a clue, filled from facts that other apps own.

Which function knows the facts of a subject, its app registers in `checklist_registry`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from bozhou_eco.common.clock import beijing
from enforcement.checklist_registry import REGISTRY
from enforcement.domain.checklists import Item, items_for
from enforcement.domain.kinds import CaseKind
from enforcement.models import Case
from enforcement.selectors.history import party_history


@cache
def _load(path: str) -> Callable[..., dict[str, str]]:
    module, _, name = path.rpartition(".")
    found: Callable[..., dict[str, str]] = getattr(import_module(module), name)
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """An item with what the platform knows and what was answered last."""

    code: str
    text: str
    fact: str
    answer: str


def checklist_for(case: Case) -> list[Line]:
    """Return the check-list of ``case``, each item with the platform's facts."""
    facts = _facts(case)
    last = case.steps.filter(action="fill_checklist").order_by("-seq").first()
    answers = {row["code"]: row["answer"] for row in last.data["items"]} if last else {}
    return [
        Line(item.code, item.text, _fact(item, facts), answers.get(item.code, ""))
        for item in items_for(CaseKind(case.kind))
    ]


def _facts(case: Case) -> dict[str, str]:
    path = REGISTRY.get(case.subject_key.partition(":")[0])
    found: dict[str, str] = {}
    if path is not None:
        first = case.act_started_on or case.discovered_on
        opened = beijing(case.opened_at).date()
        found = _load(path)(
            subject_key=case.subject_key,
            first=first or opened,
            last=max(case.act_ended_on or opened, opened),
        )
    past = party_history(case)
    found.setdefault(
        "history",
        "；".join(f"{p.found_on} {p.topic} {p.reference}" for p in past[:10])
        or "平台案件和历史处罚中没有记录",
    )
    return found


def _fact(item: Item, facts: dict[str, str]) -> str:
    fact = facts.get(item.code)
    return f"平台：{fact}" if fact else f"平台没有此项数据，{item.otherwise}"
