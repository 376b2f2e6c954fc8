"""The state table over every State × Action pair."""

import pytest

from alerts.domain.life import (
    CALLS,
    HELD,
    OPEN,
    TABLE,
    WAITING,
    Action,
    IllegalMoveError,
    State,
    allowed,
    next_state,
    priority,
)

# Rows: states; columns: raise worsen clear ack unack shelve suppress disable release
# release_normal close reopen. A dot is a refusal.
EXPECTED = """
unack          | unack unack rtn_unack acked . shelved suppressed out_of_service . . closed .
acked          | acked unack returned . unack shelved acked out_of_service . . closed .
rtn_unack      | unack unack rtn_unack returned . shelved suppressed out_of_service . . closed .
returned       | unack unack returned . rtn_unack shelved returned out_of_service . . closed .
shelved        | shelved unack shelved shelved . shelved shelved out_of_service unack returned closed .
suppressed     | suppressed suppressed suppressed . . . suppressed out_of_service unack closed closed .
out_of_service | out_of_service out_of_service out_of_service . . . out_of_service out_of_service unack closed closed .
closed         | closed . closed . . . . . . . . unack
"""
ROWS = [
    (State(name.strip()), column, cell)
    for line in EXPECTED.strip().splitlines()
    for name, _, cells in [line.partition("|")]
    for column, cell in zip(Action, cells.split(), strict=True)
]


def test_every_pair_is_listed() -> None:
    assert len(ROWS) == len(State) * len(Action) == 96


@pytest.mark.parametrize(("state", "action", "after"), ROWS)
def test_each_pair(state: State, action: Action, after: str) -> None:
    if after == ".":
        with pytest.raises(IllegalMoveError) as refusal:
            next_state(state, action)
        assert state.label in str(refusal.value)
        assert (refusal.value.state, refusal.value.action) == (state, action)
        assert action not in allowed(state)
    else:
        assert next_state(state, action) is State(after)
        assert action in allowed(state)


def test_every_open_state_can_end_and_be_reached() -> None:
    reached = {State.UNACK, State.SUPPRESSED, State.OUT_OF_SERVICE}
    for _ in State:
        reached |= {after for (state, _), after in TABLE.items() if state in reached}
    assert reached == set(State)
    assert all((state, Action.CLOSE) in TABLE for state in OPEN)


def test_worse_news_is_never_swallowed_but_by_a_parent_or_a_declared_break() -> None:
    quiet = {s for s in OPEN if next_state(s, Action.WORSEN) is not State.UNACK}
    assert quiet == {State.SUPPRESSED, State.OUT_OF_SERVICE}


def test_only_the_unanswered_call() -> None:
    assert CALLS < WAITING < OPEN
    assert not CALLS & HELD


def test_order_of_the_triage_list() -> None:
    places = [
        priority(State.UNACK, 3),
        priority(State.RTN_UNACK, 0),
        priority(State.ACKED, 3),
        priority(State.RETURNED, 0),
        priority(State.SHELVED, 3),
        priority(State.SUPPRESSED, 0),
    ]
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(
    ("state", "place"),
    [
        (State.UNACK, 12), (State.RTN_UNACK, 12), (State.ACKED, 2), (State.RETURNED, 2),
        (State.SHELVED, -8), (State.SUPPRESSED, -8), (State.OUT_OF_SERVICE, -8),
    ],
)  # fmt: skip
def test_ten_places_lie_between_waiting_taken_on_and_held(
    state: State, place: int
) -> None:
    assert priority(state, 2) == place
