"""Actions, and what a person has to state when taking one."""

from dataclasses import dataclass

from enforcement.domain.labels import Labelled


class Action(Labelled):
    """What can be done with a clue or case."""

    TAKE_UP = "take_up", "开始线上排查"
    END_ONLINE = "end_online", "线上办结"
    HAND_OVER = "hand_over", "移交属地核查"
    ACCEPT = "accept", "签收线索"
    SEND_BACK = "send_back", "退回"
    TRANSFER_OUT = "transfer_out", "移送外部门"
    RECORD_REPLY = "record_reply", "登记外部门回函"
    REPLY_REFUSED = "reply_refused", "外部门退回"
    SUBMIT_FINDINGS = "submit_findings", "提交核查结论"
    APPROVE_FINDINGS = "approve_findings", "审核通过核查结论"
    NO_VIOLATION = "no_violation", "认定未违法"
    ORDER_ONLY = "order_only", "责令改正（不立案）"
    CONFIRM_CORRECTED = "confirm_corrected", "整改验收通过"
    CORRECTION_FAILED = "correction_failed", "认定逾期未改正"
    PROPOSE_LENIENT = "propose_lenient", "提请不予处罚"
    APPROVE_LENIENT = "approve_lenient", "批准不予处罚"
    SPOT_PENALTY = "spot_penalty", "当场处罚"
    REQUEST_FILING = "request_filing", "提请立案"
    APPROVE_FILING = "approve_filing", "批准立案"
    REFUSE_FILING = "refuse_filing", "不予立案"
    FINISH_INVESTIGATION = "finish_investigation", "调查终结"
    SUSPECT_CRIME = "suspect_crime", "移送涉嫌犯罪"
    POLICE_TOOK = "police_took", "登记公安立案"
    POLICE_RETURNED = "police_returned", "登记公安退回"
    APPROVE_REVIEW = "approve_review", "案件审查通过"
    NOTIFY = "notify", "送达事先告知书"
    RECORD_DEFENCE = "record_defence", "登记陈述申辩"
    REQUEST_HEARING = "request_hearing", "受理听证申请"
    WITHDRAW_HEARING = "withdraw_hearing", "登记撤回听证"
    FINISH_HEARING = "finish_hearing", "听证结束"
    FINISH_NOTICE = "finish_notice", "告知期满送审"
    PASS_LEGAL = "pass_legal", "法制审核通过"
    PASS_TO_DISCUSSION = "pass_to_discussion", "审核通过并提交集体讨论"
    CONCLUDE_DISCUSSION = "conclude_discussion", "集体讨论形成意见"
    DECIDE = "decide", "作出处罚决定"
    DECIDE_NO_PENALTY = "decide_no_penalty", "作出不予处罚决定"
    SERVE = "serve", "送达处罚决定"
    SERVE_NO_PENALTY = "serve_no_penalty", "送达不予处罚决定"
    DEFER = "defer", "批准延期或分期"
    FULFIL = "fulfil", "确认履行完毕"
    URGE = "urge", "送达催告书"
    APPLY_COURT = "apply_court", "申请法院强制执行"
    END_ENFORCEMENT = "end_enforcement", "登记终结执行"
    DECISION_REVOKED = "decision_revoked", "登记决定被撤销"
    GIVE_FEEDBACK = "give_feedback", "完成反馈，提请结案"
    APPROVE_CLOSING = "approve_closing", "批准结案"
    WITHDRAW = "withdraw", "撤销"
    SUSPEND = "suspend", "中止"
    RESUME = "resume", "恢复"
    REOPEN = "reopen", "重新启动"
    MERGE = "merge", "并入他案"


class FieldKind(Labelled):
    """How a required statement is asked for."""

    TEXT = "text", "文字"
    LONG = "long", "段落"
    DATE = "date", "日期"
    MONEY = "money", "金额"
    CHOICE = "choice", "选项"
    UNIT = "unit", "办理单位"
    YES_NO = "yes_no", "是否"
    CASE = "case", "案号"
    COUNT = "count", "数量"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that has to be stated with an action.

    ``options`` are the ``(value, label)`` pairs of a choice; an optional field may stay
    empty. ``past`` forbids a date after today. ``most`` is how many characters of text
    can be kept, 0 for any number.
    """

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    options: tuple[tuple[str, str], ...] = ()
    required: bool = True
    past: bool = True
    help: str = ""
    most: int = 0


class Duty(Labelled):
    """In what function a person took part in a case."""

    INVESTIGATE = "investigate", "调查"
    REVIEW = "review", "审查"
    HOST = "host", "主持听证"
    LEGAL = "legal", "法制审核"
    DECIDE = "decide", "决定"
    REGISTER = "register", "登记"


CONFLICTS: frozenset[frozenset[Duty]] = frozenset(
    frozenset(pair)
    for pair in (
        (Duty.INVESTIGATE, Duty.REVIEW),
        (Duty.INVESTIGATE, Duty.HOST),
        (Duty.INVESTIGATE, Duty.LEGAL),
        (Duty.INVESTIGATE, Duty.DECIDE),
        (Duty.LEGAL, Duty.DECIDE),
        (Duty.HOST, Duty.DECIDE),
    )
)
"""Pairs of functions that one person may not fill in the same case.

行政处罚法 art. 57, 58 and 64 separate investigation from decision, legal review and the
chair of the hearing; that legal review and decision also differ is the bureau's rule.
"""


class EndReason(Labelled):
    """Why a clue ends at the online check; feeds the rule that raised it."""

    FALSE_ALARM = "false_alarm", "误报"
    EQUIPMENT = "equipment", "监测设备故障"
    MAINTENANCE = "maintenance", "校准或运维期间数据"
    TRANSMISSION = "transmission", "传输异常"
    EXEMPT_PERIOD = "exempt_period", "依法豁免时段（启停炉等）"
    WITHIN_LIMIT = "within_limit", "核实后未超过限值"
    DUPLICATE = "duplicate", "与其他线索重复"
    HELPED = "helped", "轻微问题，已提醒帮扶并改正"

    @property
    def verdict(self) -> str:
        """What the reason says about the alert, in the words of its rule's statistics."""
        return _VERDICTS[self]


_VERDICTS = {
    EndReason.FALSE_ALARM: "false_alarm",
    EndReason.EQUIPMENT: "device_fault",
    EndReason.MAINTENANCE: "maintenance",
    EndReason.TRANSMISSION: "data_error",
    EndReason.EXEMPT_PERIOD: "declared_stop",
    EndReason.WITHIN_LIMIT: "no_violation",
    EndReason.DUPLICATE: "duplicate",
    EndReason.HELPED: "helped",
}
