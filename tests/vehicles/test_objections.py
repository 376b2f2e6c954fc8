"""Objections of drivers: who may raise and answer them, and what an answer changes."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from alerts.models import Alert
from alerts.services import raise_alert
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from tests.factories import district, user
from tests.vehicles import capture_factories as make
from vehicles.models import (
    Capture,
    Objection,
    RepairLoop,
    RepairNotice,
    RoadCampaign,
    RoadCheck,
    Vehicle,
    WatchEntry,
)
from vehicles.selectors.fleet import loop_figures
from vehicles.services import checklist_facts, objections, upkeep, watchlist
from vehicles.services.following import follow_confirmed
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
    assert shown == capture, "the driver reads the answer either way"
    with pytest.raises(ObjectionRefusedError, match="已答复"):
        answered(held, upheld=not upheld)
    capture.refresh_from_db()
    assert capture.state == ("rejected" if upheld else "confirmed")
    entry = AuditEntry.objects.get(act="objection.answer")
    assert entry.detail == {"objection": held.pk, "upheld": upheld}


# --- what rested on a withdrawn fact ----------------------------------------------------
def confirmed(at: datetime = NOW) -> Capture:
    made = make.capture(at=at)
    made.state, made.plate_final, made.color_final = "confirmed", "新E0K73X", "yellow"
    made.level_final, made.decided_at = 3, at
    made.save()
    RepairNotice.objects.create(
        capture=made, number=f"告{made.pk}", issued_at=at, due_on=at.date()
    )
    follow_confirmed(capture=made, now=at)
    return made


def test_an_upheld_objection_ends_notice_list_and_loop_that_rest_on_it() -> None:
    capture = confirmed()
    answered(objected(capture), upheld=False)
    assert not WatchEntry.objects.exclude(left_at=None).exists()
    answered(objected(capture), upheld=True)
    notice, entry, loop = (
        RepairNotice.objects.get(),
        WatchEntry.objects.get(),
        RepairLoop.objects.get(),
    )
    assert (notice.closed_at, "异议成立" in notice.note) == (LATER, True)
    assert (entry.left_at, "异议成立" in entry.left_reason) == (LATER, True)
    assert [event.kind for event in entry.events.all()] == ["entered", "note", "left"]
    assert (loop.closed_at, loop.closed_by) == (LATER, "")
    assert (notice.withdrawn, notice.state_words) == (True, "已撤销")
    assert checklist_facts._repairs("新E0K73X", "yellow") == f"{notice.number} 已撤销"
    much_later = NOW + timedelta(days=90)
    assert upkeep.mark_overdue_notices(now=much_later) == 0
    assert watchlist.recompute(now=much_later) == {"entered": 0, "left": 0}
    assert WatchEntry.objects.count() == 1
    officer = user(Role.OFFICER)
    today = LATER.date()
    figures = loop_figures(officer, today - timedelta(9), today, today)
    assert (figures["open"], figures["begun"], figures["closed"]) == (0, 1, 0)
    client = Client()
    client.force_login(officer)
    for address in (
        f"/vehicles/loops/{loop.pk}/",
        f"/vehicles/files/{loop.vehicle_id}/",
    ):
        page = client.get(address).content.decode()
        assert "不再要求复检" in page
        assert "已闭环" not in page
    Capture.objects.filter(pk=capture.pk).update(notice_number=notice.number)
    page = client.get(f"/vehicles/captures/{capture.pk}/evidence/").content.decode()
    assert ">已撤回<" in page
    assert ">不是黑烟<" not in page, "it may be smoke of another vehicle"
    assert "本通知不再执行" in page
    assert "待复检" not in page


def test_what_rests_on_other_facts_too_stays_until_the_last_is_withdrawn() -> None:
    first, second = confirmed(), confirmed(NOW + timedelta(hours=9))
    campaign = RoadCampaign.objects.create(
        name="路检", place="G30", district=district(), begins_at=NOW
    )
    check = RoadCheck.objects.create(
        campaign=campaign, vehicle=Vehicle.objects.get(), at=NOW + timedelta(hours=10),
        received_at=LATER, verdict="fail", officer=user(Role.OFFICER),
    )  # fmt: skip
    listed = WatchEntry.objects.get(trigger="captured")
    repeated = WatchEntry.objects.get(trigger="repeated")
    answered(objected(first), upheld=True)
    for entry in (listed, repeated):
        entry.refresh_from_db()
        assert entry.left_at is None
    assert listed.events.last().kind == "note"
    old, new = RepairLoop.objects.order_by("pk")
    assert (old.closed_at, new.closed_at) == (LATER, None)
    assert (new.source, new.failed_at) == (f"capture:{second.pk}", second.captured_at)
    answered(objected(second), upheld=True)
    for entry in (listed, repeated):
        entry.refresh_from_db()
        assert entry.left_at == LATER
    assert RepairLoop.objects.get(closed_at=None).source == f"road_check:{check.pk}"


def test_a_loop_that_a_failed_retest_bears_out_goes_on() -> None:
    capture = confirmed()
    RepairLoop.objects.update(retests=1)
    answered(objected(capture), upheld=True)
    assert RepairLoop.objects.get().closed_at is None
    assert WatchEntry.objects.get().left_at == LATER


# --- who hears of an objection, and how it ended ----------------------------------------
def test_an_objection_is_brought_to_people_until_it_is_answered(
    capture: Capture,
) -> None:
    made = [objected(capture), objected(capture)]
    alert = Alert.objects.get(kind="objection")
    assert capture.notice_number in alert.summary
    assert alert.evidence_url == reverse("vehicles:capture", args=[capture.pk])
    client = Client()
    client.force_login(user(Role.REVIEWER))
    address = reverse("vehicles:captures")
    other = make.capture(at=NOW + timedelta(hours=5))
    page = client.get(address, {"objection": "1"})
    assert list(page.context["page"]) == [capture]
    assert other not in page.context["page"]
    assert (
        "1 条抓拍有异议待答复"
        in client.get(reverse("vehicles:review")).content.decode()
    )
    told = client.get(reverse("vehicles:capture", args=[capture.pk])).content.decode()
    assert "由法制审核或领导答复" in told
    assert reverse("vehicles:objection_answer", args=[made[0].pk]) not in told
    answered(made[0])
    alert.refresh_from_db()
    assert alert.state != "closed"
    answered(made[1])
    alert.refresh_from_db()
    assert alert.state == "closed"
    assert not list(client.get(address, {"objection": "1"}).context["page"])


def test_a_driver_reads_how_an_upheld_objection_ended(capture: Capture) -> None:
    client = Client()
    find = {"plate": "新E·0K73X", "number": capture.notice_number}
    token = client.post(reverse("vehicles:objection"), find)["Location"]
    shown = client.get(token).content.decode()
    picture = f"{token}{capture.files.filter(kind='frame').first().pk}/"
    assert picture in shown
    assert client.get(picture).status_code == 200
    sent = client.post(
        token,
        {"name": "某某", "phone": "13900000000", "statement": "当日已报停，车在院内"},
    )
    assert "异议已提交" in client.get(sent["Location"]).content.decode()
    answered(Objection.objects.get(), upheld=True, answer="号牌系套牌，予以撤回")
    token = client.post(reverse("vehicles:objection"), find)["Location"]
    page = client.get(token).content.decode()
    assert "异议成立，该抓拍已撤回" in page
    assert "号牌系套牌，予以撤回" in page
    assert "<form" not in page
    assert client.get(picture).status_code == 404


def smoke_alert(capture: Capture) -> Alert:
    return raise_alert(
        key=f"smoke:{capture.subject_key}", kind="smoke", severity="major",
        summary="冒黑烟", explanation={}, subject_key=capture.subject_key,
        subject_name=capture.plate_final, district=None, organisation=None,
        occurred_at=capture.captured_at, now=NOW, evidence_url="",
    ).alert  # fmt: skip


def test_the_alert_of_a_withdrawn_capture_ends_unless_more_rests_on_it() -> None:
    first, second = confirmed(), confirmed(NOW + timedelta(hours=9))
    Capture.objects.filter(pk=second.pk).update(destination="police")
    alert = smoke_alert(first)
    answered(objected(first), upheld=True)
    alert.refresh_from_db()
    second.refresh_from_db()
    assert alert.state != "closed"
    assert (
        alert.events.filter(action="comment", reason__contains="异议成立").count() == 1
    )
    assert second.destination == "repair", "one capture alone is no repeat"
    assert AuditEntry.objects.filter(act="capture.destination").count() == 1
    answered(objected(second), upheld=True)
    alert.refresh_from_db()
    assert (alert.state, alert.outcome) == ("closed", "withdrawn")


def test_two_that_stand_still_go_to_the_police() -> None:
    first = confirmed()
    confirmed(NOW + timedelta(hours=5))
    third = confirmed(NOW + timedelta(hours=9))
    Capture.objects.filter(pk=third.pk).update(destination="police")
    answered(objected(first), upheld=True)
    third.refresh_from_db()
    assert third.destination == "police"
