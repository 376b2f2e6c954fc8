"""Let a person from another branch or the region into one case (小局模式)."""

from datetime import datetime

from django.db import transaction

from bozhou_eco.accounts.models import Organisation, User
from enforcement.domain.workflow import CONFLICTS, Duty, Refused
from enforcement.models import Case, CaseGuest
from enforcement.selectors.facts import duties_of
from enforcement.selectors.scope import in_scope
from enforcement.services.acts import record_act
from enforcement.services.locking import lock_open

DUTY_ROLES: dict[Duty, tuple[str, ...]] = {
    Duty.REVIEW: ("reviewer",),
    Duty.HOST: ("reviewer", "legal"),
    Duty.LEGAL: ("legal",),
    Duty.DECIDE: ("leader",),
}
"""What an invited person may do, and the role that this takes. Not investigate."""


@transaction.atomic
def invite_guest(
    *, case: Case, user: User, duty: str, reason: str, actor: User, now: datetime
) -> CaseGuest:
    """Invite ``user`` into ``case`` for one function; by a leader, with the reason.

    Raises `Refused` for people who can act on the case anyway, lack the role, or took
    part in a function that excludes the one they are asked for.
    """
    case = lock_open(case, actor, "leader")
    wanted = Duty(duty) if duty in {d.value for d in DUTY_ROLES} else None
    if wanted is None:
        raise Refused("请选择邀请办理的职责")
    if not reason.strip():
        raise Refused("未填写邀请理由")
    _check_person(case, user, wanted, actor)
    guest = CaseGuest.objects.create(
        case=case,
        user=user,
        duty=wanted.value,
        reason=reason.strip()[:240],
        invited_by=actor,
        since=now,
    )
    record_act(
        case=case,
        action="invite",
        actor=actor,
        now=now,
        note=reason,
        data={"guest": user.pk, "name": user.name, "duty": wanted.value},
    )
    return guest


def _check_person(case: Case, user: User, duty: Duty, actor: User) -> None:
    organisation = user.organisation
    if organisation is None or organisation.kind != Organisation.Kind.DEPARTMENT:
        raise Refused(f"{user.name}不属于执法部门")
    if user.pk == actor.pk:
        raise Refused("不能邀请本人")
    if not user.has_role(*DUTY_ROLES[duty]):
        raise Refused(f"{user.name}没有承担{duty.label}的角色")
    if in_scope(case, user):
        raise Refused(f"{user.name}已可办理本案，无须邀请")
    for other, people in duties_of(case).items():
        if user.pk in people and frozenset((duty, other)) in CONFLICTS:
            raise Refused(f"{user.name}已参与本案的{other.label}，不能承担{duty.label}")


@transaction.atomic
def end_guest(
    *, guest: CaseGuest, reason: str, actor: User, now: datetime
) -> CaseGuest:
    """End an invitation; what the person did stays."""
    case = lock_open(guest.case, actor, "leader")
    guest = CaseGuest.objects.select_for_update().get(pk=guest.pk)
    if guest.ended_at is not None:
        raise Refused("邀请已经结束")
    guest.ended_at = now
    guest.save(update_fields=["ended_at"])
    record_act(
        case=case,
        action="end_invitation",
        actor=actor,
        now=now,
        note=reason,
        data={"guest": guest.user_id},
    )
    return guest
