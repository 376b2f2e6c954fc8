"""Parcels by folder and by REST against a real local server; receipts; 对账."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bozhou_eco.common import exchange
from bozhou_eco.common.exchange import folder, rest

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
SECRET = "对账密钥"


def parcel(
    number: str = "BZ-HOUR-20260301", body: bytes = b"a,b\n1,2\n"
) -> exchange.Parcel:
    return exchange.make_parcel(
        number=number, kind="hour", sender="bozhou", receiver="national",
        day=date(2026, 3, 1), files={"hour.csv": body}, rows={"hour.csv": 1}, now=NOW,
    )  # fmt: skip


class Other(BaseHTTPRequestHandler):
    """The other platform: takes parcels with a right signature, hands one out."""

    taken: dict[str, exchange.Parcel] = {}
    broken = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Other.broken:
            Other.broken -= 1
            self.answer(503, b"busy")
            return
        try:
            rest.verify(body, self.headers.get(rest.SIGNATURE, ""), secret=SECRET)
            got = exchange.unpack(body)
            Other.taken[got.number] = got
            receipt = exchange.receipt_of(got, now=NOW, taken=1)
        except exchange.RefusedError as error:
            key = self.headers["Idempotency-Key"]
            receipt = exchange.refusal(key, now=NOW, problems=error.problems)
        self.answer(200, json.dumps(receipt.as_json()).encode())

    def do_GET(self) -> None:
        body = exchange.pack(parcel())
        if "none" in self.path:
            self.answer(404, b"")
        elif "half" in self.path:
            self.answer(200, body[:-40])
        else:
            self.answer(200, body, {rest.SIGNATURE: rest.sign(body, SECRET)})

    def answer(
        self, status: int, body: bytes, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def other() -> Iterator[str]:
    Other.taken, Other.broken = {}, 0
    server = HTTPServer(("127.0.0.1", 0), Other)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_by_rest_and_again(other: str) -> None:
    receipt = rest.send(f"{other}/in", parcel(), secret=SECRET)
    assert receipt.accepted
    assert receipt.taken == 1
    assert Other.taken["BZ-HOUR-20260301"].files == {"hour.csv": b"a,b\n1,2\n"}
    assert rest.send(f"{other}/in", parcel(), secret=SECRET).digest == receipt.digest


def test_a_wrong_signature_is_answered_with_the_reason(other: str) -> None:
    receipt = rest.send(f"{other}/in", parcel(), secret="另一把")
    assert not receipt.accepted
    assert "X-Signature" in receipt.problems[0]
    assert Other.taken == {}


def test_a_failure_says_whether_to_try_again(other: str) -> None:
    Other.broken = 1
    with pytest.raises(rest.NotSentError) as busy:
        rest.send(f"{other}/in", parcel(), secret=SECRET)
    assert busy.value.again
    with pytest.raises(rest.NotSentError) as gone:
        rest.send("http://127.0.0.1:9/in", parcel())
    assert gone.value.again


def test_fetching(other: str) -> None:
    got = rest.fetch(f"{other}/out", secret=SECRET)
    assert got is not None
    assert got.manifest.day == date(2026, 3, 1)
    assert rest.fetch(f"{other}/none") is None
    with pytest.raises(exchange.RefusedError, match="ZIP"):
        rest.fetch(f"{other}/half")


def test_by_folder_until_the_receipt_lies_there(tmp_path: Path) -> None:
    folder.put(tmp_path, parcel())
    folder.put(tmp_path, parcel())
    (tmp_path / ".part-X").mkdir()
    assert folder.waiting(tmp_path) == ["BZ-HOUR-20260301"]
    got = folder.take(tmp_path, "BZ-HOUR-20260301")
    assert folder.receipt(tmp_path, got.number) is None
    receipt = exchange.receipt_of(
        got, now=NOW, taken=1, refused=2, problems=["第 3 行"]
    )
    folder.answer(tmp_path, receipt)
    assert folder.waiting(tmp_path) == []
    assert folder.receipt(tmp_path, got.number) == receipt
    with pytest.raises(exchange.RefusedError, match="内容不同"):
        folder.put(tmp_path, parcel(body=b"a,b\n1,3\n"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda p: (p / "hour.csv").write_bytes(b"a,b\n1,9\n"), "SHA-256"),
        (lambda p: (p / "hour.csv").write_bytes(b"a"), "1 字节"),
        (lambda p: (p / "hour.csv").unlink(), "缺少文件"),
        (lambda p: (p / "more.csv").write_bytes(b""), "清单未列文件 more.csv"),
        (lambda p: (p / "manifest.json").write_text("{"), "不是 JSON"),
        (lambda p: (p / "manifest.json").write_text("{}"), "清单缺少 number"),
    ],
)
def test_a_damaged_parcel_is_refused_with_the_reason(
    tmp_path: Path, damage: object, words: str
) -> None:
    damage(folder.put(tmp_path, parcel()))  # type: ignore[operator]
    with pytest.raises(exchange.RefusedError, match=words):
        folder.take(tmp_path, "BZ-HOUR-20260301")


@pytest.mark.parametrize("name", ["../x", "a/b", ".x", "manifest.json", ""])
def test_file_names_stay_inside(name: str) -> None:
    with pytest.raises(exchange.RefusedError):
        exchange.make_parcel(
            number="1", kind="k", sender="a", receiver="b", files={name: b""}, now=NOW
        )
    with pytest.raises(exchange.RefusedError):
        parcel("../escape")


def test_waits_grow_up_to_six_hours() -> None:
    waits = [exchange.next_attempt(n, NOW) - NOW for n in (1, 2, 3, 50)]
    minute = timedelta(minutes=1)
    assert waits == [minute, 2 * minute, 4 * minute, timedelta(hours=6)]


def test_reconciling_says_what_is_missing_where_and_what_differs() -> None:
    ours = {"a": 100.0, "b": 10.0, "c": 1.0, "f": "N", "z": 0.0, "n": None}
    theirs = {"a": 101.0, "b": 11.0, "d": 1.0, "f": "D", "z": 0.0, "n": None}
    found = exchange.reconcile(ours, theirs, tolerance=0.02)
    assert found.same == 3
    assert [x.key for x in found.differing] == ["b", "f"]
    assert found.differing[0].share == pytest.approx(1 / 11)
    assert (found.only_ours, found.only_theirs) == (("c",), ("d",))
    assert not found.even
