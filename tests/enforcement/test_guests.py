"""小局模式: a third reviewer from another branch, let into one case by a leader."""

import pytest

from bozhou_eco.accounts.models import Role
from enforcement.domain.workflow import Duty, Refused
from enforcement.models import Case, CaseGuest
from enforcement.services.cases import move_case
from enforcement.services.content import comment
from enforcement.services.guests import end_guest, invite_guest
from enforcement.services.steps import take_part


@pytest.fixture
def outsider(make_user):
    return make_user("wanda", "温泉复核员", "wenquan", Role.REVIEWER)


def invite(clue, people, user, now, **changes):
    fields = {"duty": "review", "reason": "本局没有其他复核员", "actor": people["lead"]}
    return invite_guest(case=clue, user=user, now=now, **fields | changes)


def test_the_invited_sees_and_acts_on_this_case_alone(
    clue, people, outsider, make_alert, now
):
    assert not Case.objects.visible_to(outsider).exists()
    guest = invite(clue, people, outsider, now)
    assert list(Case.objects.visible_to(outsider)) == [clue]
    comment(case=clue, text="已阅", actor=outsider, now=now)
    assert clue.steps.filter(action="invite", actor=people["lead"]).exists()
    end_guest(guest=guest, reason="", actor=people["lead"], now=now)
    assert not Case.objects.visible_to(outsider).exists()
    with pytest.raises(Refused, match="管辖"):
        comment(case=clue, text="再阅", actor=outsider, now=now)


def test_the_invitation_ends_with_the_case(clue, people, outsider, now):
    invite(clue, people, outsider, now)
    move_case(
        case=clue, action="end_online", actor=people["duty"], now=now, note="误报",
        data={"reason": "false_alarm"},
    )  # fmt: skip
    assert CaseGuest.objects.get().ended_at == now
    assert not Case.objects.visible_to(outsider).exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"duty": "investigate"}, "职责"),
        ({"duty": "legal"}, "没有承担法制审核的角色"),
        ({"reason": " "}, "邀请理由"),
    ],
)
def test_bad_invitations_are_refused(clue, people, outsider, now, changes, reason):
    with pytest.raises(Refused, match=reason):
        invite(clue, people, outsider, now, **changes)
    assert not CaseGuest.objects.exists()


def test_who_can_act_anyway_is_not_invited(clue, people, now):
    with pytest.raises(Refused, match="已可办理"):
        invite(clue, people, people["rita"], now)


def test_an_officer_does_not_invite(clue, people, outsider, now):
    with pytest.raises(Refused, match="角色"):
        invite(clue, people, outsider, now, actor=people["duty"])


def test_who_took_part_otherwise_is_not_invited(clue, people, outsider, now):
    take_part(case=clue, user=outsider, duty=Duty.INVESTIGATE, now=now)
    with pytest.raises(Refused, match="已参与本案的调查"):
        invite(clue, people, outsider, now)
