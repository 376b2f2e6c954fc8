"""Objections of drivers: who may raise and answer them, and what an answer changes."""

from datetime import timedelta

import pytest

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from tests.factories import user
from tests.vehicles import capture_factories as make
from vehicles.models import Capture, Objection
from vehicles.services import objections
from vehicles.services.objections import ObjectionRefusedError

pytestmark = pytest.mark.django_db
NOW = make.NOW
LATER = NOW + timedelta(days=1)


@pytest.fixture
def capture() -> Capture:
    made = make.capture()
    made.state, made.plate_final, made.color_final = "confirmed", "新E0K73X", "yellow"
    made.level_final, made.notice_number, made.decided_at = 3, "黑烟告〔2026〕1号", NOW
    made.save()
    return made


def objected(capture: Capture) -> Objection:
    return objections.raise_objection(
        capture=capture, name="某某", phone="13900000000", statement="已报停", now=NOW
    )


def answered(objection: Objection, **more: object) -> Objection:
    given = {"upheld": False, "answer": "经核实抓拍清晰", "now": LATER} | more
    given.setdefault("actor", user(Role.LEGAL))
    return objections.answer_objection(objection=objection, **given)


@pytest.mark.parametrize("state", ["first", "third", "rejected", "unclear"])
def test_what_is_no_evidence_needs_no_objection(capture: Capture, state: str) -> None:
    Capture.objects.filter(pk=capture.pk).update(state=state)
    with pytest.raises(ObjectionRefusedError, match="不再作为证据"):
        objected(capture)
    assert not Objection.objects.exists()
    assert not AuditEntry.objects.filter(act="objection.raise").exists()


def test_three_may_wait_and_an_answer_makes_room(capture: Capture) -> None:
    made = [objected(capture) for _ in range(objections.MOST_OPEN)]
    with pytest.raises(ObjectionRefusedError, match="等待答复"):
        objected(capture)
    assert Objection.objects.count() == 3
    answered(made[0])
    objected(capture)
    assert Objection.objects.filter(state="waiting").count() == 3


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.OFFICER, Role.AUDITOR])
def test_only_legal_review_and_leaders_answer(capture: Capture, role: Role) -> None:
    held = objected(capture)
    with pytest.raises(ObjectionRefusedError, match="法制审核或领导"):
        answered(held, actor=user(role), upheld=True)
    held.refresh_from_db()
    capture.refresh_from_db()
    assert (held.state, held.answered_at) == (Objection.State.WAITING, None)
    assert capture.state == Capture.State.CONFIRMED


@pytest.mark.parametrize("upheld", [False, True])
def test_an_answer_needs_reasons_is_given_once_and_may_withdraw_the_capture(
    capture: Capture, upheld: bool
) -> None:
    held, leader = objected(capture), user(Role.LEADER)
    with pytest.raises(ObjectionRefusedError, match="写明答复理由"):
        answered(held, answer=" \n", upheld=upheld)
    assert not AuditEntry.objects.filter(act="objection.answer").exists()
    answered(held, answer=" 经核实 ", upheld=upheld, actor=leader)
    held.refresh_from_db()
    capture.refresh_from_db()
    assert held.state == ("upheld" if upheld else "dismissed")
    assert (held.answer, held.answered_by, held.answered_at) == (
        "经核实",
        leader,
        LATER,
    )
    assert capture.state == ("rejected" if upheld else "confirmed")
    assert capture.decided_at == (LATER if upheld else NOW)
    shown = objections.find_notice(plate="新E0K73X", number=capture.notice_number)
    assert shown == (None if upheld else capture)
    with pytest.raises(ObjectionRefusedError, match="已答复"):
        answered(held, upheld=not upheld)
    capture.refresh_from_db()
    assert capture.state == ("rejected" if upheld else "confirmed")
    entry = AuditEntry.objects.get(act="objection.answer")
    assert entry.detail == {"objection": held.pk, "upheld": upheld}
