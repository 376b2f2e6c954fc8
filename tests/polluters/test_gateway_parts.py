"""The gateway's parts: token bucket, spool on disk, directory of loggers."""

from pathlib import Path

import pytest

from polluters.gateway.bucket import TokenBucket
from polluters.gateway.directory import Directory, read_networks
from polluters.gateway.spool import Spool, digest_of

FRAMES = [b"##%04d-%d" % (n, n) for n in range(50)]


def test_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=10, burst=5, now=100.0)
    assert [bucket.take(1, 100.0) for _ in range(5)] == [0.0] * 5
    assert bucket.take(1, 100.0) == pytest.approx(0.1)
    assert bucket.take(1, 100.0) == pytest.approx(0.2)
    assert bucket.take(1, 100.4) == 0.0
    assert bucket.take(1, 1000.0) == 0.0
    assert bucket.take(5, 1000.0) == pytest.approx(0.1)


def make(path: Path, max_bytes: int = 1 << 20) -> Spool:
    return Spool(path, max_bytes=max_bytes, retry_s=60)


def test_confirmed_frames_leave_nothing_behind(tmp_path: Path) -> None:
    spool = make(tmp_path)
    assert [spool.add("MN1", raw, 0.0) for raw in FRAMES] == [True] * 50
    assert not spool.add("MN1", FRAMES[3], 1.0)
    assert spool.size > 0
    assert [spool.confirm(digest_of(raw)) for raw in FRAMES] == [True] * 50
    assert not spool.confirm(digest_of(FRAMES[0]))
    assert (spool.entries, spool.size) == ({}, 0)
    assert spool.add("MN1", FRAMES[7], 2.0)
    assert spool.due(100.0, 5) == [("MN1", FRAMES[7])]
    spool.confirm(digest_of(FRAMES[7]))
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_unconfirmed_frames_are_due_again_later_and_later(tmp_path: Path) -> None:
    spool = make(tmp_path)
    spool.add("MN1", FRAMES[0], 0.0)
    spool.add("MN2", FRAMES[1], 0.0)
    assert spool.due(59.0, 10) == []
    assert spool.due(60.0, 1) == [("MN1", FRAMES[0])]
    assert spool.due(60.0, 10) == [("MN2", FRAMES[1])]
    assert spool.due(179.0, 10) == []
    assert len(spool.due(180.0, 10)) == 2
    assert spool.due(419.0, 10) == []


def test_a_restart_takes_over_what_was_not_confirmed(tmp_path: Path) -> None:
    first = make(tmp_path)
    for raw in FRAMES:
        first.add("MN1", raw, 0.0)
    for raw in FRAMES[:20]:
        first.confirm(digest_of(raw))
    first.sync()
    second = make(tmp_path)
    assert second.due(0.0, 100) == [("MN1", raw) for raw in FRAMES]
    for raw in FRAMES:
        second.confirm(digest_of(raw))
    assert list(tmp_path.iterdir()) == []


def test_a_torn_record_is_cut_off(tmp_path: Path) -> None:
    first = make(tmp_path)
    first.add("MN1", FRAMES[0], 0.0)
    first.add("MN1", FRAMES[1], 0.0)
    first.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    second = make(tmp_path)
    assert second.due(0.0, 10) == [("MN1", FRAMES[0])]
    assert second.add("MN1", FRAMES[2], 0.0)
    assert second.due(100.0, 10) == [("MN1", FRAMES[2])]


def test_a_full_spool_says_so_and_recovers(tmp_path: Path) -> None:
    spool = make(tmp_path, max_bytes=100)
    spool.add("MN1", b"x" * 120, 0.0)
    assert spool.full
    spool.confirm(digest_of(b"x" * 120))
    assert not spool.full


def test_files_roll_over(tmp_path: Path) -> None:
    spool = make(tmp_path, max_bytes=1 << 30)
    big = [b"%d" % n + b"x" * 300_000 for n in range(9)]
    for raw in big:
        spool.add("MN1", raw, 0.0)
    assert len(list(tmp_path.iterdir())) == 3
    for raw in big[:4]:
        spool.confirm(digest_of(raw))
    assert len(list(tmp_path.iterdir())) == 2


def test_directory_binds_an_mn_to_networks() -> None:
    networks = read_networks("10.1.2.3， 192.168.7.0/24")
    assert networks is not None
    directory = Directory(frozenset(), {"A": networks})
    assert directory.allows("A", "10.1.2.3")
    assert directory.allows("A", "192.168.7.200")
    assert not directory.allows("A", "10.1.2.4")
    assert not directory.allows("A", "")
    assert directory.allows("B", "10.1.2.4")
    assert read_networks("  ") is None
    assert read_networks("nonsense") == ()
    assert not Directory(frozenset(), {"A": ()}).allows("A", "10.1.2.3")
