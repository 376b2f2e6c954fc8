"""Take a case along a path by the real services, as people would.

Used by the demo's data, the tests and the bench. A `Story` keeps the time of the tale:
each act happens a little later than the one before.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from bozhou_eco.accounts.models import User
from bozhou_eco.common.clock import beijing
from enforcement.domain.documents import DocumentKind
from enforcement.domain.workflow import FieldKind, Refused, State
from enforcement.models import (
    BasisChoice,
    Case,
    Cause,
    DiscretionTable,
    Document,
    SiteVisit,
)
from enforcement.papers.forms import paper
from enforcement.selectors.facts import build_facts
from enforcement.services import content, feedback, money, penalties, visits
from enforcement.services.cases import move_case
from enforcement.services.documents import issue_document, serve_document

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who does what in a story."""

    duty: User
    lead: User
    helper: User
    reviewer: User
    legal: User
    leader: User


class Story:
    """A case on its way."""

    def __init__(self, case: Case, cast: Cast, now: datetime) -> None:
        self.case, self.cast, self.now = case, cast, now

    @property
    def today(self) -> date:
        """The day of the tale in Beijing."""
        return beijing(self.now).date()

    @property
    def state(self) -> State:
        """Where the case stands."""
        self.case.refresh_from_db()
        return State(self.case.state)

    def later(self, **span: float) -> "Story":
        """Let time pass."""
        self.now += timedelta(**span)
        return self

    def do(
        self,
        action: str,
        actor: User,
        note: str = "同意",
        data: Mapping[str, object] | None = None,
    ) -> "Story":
        """Take an action."""
        self.later(minutes=7)
        move_case(
            case=self.case,
            action=action,
            actor=actor,
            now=self.now,
            note=note,
            data=data,
        )
        self.case.refresh_from_db()
        return self

    def paper(self, kind: DocumentKind, actor: User, **over: object) -> Document:
        """Make a document; what is not given is filled with plausible words."""
        self.later(minutes=5)
        answers = {
            field.name: over.get(field.name, self._fill(field.kind, field.label))
            for field in paper(kind).fields
        }
        return issue_document(
            case=self.case, kind=kind, data=answers, actor=actor, now=self.now
        )

    def _fill(self, kind: FieldKind, label: str) -> str:
        if kind is FieldKind.DATE:
            return (self.today + timedelta(days=15)).isoformat()
        if kind is FieldKind.YES_NO:
            return "yes"
        if kind in (FieldKind.MONEY, FieldKind.COUNT):
            return "1"
        if "时间" in label:
            return f"{beijing(self.now):%Y年%m月%d日 %H时%M分}"
        return f"{label}（演示内容）"

    def evidence(self, kind: str, title: str, actor: User) -> "Story":
        """Add a small picture as evidence."""
        content.add_file(
            case=self.case,
            source=_stream(PIXEL + title.encode()),
            name=f"{title}.png",
            media_type="image/png",
            size=len(PIXEL),
            kind=kind,
            title=title,
            actor=actor,
            now=self.now,
            taken_at=self.now,
            latitude=44.6,
            longitude=82.9,
            accuracy_m=8,
        )
        return self

    # --- 平台预警 to 现场核查 ------------------------------------------------------
    def check(self) -> "Story":
        """Take the clue up and answer the check-list."""
        self.do("take_up", self.cast.duty)
        content.fill_checklist(
            case=self.case,
            items=[
                {"code": "values", "text": "超标时段", "answer": "属实", "note": ""}
            ],
            conclusion="数据有效，建议移交核查",
            actor=self.cast.duty,
            now=self.now,
        )
        self.paper(DocumentKind.CHECK_REPORT, self.cast.duty, conclusion="建议移交核查")
        return self

    def hand_over(self) -> "Story":
        """Hand the clue over and have it accepted."""
        unit = self.cast.lead.organisation
        assert unit is not None
        self.paper(DocumentKind.HANDOVER_LETTER, self.cast.duty, recipient=unit.name)
        self.do("hand_over", self.cast.duty, "请核查", {"unit": unit.pk})
        self.later(hours=4).do("accept", self.cast.lead)
        return self

    def plan(self, on: date) -> SiteVisit:
        """Plan a visit by both officers and have it approved."""
        visit = visits.plan_visit(
            case=self.case,
            kind="case",
            conversion="线上不能查明超标原因",
            phone_check="电话联系企业环保负责人，情况待现场核实",
            planned_on=on,
            officers=[self.cast.lead, self.cast.helper],
            actor=self.cast.lead,
            now=self.now,
        )
        visits.approve_visit(visit=visit, actor=self.cast.leader, now=self.now)
        self.paper(DocumentKind.INSPECTION_NOTICE, self.cast.lead)
        return visit

    def visit(self, finding: str = "现场核查属实。") -> "Story":
        """Plan, approve, make and record the visit."""
        visit = self.plan(self.today + timedelta(days=1))
        self.later(days=1)
        visits.start_visit(
            visit=visit,
            actor=self.cast.lead,
            now=self.now,
            latitude=44.60123,
            longitude=82.90456,
            accuracy_m=8,
        )
        self.later(hours=2)
        self.evidence("photo", "现场照片", self.cast.lead)
        self.evidence("before", "整改前", self.cast.lead)
        visits.finish_visit(
            visit=visit,
            conclusion=finding,
            found=True,
            readings=[
                {
                    "factor": "NOx",
                    "platform": "84.1",
                    "site": "83.6",
                    "unit": "mg/m³",
                    "data_time": f"{beijing(self.now):%m-%d %H:00}",
                }
            ],
            actor=self.cast.lead,
            now=self.now,
        )
        self.paper(DocumentKind.SITE_RECORD, self.cast.lead, findings=finding)
        return self

    def findings(self) -> "Story":
        """Submit the findings and have them approved."""
        self.do(
            "submit_findings",
            self.cast.lead,
            "核查属实",
            {"mode": "on_site", "violation": "yes"},
        )
        return self.later(hours=3).do("approve_findings", self.cast.reviewer)

    def find_off_site(self, reason: str) -> "Story":
        """Submit findings that rest on data and video alone; have them approved."""
        self.do(
            "submit_findings",
            self.cast.lead,
            "非现场查明",
            {"mode": "off_site", "off_site_reason": reason, "violation": "yes"},
        )
        return self.later(hours=3).do("approve_findings", self.cast.reviewer)

    # --- 依法处理 --------------------------------------------------------------------
    def elements(self, topic: str, act_ended: date | None = None) -> "Story":
        """Fill in cause and dates."""
        found = self.case.discovered_on or self.today
        content.set_facts(
            case=self.case,
            actor=self.cast.lead,
            now=self.now,
            cause=Cause.objects.get(topic=topic),
            act_started_on=None,
            act_ended_on=act_ended or found,
            discovered_on=found,
            party={"representative": "李某", "address": "博州工业园区 1 号"},
        )
        self.case.refresh_from_db()
        return self

    def law(self, answers: Mapping[str, str], **more: object) -> Decimal:
        """Choose the basis and work out the fine."""
        penalties.choose_basis(
            case=self.case,
            actor=self.cast.lead,
            now=self.now,
            **more,  # type: ignore[arg-type]
        )
        table = DiscretionTable.objects.filter(causes=self.case.cause).first()
        assert table is not None
        run = penalties.run_discretion(
            case=self.case,
            table=table,
            answers=answers,
            actor=self.cast.lead,
            now=self.now,
        )
        return run.amount

    def compare(self, amount: Decimal) -> Decimal:
        """Work the fine out again where the law changed since the basis was chosen."""
        run = self.case.discretion_runs.filter(current=True).first()
        facts = build_facts(case=self.case, actor=self.cast.lead, now=self.now)
        if run is None or not facts.lighter_open:
            return run.amount if run else amount
        choice = BasisChoice.objects.get(case=self.case)
        more = {name: getattr(choice, name) for name in _STATED}
        try:
            return self.law(run.answers, **more)
        except Refused:  # neither is plainly lighter
            more |= {"basis": choice.act_basis, "reason": "轻重不明，从旧"}
            return self.law(run.answers, **more)

    def file(self) -> "Story":
        """Have the clue filed as a case."""
        self.paper(DocumentKind.FILING_FORM, self.cast.lead)
        self.do("request_filing", self.cast.lead)
        return self.later(days=1).do("approve_filing", self.cast.leader)

    def investigate(self) -> "Story":
        """Take statements, report, and pass the review."""
        self.paper(DocumentKind.INQUIRY_RECORD, self.cast.helper)
        self.paper(DocumentKind.INVESTIGATION_REPORT, self.cast.lead)
        self.later(days=3).compare(Decimal(0))
        self.do("finish_investigation", self.cast.lead)
        return self.later(days=1).do("approve_review", self.cast.reviewer)

    def notify(self, *, hearing: bool = True) -> "Story":
        """Serve the prior notice."""
        right = "yes" if hearing else "no"
        self.compare(Decimal(0))
        self.paper(DocumentKind.PRIOR_NOTICE, self.cast.lead, hearing=right)
        return self.do(
            "notify",
            self.cast.lead,
            "",
            {"served_on": self.today, "method": "direct", "hearing_right": right},
        )

    def hear(self) -> "Story":
        """Hold a hearing in time."""
        self.do("request_hearing", self.cast.lead, "", {"requested_on": self.today})
        notice = self.paper(DocumentKind.HEARING_NOTICE, self.cast.legal)
        serve_document(
            document=notice,
            served_on=self.today,
            method="direct",
            actor=self.cast.legal,
            now=self.now,
        )
        first = build_facts(
            case=self.case, actor=self.cast.reviewer, now=self.now
        ).hearing_first_day
        assert first is not None
        self.later(days=(first - self.today).days)
        host = self.cast.reviewer
        self.paper(DocumentKind.HEARING_RECORD, host)
        self.paper(DocumentKind.HEARING_REPORT, host)
        return self.do("finish_hearing", host, "听证完毕", {"held_on": self.today})

    def wait_notice(self) -> "Story":
        """Let the notice run out without a word from the party."""
        return self._after("notice").do("finish_notice", self.cast.lead, "")

    def _after(self, code: str) -> "Story":
        """Let time pass until the running period ``code`` has run out."""
        period = self.case.clocks.filter(rule__code=code).latest("pk")
        assert period.last_day is not None
        return self.later(days=max((period.last_day - self.today).days, 0) + 1)

    def decide(self, amount: Decimal, *, discuss: bool) -> "Story":
        """Legal review, discussion where needed, decision."""
        self.paper(DocumentKind.LEGAL_OPINION, self.cast.legal)
        if discuss:
            self.later(days=1).do("pass_to_discussion", self.cast.legal)
            self.paper(DocumentKind.DISCUSSION_RECORD, self.cast.leader)
            self.do(
                "conclude_discussion",
                self.cast.leader,
                "",
                {"attendees": 5, "opinion": "一致同意"},
            )
        else:
            self.later(days=1).do("pass_legal", self.cast.legal)
        fine = {"amount": self.later(days=1).compare(amount)}
        return self.do("decide", self.cast.leader, "同意", fine)

    def serve(self) -> "Story":
        """Serve the decision."""
        self.paper(DocumentKind.PENALTY_DECISION, self.cast.lead)
        self.paper(DocumentKind.SERVICE_RECEIPT, self.cast.lead)
        data = {"served_on": self.today, "method": "direct"}
        return self.later(hours=1).do("serve", self.cast.lead, "", data)

    def publish(self) -> "Story":
        """Publish the decision."""
        money.publish_decision(
            case=self.case,
            published_on=self.today,
            url="",
            actor=self.cast.lead,
            now=self.now,
        )
        return self

    def pay(self, amount: Decimal, receipt: str) -> "Story":
        """Pay the fine in full and have it confirmed."""
        self.later(days=5)
        money.register_payment(
            case=self.case,
            kind="fine",
            amount=amount,
            paid_on=self.today,
            receipt=receipt,
            actor=self.cast.lead,
            now=self.now,
        )
        return self.do("fulfil", self.cast.lead, "")

    # --- 结果反馈 --------------------------------------------------------------------
    def correct(self, demand: str = "限期修复治理设施并稳定达标") -> "Story":
        """Demand, report and accept a rectification."""
        row = feedback.demand_rectification(
            case=self.case,
            demand=demand,
            due_on=self.today + timedelta(days=15),
            actor=self.cast.lead,
            now=self.now,
        )
        self.later(days=2)
        feedback.report_rectification(
            row=row, report="已完成整改", actor=self.cast.lead, now=self.now
        )
        if not self.case.files.filter(kind="before").exists():
            self.evidence("before", "整改前", self.cast.lead)
        self.evidence("after", "整改后", self.cast.lead)
        feedback.inspect_rectification(
            row=row,
            accepted=True,
            finding="复查达标",
            actor=self.cast.lead,
            now=self.now,
        )
        return self

    def close(self) -> "Story":
        """Give feedback and close."""
        self.do("give_feedback", self.cast.lead, "", {"summary": "已办理完毕"})
        if self.case.is_case:
            self.paper(DocumentKind.CLOSING_FORM, self.cast.lead)
        return self.later(hours=20).do("approve_closing", self.cast.leader)


_STATED = ("serious", "count", "goods_value")


def _stream(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)
