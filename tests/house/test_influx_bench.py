"""The comparison with InfluxDB: whole lines, all of them, and nothing without it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import influx


def test_lines_are_cut_whole_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influx, "BODY", 40)
    sent: list[bytes] = []

    def send(body: bytes) -> bytes:
        sent.append(body)
        return b""

    text = b"".join(b"r,p=%d v=1.5 %d\n" % (n % 7, n) for n in range(200))
    with ThreadPoolExecutor(1) as pool:
        writer = influx._Writer(send, pool)
        for start in range(0, len(text), 33):
            writer.write(text[start : start + 33])
        writer.flush(whole=True)
    assert b"".join(sent) == text
    assert len(sent) > 10
    assert all(body.endswith(b"\n") for body in sent)


def test_a_refused_body_is_not_passed_over() -> None:
    def send(body: bytes) -> bytes:
        raise RuntimeError("influxd: 400")

    with ThreadPoolExecutor(1) as pool:
        writer = influx._Writer(send, pool)
        writer.write(b"r,p=1 v=1 1\n")
        with pytest.raises(RuntimeError, match="400"):
            writer.flush(whole=True)


def test_an_empty_answer_is_not_timed() -> None:
    with pytest.raises(RuntimeError, match="0 rows"):
        influx._holds_data("latest", b'{"results": [{"statement_id": 0}]}', 300)
    rows = b'{"results": [{"series": [{"values": [[1, 2]]}, {"values": [[1, 3]]}]}]}'
    influx._holds_data("latest", rows, 2)


def test_without_influxd_there_is_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INFLUXD", str(tmp_path / "influxd"))
    end = datetime(2026, 3, 31, tzinfo=UTC)
    with influx.running(tmp_path, [1], end, "unused") as server:
        assert server is None
