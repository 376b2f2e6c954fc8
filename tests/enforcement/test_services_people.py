"""Guests, functions that exclude each other, the chain of steps, splitting."""

from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from alerts.models import Alert
from bozhou_eco.accounts.models import Role, User
from enforcement.domain.workflow import Duty
from enforcement.models import Case, CaseGuest
from enforcement.services.cases import add_alerts
from enforcement.services.content import comment
from enforcement.services.guests import end_guest, invite_guest
from enforcement.services.splitting import split_case
from enforcement.services.steps import take_part, verify_steps
from tests.enforcement.refusing import put, refused, told


@pytest.fixture
def outsider(make_user):
    return make_user("wanda", "温泉复核员", "wenquan", Role.REVIEWER, Role.LEADER)


def invite(case, user, people, now, **changes):
    fields = {"duty": "review", "reason": "本局没有其他复核员", "actor": people["lead"]}
    return invite_guest(case=case, user=user, now=now, **{**fields, **changes})


def test_guests_come_from_a_department_and_are_not_oneself(
    clue, people, plant, outsider, now
):
    people["lead"].roles = ["leader", "reviewer"]
    people["lead"].save()
    strangers = [
        User.objects.create_user(
            name, password="a long enough secret", name=name, organisation=unit,
            roles=[Role.REVIEWER],
        )
        for name, unit in (("无单位者", None), ("企业人员", plant))
    ]  # fmt: skip
    for user in strangers:
        with refused(f"{user.name}不属于执法部门"):
            invite(clue, user, people, now)
    with refused("不能邀请本人"):
        invite(clue, people["lead"], people, now)
    assert not CaseGuest.objects.exists()


def test_who_took_part_may_be_asked_for_what_goes_with_it(clue, people, outsider, now):
    """Legal review excludes the decision; it does not exclude the review."""
    take_part(case=clue, user=outsider, duty=Duty.LEGAL, now=now)
    with refused("已参与本案的法制审核，不能承担决定"):
        invite(clue, outsider, people, now, duty="decide")
    guest = invite(clue, outsider, people, now)
    end_guest(guest=guest, reason="", actor=people["lead"], now=now)
    with refused("邀请已经结束"):
        end_guest(guest=guest, reason="", actor=people["lead"], now=now)
    # who left may be invited again
    assert invite(clue, outsider, people, now).pk != guest.pk
    assert told(clue, "end_invitation") == (1, 1)


def test_who_takes_part_twice_is_one_person_and_may_become_the_lead(clue, people, now):
    def part(*, lead):
        return take_part(
            case=clue, user=people["alice"], duty=Duty.INVESTIGATE, now=now, lead=lead
        )

    first = part(lead=False)
    assert part(lead=False).lead is False
    assert part(lead=True) == first
    assert part(lead=False).lead is True
    [row] = clue.people.all()
    assert row.lead is True
    with refused("已参与本案的调查，不能再承担决定"):
        take_part(case=clue, user=people["alice"], duty=Duty.DECIDE, now=now)


@contextmanager
def tampered(sql):
    """Let somebody with the keys of the database at the steps, and undo it after."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE enforcement_casestep DISABLE TRIGGER USER")
        cursor.execute(sql)
        yield
        transaction.set_rollback(True)


def test_every_way_of_tampering_with_the_chain_is_told_by_its_place(clue, people, now):
    for word in ("一", "二", "三"):
        comment(case=clue, text=word, actor=people["duty"], now=now)
    table = "enforcement_casestep"
    for sql, faults in (
        (
            f"DELETE FROM {table} WHERE seq = 2",
            ["第 2 步缺失", "第 3 步与前一步不相接"],
        ),
        (f"UPDATE {table} SET note = '改' WHERE seq = 3", ["第 3 步内容被改动"]),
        (
            f"UPDATE {table} SET hash = digest WHERE seq = 3",
            ["第 3 步与前一步不相接", "第 4 步与前一步不相接"],
        ),
        (f"UPDATE {table} SET prev = digest WHERE seq = 4", ["第 4 步与前一步不相接"]),
    ):
        with tampered(sql):
            assert verify_steps(clue) == faults
    assert verify_steps(clue) == []


# --- splitting -----------------------------------------------------------------------


@pytest.fixture
def double(clue, make_alert, people, now) -> Case:
    add_alerts(case=clue, alerts=[make_alert("b")], actor=people["duty"], now=now)
    return clue


def test_a_clue_is_split_before_filing_by_alerts_of_its_own(
    double, make_alert, people, now
):
    one, other = Alert.objects.filter(case_links__case=double).order_by("pk")
    foreign = make_alert("c")

    def split(*ids, note="两件事"):
        return split_case(
            case=double, alert_ids=ids, note=note, actor=people["duty"], now=now
        )

    with refused("未填写拆分理由"):
        split(other.pk, note=" ")
    for ids in ((), (foreign.pk,), (other.pk, foreign.pk)):
        with refused("请选择属于本线索的预警"):
            split(*ids)
    put(double, state="investigating")
    with refused("只有未立案的线索可以拆分"):
        split(other.pk)
    put(double, state="filing")
    new = split(other.pk, other.pk)
    assert [link.alert for link in new.alert_links.all()] == [other]
    assert [link.alert for link in double.alert_links.all()] == [one]
    with refused("请选择属于本线索的预警"):
        split(other.pk)  # it is gone from here
    assert told(double, "split") == (1, 1)
