"""Moves after a decision, feedback and closing, and moves across stages."""

from enforcement.domain.documents import DocumentKind as Doc
from enforcement.domain.workflow import guards
from enforcement.domain.workflow.actions import Action, Duty, Field
from enforcement.domain.workflow.actions import FieldKind as Kind
from enforcement.domain.workflow.moves import (
    LEADER,
    LEGAL,
    OFFICER,
    REVIEWER,
    SERVED_ON,
    SERVICE,
    Move,
    Row,
    day,
)
from enforcement.domain.workflow.states import (
    AFTER_DECISION,
    BEFORE_FILING,
    OPEN,
    UNDER_PROCEDURE,
    State,
)

REVOKERS = (
    ("review", "行政复议机关"),
    ("court", "人民法院"),
    ("self", "本机关自行撤销"),
)
CLUE_OPEN = (*BEFORE_FILING, State.CORRECTING, State.LENIENT, State.EXTERNAL)

AFTER_ROWS: tuple[Row, ...] = (
    # --- 送达, 履行, 强制执行 -----------------------------------------------------
    (
        (State.SERVING,),
        Move(
            Action.SERVE,
            State.FULFILLING,
            (OFFICER,),
            fields=SERVICE,
            documents=(Doc.PENALTY_DECISION, Doc.SERVICE_RECEIPT),
            guards=(guards.penalty_decided, guards.service_consented),
            note=False,
        ),
    ),
    (
        (State.SERVING,),
        Move(
            Action.SERVE_NO_PENALTY,
            State.FEEDBACK,
            (OFFICER,),
            fields=SERVICE,
            documents=(Doc.NO_PENALTY_DECISION, Doc.SERVICE_RECEIPT),
            guards=(guards.no_penalty_decided, guards.service_consented),
            note=False,
        ),
    ),
    (
        (State.FULFILLING,),
        Move(
            Action.DEFER,
            State.FULFILLING,
            (LEADER,),
            Duty.DECIDE,
            fields=(day("until", "延期（分期）至", past=False),),
            documents=(Doc.DEFERRAL,),
        ),
    ),
    (
        (State.FULFILLING, State.URGING, State.ENFORCING),
        Move(
            Action.FULFIL,
            State.FEEDBACK,
            (OFFICER,),
            guards=(guards.all_paid,),
            note=False,
        ),
    ),
    (
        (State.FULFILLING,),
        Move(
            Action.URGE,
            State.URGING,
            (OFFICER,),
            fields=(SERVED_ON,),
            documents=(Doc.URGE_LETTER,),
            guards=(guards.payment_late,),
            note=False,
        ),
    ),
    (
        (State.URGING,),
        Move(
            Action.APPLY_COURT,
            State.ENFORCING,
            (LEGAL, LEADER),
            fields=(day("applied_on", "申请日期"),),
            documents=(Doc.COURT_APPLICATION,),
            guards=(guards.court_open,),
        ),
    ),
    (
        (State.ENFORCING,),
        Move(
            Action.END_ENFORCEMENT,
            State.FEEDBACK,
            (LEGAL, LEADER),
            fields=(Field("ruling", "法院文书文号"),),
        ),
    ),
    (
        AFTER_DECISION,
        Move(
            Action.DECISION_REVOKED,
            State.INVESTIGATING,
            (LEGAL, LEADER),
            fields=(
                Field("by", "撤销机关", Kind.CHOICE, REVOKERS),
                Field("ruling", "文书文号"),
            ),
            guards=(guards.filed_case,),
        ),
    ),
    # --- 结果反馈, 结案 -----------------------------------------------------------
    (
        (State.FEEDBACK,),
        Move(
            Action.GIVE_FEEDBACK,
            State.CLOSING,
            (OFFICER,),
            fields=(
                Field("summary", "办理结果", Kind.LONG),
                Field("open_reason", "带未了事项结案的理由", Kind.LONG, required=False),
            ),
            guards=(guards.nothing_owed,),
            note=False,
        ),
    ),
    (
        (State.CLOSING,),
        Move(
            Action.APPROVE_CLOSING,
            State.CLOSED,
            (LEADER,),
            Duty.DECIDE,
            guards=(guards.closing_form_ready,),
            note=False,
        ),
    ),
    (
        (State.CLOSING,),
        Move(Action.SEND_BACK, State.FEEDBACK, (LEADER,), Duty.DECIDE),
    ),
    # --- across stages ------------------------------------------------------------
    (
        CLUE_OPEN,
        Move(Action.WITHDRAW, State.WITHDRAWN, (REVIEWER, LEADER)),
    ),
    (
        UNDER_PROCEDURE,
        Move(
            Action.WITHDRAW,
            State.WITHDRAWN,
            (LEADER,),
            Duty.DECIDE,
            documents=(Doc.WITHDRAWAL_FORM,),
        ),
    ),
    (
        tuple(s for s in OPEN if s not in (State.SUSPENDED, State.CLOSING)),
        Move(Action.SUSPEND, State.SUSPENDED, (LEADER,)),
    ),
    ((State.SUSPENDED,), Move(Action.RESUME, None, (LEADER,))),
    (
        BEFORE_FILING,
        Move(
            Action.MERGE,
            State.MERGED,
            (OFFICER, REVIEWER),
            fields=(Field("into", "并入的线索或案件编号", Kind.CASE),),
        ),
    ),
    ((State.ENDED, State.WITHDRAWN), Move(Action.REOPEN, State.CHECKING, (LEADER,))),
    ((State.CLOSED,), Move(Action.REOPEN, State.ASSESSING, (LEADER,))),
)
