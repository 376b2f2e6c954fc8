"""Acts on alerts: the unusual moment, refused in words, and what follows by itself."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from alerts.domain.life import IllegalMoveError
from alerts.models import Alert, Delivery, KindSetting, SelfCheck
from alerts.selectors.kinds import settings as kinds
from alerts.services import RefusedError, acknowledge, clear_alert, dismiss, shelve
from alerts.services.acting import comment, undo_acknowledge, unshelve
from alerts.services.holding import declare_break, wake_shelved
from alerts.services.links import alerts_of, answer_link
from alerts.services.self_checks import (
    ask_self_check,
    note_overdue,
    reply_self_check,
)
from bozhou_eco.accounts.models import User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from tests import factories
from tests.alerts.makers import NOON, alert, channel, raised
from tests.alerts.test_links import message

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def officer() -> User:
    return factories.user("officer")


@pytest.fixture
def setting() -> Iterator[KindSetting]:
    """The bureau's setting of 超标预警, read anew before and after."""
    yield KindSetting.objects.create(kind="exceedance", enterprise_first=False)
    kinds.forget()


def facts(row: Alert) -> tuple[str, str, int, int]:
    row.refresh_from_db()
    acts = AuditEntry.objects.filter(subject=f"alert:{row.pk}").count()
    return row.state, row.outcome, row.events.count(), acts


def test_what_needs_no_verdict_closes_when_seen_after_its_end(officer: User) -> None:
    """A lost connection of major weight ends unseen, and is closed by being seen."""
    row = alert(key="a", kind="offline", severity="major")
    clear_alert(key="a", now=NOON + MINUTE, reason="恢复")
    assert facts(row)[:2] == ("rtn_unack", "")
    acknowledge(alert=row, actor=officer, now=NOON + 2 * MINUTE)
    row.refresh_from_db()
    assert (row.state, row.outcome, row.closed_at) == (
        "closed", "returned", NOON + 2 * MINUTE,
    )  # fmt: skip
    assert row.outcome_note == "已恢复并确认"
    kept = facts(row)
    clear_alert(key="a", now=NOON + 3 * MINUTE, reason="恢复")
    assert facts(row) == kept
    assert row.open_key == "a", "it still answers for its key"


def test_undoing_after_the_end_starts_no_climb(officer: User) -> None:
    row = alert(key="a", severity="major")
    clear_alert(key="a", now=NOON + MINUTE, reason="回落")
    at = NOON + 2 * MINUTE
    acknowledge(alert=row, actor=officer, now=at)
    undo_acknowledge(alert=row, actor=officer, now=at + timedelta(seconds=15))
    row.refresh_from_db()
    assert (row.state, row.acknowledged_by, row.escalate_at) == (
        "rtn_unack", None, None,
    )  # fmt: skip


def test_a_shelf_keeps_who_had_acknowledged_and_opens_once(officer: User) -> None:
    row, other = alert(), factories.user("officer")
    acknowledge(alert=row, actor=officer, now=NOON)
    given = {"now": NOON + MINUTE, "wake_at": NOON + HOUR, "reason": "检修"}
    shelve(alert=row, actor=other, **given)
    row.refresh_from_db()
    assert (row.state, row.acknowledged_by, row.acknowledged_at) == (
        "shelved", officer, NOON,
    )  # fmt: skip
    unshelve(alert=row, actor=other, now=NOON + 2 * MINUTE)
    kept = facts(row)
    with pytest.raises(IllegalMoveError, match="未确认”，不能解除"):
        unshelve(alert=row, actor=other, now=NOON + 3 * MINUTE)
    assert facts(row) == kept


def test_what_its_parent_holds_back_is_on_no_shelf(officer: User) -> None:
    alert(key="logger:1", kind="offline")
    row = alert(key="point:1", parent_key="logger:1")
    kept = facts(row)
    assert kept[0] == "suppressed"
    with pytest.raises(IllegalMoveError, match="上级抑制”，不能解除"):
        unshelve(alert=row, actor=officer, now=NOON)
    assert facts(row) == kept


@pytest.mark.parametrize("reason", ["", "penalty", "returned", "no-such"])
def test_an_alert_is_excluded_for_a_listed_reason_only(
    officer: User, reason: str
) -> None:
    row = alert()
    kept = facts(row)
    with pytest.raises(RefusedError, match="请选择排除原因"):
        dismiss(alert=row, reason=reason, note="", actor=officer, now=NOON)
    assert facts(row) == kept
    dismiss(alert=row, reason="maintenance", note="", actor=officer, now=NOON)
    assert facts(row)[:2] == ("closed", "maintenance")


def test_a_remark_moves_nothing_and_must_say_something(officer: User) -> None:
    row = alert()
    kept = facts(row)
    with pytest.raises(RefusedError, match="备注不能为空"):
        comment(alert=row, text=" \n ", actor=officer, now=NOON)
    assert facts(row) == kept
    comment(alert=row, text=" 已电话核实 ", actor=officer, now=NOON)
    event = row.events.latest("pk")
    assert (event.action, event.reason, event.actor) == (
        "comment",
        "已电话核实",
        officer,
    )
    assert (event.from_state, event.to_state, event.tell) == ("unack", "unack", False)
    assert facts(row) == (kept[0], kept[1], kept[2] + 1, kept[3] + 1)


def test_a_shelved_one_that_ended_and_needs_no_verdict_closes_on_waking(
    officer: User,
) -> None:
    row = alert(key="a", kind="offline", severity="major")
    given = {"now": NOON, "wake_at": NOON + HOUR, "reason": "检修"}
    shelve(alert=row, actor=officer, **given)
    clear_alert(key="a", now=NOON + MINUTE, reason="恢复")
    assert facts(row)[0] == "shelved"
    assert wake_shelved(now=NOON + HOUR) == 1
    assert facts(row)[:2] == ("closed", "returned")


def test_a_break_needs_a_reason(officer: User) -> None:
    row = alert(subject_key="outlet:1")
    with pytest.raises(RefusedError, match="停用须写明原因"):
        declare_break(
            subject_key="outlet:1", subject_name="甲", kind="", starts_at=NOON,
            ends_at=NOON + HOUR, reason=" ", actor=officer, now=NOON,
        )  # fmt: skip
    assert facts(row)[0] == "unack"
    assert not AuditEntry.objects.filter(act="alert.break").exists()


def test_a_self_check_is_asked_once_where_the_setting_allows_it(
    setting: KindSetting,
) -> None:
    firm = factories.enterprise().organisation
    row = alert(organisation=firm)
    kinds.forget()
    assert ask_self_check(alert=row, now=NOON) is None
    KindSetting.objects.filter(pk=setting.pk).update(
        enterprise_first=True, self_check_hours=6
    )
    kinds.forget()
    first = ask_self_check(alert=row, now=NOON)
    again = ask_self_check(alert=row, now=NOON + HOUR)
    assert first is not None
    assert (first.due_at, again) == (NOON + 6 * HOUR, first)
    assert row.events.filter(action="self_check").count() == 1


def test_a_self_check_is_answered_in_words_or_told_as_overdue_once() -> None:
    firm = factories.enterprise().organisation
    owner = factories.user("enterprise", organisation=firm)
    late, answered = (alert(organisation=firm) for _ in range(2))
    for row in (late, answered):
        ask_self_check(alert=row, now=NOON)
    check = SelfCheck.objects.get(alert=answered)
    given = {"check": check, "measures": "", "actor": owner, "now": NOON + HOUR}
    with pytest.raises(RefusedError, match="请填写原因"):
        reply_self_check(cause=" ", **given)
    check.refresh_from_db()
    assert (check.replied_at, check.replied_by) == (None, None)
    reply_self_check(cause=" 检修 ", **given)
    with pytest.raises(RefusedError, match="已答复"):
        reply_self_check(cause="再说", **given)
    check.refresh_from_db()
    assert check.cause == "检修"
    over = check.due_at
    assert note_overdue(now=over - MINUTE) == 0
    assert note_overdue(now=over) == 1
    assert note_overdue(now=over + HOUR) == 0
    assert late.events.latest("pk").reason == "企业逾期未答复"
    assert not answered.events.filter(reason="企业逾期未答复").exists()
    assert SelfCheck.objects.get(alert=late).overdue_told_at == over


def test_a_summary_is_answered_one_by_one(officer: User) -> None:
    token, summary = message(officer, summary=True)
    here = channel("sms", "sms_aliyun")
    rows = [alert(severity="minor", now=clock.now()), summary.alert]
    for row in rows:
        Delivery.objects.create(
            alert=row, user=officer, channel=here, why="duty", severity="minor",
            state="merged", parent=summary, due_at=NOON, first_due_at=NOON,
            created_at=NOON,
        )  # fmt: skip
    Delivery.objects.filter(pk=summary.pk).update(alert=None)
    summary.refresh_from_db()
    assert alerts_of(summary) == [rows[1], rows[0]], "the worst first"
    with pytest.raises(RefusedError, match="汇总消息请登录后逐条确认"):
        answer_link(token=token, now=clock.now(), user=officer)
    summary.refresh_from_db()
    assert summary.link_used_at is None
    assert not Alert.objects.exclude(state="unack").exists()
    bare = Delivery.objects.get(parent=summary, alert=rows[0])
    Delivery.objects.filter(pk=bare.pk).update(alert=None, parent=None)
    bare.refresh_from_db()
    assert alerts_of(bare) == []


def test_the_highest_value_is_kept_with_its_time() -> None:
    row = alert(key="a", magnitude=2.0)
    raised(key="a", magnitude=1.5, now=NOON + MINUTE)
    row.refresh_from_db()
    assert (row.magnitude, row.peak, row.peak_at) == (1.5, 2.0, NOON)
    raised(key="a", magnitude=3.0, now=NOON + 2 * MINUTE)
    raised(key="a", magnitude=None, now=NOON + 3 * MINUTE)
    row.refresh_from_db()
    assert (row.magnitude, row.peak, row.peak_at) == (3.0, 3.0, NOON + 2 * MINUTE)


def test_an_enterprise_is_told_though_an_officer_was_quicker(officer: User) -> None:
    row = alert(key="a")
    _, duty = message(officer, alert=row)
    Delivery.objects.update(sent_at=None, state="waiting", token_digest=None)
    party = Delivery.objects.get(pk=duty.pk)
    party.pk, party.user, party.why = None, factories.user("officer"), "party"
    party.save()

    def states() -> list[str]:
        found = Delivery.objects.filter(pk__in=[duty.pk, party.pk]).order_by("pk")
        return list(found.values_list("state", flat=True))

    acknowledge(alert=row, actor=officer, now=NOON)
    assert states() == ["cancelled", "waiting"]
    dismiss(alert=row, reason="false_alarm", note="", actor=officer, now=NOON)
    assert states() == ["cancelled", "cancelled"]
