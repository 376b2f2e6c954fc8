"""The nightly re-verification: every change to store, rows, chains and anchors is named."""

import json
import random
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from bozhou_eco.audit.models import Seal
from bozhou_eco.common import clock
from bozhou_eco.evidence import anchors
from bozhou_eco.evidence.integrity import verify_everything, verify_store
from bozhou_eco.evidence.models import IntegrityRun, SealedFile
from bozhou_eco.evidence.services import seal_bytes
from bozhou_eco.evidence.signing import load_signer
from bozhou_eco.evidence.store import FileStore, key_of
from tests.faults.test_alerts import at_once

pytestmark = pytest.mark.django_db
CHAIN = "site:test"


@pytest.fixture(autouse=True)
def own_places(settings, tmp_path: Path) -> Path:
    settings.EVIDENCE_URL = f"file://{tmp_path / 'store'}"
    settings.ANCHOR_DIR = str(tmp_path / "anchors")
    settings.EVIDENCE_KEY_FILE = str(tmp_path / "key.pem")
    return tmp_path


def seal(count: int, seed: int = 1) -> list[SealedFile]:
    draw = random.Random(seed)
    return [
        seal_bytes(
            content=draw.randbytes(draw.randrange(1, 4000)),
            name=f"{n}.bin",
            media_type="application/octet-stream",
            chain=CHAIN,
            actor=None,
            now=clock.now(),
        )
        for n in range(count)
    ]


def path_of(own: Path, sealed: SealedFile) -> Path:
    return own / "store" / key_of(sealed.sha256)


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8 % len(content)] ^= 1 << bit % 8
    path.chmod(0o640)
    path.write_bytes(bytes(content))


def tamper(sql: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_it_works() -> None:
    seal(20)
    run = verify_everything(now=clock.now())
    assert (run.files, run.fault_count) == (20, 0)
    assert run.anchor.endswith(":1")
    assert run.seals >= 40  # the files, and the audit entries that say so
    assert verify_everything(now=clock.now()).anchor.endswith(":2")
    assert list(anchors.verify_anchors()) == []


def test_500_flipped_bits_are_found_and_named(own_places: Path) -> None:
    files = seal(500)
    draw = random.Random(20)
    for sealed in files:
        flip(path_of(own_places, sealed), draw.randrange(sealed.size * 8))
    found = list(verify_store())
    assert [fault.place for fault in found] == [f"file:{one.pk}" for one in files]
    assert {fault.reason.split(": ")[1] for fault in found} == {
        "the original was changed"
    }


def test_a_lost_original_is_named_and_an_erased_one_is_not(own_places: Path) -> None:
    lost, erased, _ = seal(3)
    path_of(own_places, lost).unlink()
    FileStore(own_places / "store").erase(erased.sha256)
    SealedFile.objects.filter(pk=erased.pk).update(erased_at=clock.now())
    [fault] = verify_store()
    assert fault.place == f"file:{lost.pk}"
    assert "missing" in fault.reason


def test_a_row_that_was_pointed_at_other_bytes_is_named() -> None:
    one, other = seal(2)
    tamper(
        "UPDATE evidence_sealedfile SET sha256 = %s, size = %s WHERE id = %s",
        other.sha256,
        other.size,
        one.pk,
    )
    [fault] = verify_store()
    assert (fault.place, fault.reason) == (
        f"file:{one.pk}",
        "the row does not match its link",
    )


def test_a_run_with_faults_leaves_no_anchor_and_lists_them(own_places: Path) -> None:
    [sealed] = seal(1)
    flip(path_of(own_places, sealed), 3)
    with pytest.raises(CommandError, match="1 fault"):
        call_command("verify_store")
    run = IntegrityRun.objects.get()
    assert (run.fault_count, run.anchor) == (1, "")
    assert run.faults[0]["place"] == f"file:{sealed.pk}"


def test_a_chain_cut_at_its_end_is_betrayed_by_the_anchor() -> None:
    seal(5)
    assert verify_everything(now=clock.now()).fault_count == 0
    last = Seal.objects.filter(chain=CHAIN).order_by("-seq").first()
    assert last is not None
    tamper("DELETE FROM audit_seal WHERE id = %s", last.pk)
    tamper("DELETE FROM audit_link WHERE id = %s", last.link_id)
    [fault] = anchors.verify_anchors()
    assert fault.place == f"{CHAIN}#5"
    assert "now missing" in fault.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: [lines[0], lines[2]], "a line is missing"),
        (lambda lines: [lines[0], b"not json", lines[2]], "cannot be read"),
        (
            lambda lines: [
                lines[0].replace(b'"at":"2', b'"at":"1'),
                *lines[1:],
            ],
            "signature does not fit",
        ),
        (
            lambda lines: [
                lines[0].replace(json.loads(lines[0])["key"].encode(), b"ab" * 32),
                *lines[1:],
            ],
            "",
        ),
    ],
    ids=["taken out", "garbage", "changed", "other key"],
)
def test_a_changed_anchor_file_is_told(own_places: Path, change, reason: str) -> None:
    seal(2)
    for _ in range(3):
        verify_everything(now=clock.now())
    [path] = (own_places / "anchors").glob("*.jsonl")
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join(change(lines)) + b"\n")
    found = [fault.reason for fault in anchors.verify_anchors()]
    assert found
    assert any(reason in one for one in found)


def test_an_anchor_file_that_is_cut_short_or_gone_is_told(own_places: Path) -> None:
    seal(2)
    for _ in range(3):
        verify_everything(now=clock.now())
    [path] = (own_places / "anchors").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    [fault] = anchors.verify_anchors()
    assert fault.place == f"{path.name}:3"
    assert "now gone" in fault.reason
    path.unlink()
    places = [fault.place for fault in anchors.verify_anchors()]
    assert places == [f"{path.name}:{number}" for number in (1, 2, 3)]
    assert verify_everything(now=clock.now()).anchor == ""


def test_anchors_of_a_replaced_key_hold_where_it_is_named(
    settings, own_places: Path
) -> None:
    seal(1)
    verify_everything(now=clock.now())
    old = load_signer().public_key().hex()
    settings.EVIDENCE_KEY_FILE = str(own_places / "new.pem")
    [fault] = anchors.verify_anchors()
    assert "another key" in fault.reason
    settings.EVIDENCE_OLD_KEYS = [old]
    assert list(anchors.verify_anchors()) == []


def test_an_anchor_that_cannot_be_written_is_a_fault(
    settings, own_places: Path
) -> None:
    seal(1)
    (own_places / "file").write_bytes(b"")
    settings.ANCHOR_DIR = str(own_places / "file" / "anchors")
    run = verify_everything(now=clock.now())
    assert (run.fault_count, run.anchor) == (1, "")
    assert run.faults[0]["reason"].startswith("no anchor could be written")


def test_two_anchors_at_once_follow_each_other(own_places: Path) -> None:
    def write() -> None:
        for _ in range(5):
            anchors.write_anchor(now=clock.now())

    assert at_once(write, write) == []
    assert list(anchors.verify_anchors()) == []
    [path] = (own_places / "anchors").glob("*.jsonl")
    assert len(path.read_bytes().splitlines()) == 10
