"""Take hold of a case for an act of a person."""

from bozhou_eco.accounts.models import Role, User
from enforcement.domain.workflow import Refused
from enforcement.models import Case
from enforcement.selectors.scope import in_scope

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
