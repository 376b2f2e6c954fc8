"""The auditor's pages: the log, an entry, its export, the re-verifications."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from alerts.models import Alert
from bozhou_eco.accounts.models import Role
from bozhou_eco.audit import services as audit
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from bozhou_eco.evidence.services import seal_bytes
from bozhou_eco.overview.services.integrity import verify_and_warn
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_places(settings, tmp_path: Path) -> Path:
    settings.EVIDENCE_URL = f"file://{tmp_path / 'store'}"
    settings.ANCHOR_DIR = str(tmp_path / "anchors")
    return tmp_path


@pytest.fixture
def auditor(client: Client) -> Client:
    client.force_login(factories.user(Role.AUDITOR))
    return client


def note(act: str, subject: str, **detail: object) -> AuditEntry:
    actor = factories.user(Role.OFFICER, name="李核查")
    return audit.record(actor=actor, act=act, subject=subject, detail=detail)


def test_it_shows_who_did_what(auditor: Client) -> None:
    note("case.move", "case:7", to="filed")
    body = auditor.get("/audit/").content.decode()
    assert "case.move" in body
    assert "李核查" in body


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("who=李核查", True),
        ("who=nobody", False),
        ("act=case.", True),
        ("act=login", False),
        ("subject=case:7", True),
        ("kind=write", True),
        ("kind=export", False),
        ("since=2020-01-01", True),
        ("until=2020-01-01", False),
    ],
)
def test_filters(auditor: Client, query: str, seen: bool) -> None:
    note("case.move", "case:7")
    assert ("case.move" in auditor.get(f"/audit/?{query}").content.decode()) is seen


def test_a_date_that_is_none_is_told(auditor: Client) -> None:
    body = auditor.get("/audit/?since=2026-13-45").content.decode()
    assert "起始日期“2026-13-45”不是日期" in body


def test_an_entry_shows_its_place_in_the_chain(auditor: Client) -> None:
    entry = note("case.move", "case:7")
    assert "待封存" in auditor.get(f"/audit/{entry.pk}/").content.decode()
    audit.seal_pending(now=clock.now())
    body = auditor.get(f"/audit/{entry.pk}/").content.decode()
    assert "audit#" in body
    assert "摘要相符" in body


def test_the_export_is_safe_in_a_spreadsheet_and_is_itself_noted(
    auditor: Client,
) -> None:
    note('=HYPERLINK("http://x")', "case:7")
    answer = auditor.get("/audit/export/")
    body = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "'=HYPERLINK" in body
    assert AuditEntry.objects.filter(act="audit.export", kind="export").exists()


def test_runs_are_listed_and_a_fault_raises_one_alert(
    auditor: Client, own_places: Path
) -> None:
    sealed = seal_bytes(
        content=b"x" * 100,
        name="a.jpg",
        media_type="image/jpeg",
        chain="site:1",
        actor=None,
        now=clock.now(),
    )
    assert verify_and_warn(now=clock.now()).fault_count == 0
    assert "最近一次全部相符" in auditor.get("/audit/integrity/").content.decode()
    [original] = [p for p in (own_places / "store").rglob("*") if p.is_file()]
    original.chmod(0o640)
    original.write_bytes(b"y" * 100)
    for hours in (1, 2):
        verify_and_warn(now=clock.now() + timedelta(hours=hours))
    body = auditor.get("/audit/integrity/").content.decode()
    assert "发现 1 处问题" in body
    assert f"file:{sealed.pk}" in body
    alert = Alert.objects.get(kind="integrity")
    assert (alert.severity, alert.recurrences) == ("critical", 2)


def test_logins_are_noted(client: Client) -> None:
    user = factories.user(Role.ENTERPRISE)
    client.post(
        "/accounts/login/", {"login": user.username, "password": "not-this-password"}
    )
    client.post(
        "/accounts/login/", {"login": user.username, "password": "a-long-test-password"}
    )
    client.post("/accounts/logout/")
    acts = list(
        AuditEntry.objects.filter(kind="login")
        .order_by("pk")
        .values_list("act", flat=True)
    )
    assert acts == ["login.failed", "login.ok", "login.out"]
    failed = AuditEntry.objects.get(act="login.failed")
    assert failed.subject == f"name:{user.username}"
    assert "not-this-password" not in str(failed.detail)
