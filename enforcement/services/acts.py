"""What every act that leaves the state as it is has in common."""

from datetime import datetime

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from enforcement.models import Case, CaseStep
from enforcement.services.clocks import refresh_due
from enforcement.services.steps import add_step


def record_act(
    *,
    case: Case,
    action: str,
    actor: User | None,
    now: datetime,
    note: str = "",
    data: dict[str, object] | None = None,
    kind: str = "write",
) -> CaseStep:
    """Append the step of an act to a locked case, and the audit row beside it."""
    step = add_step(
        case=case, action=action, actor=actor, now=now, note=note, data=data
    )
    refresh_due(case)
    case.save(update_fields=["version", "due_on"])
    audit.record(
        actor=actor,
        act=f"case.{action}",
        subject=f"case:{case.pk}",
        detail={"seq": step.seq, **(data or {})},
        kind=kind,
        now=now,
    )
    return step
