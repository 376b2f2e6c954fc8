"""Views, swaps and the duty log: refused in words, unchanged when refused, done once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from alerts.domain.roster import RosterError
from alerts.models import DutyNote, DutyShift, SavedView, ShiftSwap
from alerts.services import RefusedError, people
from bozhou_eco.accounts.models import User
from bozhou_eco.audit.models import AuditEntry
from tests import factories
from tests.alerts.makers import NOON, alert

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def me() -> User:
    return factories.user("officer")


@pytest.fixture
def colleague() -> User:
    return factories.user("officer")


def shift(user: User, begin: datetime = NOON + 24 * HOUR, **more: Any) -> DutyShift:
    return DutyShift.objects.create(
        user=user, level="duty", starts_at=begin, ends_at=begin + 8 * HOUR, **more
    )


def ask(row: DutyShift, by: User, to: User) -> ShiftSwap:
    return people.ask_swap(shift=row, to=to, reason="出差", actor=by, now=NOON)


def decide(row: ShiftSwap, agree: bool, by: User, now: datetime = NOON) -> ShiftSwap:
    return people.decide_swap(request=row, agree=agree, actor=by, now=now)


def audited(act: str) -> int:
    return AuditEntry.objects.filter(act=act).count()


def test_twenty_views_and_one_of_them_the_first(me: User) -> None:
    for number in range(people.MOST_VIEWS):
        people.save_view(
            user=me, name=f"视图{number}", query="?a=1", default=number < 2
        )
    views = SavedView.objects.filter(user=me)
    assert [row.name for row in views.filter(is_default=True)] == ["视图1"]
    with pytest.raises(RefusedError, match="最多保存 20 个视图"):
        people.save_view(user=me, name="再一个", query="", default=True)
    assert views.count() == people.MOST_VIEWS
    assert views.get(is_default=True).name == "视图1"
    people.save_view(user=me, name=" 视图3 ", query="b=2", default=False)
    assert views.get(name="视图3").query == "b=2"
    with pytest.raises(RefusedError, match="请填写视图名称"):
        people.save_view(user=me, name="  ", query="", default=False)
    other = factories.user("officer")
    people.save_view(user=other, name="别人的", query="", default=True)
    assert views.get(is_default=True).name == "视图1"


def test_a_shift_waits_for_one_answer_only(me: User, colleague: User) -> None:
    row = shift(me)
    asked = ask(row, me, colleague)
    with pytest.raises(RefusedError, match="已有待同意的换班"):
        ask(row, me, factories.user("officer"))
    with pytest.raises(RefusedError, match="只有被邀请人可以答复"):
        decide(asked, True, me)
    row.refresh_from_db()
    assert (row.user, ShiftSwap.objects.count()) == (me, 1)
    assert audited("duty.swap") == 0


def test_a_refusal_leaves_the_shift_and_is_final(me: User, colleague: User) -> None:
    row = shift(me)
    asked = decide(ask(row, me, colleague), False, colleague)
    row.refresh_from_db()
    assert (asked.state, asked.decided_at, row.user) == ("refused", NOON, me)
    with pytest.raises(RefusedError, match="此换班已答复"):
        decide(asked, True, colleague)
    row.refresh_from_db()
    assert row.user == me
    assert audited("duty.swap") == 1
    assert ask(row, me, colleague).state == "asked", "it may be asked again"


def test_a_shift_that_went_elsewhere_cannot_be_taken(me: User, colleague: User) -> None:
    row, third = shift(me), factories.user("officer")
    asked = ask(row, me, colleague)
    DutyShift.objects.filter(pk=row.pk).update(user=third)
    with pytest.raises(RefusedError, match="班次已换给他人"):
        decide(asked, True, colleague)
    row.refresh_from_db()
    asked.refresh_from_db()
    assert (row.user, asked.state) == (third, "asked")
    assert decide(asked, False, colleague).state == "refused"


def test_a_swap_is_looked_at_again_when_it_is_agreed_to(
    me: User, colleague: User
) -> None:
    row = shift(me)
    asked = ask(row, me, colleague)
    shift(colleague, NOON + 26 * HOUR)
    with pytest.raises(RosterError, match="同一时段已有班次"):
        decide(asked, True, colleague)
    with pytest.raises(RosterError, match="班次已结束"):
        decide(asked, True, colleague, NOON + 40 * HOUR)
    row.refresh_from_db()
    assert row.user == me


def test_the_log_takes_words_only_and_tells_of_the_own_district(me: User) -> None:
    here, away = factories.district(), factories.district("652723", "温泉县")
    mine = alert(severity="major", district=here)
    other = alert(severity="critical", district=away)
    alert(severity="info", district=here)
    row, whole = shift(me, NOON, district=here), shift(me, NOON + 9 * HOUR)
    given = {"kind": "handover", "actor": me, "now": NOON}
    with pytest.raises(RefusedError, match="请填写内容"):
        people.write_note(shift=row, text=" \n", **given)
    row.refresh_from_db()
    assert row.handed_over_at is None
    assert not DutyNote.objects.exists()
    note = people.write_note(shift=row, text=" 平稳 ", **given)
    assert (note.text, [one["id"] for one in note.open_alerts]) == ("平稳", [mine.pk])
    with pytest.raises(RefusedError, match="本班已交班"):
        people.write_note(shift=row, text="再交", **given)
    note = people.write_note(shift=whole, text="平稳", **given)
    assert [one["id"] for one in note.open_alerts] == [other.pk, mine.pk]
    assert audited("duty.handover") == 2


@pytest.mark.parametrize("query", ["&", "?", "#severity=major", "?&&#x"])
def test_a_first_view_that_asks_nothing_leads_nowhere_else(
    me: User, client: Client, query: str
) -> None:
    """Its address would ask for the first view again, without end."""
    row = people.save_view(user=me, name="空", query=query, default=True)
    assert row.query == ""
    client.force_login(me)
    assert client.get("/alerts/").status_code == 200
