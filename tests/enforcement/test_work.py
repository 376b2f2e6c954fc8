"""Visits, transfers, evidence, rectification, money: what is refused and what remains."""

import hashlib
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bozhou_eco.evidence.models import SealedFile
from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow import Duty, Refused
from enforcement.models import Decision, Inspection, SiteVisit
from enforcement.selectors.facts import case_owes
from enforcement.services import content, feedback, money, transfers, visits
from enforcement.services.cases import add_alerts, open_case
from enforcement.services.splitting import split_case
from enforcement.walkthrough import Cast, Story


@pytest.fixture
def story(clue, people, now):
    cast = Cast(
        duty=people["duty"],
        lead=people["alice"],
        helper=people["bob"],
        reviewer=people["rita"],
        legal=people["lex"],
        leader=people["lead"],
    )
    return Story(clue, cast, now)


def plan(clue, people, now, **changes):
    fields = {
        "kind": "case",
        "conversion": "线上不能查明",
        "phone_check": "已核实",
        "planned_on": date(2026, 11, 24),
        "notice_number": "博州环检通〔2026〕1号",
        "officers": [people["alice"], people["bob"]],
        "actor": people["alice"],
        **changes,
    }
    return visits.plan_visit(case=clue, now=now, **fields)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "tour"}, "检查类型"),
        ({"conversion": " "}, "非现场转现场的条件"),
        ({"phone_check": ""}, "电话核实"),
        ({"planned_on": date(2026, 11, 22)}, "早于今天"),
    ],
)
def test_a_visit_needs_its_reasons(clue, people, now, changes, reason):
    with pytest.raises(Refused, match=reason):
        plan(clue, people, now, **changes)
    assert not SiteVisit.objects.exists()


def test_a_visit_needs_two_cards(clue, people, now):
    with pytest.raises(Refused, match="现有 1 人"):
        plan(clue, people, now, officers=[people["alice"], people["rita"]])


def test_the_yearly_cap_holds_routine_checks_only(clue, people, plant, now):
    for number in range(2):
        Inspection.objects.create(
            mode="on_site",
            kind="routine",
            done_on=date(2026, 3, 1 + number),
            subject_key="x",
            subject_name="x",
            organisation=plant,
            means="现场",
        )
    with pytest.raises(Refused, match="年度频次上限 2 次"):
        plan(clue, people, now, kind="routine")
    assert plan(clue, people, now, kind="case").counts is False


def test_no_entry_without_approval_by_another(clue, people, now):
    visit = plan(clue, people, now)
    with pytest.raises(Refused, match="未经批准"):
        visits.start_visit(visit=visit, actor=people["alice"], now=now)
    with pytest.raises(Refused, match="角色"):
        visits.approve_visit(visit=visit, actor=people["alice"], now=now)
    people["alice"].roles = ["officer", "leader"]
    people["alice"].save()
    with pytest.raises(Refused, match="不能批准自己"):
        visits.approve_visit(visit=visit, actor=people["alice"], now=now)
    visits.approve_visit(visit=visit, actor=people["lead"], now=now)
    with pytest.raises(Refused, match="只有计划中的"):
        visits.start_visit(visit=visit, actor=people["duty"], now=now)
    visits.start_visit(visit=visit, actor=people["alice"], now=now)
    investigating = clue.people.filter(duty=Duty.INVESTIGATE)
    assert {row.user.username for row in investigating} == {"alice", "bob"}


def approved(clue, people, now, **changes):
    visit = plan(clue, people, now, **changes)
    visits.approve_visit(visit=visit, actor=people["lead"], now=now)
    return visit


def test_no_entry_without_the_notice(story, clue, people, now):
    visit = approved(clue, people, now, notice_number="")
    with pytest.raises(Refused, match="检查通知书"):
        visits.start_visit(visit=visit, actor=people["alice"], now=now)
    story.paper(DocumentKind.INSPECTION_NOTICE, people["alice"])
    visits.start_visit(visit=visit, actor=people["alice"], now=story.now)


def test_a_routine_check_needs_the_code_scanned_at_the_gate(clue, people, now):
    visit = approved(clue, people, now, kind="routine")
    with pytest.raises(Refused, match="扫码入企"):
        visits.start_visit(visit=visit, actor=people["alice"], now=now)
    visits.start_visit(
        visit=visit, actor=people["alice"], now=now, entry_code="QY-20261124-01"
    )
    assert SiteVisit.objects.get().entry_code == "QY-20261124-01"


def test_a_finished_visit_enters_the_register(clue, people, now):
    visit = plan(clue, people, now)
    visits.approve_visit(visit=visit, actor=people["lead"], now=now)
    visits.start_visit(visit=visit, actor=people["alice"], now=now)
    visits.finish_visit(
        visit=visit, conclusion="属实", found=True, actor=people["alice"], now=now
    )
    row = Inspection.objects.get()
    assert (row.mode, row.found, row.case) == ("on_site", True, clue)


def add(clue, people, now, **changes):
    fields = {
        "source": io.BytesIO(b"x"),
        "name": "a.jpg",
        "media_type": "image/jpeg",
        "size": 1,
        "kind": "photo",
        "title": "照片",
        "actor": people["alice"],
        **changes,
    }
    return content.add_file(case=clue, now=now, **fields)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"size": 0}, "空的"),
        ({"size": 300 * 1024 * 1024}, "300 MB，超过单个附件上限 200 MB"),
        ({"kind": "gossip"}, "没有这种证据类别"),
        ({"latitude": 44.0}, "同时填写"),
        ({"latitude": 94.0, "longitude": 1.0}, "超出范围"),
    ],
)
def test_bad_evidence_is_refused(clue, people, now, changes, reason):
    with pytest.raises(Refused, match=reason):
        add(clue, people, now, **changes)
    assert clue.files.count() == 0


def recorded(clue, people, now, **changes):
    fields = {
        "kind": "recorder",
        "device": "BWC-07",
        "taken_at": now - timedelta(hours=2),
        "ends_at": now - timedelta(hours=1),
        "stated_sha256": hashlib.sha256(b"x").hexdigest().upper(),
        **changes,
    }
    return add(clue, people, now, **fields)


def test_a_body_camera_video_names_device_time_and_hash(clue, people, now):
    row = recorded(clue, people, now)
    assert (row.device, row.sealed.sha256) == (
        "BWC-07",
        hashlib.sha256(b"x").hexdigest(),
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"device": " "}, "执法记录仪编号"),
        ({"taken_at": None, "ends_at": None}, "录制开始时间"),
        ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, "早于开始时间"),
        ({"ends_at": datetime(2030, 1, 1, tzinfo=UTC)}, "晚于现在"),
        ({"stated_sha256": "abc"}, "64 位"),
        ({"stated_sha256": "0" * 64}, "不一致"),
    ],
)
def test_a_bad_recording_is_refused_and_nothing_kept(
    clue, people, now, changes, reason
):
    sealed = SealedFile.objects.count()
    with pytest.raises(Refused, match=reason):
        recorded(clue, people, now, **changes)
    assert SealedFile.objects.count() == sealed
    assert not clue.files.exists()


def test_evidence_from_the_future_is_refused(clue, people, now):
    with pytest.raises(Refused, match="晚于现在"):
        add(clue, people, now, taken_at=now + timedelta(minutes=1))


def test_evidence_is_sealed_and_can_be_checked(clue, people, now):
    row = add(clue, people, now)
    assert content.check_file(file=row, now=now) is True
    row.sealed.sha256 = "0" * 64
    assert content.check_file(file=row, now=now) is False


def test_rectification_needs_before_and_after(clue, people, now):
    row = feedback.demand_rectification(
        case=clue,
        demand="修复",
        due_on=date(2026, 12, 1),
        actor=people["alice"],
        now=now,
    )

    def inspect():
        return feedback.inspect_rectification(
            row=row, accepted=True, finding="达标", actor=people["alice"], now=now
        )

    with pytest.raises(Refused) as caught:
        inspect()
    assert caught.value.missing == ("缺少整改前证据", "缺少整改后证据")
    add(clue, people, now, kind="before")
    add(clue, people, now, kind="after")
    assert inspect().state == "accepted"


def test_split_moves_alerts_into_a_new_clue(clue, make_alert, people, now):
    other = make_alert("second")
    add_alerts(case=clue, alerts=[other], actor=people["duty"], now=now)
    fields = {"case": clue, "note": "两件事", "actor": people["duty"], "now": now}
    ids = list(clue.alert_links.values_list("alert_id", flat=True))
    with pytest.raises(Refused, match="至少要给原线索留下"):
        split_case(alert_ids=ids, **fields)
    new = split_case(alert_ids=[other.pk], **fields)
    assert new != clue
    assert [link.alert for link in new.alert_links.all()] == [other]
    assert clue.alert_links.count() == 1


def test_joint_transfer_keeps_the_case_going(story, people, now):
    case = story.case
    with pytest.raises(Refused, match="尚未制作"):
        transfers.send_joint(
            case=case, authority="market", unit_name="", matter="设备",
            actor=people["alice"], now=now,
        )  # fmt: skip
    story.paper(DocumentKind.TRANSFER_LETTER, people["alice"])
    row = transfers.send_joint(
        case=case, authority="market", unit_name="", matter="设备",
        actor=people["alice"], now=story.now,
    )  # fmt: skip
    with pytest.raises(Refused, match="早于移送日期"):
        transfers.record_joint_reply(
            transfer=row, reply_number="1", replied_on=date(2026, 11, 1),
            result="x", actor=people["alice"], now=story.now,
        )  # fmt: skip
    case.refresh_from_db()
    assert case.state == "alerted"


@pytest.fixture
def fined(clue, people, now):
    clue.state = "fulfilling"
    clue.save()
    Decision.objects.create(
        case=clue,
        kind="penalty",
        amount=Decimal(10_000),
        decided_on=date(2026, 10, 30),
        decided_by=people["lead"],
        served_on=date(2026, 11, 1),
        pay_by=date(2026, 11, 16),
    )
    return clue


def pay(case, people, now, **changes):
    fields = {
        "kind": "fine",
        "amount": Decimal(10_000),
        "paid_on": date(2026, 11, 20),
        "receipt": "PJ-1",
        "actor": people["alice"],
        **changes,
    }
    return money.register_payment(case=case, now=now, **fields)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"receipt": " "}, "缺少缴款票据号"),
        ({"amount": Decimal(0)}, "大于 0"),
        ({"amount": Decimal(-5)}, "大于 0"),
        ({"amount": Decimal(10_001)}, "不超过应缴 10,000 元"),
        ({"paid_on": date(2026, 10, 31)}, "早于决定送达"),
        ({"paid_on": date(2026, 11, 24)}, "不能晚于今天"),
        ({"kind": "gift"}, "缴款种类"),
        ({"kind": "remitted", "amount": Decimal(1)}, "须由法制审核人员"),
    ],
)
def test_bad_payments_are_refused(fined, people, now, changes, reason):
    with pytest.raises(Refused, match=reason):
        pay(fined, people, now, **changes)
    assert case_owes(fined, date(2026, 11, 16)).total == 10_000


def test_a_receipt_counts_once_and_the_late_fee_stays(fined, people, now):
    pay(fined, people, now, amount=Decimal(4_000))
    with pytest.raises(Refused, match="已经登记过"):
        pay(fined, people, now, amount=Decimal(1_000))
    # 4 days on 10,000 up to the payment, then 3 days on 6,000
    owed = case_owes(fined, date(2026, 11, 23))
    assert (owed.fine, owed.late) == (Decimal(6_000), Decimal("1740.00"))


def test_a_pending_review_stops_the_late_fee(fined, people, now):
    money.register_remedy(
        case=fined,
        kind="review",
        body="州人民政府",
        accepted_on=date(2026, 11, 17),
        actor=people["lex"],
        now=now,
    )
    assert case_owes(fined, date(2026, 11, 23)).late == 0


def test_a_linked_case_of_another_district_is_told_by_number_alone(
    clue, make_alert, districts, people, now, client
):
    far = open_case(
        alerts=[
            make_alert(
                "far", district=districts["温泉县"], summary="温泉某厂化学需氧量超标"
            )
        ],
        actor=people["duty"],
        now=now,
    )
    content.link_cases(
        case=clue, other=far, kind="related", note="", actor=people["duty"], now=now
    )
    client.force_login(people["alice"])
    page = client.get(f"/cases/{clue.pk}/").content.decode()
    assert far.display_number in page
    assert far.title not in page
    assert f"/cases/{far.pk}/" not in page
    client.force_login(people["duty"])
    page = client.get(f"/cases/{clue.pk}/").content.decode()
    assert far.title in page
    assert f"/cases/{far.pk}/" in page
