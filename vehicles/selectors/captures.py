"""Reads of captures: the review queue, lists, repeats, reviewers' agreement."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Exists, OuterRef, Q, QuerySet

from bozhou_eco.accounts.models import User
from bozhou_eco.common import clock
from bozhou_eco.common.digits import whole
from bozhou_eco.evidence.services import read_file
from vehicles.domain.smoke.review import Opinion, kappa
from vehicles.models import (
    Camera,
    Capture,
    CaptureFile,
    CaptureTransfer,
    Inspection,
    Objection,
    Review,
    Vehicle,
)

ROUND_OF = {
    Capture.State.FIRST: Review.Round.FIRST,
    Capture.State.SECOND: Review.Round.SECOND,
    Capture.State.THIRD: Review.Round.THIRD,
}


TESTS_SHOWN = 3


def captures_for(user: User) -> QuerySet[Capture]:
    """Captures a person may see, with site and camera."""
    return Capture.objects.visible_to(user).select_related("site__district", "camera")


def review_queue(user: User) -> QuerySet[Capture]:
    """Captures that wait for this person: not judged by them, nobody's being settled.

    Re-readings of rejected captures stand among them and look like first reviews.
    """
    mine = Review.objects.filter(capture=OuterRef("pk"), reviewer=user, undone_at=None)
    open_rounds = Q(pk__in=[])
    for state, number in ROUND_OF.items():
        taken = Review.objects.filter(
            capture=OuterRef("pk"), round=number, undone_at=None
        )
        open_rounds |= Q(~Exists(taken), state=state)
    reread = Review.objects.filter(
        capture=OuterRef("pk"), round=Review.Round.REREAD, undone_at=None
    )
    open_rounds |= Q(~Exists(reread), reread=True)
    return (
        captures_for(user)
        .filter(open_rounds)
        .exclude(Exists(mine))
        .order_by("-level_value", "captured_at")
    )


def waits_for(capture: Capture, user: User) -> bool:
    """Whether a capture waits for this person."""
    return review_queue(user).filter(pk=capture.pk).exists()


@dataclass(frozen=True)
class Known:
    """The file of a captured vehicle, with its last tests, newest first."""

    vehicle: Vehicle
    tests: list[Inspection]


def known_vehicle(user: User, *, plate: str, color: str) -> Known | None:
    """What is on file about a plate, as far as this person may see it."""
    if not plate:
        return None
    found = (
        Vehicle.objects.visible_to(user)
        .select_related("district")
        .filter(plate=plate, plate_color=color)
        .first()
    )
    if found is None:
        return None
    tests = (
        Inspection.objects.visible_to(user)
        .filter(vehicle=found, state=Inspection.State.DONE)
        .select_related("station")
        .defer("document", "digests", "objections")
        .order_by("-started_at")[:TESTS_SHOWN]
    )
    return Known(found, list(tests))


def waiting_count(user: User) -> int:
    """How many captures wait for this person, for the menu."""
    return review_queue(user).count()


@dataclass(frozen=True)
class Progress:
    """What a reviewer has done today: count, how many there were, median-like seconds."""

    done: int
    total: int
    seconds: float | None


def progress_of(user: User, waiting: int, now: datetime) -> Progress:
    """A reviewer's day so far."""
    start = clock.beijing(now).replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Review.objects.filter(reviewer=user, at__gte=start, undone_at=None)
    done = mine.count()
    mean = mine.aggregate(mean=Avg("seconds"))["mean"]
    return Progress(done, done + waiting, mean)


def filtered(found: QuerySet[Capture], given: Mapping[str, str]) -> QuerySet[Capture]:
    """Narrow a list by state, site, least level, plate and day (YYYY-MM-DD)."""
    if given.get("state") in Capture.State.values:
        found = found.filter(_in_state(given["state"]))
    if given.get("objection"):
        found = found.filter(Exists(waiting_objections()))
    if (site := whole(given.get("site", ""))) is not None:
        found = found.filter(site_id=site)
    if (level := whole(given.get("level", ""))) is not None:
        found = found.filter(
            Q(level_final__gte=level) | Q(level_final=None, level__gte=level)
        )
    if given.get("q"):
        words = given["q"].strip()[:20]
        found = found.filter(
            Q(plate_final__icontains=words)
            | Q(plate_final="", plate__icontains=words)
            | Q(notice_number__icontains=words)
        )
    if given.get("since"):
        try:
            day = datetime.fromisoformat(given["since"]).replace(tzinfo=clock.BEIJING)
        except ValueError:
            return found
        found = found.filter(captured_at__gte=day)
    return found


def _in_state(state: str) -> Q:
    """By the state people are told, so that no filter tells what is read again."""
    if state == Capture.State.FIRST:
        return Q(state=state) | Q(reread=True)
    return Q(state=state, reread=False)


def waiting_objections() -> QuerySet[Objection]:
    """Unanswered objections of the capture in the outer query."""
    return Objection.objects.filter(
        capture=OuterRef("pk"), state=Objection.State.WAITING
    )


def with_objections(found: QuerySet[CaptureTransfer]) -> QuerySet[CaptureTransfer]:
    """Transfers with ``objected`` and ``waiting``: what the police must know as well."""
    made = Objection.objects.filter(capture=OuterRef("capture"))
    return found.annotate(
        objected=Exists(made),
        waiting=Exists(made.filter(state=Objection.State.WAITING)),
    )


def objected(user: User) -> int:
    """How many captures wait for the answer to an objection."""
    return captures_for(user).filter(Exists(waiting_objections())).count()


def earlier_of_vehicle(
    capture: Capture, *, plate: str, color: str, months: int = 12
) -> QuerySet[Capture]:
    """Confirmed captures of a plate in the months before a capture, newest first."""
    since = capture.captured_at - timedelta(days=31 * months)
    found = Capture.objects.filter(
        state=Capture.State.CONFIRMED,
        plate_final=plate,
        captured_at__gte=since,
        captured_at__lt=capture.captured_at,
    )
    return found.filter(color_final=color) if color else found


def files_by_kind(capture: Capture) -> dict[str, list[CaptureFile]]:
    """A capture's evidence by kind, in order."""
    found: dict[str, list[CaptureFile]] = {}
    for one in capture.files.select_related("sealed").order_by("kind", "place"):
        found.setdefault(one.kind, []).append(one)
    return found


@dataclass(frozen=True)
class Agreement:
    """How first and second opinions compare over a time."""

    pairs: int
    same: int
    kappa: float | None
    table: list[tuple[str, list[int]]]


def agreement(user: User, since: datetime) -> Agreement:
    """First against second opinions of settled captures a person may see."""
    rows = (
        Review.objects.filter(
            capture__in=_settled(user),
            round__in=(Review.Round.FIRST, Review.Round.SECOND),
            undone_at=None,
            at__gte=since,
        )
        .order_by("capture", "round")
        .values_list("capture_id", "round", "verdict")
    )
    first: dict[int, str] = {}
    pairs: list[tuple[Opinion, Opinion]] = []
    for capture, number, verdict in rows:
        if number == Review.Round.FIRST:
            first[capture] = verdict
        elif capture in first:
            pairs.append((Opinion(first[capture]), Opinion(verdict)))
    kinds = list(Opinion)
    table = [
        (
            str(Review.Verdict(one).label),
            [sum(pair == (one, other) for pair in pairs) for other in kinds],
        )
        for one in kinds
    ]
    same = sum(one is other for one, other in pairs)
    return Agreement(len(pairs), same, kappa(pairs), table)


def _settled(user: User) -> QuerySet[Capture]:
    """Captures whose opinions may be told: a count of the others gives verdicts away."""
    return Capture.objects.visible_to(user).filter(
        state__in=Capture.DECIDED, reread=False
    )


def reviewer_figures(user: User, since: datetime) -> QuerySet[Review, Any]:
    """Per reviewer, of settled captures: judgements, share of smoke, mean seconds."""
    return (
        Review.objects.filter(capture__in=_settled(user), undone_at=None, at__gte=since)
        .values("reviewer__name")
        .annotate(
            count=Count("id"),
            smoke=Count("id", filter=Q(verdict=Review.Verdict.SMOKE)),
            seconds=Avg("seconds"),
        )
        .order_by("-count")
    )


def cameras_for(user: User) -> QuerySet[Camera]:
    """Cameras a person may see, with their site."""
    return Camera.objects.visible_to(user).select_related("site__district")


def intact(one: CaptureFile) -> bool:
    """Whether a sealed original is still there with the bytes it was sealed with."""
    try:
        return hashlib.sha256(read_file(one.sealed)).hexdigest() == one.sealed.sha256
    except FileNotFoundError:
        return False
