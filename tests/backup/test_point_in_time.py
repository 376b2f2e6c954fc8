"""Recovery from a base backup and the archived log: what was committed since is there.

The archive command is the one of the compose file, the rest what docs/operations.md says.
"""

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bozhou_eco.embedded.postgres import PostgresServer

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def archive_command(folder: Path) -> str:
    command = COMPOSE["services"]["db"]["command"]
    found = re.search(r"archive_command='([^']+)'", command)
    assert found is not None
    return found[1].replace("/archive", str(folder))


def own(folder: Path, server: PostgresServer) -> Path:
    folder.mkdir(mode=0o700)
    if server.user:
        subprocess.run(["chown", "-R", server.user.pw_name, folder], check=True)
    return folder


def as_postgres(server: PostgresServer, *call: str | Path) -> None:
    subprocess.run(
        [str(part) for part in call],
        check=True,
        user=server.user.pw_uid if server.user else None,
        group=server.user.pw_gid if server.user else None,
        extra_groups=[] if server.user else None,
        cwd=server.home,
    )


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="bz-pitr-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_what_was_committed_after_the_base_backup_comes_back(place: Path) -> None:
    old = PostgresServer(place / "old")
    archive = own(old.home / "archive", old)
    options = {
        "archive_mode": "on",
        "archive_timeout": "300",
        "archive_command": archive_command(archive),
    }
    old = PostgresServer(place / "old", options=options)
    old.start()
    base = own(old.home / "base", old)
    try:
        old.execute("CREATE TABLE t AS SELECT 1 AS n", "bozhou")
        as_postgres(
            old, old.bin / "pg_basebackup", "-h", old.socket_dir, "-U", "bozhou",
            "-D", base, "-F", "tar", "-z", "-c", "fast",
        )  # fmt: skip
        old.execute("INSERT INTO t VALUES (2)", "bozhou")
        old.execute("SELECT pg_switch_wal()")  # what archive_timeout does by itself
        end = time.monotonic() + 60
        while not old.execute(
            "SELECT 1 FROM pg_stat_archiver WHERE last_archived_wal >="
            " pg_walfile_name(pg_current_wal_lsn() - 1)"
        ):
            assert time.monotonic() < end
            time.sleep(0.1)
    finally:
        old.kill()

    new = PostgresServer(
        place / "new", options={"restore_command": f"cp {archive}/%f %p"}
    )
    own(new.data, new)
    as_postgres(new, "tar", "-xzf", base / "base.tar.gz", "-C", new.data)
    as_postgres(new, "tar", "-xzf", base / "pg_wal.tar.gz", "-C", new.data / "pg_wal")
    as_postgres(new, "touch", new.data / "recovery.signal")
    new.start()
    try:
        end = time.monotonic() + 60
        while new.execute("SELECT pg_is_in_recovery()")[0][0]:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert new.execute("SELECT n FROM t ORDER BY n", "bozhou") == [(1,), (2,)]
    finally:
        new.stop()
