"""What may go goes on time; what is held, or rested on by another record, stays."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.evidence import retention, services
from bozhou_eco.evidence.integrity import verify_store
from bozhou_eco.evidence.models import LegalHold, RetentionClass
from bozhou_eco.evidence.store import store
from enforcement.models import CaseFile
from enforcement.services.cases import open_case
from tests import factories
from tests.vehicles.capture_factories import NOW, camera, capture, segment
from vehicles.models import Capture, CaptureFile, Segment
from vehicles.services.segments import erase_segments
from vehicles.services.upkeep import erase_rejected
from vehicles.tasks import keep_house

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path: Path) -> None:
    settings.EVIDENCE_URL = f"file://{tmp_path}/evidence"
    settings.MEDIA_ROOT = str(tmp_path / "media")


@pytest.fixture
def legal() -> User:
    return factories.user(Role.LEGAL)


def rejected(days: int = 100) -> Capture:
    made = capture(camera())
    Capture.objects.filter(pk=made.pk).update(
        state=Capture.State.REJECTED, decided_at=NOW - days * DAY
    )
    made.refresh_from_db()
    assert made.files.exists()
    return made


def gone(of: Capture) -> list[bool]:
    """Tell of each original of a capture whether it was erased."""
    rows = CaptureFile.objects.filter(capture=of).select_related("sealed")
    return [one.sealed.erased_at is not None for one in rows]


def erase(days: int | None = 90) -> int:
    keep = None if days is None else days * DAY
    return erase_rejected(now=NOW, keep=keep)


def test_a_rejected_capture_goes_after_its_time() -> None:
    old, young = rejected(91), rejected(89)
    assert erase() == 1
    assert all(gone(old))
    assert not any(gone(young))
    assert list(verify_store()) == [], "an erased original is no fault"
    assert AuditEntry.objects.get(act="capture.erase").subject == f"capture:{old.pk}"
    assert erase() == 0


def test_without_a_period_nothing_goes() -> None:
    old = rejected(9999)
    assert erase(None) == 0
    assert not any(gone(old))


@pytest.mark.parametrize("kind", ["capture", "site", "file"])
def test_what_is_held_stays_until_released(kind: str, legal: User) -> None:
    old = rejected()
    first = old.files.get(pk=old.files.order_by("pk")[0].pk)
    subject = {
        "capture": f"capture:{old.pk}",
        "site": old.site.chain,
        "file": f"file:{first.sealed_id}",
    }[kind]
    hold = retention.place_hold(
        subject=subject, reason="复议期间", actor=legal, now=NOW
    )
    erase()
    first.sealed.refresh_from_db()
    assert first.sealed.erased_at is None
    if kind != "file":
        assert not any(gone(old))
    retention.release_hold(
        hold=hold, reason="复议终结", actor=factories.user(Role.LEADER), now=NOW
    )
    assert erase() == 1
    assert all(gone(old))
    acts = AuditEntry.objects.filter(act__startswith="hold.").order_by("id")
    assert [entry.act for entry in acts] == ["hold.place", "hold.release"]


def test_evidence_of_a_case_stays() -> None:
    """The very original that a case rests on is not erased with the capture."""
    officer = factories.user(Role.OFFICER)
    case = open_case(
        actor=officer, now=NOW, title="线索", subject_key="x:1", subject_name="某厂",
        district=factories.district(),
    )  # fmt: skip
    old = rejected()
    first, *others = old.files.order_by("pk")
    CaseFile.objects.create(
        case=case, sealed=first.sealed, title="抓拍画面", added_at=NOW,
        added_by=officer,
    )  # fmt: skip
    erase()
    first.sealed.refresh_from_db()
    assert first.sealed.erased_at is None
    for other in others:
        other.sealed.refresh_from_db()
        assert other.sealed.erased_at == NOW


def test_bytes_go_with_the_last_original_that_shares_them() -> None:
    first, second = (
        services.seal_bytes(
            content=b"the same bytes", name="a.jpg", media_type="image/jpeg",
            chain=f"site:T{n}", actor=None, now=NOW,
        )
        for n in range(2)
    )  # fmt: skip
    for sealed, left in ((first, True), (second, False)):
        assert retention.erase_original(sealed=sealed, owner=CaptureFile, now=NOW)
        assert store_has(first.sha256) is left
    assert retention.erase_original(sealed=first, owner=CaptureFile, now=NOW)


def store_has(sha256: str) -> bool:
    try:
        store().open(sha256).close()
    except FileNotFoundError:
        return False
    return True


def test_segments_go_by_their_row_and_stay_under_a_hold(legal: User) -> None:
    one = camera()
    rows = [
        segment(one, begins=NOW - 8 * DAY + n * timedelta(minutes=1)) for n in range(2)
    ]
    Segment.objects.update(state=Segment.State.DONE)
    retention.place_hold(
        subject=f"segment:{rows[0].pk}", reason="调查", actor=legal, now=NOW
    )
    assert erase_segments(now=NOW, keep=retention.period("segment")) == 1
    rows[0].refresh_from_db()
    assert rows[0].erased_at is None


def test_the_nightly_task_reads_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vehicles.tasks.clock.now", lambda: NOW)
    old = rejected(60)
    keep_house()
    assert not any(gone(old))
    RetentionClass.objects.filter(code="capture-rejected").update(days=50)
    keep_house()
    assert all(gone(old))


def test_a_period_below_its_grounds_is_not_taken() -> None:
    row = RetentionClass.objects.get(code="capture-rejected")
    row.days = row.least_days - 1
    with pytest.raises(ValidationError, match="不得少于"):
        row.clean()
    RetentionClass.objects.filter(pk=row.pk).update(days=1)
    assert retention.period("capture-rejected") == row.least_days * DAY
    audit = RetentionClass.objects.get(code="audit")
    audit.days = 400
    with pytest.raises(ValidationError, match="没有自动删除"):
        audit.clean()
    assert retention.period("no-such-class") is None


@pytest.mark.parametrize(
    ("subject", "reason", "told"),
    [
        ("17", "事由", "类别"),
        ("capture:0", "事由", "类别"),
        ("user:1", "事由", "类别"),
        ("capture:1' OR 1", "事由", "类别"),
        ("capture:17", " ", "事由"),
    ],
    ids=["no kind", "zero", "kind", "quote", "no reason"],
)
def test_a_hold_names_what_and_why(
    subject: str, reason: str, told: str, legal: User
) -> None:
    with pytest.raises(retention.HoldRefusedError, match=told):
        retention.place_hold(subject=subject, reason=reason, actor=legal, now=NOW)


def test_a_hold_is_placed_once_and_released_by_another(legal: User) -> None:
    def place(actor: User) -> LegalHold:
        return retention.place_hold(
            subject="capture:5", reason="诉讼", actor=actor, now=NOW
        )

    with pytest.raises(retention.HoldRefusedError, match="只有"):
        place(factories.user(Role.OFFICER, Role.ADMIN))
    hold = place(legal)
    with pytest.raises(retention.HoldRefusedError, match="已在保全中"):
        place(factories.user(Role.LEADER))
    with pytest.raises(retention.HoldRefusedError, match="本人"):
        retention.release_hold(hold=hold, reason="结束", actor=legal, now=NOW)
    other = factories.user(Role.LEADER)
    with pytest.raises(retention.HoldRefusedError, match="解除事由"):
        retention.release_hold(hold=hold, reason="", actor=other, now=NOW)
    retention.release_hold(hold=hold, reason="结束", actor=other, now=NOW)
    with pytest.raises(retention.HoldRefusedError, match="已经解除"):
        retention.release_hold(hold=hold, reason="结束", actor=other, now=NOW)
    assert place(legal).pk != hold.pk


def test_the_page_tells_everybody_and_shows_holds_to_the_bureau(client) -> None:
    legal, leader = factories.user(Role.LEGAL), factories.user(Role.LEADER)
    client.force_login(legal)
    done = client.post(
        "/privacy/hold/", {"subject": "capture:7", "reason": "复议期间"}, follow=True
    )
    assert "已保全 capture:7" in done.content.decode()
    wrong = client.post(
        "/privacy/hold/", {"subject": "x", "reason": "事由"}, follow=True
    )
    assert "类别:编号" in wrong.content.decode()
    hold = LegalHold.objects.get()
    client.force_login(factories.user(Role.STATION))
    page = client.get("/privacy/").content.decode()
    assert "90 天" in page
    assert "复议期间" not in page
    client.force_login(leader)
    done = client.post(
        f"/privacy/hold/{hold.pk}/release/", {"reason": "复议终结"}, follow=True
    )
    assert "已解除对 capture:7 的保全" in done.content.decode()
    assert "复议终结" in done.content.decode()
