"""What every act that leaves the state as it is has in common."""

from datetime import datetime

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit import services as audit
from enforcement.domain.workflow import Refused
from enforcement.models import Case, CaseStep
from enforcement.selectors.scope import in_scope
from enforcement.services.clocks import refresh_due
from enforcement.services.steps import add_step

BUREAU = (Role.OFFICER, Role.REVIEWER, Role.LEGAL, Role.LEADER)


def lock_open(case: Case, actor: User, *roles: str) -> Case:
    """Lock an open case for ``actor``, who must hold one of ``roles``.

    Raises `Refused` for a case that has ended or lies outside the actor's scope, and
    for people without the role.
    """
    if not actor.has_role(*(roles or BUREAU)):
        raise Refused("当前角色不能办理此事项")
    locked: Case = Case.objects.select_for_update().get(pk=case.pk)
    if not in_scope(locked, actor):
        raise Refused("本案不在您的管辖范围内")
    if not locked.is_open:
        raise Refused("案件已办结；如有新情况请先重新启动")
    return locked


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
