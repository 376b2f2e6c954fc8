"""The restore drill: an archive of a full database into an empty one, byte for byte."""

import hashlib
import io
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.audit.services import record, seal_pending
from bozhou_eco.backup import archive
from bozhou_eco.backup.cipher import (
    BadArchiveError,
    DecryptingReader,
    EncryptingWriter,
    load_private,
    load_public,
    make_key_pair,
)
from bozhou_eco.common import clock
from bozhou_eco.evidence.models import SealedFile
from bozhou_eco.evidence.services import seal_bytes
from bozhou_eco.evidence.store import key_of
from tests import factories

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def keys(tmp_path):
    private, public = make_key_pair(tmp_path / "keys")
    return private, public


@pytest.fixture
def evidence(tmp_path, settings):
    folder = tmp_path / "evidence"
    settings.EVIDENCE_URL = f"file://{folder}"
    return folder


@pytest.fixture
def filled(transactional_db, evidence):
    """People, an audit log with a sealed chain, and originals in the store."""
    officer = factories.user("officer")
    for number in range(3):
        seal_bytes(
            content=bytes([number]) * (1_500_000 if number == 0 else 10),
            name=f"frame{number}.jpg",
            media_type="image/jpeg",
            chain="site:1",
            actor=officer,
            now=clock.now(),
            meta={"n": number},
        )
    for number in range(20):
        record(actor=officer, act="drill.act", subject=f"thing:{number}")
    seal_pending(now=clock.now())
    return evidence


@pytest.fixture
def empty_database(transactional_db):
    name = f"{connection.settings_dict['NAME']}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def tables(name):
    """Return a digest of every row of every table of a database."""
    connection.close()
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = name
    try:
        with connection.cursor() as cursor:
            digests = {}
            for table in connection.introspection.table_names(cursor):
                cursor.execute(
                    f"SELECT coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '')"
                    f' FROM "{table}" t'
                )
                digests[table] = cursor.fetchone()[0]
        return digests
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def restore(database, folder, *arguments):
    """Run the command as an operator would, with the environment of the empty place."""
    # Once only: a socket's folder behind ``?host=`` ends in a name as well.
    url = re.sub(
        r"/[^/?]*(\?|$)", rf"/{database}\1", os.environ["DATABASE_URL"], count=1
    )
    return subprocess.run(
        [sys.executable, "manage.py", "restore", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "EVIDENCE_URL": f"file://{folder}"},
        capture_output=True,
        text=True,
        check=False,
    )


def backup(folder, public):
    call_command("backup", folder, "--key", public, stdout=io.StringIO())
    (made,) = folder.glob("bozhou-*.bzbk")
    return made


def test_it_works(filled, keys, empty_database, tmp_path, settings):
    private, public = keys
    wanted = None
    made = backup(tmp_path / "backups", public)
    wanted = tables(connection.settings_dict["NAME"])
    done = restore(empty_database, tmp_path / "new", made, "--key", private)
    assert done.returncode == 0, done.stderr
    assert "链核验通过" in done.stdout

    got = tables(empty_database)
    # The backup left its own audit row after the dump; the restore left another one.
    changed = {name for name in wanted if wanted[name] != got[name]}
    assert changed <= {"audit_auditentry", "audit_link", "audit_seal"}
    assert set(got) == set(wanted)
    for row in SealedFile.objects.all():
        copy = (tmp_path / "new" / key_of(row.sha256)).read_bytes()
        assert hashlib.sha256(copy).hexdigest() == row.sha256
    assert SealedFile.objects.count() == 3
    assert AuditEntry.objects.filter(act="backup.made").count() == 1


def test_a_database_in_use_is_never_overwritten(filled, keys, tmp_path):
    private, public = keys
    made = backup(tmp_path / "backups", public)
    before = tables(connection.settings_dict["NAME"])
    with pytest.raises(CommandError, match="不为空"):
        call_command("restore", made, "--key", private)
    assert tables(connection.settings_dict["NAME"]) == before


def test_any_changed_bit_is_found(filled, keys, tmp_path):
    private, public = keys
    made = backup(tmp_path / "backups", public)
    whole = made.read_bytes()
    key = load_private(private)
    assert archive.read(made, key, load=False).files == 3
    for place in random.Random(7).sample(range(len(whole) * 8), 40):
        broken = bytearray(whole)
        broken[place // 8] ^= 1 << place % 8
        made.write_bytes(broken)
        with pytest.raises(BadArchiveError):
            archive.read(made, key, load=False)
    for cut in (0, 10, 40, len(whole) // 2, len(whole) - 1):
        made.write_bytes(whole[:cut])
        with pytest.raises(BadArchiveError):
            archive.read(made, key, load=False)
    made.write_bytes(whole + b"x")
    with pytest.raises(BadArchiveError, match="follow the end"):
        archive.read(made, key, load=False)


def test_another_key_opens_nothing(filled, keys, tmp_path):
    made = backup(tmp_path / "backups", keys[1])
    other, _ = make_key_pair(tmp_path / "other")
    with pytest.raises(CommandError, match="another one"):
        call_command("restore", made, "--key", other, "--check-only")


def test_lost_and_changed_originals_are_named_and_the_rest_is_saved(
    filled, keys, tmp_path
):
    gone, changed, _ = SealedFile.objects.order_by("pk")
    (filled / key_of(gone.sha256)).unlink()
    path = filled / key_of(changed.sha256)
    path.chmod(0o640)
    path.write_bytes(b"\x07" * changed.size)
    with pytest.raises(CommandError, match="2 个证据文件") as told:
        backup(tmp_path / "backups", keys[1])
    assert gone.sha256 in str(told.value)
    assert changed.sha256 in str(told.value)
    (made,) = (tmp_path / "backups").glob("*.bzbk")
    summary = archive.read(made, load_private(keys[0]), load=False)
    assert (summary.missing, summary.damaged) == ([gone.sha256], [changed.sha256])
    assert summary.files == 2


def test_without_a_key_nothing_is_written(transactional_db, tmp_path, settings):
    settings.BACKUP_PUBLIC_KEY_FILE = str(tmp_path / "none.pub")
    with pytest.raises(CommandError, match="backup_key"):
        call_command("backup", tmp_path / "backups")
    assert not (tmp_path / "backups").exists()


def test_only_the_newest_archives_are_kept(filled, keys, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    old = [folder / f"bozhou-2026010{n}-000000.bzbk" for n in range(1, 4)]
    for path in old:
        path.write_bytes(b"x")
    call_command(
        "backup", folder, "--key", keys[1], "--keep", "2", stdout=io.StringIO()
    )
    left = sorted(path.name for path in folder.iterdir())
    assert len(left) == 2
    assert left[0] == old[-1].name


def test_keys_are_private_and_never_overwritten(tmp_path, capsys):
    call_command("backup_key", tmp_path)
    assert (tmp_path / "backup.key").stat().st_mode & 0o077 == 0
    first = (tmp_path / "backup.key").read_bytes()
    with pytest.raises(CommandError, match="不会覆盖"):
        call_command("backup_key", tmp_path)
    assert (tmp_path / "backup.key").read_bytes() == first


def test_a_passphrase_protects_the_private_half(tmp_path):
    private, public = make_key_pair(tmp_path, b"four words on paper")
    with pytest.raises(TypeError):
        load_private(private)
    key = load_private(private, b"four words on paper")
    assert key.public_key() == load_public(public)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_the_stream_gives_back_what_was_put_in(keys, size):
    plain = random.Random(size).randbytes(size)
    sealed = io.BytesIO()
    with EncryptingWriter(sealed, load_public(keys[1])) as out:
        for start in range(0, size, 70_000):
            out.write(plain[start : start + 70_000])
    sealed.seek(0)
    reader = io.BufferedReader(DecryptingReader(sealed, load_private(keys[0])))
    assert reader.read() == plain
    assert plain[:64] not in sealed.getvalue() or size < 16


def test_chunks_cannot_change_places(keys):
    sealed = io.BytesIO()
    with EncryptingWriter(sealed, load_public(keys[1])) as out:
        out.write(b"a" * (1 << 20) + b"b" * (1 << 20) + b"c")
    raw, head, chunk = sealed.getvalue(), 38, 4 + (1 << 20) + 16
    swapped = raw[:head] + raw[head + chunk : head + 2 * chunk]
    swapped += raw[head : head + chunk] + raw[head + 2 * chunk :]
    with pytest.raises(BadArchiveError, match="chunk 0 was changed"):
        DecryptingReader(io.BytesIO(swapped), load_private(keys[0])).read(1)
