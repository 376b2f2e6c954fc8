"""Side acts about people from elsewhere who are let into one case (小局模式)."""

from typing import Any

from bozhou_eco.accounts.models import User
from enforcement.domain.workflow import Field, FieldKind, Refused
from enforcement.models import Case
from enforcement.services import guests
from enforcement.views.registry import LEADER, Ask, Given, SideAct, register
from enforcement.views.side_content import chosen_users, text


def _invite_fields(_: Ask) -> tuple[Field, ...]:
    people = User.objects.filter(
        is_active=True, organisation__kind="department"
    ).select_related("organisation")
    return (
        Field(
            "user", "人员", FieldKind.CHOICE,
            tuple(
                (str(row.pk), f"{row.name}（{row.organisation}，{row.role_names}）")
                for row in people
                if row.has_role("reviewer", "legal", "leader")
            ),
        ),
        Field(
            "duty", "职责", FieldKind.CHOICE,
            tuple((duty.value, duty.label) for duty in guests.DUTY_ROLES),
        ),
    )  # fmt: skip


def _invite(ask: Ask, given: Given, note: str) -> object:
    chosen = chosen_users(given, "user")
    if not chosen:
        raise Refused("没有这个人员")
    return guests.invite_guest(
        case=ask.case,
        user=chosen[0],
        duty=text(given, "duty"),
        reason=note,
        actor=ask.user,
        now=ask.now,
    )


def _invited(case: Case) -> Any:
    return case.guests.filter(ended_at=None).select_related("user")


def _end_invitation(ask: Ask, given: Given, note: str) -> object:
    found = _invited(ask.case).filter(pk=int(text(given, "guest"))).first()
    if found is None:
        raise Refused("邀请已经结束")
    return guests.end_guest(guest=found, reason=note, actor=ask.user, now=ask.now)


register(
    SideAct(
        "invite", "邀请外单位人员", (LEADER,), _invite_fields, _invite,
        note=True, said="邀请理由", icon="user-plus", anchor="people",
        help="本单位没有可以承担该职责的人员时，邀请其他分局或自治区的人员；"
        "受邀人只能看到并办理本案，案件办结时自动结束。",
    ),
    SideAct(
        "end-invitation", "结束邀请", (LEADER,),
        lambda ask: (
            Field(
                "guest", "人员", FieldKind.CHOICE,
                tuple((str(g.pk), g.user.name) for g in _invited(ask.case)),
            ),
        ),
        _end_invitation, note=False, icon="x", anchor="people",
        shown=lambda now: now.invited,
    ),
)  # fmt: skip
