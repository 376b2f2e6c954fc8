"""Two people review a capture; what follows is sealed, announced and can be verified."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from alerts.models import Alert
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.evidence.signing import fingerprint, load_signer
from bozhou_eco.evidence.verify import verify
from tests.factories import user
from tests.vehicles import capture_factories as make
from vehicles.models import Capture, Objection, RepairNotice, Review
from vehicles.selectors.captures import review_queue
from vehicles.services.bundles import capture_bundle
from vehicles.services.objections import find_notice, raise_objection
from vehicles.services.review_evidence import needed_evidence
from vehicles.services.reviews import (
    Given,
    ReviewRefusedError,
    give_review,
    settle_reviews,
    undo_review,
)

pytestmark = pytest.mark.django_db
NOW = make.NOW
LATER = timedelta(seconds=11)


def smoke(capture: Capture, level: int = 3, plate: str = "新E0K73X") -> Given:
    return Given("smoke", level, plate, "yellow", opened=needed_evidence(capture))


@pytest.fixture
def first() -> User:
    return user(Role.REVIEWER)


@pytest.fixture
def second() -> User:
    return user(Role.REVIEWER)


def confirm(capture: Capture, first: User, second: User) -> Capture:
    give_review(capture=capture, actor=first, given=smoke(capture), now=NOW)
    settle_reviews(now=NOW + LATER)
    give_review(
        capture=capture,
        actor=second,
        given=smoke(capture, level=2),
        now=NOW + 2 * LATER,
    )
    settle_reviews(now=NOW + 4 * LATER)
    capture.refresh_from_db()
    return capture


def test_two_reviewers_confirm_and_the_bundle_verifies(
    first: User, second: User, tmp_path: Path
) -> None:
    capture = confirm(make.capture(), first, second)
    assert capture.state == Capture.State.CONFIRMED
    assert (capture.level_final, capture.plate_final) == (2, "新E0K73X")
    alert = Alert.objects.get(kind="smoke")
    assert alert.subject_key == "vehicle:新E0K73X:yellow"
    notice = RepairNotice.objects.get(capture=capture)
    assert notice.number == capture.notice_number
    assert notice.due_on.isoformat() == "2026-12-08"
    assert capture.destination == "repair"
    content = capture_bundle(capture=capture, actor=first, now=NOW + 5 * LATER)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
    assert sum(name.startswith("files/") for name in names) == 5
    assert "verify.py" in names
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    key = fingerprint(load_signer().public_key())
    lines: list[str] = []
    assert verify(str(path), key, lines.append), lines


def test_second_reviewer_is_another_person(first: User) -> None:
    capture = make.capture()
    give_review(capture=capture, actor=first, given=smoke(capture), now=NOW)
    settle_reviews(now=NOW + LATER)
    with pytest.raises(ReviewRefusedError, match="同一人"):
        give_review(
            capture=capture, actor=first, given=smoke(capture), now=NOW + 2 * LATER
        )
    capture.refresh_from_db()
    assert capture.state == Capture.State.SECOND
    assert Review.objects.count() == 1
    assert capture not in review_queue(first)


def test_confirming_needs_every_frame_and_the_clip(first: User) -> None:
    capture = make.capture()
    assert needed_evidence(capture) == ["clip-0", "frame-1", "frame-2", "frame-3"]
    given = Given("smoke", 3, "新E0K73X", "yellow", opened=["frame-1", "clip-0"])
    with pytest.raises(ReviewRefusedError, match="三帧"):
        give_review(capture=capture, actor=first, given=given, now=NOW)
    assert not Review.objects.exists()


@pytest.mark.parametrize(
    ("gone", "enough"),
    [
        (["clip"], True),
        (["frame"], True),
        (["clip", "frame"], False),
        (["clip", "one frame"], False),
    ],
)
def test_a_lone_picture_accuses_nobody(
    first: User, gone: list[str], enough: bool
) -> None:
    capture = make.capture()
    for kind in gone:
        rows = capture.files.filter(kind=kind.split()[-1])
        (rows.filter(place=3) if kind == "one frame" else rows).delete()
    if enough:
        give_review(capture=capture, actor=first, given=smoke(capture), now=NOW)
        return
    with pytest.raises(ReviewRefusedError, match="不足 3 帧"):
        give_review(capture=capture, actor=first, given=smoke(capture), now=NOW)
    client = Client()
    client.force_login(first)
    page = client.get(reverse("vehicles:review")).content.decode()
    assert "data-never" in page
    assert "证据不足，不能确认" in page
    give_review(capture=capture, actor=first, given=Given("not_smoke"), now=NOW)


@pytest.mark.parametrize(
    ("plate", "level", "words"),
    [
        ("新E0K7", 3, "号牌"),
        ("", 3, "号牌"),
        ("新E0K73X", None, "1–5"),
        ("新E0K73X", 0, "1–5"),
    ],
)
def test_confirming_needs_plate_and_level(
    first: User, plate: str, level: int | None, words: str
) -> None:
    capture = make.capture()
    given = Given("smoke", level, plate, "yellow", opened=needed_evidence(capture))
    with pytest.raises(ReviewRefusedError, match=words):
        give_review(capture=capture, actor=first, given=given, now=NOW)
    assert not Review.objects.exists()


def test_site_without_a_complete_register_gives_no_evidence(first: User) -> None:
    capture = make.capture(make.camera(make.site(complete=False)))
    assert "缺法制审核" in capture.register_gaps
    with pytest.raises(ReviewRefusedError, match="备案不全"):
        give_review(capture=capture, actor=first, given=smoke(capture), now=NOW)
    give_review(capture=capture, actor=first, given=Given("not_smoke"), now=NOW)
    assert Review.objects.get().verdict == "not_smoke"


def test_officers_do_not_review() -> None:
    capture = make.capture()
    with pytest.raises(ReviewRefusedError, match="复核员"):
        give_review(
            capture=capture, actor=user(Role.OFFICER), given=smoke(capture), now=NOW
        )


def test_who_reads_the_audit_log_does_not_review() -> None:
    capture, both = make.capture(), user(Role.REVIEWER, Role.AUDITOR)
    with pytest.raises(ReviewRefusedError, match="审计员"):
        give_review(capture=capture, actor=both, given=smoke(capture), now=NOW)
    client = Client()
    client.force_login(both)
    page = client.get(reverse("vehicles:review"))
    assert not page.context["may_judge"]
    assert "data-verdict" not in page.content.decode()


def test_disagreement_waits_for_a_third_person(first: User, second: User) -> None:
    capture = make.capture()
    give_review(capture=capture, actor=first, given=smoke(capture), now=NOW)
    settle_reviews(now=NOW + LATER)
    give_review(
        capture=capture, actor=second, given=Given("not_smoke"), now=NOW + 2 * LATER
    )
    settle_reviews(now=NOW + 4 * LATER)
    capture.refresh_from_db()
    assert capture.state == Capture.State.THIRD
    third = user(Role.REVIEWER)
    give_review(
        capture=capture, actor=third, given=Given("not_smoke"), now=NOW + 5 * LATER
    )
    settle_reviews(now=NOW + 7 * LATER)
    capture.refresh_from_db()
    assert capture.state == Capture.State.REJECTED
    assert not Alert.objects.exists()


def test_undo_within_eight_seconds_only(first: User, second: User) -> None:
    capture = make.capture()
    made = give_review(capture=capture, actor=first, given=Given("unclear"), now=NOW)
    with pytest.raises(ReviewRefusedError, match="自己"):
        undo_review(review=made, actor=second, now=NOW + timedelta(seconds=3))
    undo_review(review=made, actor=first, now=NOW + timedelta(seconds=8))
    assert capture in review_queue(first)
    again = give_review(
        capture=capture, actor=first, given=Given("unclear"), now=NOW + 2 * LATER
    )
    with pytest.raises(ReviewRefusedError, match="8 秒"):
        undo_review(review=again, actor=first, now=NOW + 4 * LATER)
    assert settle_reviews(now=NOW + 4 * LATER) == 1


def test_second_capture_in_half_a_year_goes_to_the_police(
    first: User, second: User
) -> None:
    of = make.camera()
    confirm(make.capture(of, at=NOW - timedelta(days=60)), first, second)
    capture = confirm(make.capture(of), first, second)
    assert capture.destination == "police"
    assert Alert.objects.filter(kind="smoke").count() == 1


def test_a_driver_finds_the_notice_and_objects(first: User, second: User) -> None:
    capture = confirm(make.capture(), first, second)
    number = capture.notice_number
    assert find_notice(plate="新E·0K73X", number=number) == capture
    assert find_notice(plate="新E0K73Y", number=number) is None
    raise_objection(
        capture=capture,
        name="某某",
        phone="13900000000",
        statement="当日已报停。" * 3,
        now=NOW,
    )
    assert Objection.objects.get().state == Objection.State.WAITING
    assert AuditEntry.objects.filter(act="objection.raise").count() == 1
