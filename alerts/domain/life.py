"""The life of an alert as a table State × Action → State, after ANSI/ISA-18.2.

ISA-18.2 knows NORM, UNACK, ACKED, RTNUN, SHLVD, DSUPR and OOSRV. `CLOSED` is its NORM.
One state is added, `RETURNED`: a violation that has ended and been acknowledged still
waits for a verdict, where ISA would be back at NORM. Kinds that need no verdict (a
logger that was offline) are closed from there at once by policy.

A pair that is not in the table is refused with `IllegalMoveError`.
"""

from collections.abc import Mapping

from alerts.domain.labels import Labelled


class State(Labelled):
    """Where an alert stands."""

    UNACK = "unack", "未确认"
    ACKED = "acked", "已确认"
    RTN_UNACK = "rtn_unack", "已恢复未确认"
    RETURNED = "returned", "已恢复待处置"
    SHELVED = "shelved", "已搁置"
    SUPPRESSED = "suppressed", "上级抑制"
    OUT_OF_SERVICE = "out_of_service", "停用中"
    CLOSED = "closed", "已关闭"


class Action(Labelled):
    """What happens to an alert."""

    RAISE = "raise", "触发"
    WORSEN = "worsen", "加重"
    CLEAR = "clear", "恢复正常"
    ACK = "ack", "确认"
    UNACK = "unack", "撤销确认"
    SHELVE = "shelve", "搁置"
    SUPPRESS = "suppress", "上级抑制"
    DISABLE = "disable", "停用"
    RELEASE = "release", "解除（仍异常）"
    RELEASE_NORMAL = "release_normal", "解除（已正常）"
    CLOSE = "close", "关闭"
    REOPEN = "reopen", "重新打开"


class IllegalMoveError(ValueError):
    """The action is not possible in the state; the message is for the person."""

    def __init__(self, state: State, action: Action) -> None:
        super().__init__(f"预警状态为“{state.label}”，不能{action.label}")
        self.state = state
        self.action = action


_S, _A = State, Action

TABLE: Mapping[tuple[State, Action], State] = {
    # The condition is there and nobody has said a word.
    (_S.UNACK, _A.RAISE): _S.UNACK,
    (_S.UNACK, _A.WORSEN): _S.UNACK,
    (_S.UNACK, _A.CLEAR): _S.RTN_UNACK,
    (_S.UNACK, _A.ACK): _S.ACKED,
    (_S.UNACK, _A.SHELVE): _S.SHELVED,
    (_S.UNACK, _A.SUPPRESS): _S.SUPPRESSED,
    (_S.UNACK, _A.DISABLE): _S.OUT_OF_SERVICE,
    (_S.UNACK, _A.CLOSE): _S.CLOSED,
    # Somebody has taken it on; only worse news calls again.
    (_S.ACKED, _A.RAISE): _S.ACKED,
    (_S.ACKED, _A.WORSEN): _S.UNACK,
    (_S.ACKED, _A.CLEAR): _S.RETURNED,
    (_S.ACKED, _A.UNACK): _S.UNACK,
    (_S.ACKED, _A.SHELVE): _S.SHELVED,
    (_S.ACKED, _A.SUPPRESS): _S.ACKED,
    (_S.ACKED, _A.DISABLE): _S.OUT_OF_SERVICE,
    (_S.ACKED, _A.CLOSE): _S.CLOSED,
    # It ended before anybody looked.
    (_S.RTN_UNACK, _A.RAISE): _S.UNACK,
    (_S.RTN_UNACK, _A.WORSEN): _S.UNACK,
    (_S.RTN_UNACK, _A.CLEAR): _S.RTN_UNACK,
    (_S.RTN_UNACK, _A.ACK): _S.RETURNED,
    (_S.RTN_UNACK, _A.SHELVE): _S.SHELVED,
    (_S.RTN_UNACK, _A.SUPPRESS): _S.SUPPRESSED,
    (_S.RTN_UNACK, _A.DISABLE): _S.OUT_OF_SERVICE,
    (_S.RTN_UNACK, _A.CLOSE): _S.CLOSED,
    # Seen and over; a new occurrence is news again.
    (_S.RETURNED, _A.RAISE): _S.UNACK,
    (_S.RETURNED, _A.WORSEN): _S.UNACK,
    (_S.RETURNED, _A.CLEAR): _S.RETURNED,
    (_S.RETURNED, _A.UNACK): _S.RTN_UNACK,
    (_S.RETURNED, _A.SHELVE): _S.SHELVED,
    (_S.RETURNED, _A.SUPPRESS): _S.RETURNED,
    (_S.RETURNED, _A.DISABLE): _S.OUT_OF_SERVICE,
    (_S.RETURNED, _A.CLOSE): _S.CLOSED,
    # Put aside with a reason until a time; worse news wakes it.
    (_S.SHELVED, _A.RAISE): _S.SHELVED,
    (_S.SHELVED, _A.WORSEN): _S.UNACK,
    (_S.SHELVED, _A.CLEAR): _S.SHELVED,
    (_S.SHELVED, _A.ACK): _S.SHELVED,
    (_S.SHELVED, _A.SHELVE): _S.SHELVED,
    (_S.SHELVED, _A.SUPPRESS): _S.SHELVED,
    (_S.SHELVED, _A.DISABLE): _S.OUT_OF_SERVICE,
    (_S.SHELVED, _A.RELEASE): _S.UNACK,
    (_S.SHELVED, _A.RELEASE_NORMAL): _S.RETURNED,
    (_S.SHELVED, _A.CLOSE): _S.CLOSED,
    # Its parent tells the story.
    (_S.SUPPRESSED, _A.RAISE): _S.SUPPRESSED,
    (_S.SUPPRESSED, _A.WORSEN): _S.SUPPRESSED,
    (_S.SUPPRESSED, _A.CLEAR): _S.SUPPRESSED,
    (_S.SUPPRESSED, _A.SUPPRESS): _S.SUPPRESSED,
    (_S.SUPPRESSED, _A.DISABLE): _S.OUT_OF_SERVICE,
    (_S.SUPPRESSED, _A.RELEASE): _S.UNACK,
    (_S.SUPPRESSED, _A.RELEASE_NORMAL): _S.CLOSED,
    (_S.SUPPRESSED, _A.CLOSE): _S.CLOSED,
    # The device is declared out of service: kept, counted, not told.
    (_S.OUT_OF_SERVICE, _A.RAISE): _S.OUT_OF_SERVICE,
    (_S.OUT_OF_SERVICE, _A.WORSEN): _S.OUT_OF_SERVICE,
    (_S.OUT_OF_SERVICE, _A.CLEAR): _S.OUT_OF_SERVICE,
    (_S.OUT_OF_SERVICE, _A.SUPPRESS): _S.OUT_OF_SERVICE,
    (_S.OUT_OF_SERVICE, _A.DISABLE): _S.OUT_OF_SERVICE,
    (_S.OUT_OF_SERVICE, _A.RELEASE): _S.UNACK,
    (_S.OUT_OF_SERVICE, _A.RELEASE_NORMAL): _S.CLOSED,
    (_S.OUT_OF_SERVICE, _A.CLOSE): _S.CLOSED,
    # Judged or over. While its condition lasts it keeps the key and only counts.
    (_S.CLOSED, _A.RAISE): _S.CLOSED,
    (_S.CLOSED, _A.CLEAR): _S.CLOSED,
    (_S.CLOSED, _A.REOPEN): _S.UNACK,
}

CALLS = frozenset({State.UNACK})
"""States in which people are told and the escalation runs."""

WAITING = frozenset({State.UNACK, State.RTN_UNACK})
"""States that wait for an acknowledgement."""

OPEN = frozenset(State) - {State.CLOSED}
HELD = frozenset({State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE})


def next_state(state: State, action: Action) -> State:
    """Return the state after ``action``; raises `IllegalMoveError`."""
    try:
        return TABLE[state, action]
    except KeyError:
        raise IllegalMoveError(state, action) from None


def allowed(state: State) -> frozenset[Action]:
    """Return the actions that are possible in ``state``."""
    return frozenset(action for known, action in TABLE if known is state)


def priority(state: State, severity_rank: int) -> int:
    """Return the place in the triage list, highest first: waiting, taken on, held."""
    if state in WAITING:
        return 10 + severity_rank
    return severity_rank - 10 if state in HELD else severity_rank
