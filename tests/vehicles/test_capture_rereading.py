"""Every 20th rejected capture is read once more, blind; what a disagreement leads to."""

from datetime import timedelta

import pytest

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry, Link
from tests.factories import user
from tests.vehicles import capture_factories as make
from vehicles.models import Capture, RepairNotice
from vehicles.selectors.captures import review_queue
from vehicles.services import reviews
from vehicles.services.review_evidence import needed_evidence
from vehicles.services.reviews import (
    Given,
    ReviewRefusedError,
    give_review,
    settle_capture,
    settle_reviews,
    undo_review,
)

pytestmark = pytest.mark.django_db
NOW = make.NOW
STEP = timedelta(seconds=11)
NO = Given("not_smoke")


class Rounds:
    """A capture whose judgements are given and settled one after another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reviews, "REREAD_EVERY", 1)
        self.capture = make.capture()
        self.now = NOW

    def smoke(self) -> Given:
        seen = needed_evidence(self.capture)
        return Given("smoke", 3, "新E0K73X", "yellow", opened=seen)

    def say(self, *given: Given) -> str:
        for one in given:
            give_review(
                capture=self.capture, actor=user(Role.REVIEWER), given=one, now=self.now
            )
            self.settle()
        return self.capture.state

    def settle(self) -> None:
        self.now += STEP
        settle_reviews(now=self.now)
        self.capture.refresh_from_db()

    def settled_for_good(self) -> bool:
        """Whether later runs of the settling change nothing and write nothing."""
        before = self.capture.state, AuditEntry.objects.count()
        self.settle()
        self.settle()
        return before == (self.capture.state, AuditEntry.objects.count())


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Rounds:
    return Rounds(monkeypatch)


@pytest.mark.parametrize("opinion", ["not_smoke", "unclear"])
def test_a_rereading_that_sees_no_smoke_leaves_the_capture_rejected(
    rounds: Rounds, opinion: str
) -> None:
    assert rounds.say(NO, NO) == Capture.State.REJECTED
    assert rounds.capture.reread
    reader = user(Role.REVIEWER)
    assert rounds.capture in review_queue(reader)
    decided_at = rounds.capture.decided_at
    assert rounds.say(Given(opinion)) == Capture.State.REJECTED
    assert not rounds.capture.reread
    assert rounds.capture.decided_at == decided_at
    assert rounds.capture not in review_queue(reader)
    entry = AuditEntry.objects.get(act="capture.reread")
    assert entry.detail == {"verdict": opinion, "state": "rejected"}
    assert rounds.settled_for_good()
    with pytest.raises(ReviewRefusedError, match="已有结论"):
        rounds.say(NO)
    assert not reviews._settle_reread(rounds.capture.pk, rounds.now)
    assert AuditEntry.objects.filter(act="capture.reread").count() == 1


@pytest.mark.parametrize(
    ("opinion", "state"),
    [("smoke", "confirmed"), ("not_smoke", "rejected"), ("unclear", "unclear")],
)
def test_a_third_person_decides_after_a_rereading_that_saw_smoke(
    rounds: Rounds, opinion: str, state: str
) -> None:
    rounds.say(NO, NO)
    assert rounds.say(rounds.smoke()) == Capture.State.THIRD
    assert rounds.capture.decided_at is None
    assert rounds.settled_for_good()
    third = rounds.smoke() if opinion == "smoke" else Given(opinion)
    assert rounds.say(third) == state
    assert rounds.capture.decided_at == rounds.now
    assert rounds.settled_for_good()
    assert not rounds.capture.reread
    if state == "confirmed":
        assert RepairNotice.objects.get().capture == rounds.capture
        assert rounds.capture.plate_final == "新E0K73X"
    else:
        assert not RepairNotice.objects.exists()


def test_two_against_two_prove_nothing(rounds: Rounds) -> None:
    assert rounds.say(NO, rounds.smoke(), NO) == Capture.State.REJECTED
    assert rounds.capture.reread
    assert rounds.say(rounds.smoke()) == Capture.State.UNCLEAR
    assert rounds.capture.decided_at == rounds.now
    chain = Link.objects.filter(subject=f"capture:{rounds.capture.pk}:decision")
    assert chain.count() == 2, "both decisions are sealed"
    assert rounds.settled_for_good()
    assert not RepairNotice.objects.exists()


def test_a_rereading_may_be_undone_within_eight_seconds(rounds: Rounds) -> None:
    rounds.say(NO, NO)
    reader = user(Role.REVIEWER)
    made = give_review(
        capture=rounds.capture, actor=reader, given=rounds.smoke(), now=rounds.now
    )
    undo_review(review=made, actor=reader, now=rounds.now + timedelta(seconds=7))
    before = AuditEntry.objects.count()
    undo_review(review=made, actor=reader, now=rounds.now + timedelta(seconds=9))
    assert AuditEntry.objects.count() == before, "undone twice is undone once"
    rounds.settle()
    assert rounds.capture.reread
    assert rounds.capture.state == Capture.State.REJECTED
    made = give_review(capture=rounds.capture, actor=reader, given=NO, now=rounds.now)
    rounds.settle()
    with pytest.raises(ReviewRefusedError, match="8 秒"):
        undo_review(review=made, actor=reader, now=rounds.now)
    made.refresh_from_db()
    assert made.undone_at is None


@pytest.mark.parametrize(("earlier", "again"), [(18, False), (19, True), (20, False)])
def test_the_twentieth_rejected_capture_is_read_again(
    earlier: int, again: bool
) -> None:
    capture = make.capture()
    rows = []
    for number in range(earlier):
        row = Capture.objects.get(pk=capture.pk)
        row.pk, row.key, row.state = None, f"earlier:{number}", Capture.State.REJECTED
        rows.append(row)
    Capture.objects.bulk_create(rows)
    for number in range(2):
        give_review(
            capture=capture,
            actor=user(Role.REVIEWER),
            given=NO,
            now=NOW + number * STEP,
        )
        assert not settle_capture(capture_id=capture.pk, now=NOW + number * STEP)
        assert settle_capture(capture_id=capture.pk, now=NOW + (number + 1) * STEP)
    capture.refresh_from_db()
    assert capture.state == Capture.State.REJECTED
    assert capture.reread is again
    assert not settle_capture(capture_id=capture.pk, now=NOW + 9 * STEP)


def test_no_message_tells_that_a_capture_is_read_again(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, object]] = []
    monkeypatch.setattr(
        reviews, "push_after_commit", lambda _, message: told.append(message)
    )
    rounds.say(NO, NO)
    assert [one["state"] for one in told] == ["first", "second", "second", "first"]
    rounds.say(NO)
    assert [one["state"] for one in told[4:]] == ["first", "rejected"]
