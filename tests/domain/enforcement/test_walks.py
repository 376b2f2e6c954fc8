"""Random walks: 10^5 actions by random people over many cases."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bozhou_eco.audit.chain import ZERO, digest_of, next_hash
from enforcement.domain.documents import DocumentKind
from enforcement.domain.numbering import Series, format_number, parse_number
from enforcement.domain.workflow import (
    CONFLICTS,
    ENDS,
    TABLE,
    Action,
    Duty,
    Facts,
    FieldKind,
    Refused,
    Stage,
    State,
    decide_move,
    moves_from,
    stage_of,
    target_of,
)

ACTIONS = 100_000
CASES = 400
AWAY = (*ENDS, State.SUSPENDED, State.EXTERNAL)
OPTIONS = {
    state: (
        [m.action for m in moves_from(state) if m.target not in AWAY],
        [m.action for m in moves_from(state) if m.target in AWAY],
    )
    for state in State
}
LIST = list(Action)
ROLES = ("officer", "reviewer", "legal", "leader")
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


@dataclass
class Walker:
    """A case in memory: state, chain of steps, who did what."""

    number: int
    state: State = State.ALERTED
    stage: Stage = Stage.ALERT
    resume_to: State | None = None
    steps: list[tuple[int, str, str, str, int, bytes, bytes]] = field(
        default_factory=list
    )
    duties: dict[Duty, set[int]] = field(default_factory=lambda: defaultdict(set))
    case_number: str = ""


def answers(rng, move):
    def value(f):
        if f.kind is FieldKind.CHOICE:
            return rng.choice([o[0] for o in f.options] + ["nonsense"])
        return {
            FieldKind.DATE: TODAY + timedelta(days=rng.choice((-40, -1, 0, 1))),
            FieldKind.MONEY: Decimal(rng.choice((-1, 0, 1000, 3000, 10**7))),
            FieldKind.UNIT: 1,
            FieldKind.YES_NO: rng.random() < 0.7,
            FieldKind.COUNT: rng.choice((1, 3, 5)),
        }.get(f.kind, "说明")

    return {f.name: value(f) for f in move.fields if rng.random() < 0.97}


def random_facts(rng, walker, actor, roles, move):
    likely = rng.random() < 0.85

    def maybe(good, bad):
        return good if likely or rng.random() < 0.5 else bad

    day = timedelta(days=1)
    return Facts(
        now=NOW,
        actor=actor,
        roles=frozenset(roles),
        unit=1,
        handling_unit=maybe(1, 2),
        is_case=bool(walker.case_number),
        given=answers(rng, move) if move else {},
        note=maybe("意见", ""),
        duties={d: frozenset(p) for d, p in walker.duties.items()},
        documents=frozenset(DocumentKind) if likely else frozenset(),
        officers=maybe(2, 1),
        visit_done=maybe(True, False),
        evidence=maybe(2, 0),
        discovered_on=TODAY - 30 * day,
        act_ended_on=TODAY - 35 * day,
        cause=maybe("超标", ""),
        basis_chosen=maybe(True, False),
        penalty_range=(Decimal(1000), Decimal(5000)),
        proposed=Decimal(1000),
        lenient_missing=maybe((), ("x",)),
        exempted=Decimal(1000),
        spot_limit=Decimal(3000),
        notice_served_on=maybe(TODAY - 20 * day, None),
        notice_last_day=TODAY + rng.choice((-1, 0)) * day,
        hearing_right=maybe(True, False),
        hearing_first_day=maybe(TODAY - 50 * day, None),
        decision=rng.choice(("penalty", "none")),
        payment_last_day=TODAY - day,
        owed=Decimal(rng.choice((0, 500))),
        urge_last_day=TODAY - day,
        court_first_day=TODAY - day,
        court_last_day=TODAY + day,
        corrected=maybe(True, False),
    )


def take(rng, walker, people, series):
    action = rng.choice(LIST)
    if rng.random() < 0.8:
        stay, leave = OPTIONS[walker.state]
        options = stay if stay and (not leave or rng.random() < 0.95) else leave
        action = rng.choice(options) if options else action
    actor = rng.randint(1, len(people))
    move = TABLE.get((walker.state, action))
    facts = random_facts(rng, walker, actor, people[actor], move)
    before = (walker.state, len(walker.steps), walker.case_number)
    try:
        made = decide_move(walker.state, action, facts)
        target = target_of(made, walker.resume_to)
    except Refused as refusal:
        told, same = (
            bool(refusal.reason and refusal.missing),
            before
            == (
                walker.state,
                len(walker.steps),
                walker.case_number,
            ),
        )
        return "refused" if told and same else "broken"
    assert (walker.state, action) in TABLE
    if made.duty is not Duty.REGISTER:
        walker.duties[made.duty].add(actor)
    if action is Action.APPROVE_FILING and not walker.case_number:
        series["last"] += 1
        walker.case_number = format_number(Series("博州", "立", 2026), series["last"])
    seq = len(walker.steps) + 1
    prev = walker.steps[-1][-1] if walker.steps else ZERO
    row = (seq, walker.state.value, action.value, target.value, actor)
    digest = digest_of({"case": walker.number, "row": row})
    walker.steps.append((*row, digest, next_hash(prev, seq, digest)))
    if target is State.SUSPENDED:
        walker.resume_to = walker.state
    elif action is Action.RESUME:
        walker.resume_to = None
    walker.state, walker.stage = target, stage_of(target, walker.stage)
    return "made"


def check(walker):
    prev, state = ZERO, State.ALERTED.value
    for place, (seq, start, action, end, actor, digest, seal) in enumerate(
        walker.steps, start=1
    ):
        assert seq == place
        assert start == state
        assert digest == digest_of(
            {"case": walker.number, "row": (seq, start, action, end, actor)}
        )
        assert seal == next_hash(prev, seq, digest)
        move = TABLE[State(start), Action(action)]
        assert move.target is None or move.target.value == end
        prev, state = seal, end
    assert state == walker.state.value
    for pair in CONFLICTS:
        one, other = pair
        assert not walker.duties[one] & walker.duties[other]


def test_walks():
    rng = random.Random(7)
    people = {
        person: {rng.choice(ROLES), rng.choice(ROLES), rng.choice(ROLES)}
        for person in range(1, 41)
    }
    series = {"last": 0}
    walkers = [Walker(n) for n in range(CASES)]
    made, done = Counter(), []
    for _ in range(ACTIONS):
        place = rng.randrange(CASES)
        made[take(rng, walkers[place], people, series)] += 1
        if walkers[place].state in ENDS and rng.random() < 0.5:
            done.append(walkers[place])
            walkers[place] = Walker(len(done) + CASES)
    walkers += done
    for walker in walkers:
        check(walker)
    numbers = sorted(parse_number(w.case_number)[2] for w in walkers if w.case_number)
    assert numbers == list(range(1, series["last"] + 1))
    assert made["broken"] == 0
    assert made["made"] > 20_000
    visited = {State(step[3]) for w in walkers for step in w.steps}
    assert set(State) - visited <= {State.ALERTED}
    assert visited >= ENDS
