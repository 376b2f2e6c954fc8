"""Whole cases through the pages, each act by the person whose role it is."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alerts.services import raise_alert
from bozhou_eco.accounts.models import District, Organisation, Role, User
from bozhou_eco.common import clock
from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow import FieldKind
from enforcement.models import Agency, Case, Cause
from enforcement.papers.forms import paper
from enforcement.selectors.settings import forget_settings
from enforcement.services.steps import verify_steps

pytestmark = [pytest.mark.django_db, pytest.mark.flow]
START = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
SLIGHT = {
    "f_extent": "slight",
    "f_duration": "day",
    "f_place": "ordinary",
    "f_repeat": "none",
    "f_correction": "at_once",
    "f_harm": "none",
}


class Bureau:
    """The people of the bureau, each with an own browser, and one wall clock."""

    def __init__(self, monkeypatch):
        self.now = START
        monkeypatch.setattr(clock, "now", lambda: self.now)
        self.district = District.objects.get_or_create(
            code="652722", defaults={"name": "精河县"}
        )[0]
        self.unit = Organisation.objects.create(
            kind="department", name="精河县分局", code="D-1", district=self.district
        )
        Agency.objects.create(
            organisation=self.unit,
            full_name="博州生态环境局精河县分局",
            short="博州",
            branch="精",
            valid_from=START.date(),
            source="测试",
        )
        self.people = {}
        for name, role, card in (
            ("alice", Role.OFFICER, "XJ001"),
            ("bob", Role.OFFICER, "XJ002"),
            ("rita", Role.REVIEWER, ""),
            ("lex", Role.LEGAL, ""),
            ("lead", Role.LEADER, ""),
        ):
            user = User.objects.create_user(
                name,
                password="a long enough secret",
                name=name,
                organisation=self.unit,
                roles=[role],
                card_number=card,
            )
            browser = Client()
            browser.force_login(user)
            self.people[name] = (user, browser)
        self.case = None

    def browser(self, name):
        return self.people[name][1]

    def later(self, **span):
        self.now += timedelta(**span)
        return self

    @property
    def today(self):
        return clock.beijing(self.now).date().isoformat()

    def open(self, name, **alert):
        fields = {
            "key": "flow:1",
            "kind": "exceedance",
            "severity": "major",
            "summary": "总排口超标",
            "explanation": {},
            "subject_key": "outlet:1",
            "subject_name": "清泉皮革 DW001",
            "district": self.district,
            "organisation": None,
            "evidence_url": "",
            "occurred_at": self.now,
            "now": self.now,
            **alert,
        }
        found = raise_alert(**fields).alert
        answer = self.browser(name).post("/cases/open/", {"alerts": found.pk})
        assert answer.status_code == 302
        self.case = Case.objects.get()
        assert answer.url == self.case.get_absolute_url()
        return found

    def act(self, name, action, note="同意", status=302, **data):
        self.later(minutes=5)
        self.case.refresh_from_db()
        form = {"note": note, "version": self.case.version, **data}
        answer = self.browser(name).post(f"{self.url}act/{action}/", form)
        assert answer.status_code == status, _why(answer)
        self.case.refresh_from_db()
        return answer

    def side(self, name, code, query="", status=302, **data):
        self.later(minutes=5)
        answer = self.browser(name).post(f"{self.url}do/{code}/{query}", data)
        assert answer.status_code == status, _why(answer)
        self.case.refresh_from_db()
        return answer

    def write(self, name, kind, **data):
        self.later(minutes=5)
        form = {
            field.name: data.get(field.name, self._fill(field))
            for field in paper(DocumentKind(kind)).fields
        }
        answer = self.browser(name).post(f"{self.url}write/{kind}/", form)
        assert answer.status_code == 302, _why(answer)
        return self.case.documents.filter(kind=kind).latest("pk")

    def _fill(self, field):
        if field.kind is FieldKind.DATE:
            return (clock.beijing(self.now).date() + timedelta(days=15)).isoformat()
        if field.kind is FieldKind.YES_NO:
            return "yes"
        if field.kind in (FieldKind.MONEY, FieldKind.COUNT):
            return "1"
        return "内容"

    def file(self, name, kind):
        upload = SimpleUploadedFile("a.jpg", b"\xff\xd8" + kind.encode(), "image/jpeg")
        answer = self.browser(name).post(
            f"{self.url}files/add/", {"file": upload, "kind": kind, "title": kind}
        )
        assert answer.status_code == 302, _why(answer)

    def get(self, name, path=""):
        answer = self.browser(name).get(self.url + path)
        assert answer.status_code == 200
        return answer.content.decode()

    @property
    def url(self):
        return self.case.get_absolute_url()

    @property
    def state(self):
        self.case.refresh_from_db()
        return self.case.state

    # --- stretches that several paths share ---------------------------------------
    def to_assessing(self):
        self.act("alice", "take_up", "")
        self.write("alice", "check_report")
        self.write("alice", "handover_letter")
        self.act("alice", "hand_over", unit=self.unit.pk)
        self.act("alice", "accept", "")
        alice, bob = (self.people[name][0].pk for name in ("alice", "bob"))
        self.side(
            "alice",
            "plan-visit",
            kind="case",
            conversion="线上不能查明",
            phone_check="已电话核实",
            planned_on=self.today,
            officer1=alice,
            officer2=bob,
        )
        self.side("lead", "approve-visit")
        self.write("alice", "inspection_notice")
        self.side("alice", "start-visit", latitude="44.6", longitude="82.9")
        self.side("alice", "finish-visit", conclusion="属实", found="yes")
        self.write("alice", "site_record")
        self.file("alice", "before")
        self.act("alice", "submit_findings", mode="on_site", violation="yes")
        self.act("rita", "approve_findings", "")
        assert self.state == "assessing"

    def elements(self, topic, **more):
        found = self.case.discovered_on.isoformat()
        self.side(
            "alice",
            "facts",
            cause=topic,
            kind=self.case.kind,
            act_ended_on=found,
            discovered_on=found,
            party_kind=self.case.party_kind,
            party_name="清泉皮革有限公司",
            **more,
        )

    def to_investigated(self, discretion, **basis):
        self.write("alice", "filing_form")
        self.act("alice", "request_filing")
        self.act("lead", "approve_filing", "")
        self.side("alice", "basis", **basis)
        self.side("alice", "discretion", **discretion)
        self.write("alice", "investigation_report")
        self.act("alice", "finish_investigation")
        self.act("rita", "approve_review")
        self.write("alice", "prior_notice")
        self.act(
            "alice",
            "notify",
            "",
            served_on=self.today,
            method="direct",
            hearing_right="yes",
        )
        assert self.state == "notified"

    def to_decided(self, amount):
        self.write("lex", "legal_opinion")
        self.act("lex", "pass_to_discussion")
        self.write("lead", "discussion_record")
        self.act("lead", "conclude_discussion", "", attendees=5, opinion="同意")
        self.act("lead", "decide", amount=amount)
        self.write("alice", "penalty_decision")
        self.write("alice", "service_receipt")
        self.act("alice", "serve", "", served_on=self.today, method="direct")
        assert self.state == "fulfilling"

    def correct_and_close(self):
        self.side("alice", "demand", demand="限期整改", due_on=self.today)
        row = str(self.case.rectifications.get().pk)
        self.side("alice", "report", row=row, report="已整改")
        self.file("alice", "after")
        self.side("alice", "inspect", row=row, accepted="yes", finding="达标")
        self.act("alice", "give_feedback", "", summary="已办理")
        if self.case.is_case:
            self.write("alice", "closing_form")
        self.act("lead", "approve_closing", "")
        assert self.state == "closed"
        assert verify_steps(self.case) == []


def _why(answer):
    found = re.findall(r'role="alert".*?</div></div>', answer.content.decode(), re.S)
    return re.sub(r"<[^>]+>", " ", " ".join(found))[:800]


@pytest.fixture
def bureau(monkeypatch):
    forget_settings()
    return Bureau(monkeypatch)


def test_wastewater_exceedance_to_fine(bureau):
    alert = bureau.open("alice", kind="water-exceedance")
    bureau.to_assessing()
    bureau.elements("exceed_water")
    bureau.to_investigated({**SLIGHT, "f_extent": "middle"})
    early = bureau.act("alice", "finish_notice", "", status=422)
    assert "告知期限至" in early.content.decode()
    assert bureau.state == "notified"
    bureau.later(days=10).act("alice", "finish_notice", "")
    bureau.to_decided("235000")
    decision = bureau.case.decisions.get()
    assert (decision.amount, decision.proposed) == (Decimal(235000), Decimal(235000))
    bureau.side("alice", "publish", published_on=bureau.today)
    unpaid = bureau.act("alice", "fulfil", "", status=422)
    assert "尚欠缴 235,000 元" in unpaid.content.decode()
    paid = {"kind": "fine", "amount": "235000", "paid_on": bureau.today}
    bureau.side("alice", "payment", receipt="", status=422, **paid)
    bureau.side("alice", "payment", receipt="PJ-1", **paid)
    bureau.act("alice", "fulfil", "")
    bureau.correct_and_close()
    alert.refresh_from_db()
    assert (bureau.case.outcome, alert.outcome) == ("penalty", "penalty")
    assert bureau.case.case_number == "博州环（精）立〔2026〕1号"
    numbers = bureau.case.documents.exclude(number="").values_list("number", flat=True)
    assert "博州环（精）罚〔2026〕1号" in numbers


def test_first_minor_exceedance_is_not_punished(bureau):
    bureau.open("alice", severity="minor")
    bureau.to_assessing()
    bureau.elements("exceed_air")
    bureau.side("alice", "basis")
    bureau.side("alice", "discretion", **SLIGHT)
    answers = {}
    for code in ("minor_harm", "corrected", "listed", "education", "commitment"):
        answers |= {f"c_{code}": "yes", f"e_{code}": "材料"}
    refused = bureau.act("alice", "propose_lenient", ground="first", status=422)
    assert "尚未完成不予处罚条件核对" in refused.content.decode()
    bureau.side("alice", "leniency", "?ground=first", list_item="第 1 项", **answers)
    test = bureau.case.lenient_test
    assert (test.passed, test.exempted) == (True, Decimal(100000))
    bureau.act("alice", "propose_lenient", ground="first")
    bureau.write("alice", "education_record")
    bureau.act("lead", "approve_lenient")
    bureau.write("alice", "no_penalty_decision")
    bureau.write("alice", "service_receipt")
    bureau.act("alice", "serve_no_penalty", "", served_on=bureau.today, method="direct")
    bureau.correct_and_close()
    assert (bureau.case.outcome, bureau.case.is_case) == ("lenient", False)
    figures = bureau.browser("lead").get("/cases/figures/").content.decode()
    assert "10 万" in figures


def test_the_same_act_within_a_year_is_no_first_act(bureau):
    bureau.open("alice", severity="minor")
    earlier = Case.objects.create(
        number="旧线索", title="旧", kind="exhaust", severity="minor", state="closed",
        stage="feedback", source="alert", subject_key="outlet:1", subject_name="旧",
        cause=Cause.objects.get(topic="exceed_air"), outcome="corrected",
        discovered_on=START.date() - timedelta(days=200), opened_at=START,
    )  # fmt: skip
    bureau.case = Case.objects.exclude(pk=earlier.pk).get()
    bureau.to_assessing()
    bureau.elements("exceed_air")
    bureau.side("alice", "basis")
    bureau.side("alice", "discretion", **SLIGHT)
    answers = {}
    for code in ("minor_harm", "corrected", "listed", "education", "commitment"):
        answers |= {f"c_{code}": "yes", f"e_{code}": "材料"}
    bureau.side("alice", "leniency", "?ground=first", list_item="第 1 项", **answers)
    assert bureau.case.lenient_test.passed is False
    refused = bureau.act("alice", "propose_lenient", ground="first", status=422)
    assert "初次违法：不符合" in refused.content.decode()
    assert bureau.state == "assessing"


def test_a_fine_worked_out_anew_after_the_notice_is_not_decided(bureau):
    bureau.open("alice", kind="water-exceedance")
    bureau.to_assessing()
    bureau.elements("exceed_water")
    bureau.to_investigated({**SLIGHT, "f_extent": "middle"})
    bureau.side("alice", "discretion", **{**SLIGHT, "f_extent": "extreme"})
    bureau.later(days=10).act("alice", "finish_notice", "")
    bureau.write("lex", "legal_opinion")
    bureau.act("lex", "pass_to_discussion")
    bureau.write("lead", "discussion_record")
    bureau.act("lead", "conclude_discussion", "", attendees=5, opinion="同意")
    refused = bureau.act("lead", "decide", amount="370000", status=422)
    assert "高于事先告知的 235,000 元" in refused.content.decode()
    assert not bureau.case.decisions.exists()


def test_black_smoke_truck_to_traffic_police_and_back(bureau):
    bureau.open("alice", kind="smoke", subject_name="新E0K73X")
    bureau.act("alice", "take_up", "")
    bureau.elements("vehicle_unqualified")
    bureau.file("alice", "photo")
    page = bureau.get("alice", "act/transfer_out/")
    assert "《案件线索移送函》" in page
    bureau.write("alice", "transfer_letter")
    bureau.act("alice", "transfer_out", authority="traffic_police", matter="6063")
    assert bureau.state == "external"
    bureau.side(
        "alice",
        "receive-transfer",
        transfer=str(bureau.case.transfers.get().pk),
        receipt="张警官",
        received_on=bureau.today,
    )
    bureau.later(days=6).act(
        "alice", "record_reply", "", replied_on=bureau.today, result="处 200 元"
    )
    bureau.file("alice", "before")
    bureau.correct_and_close()
    transfer = bureau.case.transfers.get()
    assert (transfer.state, transfer.result) == ("replied", "处 200 元")
    assert bureau.case.outcome == "transferred"
    assert not bureau.case.decisions.exists()


def test_station_fraud_heavy_case_with_hearing(bureau):
    bureau.open("alice", kind="station.obd", severity="critical")
    bureau.to_assessing()
    bureau.elements("station_false_report")
    bureau.to_investigated(
        {
            "f_vehicles": "many",
            "f_manner": "tool",
            "f_repeat": "none",
            "f_cooperation": "full",
        },
        serious="yes",
    )
    bureau.act("alice", "request_hearing", "", requested_on=bureau.today)
    notice = bureau.write("lex", "hearing_notice")
    bureau.browser("lex").post(
        f"/cases/documents/{notice.pk}/serve/",
        {"served_on": bureau.today, "method": "direct"},
    )
    bureau.later(days=2)
    bureau.write("rita", "hearing_record")
    bureau.write("rita", "hearing_report")
    early = bureau.act("rita", "finish_hearing", held_on=bureau.today, status=422)
    assert "提前七个工作日通知" in early.content.decode()
    bureau.later(days=14).act("rita", "finish_hearing", held_on=bureau.today)
    bureau.write("lex", "legal_opinion")
    skipped = bureau.act("lex", "pass_legal", status=422)
    assert "须经负责人集体讨论" in skipped.content.decode()
    assert bureau.state == "legal"
    bureau.to_decided("1702000")
    assert bureau.case.basis_choice.serious
    total = bureau.case.clocks.get(rule__code="case_total")
    assert total.pauses.count() == 1


def test_equipment_fault_ends_at_the_online_check(bureau):
    alert = bureau.open("alice", kind="constant")
    bureau.act("alice", "take_up", "")
    bureau.act("alice", "end_online", "采样泵故障", reason="equipment")
    alert.refresh_from_db()
    assert bureau.state == "ended"
    assert (bureau.case.outcome, alert.outcome) == ("false_alarm", "device_fault")
    assert "线上办结" in bureau.get("alice")


def test_two_decide_at_once_and_the_second_is_told(bureau):
    bureau.open("alice")
    version = bureau.case.version
    form = {"note": "", "version": version}
    first = bureau.browser("alice").post(f"{bureau.url}act/take_up/", form)
    assert first.status_code == 302
    second = bureau.browser("rita").post(
        f"{bureau.url}act/end_online/",
        {"note": "误报", "version": version, "reason": "false_alarm"},
    )
    assert second.status_code == 409
    assert "alice：开始线上排查" in second.content.decode()
    assert bureau.state == "checking"
