"""Random people do random things to real cases; what must hold is looked up afterwards.

The domain walks 10^5 actions in memory; here a smaller number goes through the services,
with documents, numbers, clocks and the chain in the database.
"""

import random
from collections import Counter
from datetime import timedelta

import pytest

from enforcement.domain.numbering import parse_number
from enforcement.domain.workflow import (
    CONFLICTS,
    TABLE,
    Action,
    Duty,
    FieldKind,
    Refused,
    State,
    moves_from,
)
from enforcement.models import Case, CaseStep, Cause, DiscretionTable, Document, Ending
from enforcement.papers.forms import paper
from enforcement.selectors.facts import duties_of
from enforcement.services import content, penalties
from enforcement.services.cases import move_case, open_case
from enforcement.services.clocks import running
from enforcement.services.documents import issue_document, void_document
from enforcement.services.steps import verify_steps

pytestmark = pytest.mark.django_db
NOTES = ("同意", "")
LEAST = {
    "extent": "slight",
    "duration": "day",
    "place": "ordinary",
    "repeat": "none",
    "correction": "at_once",
    "harm": "none",
}


class Walk:
    """A bureau of random people over a handful of cases."""

    def __init__(self, seed, people, make_alert, now):
        self.rng, self.now = random.Random(seed), now
        self.people = list(people.values())
        self.told = Counter()
        self.opener, self.make_alert, self.opened = people["duty"], make_alert, 0
        self.cases = [self.open() for _ in range(6)]

    def open(self):
        self.opened += 1
        key = f"walk:{self.opened}"
        alert = self.make_alert(key=key, subject_key=key)
        return open_case(alerts=[alert], actor=self.opener, now=self.now)

    def tick(self):
        self.now += timedelta(hours=self.rng.choice((1, 3, 30)))
        place = self.rng.randrange(len(self.cases))
        case = Case.objects.get(pk=self.cases[place].pk)
        if not case.is_open and self.rng.random() < 0.5:
            self.cases[place] = self.open()
            return
        before = (case.version, case.state, case.number, case.case_number)
        act = self.rng.choices(
            (self.move, self.paper, self.facts, self.assign, self.law, self.void),
            (58, 24, 5, 5, 6, 2),
        )[0]
        reason = self.reason(act, case)
        if reason is None:
            self.told[act.__name__] += 1
            return
        case.refresh_from_db()
        after = (case.version, case.state, case.number, case.case_number)
        assert (bool(reason), after) == (True, before), (act.__name__, reason)
        self.told[f"{act.__name__} refused"] += 1

    def reason(self, act, case):
        """Return why an act is refused, None when it is done."""
        try:
            act(case, self.rng.choice(self.people))
        except Refused as refusal:
            return refusal.reason
        return None

    def move(self, case, actor):
        options = moves_from(State(case.state))
        action = self.rng.choice(list(Action))
        if options and self.rng.random() < 0.9:
            action = self.rng.choice(options).action
        move = TABLE.get((State(case.state), action))
        if move and self.rng.random() < 0.8:
            able = [one for one in self.people if one.has_role(*move.roles)]
            actor = self.rng.choice(able or self.people)
        data = {f.name: self.answer(f, actor) for f in move.fields} if move else {}
        move_case(
            case=case, action=action.value, actor=actor, now=self.now,
            note=self.rng.choice(NOTES), data=data,
            expected_version=case.version if self.rng.random() < 0.9 else 0,
        )  # fmt: skip

    def answer(self, field, actor):
        today = self.now.date()
        if field.kind is FieldKind.CHOICE:
            return self.rng.choice([*(o[0] for o in field.options), "nonsense"])
        if field.kind is FieldKind.CASE:
            return self.rng.choice(self.cases).number
        return {
            FieldKind.DATE: today + timedelta(days=0 if field.past else 20),
            FieldKind.MONEY: self.rng.choice(("1000", "100000", "-1", "x")),
            FieldKind.UNIT: str(actor.organisation_id),
            FieldKind.YES_NO: self.rng.choice(("yes", "no")),
            FieldKind.COUNT: "3",
        }.get(field.kind, "说明")

    def paper(self, case, actor):
        kinds = [k for m in moves_from(State(case.state)) for k in m.documents]
        if not kinds:
            raise Refused("没有需要的文书")
        kind = self.rng.choice(kinds)
        answers = {f.name: self.answer(f, actor) for f in paper(kind).fields}
        issue_document(case=case, kind=kind, data=answers, actor=actor, now=self.now)

    def facts(self, case, actor):
        found = case.discovered_on
        content.set_facts(
            case=case, actor=actor, now=self.now, act_started_on=None,
            cause=Cause.objects.get(topic="exceed_air"), act_ended_on=found,
            discovered_on=found,
        )  # fmt: skip

    def assign(self, case, actor):
        pair = self.rng.sample([p for p in self.people if p.card_number], 2)
        content.assign(
            case=case, lead=pair[0], helpers=pair[1:], actor=actor, now=self.now
        )

    def law(self, case, actor):
        penalties.choose_basis(case=case, actor=actor, now=self.now)
        table = DiscretionTable.objects.get(code="general")
        penalties.run_discretion(
            case=case, table=table, answers=LEAST, actor=actor, now=self.now
        )

    def void(self, case, actor):
        document = case.documents.filter(state="issued").first()
        if document is None:
            raise Refused("没有可以作废的文书")
        void_document(document=document, reason="笔误", actor=actor, now=self.now)


def no_gaps(numbers):
    """Return the series whose numbers do not run from 1 without a hole."""
    series: dict[tuple[str, int], list[int]] = {}
    for text in numbers:
        series.setdefault((text.split("〔")[0], parse_number(text)[1]), []).append(
            parse_number(text)[2]
        )
    return {k: v for k, v in series.items() if sorted(v) != list(range(1, len(v) + 1))}


def check_case(case):
    assert verify_steps(case) == []
    steps = list(CaseStep.objects.filter(case=case).order_by("seq"))
    assert len(steps) == case.version
    assert steps[-1].to_state == case.state
    for before, step in zip(steps, steps[1:], strict=False):
        assert step.from_state == before.to_state
        if step.from_state != step.to_state:
            move = TABLE[State(step.from_state), Action(step.action)]
            assert move.target is None or move.target.value == step.to_state
    taken = duties_of(case)
    for pair in CONFLICTS:
        one, other = (taken.get(duty, frozenset()) for duty in pair)
        assert not one & other
    assert case.is_open or not running(case).exists()
    standing = Ending.objects.filter(case=case, reopened_at=None).count()
    assert standing == (0 if case.is_open else 1)
    assert case.spans.filter(left_at=None).count() == (1 if case.is_open else 0)


@pytest.mark.parametrize(
    ("seed", "steps"),
    [(1, 260), pytest.param(2, 3000, marks=pytest.mark.slow)],
)
def test_random_people_never_break_a_case(seed, steps, people, make_alert, now):
    walk = Walk(seed, people, make_alert, now)
    for _ in range(steps):
        walk.tick()
    for case in Case.objects.all():
        check_case(case)
    assert no_gaps(Case.objects.values_list("number", flat=True)) == {}
    filed = Case.objects.exclude(case_number="").values_list("case_number", flat=True)
    assert no_gaps(filed) == {}
    papers = Document.objects.exclude(number="").values_list("number", flat=True)
    assert no_gaps(papers) == {}
    told = walk.told
    assert told["move"] > steps / 12, told
    assert told["move refused"] > 0
    assert told["paper"] > 0
    assert {duty for case in walk.cases for duty in duties_of(case)} >= {
        Duty.INVESTIGATE
    }
