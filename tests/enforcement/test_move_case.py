"""Moves: who may make them, what they need, what they leave behind."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from bozhou_eco.audit.models import AuditEntry, Link
from enforcement.domain.workflow import Refused
from enforcement.models import Case, CaseStep
from enforcement.services.cases import Conflict, move_case, open_case
from enforcement.services.steps import verify_steps


def test_it_works(clue, people, now):
    later = now + timedelta(hours=3)
    step = move_case(case=clue, action="take_up", actor=people["duty"], now=later)
    clue.refresh_from_db()
    assert (clue.state, clue.stage, clue.version) == ("checking", "check", 2)
    assert (step.seq, step.from_state, step.to_state) == (2, "alerted", "checking")
    assert (step.actor, step.at) == (people["duty"], later)
    clocks = {c.rule.code: (c.stopped_on, c.last_day) for c in clue.clocks.all()}
    assert clocks == {
        "alert": (date(2026, 11, 23), date(2026, 11, 24)),
        "check": (None, date(2026, 11, 25)),
    }
    assert clue.due_on == date(2026, 11, 25)
    assert verify_steps(clue) == []
    assert AuditEntry.objects.filter(act="case.take_up").count() == 1
    assert Link.objects.filter(chain=clue.chain).count() == 2


def test_an_action_out_of_turn_is_refused(clue, people, now):
    with pytest.raises(Refused, match="“待排查”状态下不能批准立案") as caught:
        move_case(case=clue, action="approve_filing", actor=people["lead"], now=now)
    assert "开始线上排查" in caught.value.reason
    assert_unchanged(clue)


def test_an_unknown_action_is_refused(clue, people, now):
    with pytest.raises(Refused, match="没有这个操作"):
        move_case(case=clue, action="delete", actor=people["lead"], now=now)
    assert_unchanged(clue)


def test_the_wrong_role_is_refused(clue, people, now):
    with pytest.raises(Refused, match="须由执法人员、复核员办理"):
        move_case(case=clue, action="take_up", actor=people["lex"], now=now)
    assert_unchanged(clue)


def test_all_that_is_missing_is_told(clue, people, now):
    move_case(case=clue, action="take_up", actor=people["duty"], now=now)
    with pytest.raises(Refused) as caught:
        move_case(case=clue, action="hand_over", actor=people["duty"], now=now)
    assert caught.value.missing == (
        "未填写接收单位",
        "未填写办理意见",
        "尚未制作《线上排查情况表》",
        "尚未制作《线索移交函》",
    )


def test_ends_online_with_a_reason_that_goes_back_to_the_alert(clue, people, now):
    move_case(case=clue, action="take_up", actor=people["duty"], now=now)
    move_case(
        case=clue,
        action="end_online",
        actor=people["duty"],
        now=now,
        note="采样泵故障，运维记录已核",
        data={"reason": "equipment"},
    )
    clue.refresh_from_db()
    assert (clue.state, clue.stage) == ("ended", "check")
    assert (clue.outcome, clue.end_reason) == ("false_alarm", "equipment")
    assert clue.ended_at == now
    assert clue.due_on is None
    assert not clue.clocks.filter(stopped_on=None, cancelled=False).exists()
    alert = clue.alert_links.get().alert
    assert alert.outcome == "device_fault"


def test_an_unknown_reason_is_refused(clue, people, now):
    with pytest.raises(Refused, match="办结原因不在可选范围内"):
        move_case(
            case=clue,
            action="end_online",
            actor=people["duty"],
            now=now,
            note="x",
            data={"reason": "boring"},
        )
    assert_unchanged(clue)


def test_the_second_of_two_is_told_what_changed(clue, people, now):
    seen = clue.version
    move_case(
        case=clue,
        action="take_up",
        actor=people["duty"],
        now=now,
        expected_version=seen,
    )
    with pytest.raises(Conflict) as caught:
        move_case(
            case=clue,
            action="end_online",
            actor=people["rita"],
            now=now,
            note="误报",
            data={"reason": "false_alarm"},
            expected_version=seen,
        )
    assert caught.value.missing == ("11-23 10:30 州局值班：开始线上排查",)
    clue.refresh_from_db()
    assert clue.state == "checking"


def test_suspend_stops_the_clocks_and_resume_goes_back(clue, people, now):
    move_case(case=clue, action="take_up", actor=people["duty"], now=now)
    suspended = now + timedelta(days=1)
    move_case(
        case=clue, action="suspend", actor=people["lead"], now=suspended, note="待鉴定"
    )
    clue.refresh_from_db()
    assert (clue.state, clue.stage, clue.resume_to) == (
        "suspended",
        "check",
        "checking",
    )
    assert clue.due_on is None
    resumed = now + timedelta(days=8)
    move_case(
        case=clue, action="resume", actor=people["lead"], now=resumed, note="已出具"
    )
    clue.refresh_from_db()
    assert (clue.state, clue.resume_to) == ("checking", "")
    assert clue.due_on == date(2026, 12, 2)


def test_withdraw_and_reopen(clue, people, now):
    move_case(case=clue, action="withdraw", actor=people["lead"], now=now, note="错录")
    clue.refresh_from_db()
    assert (clue.state, clue.outcome) == ("withdrawn", "withdrawn")
    move_case(case=clue, action="reopen", actor=people["lead"], now=now, note="重查")
    clue.refresh_from_db()
    assert (clue.state, clue.stage, clue.outcome) == ("checking", "check", "")
    assert (clue.round, clue.ended_at) == (2, None)


def test_merge(clue, make_alert, people, now):
    from_other = make_alert("other")
    other = open_case(alerts=[from_other], actor=people["duty"], now=now)
    move_case(
        case=other,
        action="merge",
        actor=people["duty"],
        now=now,
        note="同一企业同一时段",
        data={"into": clue.number},
    )
    other.refresh_from_db()
    assert (other.state, other.merged_into) == ("merged", clue)
    assert clue.alert_links.filter(alert=from_other).exists()


def test_steps_can_be_neither_changed_nor_deleted(clue):
    step = clue.steps.get()
    for act in (
        lambda: CaseStep.objects.filter(pk=step.pk).update(note="x"),
        lambda: step.delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            act()
    assert clue.steps.get().note == "值班转线索"


def test_a_changed_step_is_found(clue, people, now):
    move_case(case=clue, action="take_up", actor=people["duty"], now=now)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE enforcement_casestep DISABLE TRIGGER USER")
        cursor.execute("UPDATE enforcement_casestep SET note = 'x' WHERE seq = 1")
        cursor.execute("ALTER TABLE enforcement_casestep ENABLE TRIGGER USER")
    assert verify_steps(clue) == ["第 1 步内容被改动"]


def test_another_district_does_not_see_it(clue, people):
    assert list(Case.objects.visible_to(people["alice"])) == [clue]
    assert list(Case.objects.visible_to(people["lead"])) == [clue]
    assert list(Case.objects.visible_to(people["charlie"])) == []


def assert_unchanged(case):
    fresh = Case.objects.get(pk=case.pk)
    assert (fresh.state, fresh.version) == (case.state, case.version)
    assert fresh.steps.count() == case.version
