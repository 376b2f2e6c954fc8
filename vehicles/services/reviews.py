"""Reviews of captures: two people, the second blind; then the decision and what follows.

A review may be undone for eight seconds; a decision is therefore taken by
``settle_reviews`` once that time has passed, never in the reviewer's own request.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from alerts.services import raise_alert
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit import services as audit
from bozhou_eco.audit.chain import digest_of
from bozhou_eco.common import clock
from bozhou_eco.common.calendar import add_months, add_natural_days
from bozhou_eco.common.push import push_after_commit
from bozhou_eco.evidence.services import seal_digest
from enforcement.services.numbers import take_number
from vehicles.domain import plates
from vehicles.domain.smoke.review import (
    LEAST_SMOKE_LEVEL,
    REREAD_EVERY,
    Judgement,
    Next,
    Opinion,
    Outcome,
    decide,
)
from vehicles.models import Capture, RepairNotice, Review
from vehicles.services.following import follow_confirmed
from vehicles.services.review_evidence import missing_evidence

UNDO = timedelta(seconds=8)
# The page's clock and the network may add this much.
UNDO_GRACE = timedelta(seconds=2)
REPAIR_DAYS = 15
REPEAT_MONTHS = 6
REPEAT_COUNT = 2
NOTICE_SERIES = "黑烟告"

OPEN_ROUND = {
    Capture.State.FIRST: Review.Round.FIRST,
    Capture.State.SECOND: Review.Round.SECOND,
    Capture.State.THIRD: Review.Round.THIRD,
}
_STATE = {
    Next.SECOND: Capture.State.SECOND,
    Next.THIRD: Capture.State.THIRD,
    Next.CONFIRMED: Capture.State.CONFIRMED,
    Next.REJECTED: Capture.State.REJECTED,
    Next.UNCLEAR: Capture.State.UNCLEAR,
}


class ReviewRefusedError(Exception):
    """A review that cannot be taken; the message is for the reviewer."""


@dataclass(frozen=True)
class Given:
    """What a reviewer states. ``opened`` names the frames and the clip looked at."""

    verdict: str
    level: int | None = None
    plate: str = ""
    plate_color: str = ""
    reason: str = ""
    note: str = ""
    opened: Sequence[str] = field(default_factory=tuple)
    seconds: float | None = None


@transaction.atomic
def give_review(
    *, capture: Capture, actor: User, given: Given, now: datetime
) -> Review:
    """Record one person's judgement of a capture that waits for one.

    Raises ReviewRefusedError: not a reviewer, already judged by the same person or in
    this round, evidence too thin or not opened, smoke without level or plate, register
    incomplete.
    """
    if not actor.has_role(Role.REVIEWER):
        raise ReviewRefusedError("只有复核员可以复核")
    if actor.has_role(Role.AUDITOR):
        raise ReviewRefusedError("安全审计员能看到他人的意见，不能复核")
    held = Capture.objects.select_for_update().get(pk=capture.pk)
    current = _open_round(held)
    if current is None:
        raise ReviewRefusedError("这条抓拍已有结论或正等待撤销时限，不能再复核")
    if held.reviews.filter(reviewer=actor, undone_at=None).exists():
        raise ReviewRefusedError("同一人不能对同一抓拍再次复核，请由他人复核")
    verdict = Review.Verdict(given.verdict)
    plate, color = "", ""
    if verdict == Review.Verdict.SMOKE:
        plate, color = _check_smoke(held, given)
    review = Review.objects.create(
        capture=held,
        round=current,
        reviewer=actor,
        verdict=verdict,
        level=given.level if verdict == Review.Verdict.SMOKE else None,
        plate=plate,
        plate_color=color,
        reason=given.reason[:40],
        note=given.note[:300],
        opened=list(given.opened),
        seconds=given.seconds,
        at=now,
    )
    audit.record(
        actor=actor,
        act="capture.review",
        subject=f"capture:{held.pk}",
        detail={
            "round": int(current),
            "verdict": str(verdict),
            "level": review.level,
            "plate": plate,
            "opened": list(given.opened),
        },
        now=now,
    )
    _tell(held)
    return review


def _open_round(capture: Capture) -> Review.Round | None:
    """The round that waits for a judgement; None while one waits to be settled."""
    current = OPEN_ROUND.get(Capture.State(capture.state))
    if current is None and capture.reread:
        current = Review.Round.REREAD
    if current is None:
        return None
    taken = capture.reviews.filter(round=current, undone_at=None).exists()
    return None if taken else current


def _check_smoke(capture: Capture, given: Given) -> tuple[str, str]:
    missing = missing_evidence(capture, given.opened)
    if missing:
        raise ReviewRefusedError(missing)
    if given.level is None or not LEAST_SMOKE_LEVEL <= given.level <= 5:
        raise ReviewRefusedError("确认黑烟须选择林格曼 1–5 级")
    try:
        plate = plates.parse(given.plate, given.plate_color or None)
    except (plates.PlateError, ValueError) as error:
        raise ReviewRefusedError(f"号牌不可用：{error}") from error
    return plate.text, str(plate.color)


@transaction.atomic
def undo_review(*, review: Review, actor: User, now: datetime) -> None:
    """Take one's own judgement back within eight seconds."""
    held = Review.objects.select_for_update().get(pk=review.pk)
    if held.reviewer_id != actor.pk:
        raise ReviewRefusedError("只能撤销自己的意见")
    if held.undone_at is not None:
        return
    if now - held.at > UNDO + UNDO_GRACE or not _unsettled(held):
        raise ReviewRefusedError("已超过 8 秒，不能撤销；如需更正请写明理由另行提出")
    held.undone_at = now
    held.save(update_fields=["undone_at"])
    audit.record(
        actor=actor,
        act="capture.review.undo",
        subject=f"capture:{held.capture_id}",
        detail={"round": held.round},
        now=now,
    )
    _tell(held.capture)


def _unsettled(review: Review) -> bool:
    capture = review.capture
    if review.round == Review.Round.REREAD:
        return capture.reread
    return OPEN_ROUND.get(Capture.State(capture.state)) == review.round


def settle_reviews(*, now: datetime) -> int:
    """Move captures on whose latest judgement can no longer be undone."""
    due = (
        Review.objects.filter(undone_at=None, at__lte=now - UNDO - UNDO_GRACE)
        .filter(capture__state__in=Capture.REVIEWING)
        .values_list("capture_id", flat=True)
        .distinct()
    )
    moved = sum(settle_capture(capture_id=pk, now=now) for pk in list(due))
    rereads = Capture.objects.filter(
        reread=True,
        reviews__round=Review.Round.REREAD,
        reviews__undone_at=None,
        reviews__at__lte=now - UNDO - UNDO_GRACE,
    )
    return moved + sum(_settle_reread(one.pk, now) for one in rereads)


@transaction.atomic
def settle_capture(*, capture_id: int, now: datetime) -> bool:
    """Apply the judgements of one capture; whether its state changed."""
    capture = Capture.objects.select_for_update().get(pk=capture_id)
    current = OPEN_ROUND.get(Capture.State(capture.state))
    reviews = _counting(capture)
    if current is None or len(reviews) < int(current):
        return False
    if now - reviews[-1].at <= UNDO + UNDO_GRACE:
        return False
    outcome = decide([_judgement(one) for one in reviews])
    capture.state = _STATE[outcome.next]
    if capture.state in Capture.DECIDED:
        _end(capture, outcome, reviews, now)
    capture.save()
    if capture.state == Capture.State.CONFIRMED:
        follow_confirmed(capture=capture, now=now)
    audit.record(
        actor=None,
        act="capture.settle",
        subject=f"capture:{capture.pk}",
        detail={"state": capture.state, "reviews": [one.pk for one in reviews]},
        now=now,
    )
    _tell(capture)
    return True


def _counting(capture: Capture) -> list[Review]:
    """The judgements that decide; a re-reading that disagreed stands for the second's."""
    rows = capture.reviews.filter(undone_at=None).select_related("reviewer")
    by_round = {Review.Round(one.round): one for one in rows}
    again = by_round.pop(Review.Round.REREAD, None)
    if again is not None:
        by_round[Review.Round.SECOND] = again
    return [by_round[number] for number in sorted(by_round)]


def _judgement(review: Review) -> Judgement:
    return Judgement(
        Opinion(review.verdict), review.level, review.plate, review.plate_color
    )


def _end(
    capture: Capture, outcome: Outcome, reviews: Sequence[Review], now: datetime
) -> None:
    """What a decision brings: final fields, the sealed decision, alert, notice."""
    capture.decided_at = now
    if outcome.next is Next.CONFIRMED:
        capture.plate_final, capture.color_final = outcome.plate, outcome.color
        capture.level_final = outcome.level
        capture.notice_number, _ = take_number(
            organisation=None, kind=NOTICE_SERIES, now=now
        )
    elif outcome.next is Next.REJECTED:
        earlier = Capture.objects.filter(state=Capture.State.REJECTED).count()
        read_again = any(one.round == Review.Round.REREAD for one in reviews)
        capture.reread = not read_again and (earlier + 1) % REREAD_EVERY == 0
    _seal_decision(capture, outcome, reviews, now)
    if outcome.next is Next.CONFIRMED:
        _confirmed(capture, reviews[-1].reviewer, now)


def _seal_decision(
    capture: Capture, outcome: Outcome, reviews: Sequence[Review], now: datetime
) -> None:
    digest = digest_of(
        {
            "capture": capture.key,
            "next": str(outcome.next),
            "level": outcome.level,
            "plate": outcome.plate,
            "reviews": [
                {
                    "round": one.round,
                    "reviewer": one.reviewer_id,
                    "verdict": one.verdict,
                    "level": one.level,
                    "plate": one.plate,
                    "at": one.at.isoformat(),
                }
                for one in reviews
            ],
        }
    )
    seal_digest(
        chain=capture.site.chain,
        subject=f"capture:{capture.pk}:decision",
        digest=digest,
        now=now,
    )


def repeats(capture: Capture) -> int:
    """Confirmed captures of the same vehicle in the six months up to this one."""
    day = clock.beijing(capture.captured_at).date()
    since = add_months(day, -REPEAT_MONTHS)
    return (
        Capture.objects.filter(
            state=Capture.State.CONFIRMED,
            plate_final=capture.plate_final,
            color_final=capture.color_final,
            captured_at__date__gte=since,
            captured_at__lte=capture.captured_at,
        )
        .exclude(pk=capture.pk)
        .count()
        + 1
    )


def _confirmed(capture: Capture, actor: User, now: datetime) -> None:
    count = repeats(capture)
    repeated = count >= REPEAT_COUNT
    capture.destination = "police" if repeated else "repair"
    today = clock.beijing(now).date()
    RepairNotice.objects.create(
        capture=capture,
        number=capture.notice_number,
        issued_at=now,
        due_on=add_natural_days(today, REPAIR_DAYS),
    )
    level = capture.level_final or 0
    severity = (
        "critical" if repeated and level >= 3 else "major" if level >= 2 else "minor"
    )
    raise_alert(
        key=f"smoke:{capture.subject_key}",
        kind="smoke",
        severity=severity,
        summary=f"{capture.plate_final} 冒黑烟，林格曼 {level} 级（{capture.site.name}）",
        explanation={
            "captured_at": capture.captured_at.isoformat(),
            "site": capture.site.name,
            "level": level,
            "measured": capture.level_value,
            "physics": capture.physics,
            "detector": capture.detector,
            "captures_in_6_months": count,
            "notice": capture.notice_number,
        },
        subject_key=capture.subject_key,
        subject_name=capture.plate_final,
        district=capture.site.district,
        organisation=None,
        evidence_url=f"/vehicles/captures/{capture.pk}/evidence/",
        occurred_at=capture.captured_at,
        now=now,
        legal_article="生态环境法典第一千一百二十六条",
        magnitude=float(level),
    )


@transaction.atomic
def _settle_reread(capture_id: int, now: datetime) -> bool:
    """A blind re-reading that disagrees sends a rejected capture to a third person.

    Where a third person has judged it already, two stand against two: it is unclear.
    """
    capture = Capture.objects.select_for_update().get(pk=capture_id)
    review = capture.reviews.filter(round=Review.Round.REREAD, undone_at=None).first()
    if not capture.reread or review is None:
        return False
    capture.reread = False
    if review.verdict == Review.Verdict.SMOKE:
        _reopen(capture, now)
    capture.save(update_fields=["reread", "state", "decided_at"])
    audit.record(
        actor=None,
        act="capture.reread",
        subject=f"capture:{capture.pk}",
        detail={"verdict": review.verdict, "state": capture.state},
        now=now,
    )
    _tell(capture)
    return True


def _reopen(capture: Capture, now: datetime) -> None:
    given = list(capture.reviews.filter(undone_at=None).order_by("round"))
    if any(one.round == Review.Round.THIRD for one in given):
        capture.state, capture.decided_at = Capture.State.UNCLEAR, now
        _seal_decision(capture, Outcome(Next.UNCLEAR), given, now)
    else:
        capture.state, capture.decided_at = Capture.State.THIRD, None


def _tell(capture: Capture) -> None:
    state = str(capture.shown_state)
    push_after_commit("live", {"kind": "capture", "id": capture.pk, "state": state})
