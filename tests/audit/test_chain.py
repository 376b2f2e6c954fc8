"""The chain of the audit log: sealed in order, any tampering found and named."""

import hashlib
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, ProgrammingError, connection, transaction

from bozhou_eco.audit import services
from bozhou_eco.audit.chain import merkle_root
from bozhou_eco.audit.models import AuditEntry, Link, Seal
from bozhou_eco.common import clock
from bozhou_eco.evidence.anchors import write_anchor
from tests import factories

pytestmark = pytest.mark.django_db


def fill(count: int = 5) -> list[AuditEntry]:
    actor = factories.user("officer")
    entries = [
        services.record(
            actor=actor, act="test.act", subject=f"thing:{n}", detail={"n": n}
        )
        for n in range(count)
    ]
    services.seal_pending(now=clock.now())
    return entries


def tamper(sql: str, *params: object) -> None:
    """Change rows as somebody with full power over the database could."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_it_works() -> None:
    fill()
    assert Seal.objects.filter(chain="audit").count() == 5
    assert list(Seal.objects.order_by("seq").values_list("seq", flat=True)) == [
        1,
        2,
        3,
        4,
        5,
    ]
    assert list(services.verify_all()) == []


def test_sealing_goes_on_where_it_stopped() -> None:
    fill(2)
    fill(3)
    assert Seal.objects.count() == 5
    assert list(services.verify_all()) == []
    assert services.seal_pending(now=clock.now()) == 0


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditentry SET act = 'x'",
        "DELETE FROM audit_auditentry",
        "UPDATE audit_link SET digest = '\\x00'",
        "UPDATE audit_link SET sealed = false",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_seal",
    ],
)
def test_the_database_refuses_change(sql: str) -> None:
    fill()
    connection.check_constraints()  # nothing deferred stands in the way of TRUNCATE
    with (
        pytest.raises((InternalError, ProgrammingError), match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert AuditEntry.objects.filter(act="test.act").count() == 5
    assert list(services.verify_all()) == []


def test_a_changed_entry_is_named() -> None:
    entry = fill()[2]
    tamper("UPDATE audit_auditentry SET detail = '{\"n\": 99}' WHERE id = %s", entry.pk)
    faults = list(services.verify_all())
    assert [(fault.place, fault.reason) for fault in faults] == [
        (f"entry:{entry.pk}", "entry was changed")
    ]


def test_a_deleted_entry_is_named() -> None:
    entry = fill()[1]
    tamper("DELETE FROM audit_auditentry WHERE id = %s", entry.pk)
    assert [(f.place, f.reason) for f in services.verify_all()] == [
        (f"entry:{entry.pk}", "entry was deleted")
    ]


def test_a_missing_seal_is_named() -> None:
    fill()
    tamper("DELETE FROM audit_seal WHERE seq = 3")
    lost = Link.objects.order_by("id")[2]
    places = {fault.place for fault in services.verify_all()}
    assert places == {"audit#4", lost.subject}


def test_a_changed_link_is_named() -> None:
    fill()
    link = Link.objects.order_by("id")[1]
    tamper(
        "UPDATE audit_link SET digest = %s WHERE id = %s",
        hashlib.sha256(b"x").digest(),
        link.pk,
    )
    assert "audit#2" in {fault.place for fault in services.verify_all()}


def test_a_seal_cut_off_the_end_is_named() -> None:
    fill()
    last = Link.objects.order_by("id").last()
    assert last is not None
    tamper("DELETE FROM audit_seal WHERE seq = 5")
    assert [(f.place, f.reason) for f in services.verify_all()] == [
        (last.subject, "was sealed, its seal is missing")
    ]


def test_entries_seals_and_links_cut_off_together_show_in_the_anchors(
    settings, tmp_path: Path
) -> None:
    settings.ANCHOR_DIR = str(tmp_path / "anchors")
    settings.EVIDENCE_KEY_FILE = str(tmp_path / "key.pem")
    entry = fill()[-1]
    write_anchor(now=clock.now())
    call_command("verify_audit", stdout=StringIO())
    tamper("DELETE FROM audit_auditentry WHERE id = %s", entry.pk)
    tamper("DELETE FROM audit_seal WHERE seq = 5")
    tamper("DELETE FROM audit_link WHERE subject = %s", f"entry:{entry.pk}")
    out = StringIO()
    with pytest.raises(CommandError, match="1 fault"):
        call_command("verify_audit", stdout=out)
    assert out.getvalue().startswith("audit#5: anchored at ")


def test_an_entry_slipped_in_is_named() -> None:
    fill()
    tamper(
        "INSERT INTO audit_auditentry (at, kind, act, subject, detail, request_id, digest)"
        " SELECT at, kind, 'test.other', subject, detail, request_id, digest"
        " FROM audit_auditentry WHERE subject = 'thing:2'"
    )
    slipped = AuditEntry.objects.get(act="test.other")
    assert [(f.place, f.reason) for f in services.verify_all()] == [
        (f"entry:{slipped.pk}", "entry has no link in the chain")
    ]


def test_a_seal_slipped_in_is_named() -> None:
    fill()
    link = services.add_link(
        chain="audit", subject="x:1", digest=bytes(32), now=clock.now()
    )
    tamper("UPDATE audit_seal SET seq = seq + 100 WHERE seq >= 3")
    tamper("UPDATE audit_seal SET seq = seq - 99 WHERE seq > 100")
    tamper(
        "INSERT INTO audit_seal (chain, seq, link_id, prev, hash, at)"
        " SELECT chain, 3, %s, hash, sha256('x'), at FROM audit_seal WHERE seq = 2",
        link.pk,
    )
    places = {fault.place for fault in services.verify_all()}
    assert {"audit#3", "audit#4"} <= places


def test_entries_and_seals_that_changed_places_are_named() -> None:
    two, three = fill()[1:3]
    for old, new in ((two.pk, -1), (three.pk, two.pk), (-1, three.pk)):
        tamper("UPDATE audit_auditentry SET id = %s WHERE id = %s", new, old)
    assert {fault.place for fault in services.verify_all()} == {
        f"entry:{two.pk}",
        f"entry:{three.pk}",
    }
    for old, new in ((two.pk, -1), (three.pk, two.pk), (-1, three.pk)):
        tamper("UPDATE audit_auditentry SET id = %s WHERE id = %s", new, old)
    assert list(services.verify_all()) == []
    for old, new in ((4, 99), (5, 4), (99, 5)):
        tamper("UPDATE audit_seal SET seq = %s WHERE seq = %s", new, old)
    assert {fault.place for fault in services.verify_all()} == {"audit#4", "audit#5"}


def test_merkle_root_tells_order_and_length() -> None:
    a, b, c = (hashlib.sha256(x).digest() for x in (b"a", b"b", b"c"))
    roots = {
        merkle_root(leaves)
        for leaves in ([], [a], [a, b], [b, a], [a, b, c], [a, b, b])
    }
    assert len(roots) == 6
