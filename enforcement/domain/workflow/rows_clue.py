"""Moves from 平台预警 to a way of disposal without a filed case."""

from enforcement.domain.documents import DocumentKind as Doc
from enforcement.domain.workflow import guards
from enforcement.domain.workflow.actions import Action, Duty, EndReason, Field
from enforcement.domain.workflow.actions import FieldKind as Kind
from enforcement.domain.workflow.moves import (
    AUTHORITIES,
    LEADER,
    LENIENT_GROUNDS,
    MODES,
    OFFICER,
    REVIEWER,
    SERVED_ON,
    Move,
    Row,
    day,
)
from enforcement.domain.workflow.states import State

CLUE_ROWS: tuple[Row, ...] = (
    # --- 平台预警, 线上排查, 线索移交 -------------------------------------------
    (
        (State.ALERTED,),
        Move(Action.TAKE_UP, State.CHECKING, (OFFICER, REVIEWER), note=False),
    ),
    (
        (State.ALERTED, State.CHECKING),
        Move(
            Action.END_ONLINE,
            State.ENDED,
            (OFFICER, REVIEWER),
            fields=(
                Field("reason", "办结原因", Kind.CHOICE, tuple(EndReason.choices())),
            ),
        ),
    ),
    (
        (State.CHECKING,),
        Move(
            Action.HAND_OVER,
            State.HANDOVER,
            (OFFICER, REVIEWER),
            fields=(Field("unit", "接收单位", Kind.UNIT),),
            documents=(Doc.CHECK_REPORT, Doc.HANDOVER_LETTER),
        ),
    ),
    (
        (State.HANDOVER,),
        Move(
            Action.ACCEPT,
            State.VISITING,
            (OFFICER, LEADER),
            guards=(guards.receiver_only,),
            note=False,
        ),
    ),
    (
        (State.HANDOVER,),
        Move(
            Action.SEND_BACK,
            State.CHECKING,
            (OFFICER, LEADER),
            guards=(guards.receiver_only,),
        ),
    ),
    (
        (State.CHECKING, State.VISITED, State.ASSESSING, State.INVESTIGATING),
        Move(
            Action.TRANSFER_OUT,
            State.EXTERNAL,
            (OFFICER, REVIEWER, LEADER),
            fields=(
                Field("authority", "接收部门", Kind.CHOICE, AUTHORITIES),
                Field("matter", "移送事项", most=240),
                day("reply_by", "请求回函日期", required=False, past=False),
            ),
            documents=(Doc.TRANSFER_LETTER,),
            guards=(guards.has_evidence,),
        ),
    ),
    (
        (State.EXTERNAL,),
        Move(
            Action.RECORD_REPLY,
            State.FEEDBACK,
            (OFFICER, REVIEWER),
            fields=(
                Field("reply_number", "回函文号", required=False, most=60),
                day("replied_on", "回函日期"),
                Field("result", "处理结果", Kind.LONG),
            ),
            note=False,
        ),
    ),
    (
        (State.EXTERNAL,),
        Move(
            Action.REPLY_REFUSED,
            State.ASSESSING,
            (OFFICER, REVIEWER),
            fields=(day("replied_on", "退回日期"),),
        ),
    ),
    # --- 现场核查 ---------------------------------------------------------------
    (
        (State.VISITING,),
        Move(
            Action.SUBMIT_FINDINGS,
            State.VISITED,
            (OFFICER,),
            Duty.INVESTIGATE,
            fields=(
                Field("mode", "认定方式", Kind.CHOICE, MODES),
                Field(
                    "off_site_reason", "无须现场核查的理由", Kind.LONG, required=False
                ),
                Field("violation", "是否发现违法行为", Kind.YES_NO),
            ),
            guards=(guards.findings_supported,),
        ),
    ),
    (
        (State.VISITED,),
        Move(
            Action.APPROVE_FINDINGS,
            State.ASSESSING,
            (REVIEWER, LEADER),
            Duty.REVIEW,
            note=False,
        ),
    ),
    (
        (State.VISITED,),
        Move(Action.SEND_BACK, State.VISITING, (REVIEWER, LEADER), Duty.REVIEW),
    ),
    # --- 依法处理: without a filed case ------------------------------------------
    (
        (State.ASSESSING,),
        Move(Action.NO_VIOLATION, State.FEEDBACK, (REVIEWER, LEADER), Duty.REVIEW),
    ),
    (
        (State.ASSESSING,),
        Move(
            Action.ORDER_ONLY,
            State.CORRECTING,
            (OFFICER, LEADER),
            fields=(day("correct_by", "改正期限", past=False),),
            documents=(Doc.CORRECTION_ORDER,),
        ),
    ),
    (
        (State.CORRECTING,),
        Move(
            Action.CONFIRM_CORRECTED,
            State.FEEDBACK,
            (OFFICER,),
            fields=(day("corrected_on", "改正日期"),),
            guards=(guards.correction_proved,),
        ),
    ),
    (
        (State.CORRECTING,),
        Move(Action.CORRECTION_FAILED, State.ASSESSING, (OFFICER, LEADER)),
    ),
    (
        (State.ASSESSING,),
        Move(
            Action.PROPOSE_LENIENT,
            State.LENIENT,
            (OFFICER,),
            Duty.INVESTIGATE,
            fields=(Field("ground", "不予处罚情形", Kind.CHOICE, LENIENT_GROUNDS),),
            guards=(guards.lenient_allowed, guards.has_evidence),
        ),
    ),
    (
        (State.LENIENT,),
        Move(
            Action.APPROVE_LENIENT,
            State.SERVING,
            (LEADER,),
            Duty.DECIDE,
            documents=(Doc.EDUCATION_RECORD,),
            guards=(guards.lenient_allowed,),
        ),
    ),
    (
        (State.LENIENT,),
        Move(Action.SEND_BACK, State.ASSESSING, (LEADER,), Duty.DECIDE),
    ),
    (
        (State.VISITED, State.ASSESSING),
        Move(
            Action.SPOT_PENALTY,
            State.FULFILLING,
            (OFFICER,),
            Duty.INVESTIGATE,
            fields=(Field("amount", "罚款金额（元）", Kind.MONEY), SERVED_ON),
            documents=(Doc.SITE_RECORD, Doc.SPOT_DECISION),
            guards=(
                guards.two_officers,
                guards.has_evidence,
                guards.basis_settled,
                guards.small_enough,
            ),
        ),
    ),
)
