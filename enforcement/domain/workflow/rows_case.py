"""Moves of a filed case: investigation, notice, hearing, review, decision."""

from enforcement.domain.documents import DocumentKind as Doc
from enforcement.domain.workflow import guards
from enforcement.domain.workflow.actions import Action, Duty, Field
from enforcement.domain.workflow.actions import FieldKind as Kind
from enforcement.domain.workflow.moves import (
    LEADER,
    LEGAL,
    LENIENT_GROUNDS,
    OFFICER,
    REVIEWER,
    SERVICE,
    Move,
    Row,
    day,
)
from enforcement.domain.workflow.states import State

CASE_ROWS: tuple[Row, ...] = (
    # --- 依法处理: filing and investigation ---------------------------------------
    (
        (State.ASSESSING,),
        Move(
            Action.REQUEST_FILING,
            State.FILING,
            (OFFICER,),
            Duty.INVESTIGATE,
            documents=(Doc.FILING_FORM,),
            guards=(guards.can_be_filed, guards.has_evidence),
        ),
    ),
    (
        (State.FILING,),
        Move(
            Action.APPROVE_FILING,
            State.INVESTIGATING,
            (LEADER,),
            Duty.DECIDE,
            note=False,
        ),
    ),
    (
        (State.FILING,),
        Move(Action.REFUSE_FILING, State.FEEDBACK, (LEADER,), Duty.DECIDE),
    ),
    ((State.FILING,), Move(Action.SEND_BACK, State.ASSESSING, (LEADER,), Duty.DECIDE)),
    (
        (State.INVESTIGATING,),
        Move(
            Action.FINISH_INVESTIGATION,
            State.REVIEWING,
            (OFFICER,),
            Duty.INVESTIGATE,
            documents=(Doc.INVESTIGATION_REPORT,),
            guards=(
                guards.two_officers,
                guards.has_evidence,
                guards.can_be_filed,
                guards.basis_settled,
            ),
        ),
    ),
    (
        (
            State.INVESTIGATING,
            State.REVIEWING,
            State.NOTICE,
            State.LEGAL,
            State.DISCUSSING,
            State.DECIDING,
        ),
        Move(
            Action.SUSPECT_CRIME,
            State.CRIME,
            (LEADER,),
            Duty.DECIDE,
            documents=(Doc.CRIME_TRANSFER,),
            guards=(guards.has_evidence,),
        ),
    ),
    (
        (State.CRIME,),
        Move(
            Action.POLICE_TOOK,
            State.FEEDBACK,
            (OFFICER, LEADER),
            fields=(
                Field("reply_number", "公安立案文号"),
                day("replied_on", "公安立案日期"),
            ),
            note=False,
        ),
    ),
    (
        (State.CRIME,),
        Move(
            Action.POLICE_RETURNED,
            State.INVESTIGATING,
            (OFFICER, LEADER),
            fields=(day("replied_on", "退回日期"),),
        ),
    ),
    # --- 依法处理: review, notice, hearing ----------------------------------------
    (
        (State.REVIEWING,),
        Move(
            Action.APPROVE_REVIEW,
            State.NOTICE,
            (REVIEWER, LEGAL),
            Duty.REVIEW,
            guards=(guards.basis_settled, guards.proposal_made),
        ),
    ),
    (
        (State.REVIEWING,),
        Move(
            Action.PROPOSE_LENIENT,
            State.LEGAL,
            (REVIEWER,),
            Duty.REVIEW,
            fields=(Field("ground", "不予处罚情形", Kind.CHOICE, LENIENT_GROUNDS),),
            guards=(guards.lenient_allowed,),
        ),
    ),
    (
        (State.REVIEWING,),
        Move(Action.SEND_BACK, State.INVESTIGATING, (REVIEWER, LEGAL), Duty.REVIEW),
    ),
    (
        (State.NOTICE,),
        Move(
            Action.NOTIFY,
            State.NOTIFIED,
            (OFFICER,),
            fields=(*SERVICE, Field("hearing_right", "已告知听证权利", Kind.YES_NO)),
            documents=(Doc.PRIOR_NOTICE,),
            guards=(guards.hearing_right_granted, guards.service_consented),
            note=False,
        ),
    ),
    (
        (State.NOTICE,),
        Move(Action.SEND_BACK, State.REVIEWING, (REVIEWER, LEADER), Duty.REVIEW),
    ),
    (
        (State.NOTIFIED,),
        Move(
            Action.RECORD_DEFENCE,
            State.NOTIFIED,
            (OFFICER,),
            fields=(
                day("received_on", "收到日期"),
                Field("content", "陈述申辩内容", Kind.LONG),
            ),
            note=False,
        ),
    ),
    (
        (State.NOTIFIED,),
        Move(
            Action.REQUEST_HEARING,
            State.HEARING,
            (OFFICER, LEGAL),
            fields=(day("requested_on", "申请日期"),),
            guards=(guards.hearing_in_time,),
            note=False,
        ),
    ),
    ((State.HEARING,), Move(Action.WITHDRAW_HEARING, State.NOTIFIED, (OFFICER, LEGAL))),
    (
        (State.HEARING,),
        Move(
            Action.FINISH_HEARING,
            State.LEGAL,
            (LEGAL, REVIEWER),
            Duty.HOST,
            fields=(day("held_on", "听证日期"),),
            documents=(Doc.HEARING_NOTICE, Doc.HEARING_RECORD, Doc.HEARING_REPORT),
            guards=(guards.hearing_announced,),
        ),
    ),
    (
        (State.NOTIFIED,),
        Move(
            Action.FINISH_NOTICE,
            State.LEGAL,
            (OFFICER,),
            Duty.INVESTIGATE,
            fields=(
                Field(
                    "waived",
                    "当事人书面放弃陈述申辩和听证",
                    Kind.YES_NO,
                    required=False,
                ),
                Field(
                    "defence_opinion", "对陈述申辩的复核意见", Kind.LONG, required=False
                ),
            ),
            guards=(guards.notice_over,),
            note=False,
        ),
    ),
    # --- 依法处理: legal review, discussion, decision ------------------------------
    (
        (State.LEGAL,),
        Move(
            Action.PASS_LEGAL,
            State.DECIDING,
            (LEGAL,),
            Duty.LEGAL,
            documents=(Doc.LEGAL_OPINION,),
            guards=(guards.no_discussion_needed,),
        ),
    ),
    (
        (State.LEGAL,),
        Move(
            Action.PASS_TO_DISCUSSION,
            State.DISCUSSING,
            (LEGAL,),
            Duty.LEGAL,
            documents=(Doc.LEGAL_OPINION,),
        ),
    ),
    ((State.LEGAL,), Move(Action.SEND_BACK, State.INVESTIGATING, (LEGAL,), Duty.LEGAL)),
    (
        (State.DISCUSSING,),
        Move(
            Action.CONCLUDE_DISCUSSION,
            State.DECIDING,
            (LEADER,),
            Duty.DECIDE,
            fields=(
                Field("attendees", "出席人数", Kind.COUNT),
                Field("opinion", "讨论意见", Kind.LONG),
            ),
            documents=(Doc.DISCUSSION_RECORD,),
            guards=(guards.quorum,),
            note=False,
        ),
    ),
    (
        (State.DISCUSSING, State.DECIDING),
        Move(Action.SEND_BACK, State.INVESTIGATING, (LEADER,), Duty.DECIDE),
    ),
    (
        (State.DECIDING,),
        Move(
            Action.DECIDE,
            State.SERVING,
            (LEADER,),
            Duty.DECIDE,
            fields=(
                Field("amount", "罚款金额（元）", Kind.MONEY),
                Field(
                    "deviation_reason",
                    "与裁量结果不一致的理由",
                    Kind.LONG,
                    required=False,
                ),
            ),
            guards=(
                guards.notice_was_given,
                guards.basis_settled,
                guards.proposal_made,
                guards.amount_lawful,
                guards.not_aggravated,
                guards.no_discussion_needed,
            ),
        ),
    ),
    (
        (State.DECIDING,),
        Move(
            Action.DECIDE_NO_PENALTY,
            State.SERVING,
            (LEADER,),
            Duty.DECIDE,
            documents=(Doc.EDUCATION_RECORD,),
            guards=(guards.lenient_allowed,),
        ),
    ),
)
