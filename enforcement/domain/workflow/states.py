"""Stages and states of a clue (线索) and of the case (案件) it may become."""

from enforcement.domain.labels import Labelled


class Stage(Labelled):
    """The six stages of the closed loop."""

    ALERT = "alert", "平台预警"
    CHECK = "check", "线上排查"
    HANDOVER = "handover", "线索移交"
    VISIT = "visit", "现场核查"
    DISPOSAL = "disposal", "依法处理"
    FEEDBACK = "feedback", "结果反馈"

    @property
    def place(self) -> int:
        """Position in the loop, 1 to 6."""
        return list(Stage).index(self) + 1


class State(Labelled):
    """Where a clue or case stands."""

    ALERTED = "alerted", "待排查"
    CHECKING = "checking", "线上排查中"
    HANDOVER = "handover", "待签收"
    VISITING = "visiting", "现场核查中"
    VISITED = "visited", "核查结论待审"
    ASSESSING = "assessing", "处理方式审定"
    EXTERNAL = "external", "外部门办理中"
    CORRECTING = "correcting", "责令改正"
    LENIENT = "lenient", "不予处罚待批"
    FILING = "filing", "立案待批"
    INVESTIGATING = "investigating", "调查取证"
    REVIEWING = "reviewing", "案件审查"
    NOTICE = "notice", "待告知"
    NOTIFIED = "notified", "事先告知期"
    HEARING = "hearing", "听证"
    LEGAL = "legal", "法制审核"
    DISCUSSING = "discussing", "集体讨论"
    DECIDING = "deciding", "待决定"
    SERVING = "serving", "待送达"
    FULFILLING = "fulfilling", "缴纳履行"
    URGING = "urging", "催告"
    ENFORCING = "enforcing", "申请强制执行"
    CRIME = "crime", "涉嫌犯罪移送"
    FEEDBACK = "feedback", "结果反馈"
    CLOSING = "closing", "结案待批"
    CLOSED = "closed", "已结案"
    ENDED = "ended", "线上办结"
    WITHDRAWN = "withdrawn", "已撤销"
    MERGED = "merged", "已并案"
    SUSPENDED = "suspended", "已中止"


ENDS = frozenset({State.CLOSED, State.ENDED, State.WITHDRAWN, State.MERGED})
"""States in which nothing is left to do."""

OPEN = tuple(state for state in State if state not in ENDS)

_STAGES: dict[State, Stage] = {
    State.ALERTED: Stage.ALERT,
    State.CHECKING: Stage.CHECK,
    State.ENDED: Stage.CHECK,
    State.HANDOVER: Stage.HANDOVER,
    State.VISITING: Stage.VISIT,
    State.VISITED: Stage.VISIT,
    State.FEEDBACK: Stage.FEEDBACK,
    State.CLOSING: Stage.FEEDBACK,
    State.CLOSED: Stage.FEEDBACK,
}

STAGELESS = frozenset({State.SUSPENDED, State.WITHDRAWN, State.MERGED})
"""States that keep the stage the case had before."""


def stage_of(state: State, before: Stage = Stage.ALERT) -> Stage:
    """Return the stage of ``state``; ``before`` answers for states without their own."""
    if state in STAGELESS:
        return before
    return _STAGES.get(state, Stage.DISPOSAL)


BEFORE_FILING = (
    State.ALERTED,
    State.CHECKING,
    State.HANDOVER,
    State.VISITING,
    State.VISITED,
    State.ASSESSING,
    State.FILING,
)
"""States of a clue that has not been filed as a case and has no outcome yet."""

UNDER_PROCEDURE = (
    State.INVESTIGATING,
    State.REVIEWING,
    State.NOTICE,
    State.NOTIFIED,
    State.HEARING,
    State.LEGAL,
    State.DISCUSSING,
    State.DECIDING,
)
"""States between filing and decision: the statutory period for the decision runs."""

AFTER_DECISION = (
    State.SERVING,
    State.FULFILLING,
    State.URGING,
    State.ENFORCING,
)
"""States between decision and full performance."""
