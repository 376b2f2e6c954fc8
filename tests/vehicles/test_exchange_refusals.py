"""Exchange: lists by REST, lists that are refused, sending again by hand."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from alerts.models import Alert
from bozhou_eco.accounts.models import Role, User
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock, exchange
from bozhou_eco.common.exchange import folder, rest
from tests import factories
from tests.vehicles.test_exchange import DAY, NEXT, finished, held
from vehicles.models import ExchangeChannel, ExchangeCheck, ExchangeParcel
from vehicles.services import exchange as acts

pytestmark = pytest.mark.django_db
KEY = "s3"


@pytest.fixture
def officer() -> User:
    return factories.user(Role.OFFICER)


@pytest.fixture
def channel(tmp_path: Path) -> ExchangeChannel:
    made = ExchangeChannel.objects.get(code="region")
    made.outbox, made.inbox = str(tmp_path / "out"), str(tmp_path / "in")
    made.enabled = True
    made.save()
    return made


@dataclass
class Region:
    """The other side's address for lists: what it answers and what it was asked."""

    address: str
    status: int = 204
    body: bytes = b""
    key: str = KEY
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> Iterator[Region]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            self.send_response(told.status)
            self.send_header(rest.SIGNATURE, rest.sign(told.body, told.key))
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    told = Region(f"http://127.0.0.1:{server.server_port}/held")
    monkeypatch.setenv("REGION_EXCHANGE_SECRET", KEY)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()


def test_the_list_of_yesterday_is_asked_for_by_rest(
    channel: ExchangeChannel, region: Region
) -> None:
    report = str(finished().report)
    channel.mode = "rest"
    whole = exchange.pack(held(DAY, {report: "pass"}))

    def checked() -> int:
        return acts.check_waiting(channel=channel, now=NEXT)

    assert (checked(), region.asked) == (0, [])
    channel.check_url = region.address
    assert checked() == 0
    assert region.asked == ["/held?day=2026-09-01"]
    for status, body, key in (
        (500, b"", KEY),
        (200, whole, "another key"),
        (200, whole[:-9], KEY),
    ):
        region.status, region.body, region.key = status, body, key
        assert checked() == 0
    assert not ExchangeCheck.objects.exists()
    region.status, region.body, region.key = 200, whole, KEY
    assert checked() == 1
    assert checked() == 1
    check = ExchangeCheck.objects.get()
    assert (check.day, check.same, check.even) == (DAY, 1, True)


def test_a_day_that_cannot_be_compared_is_told_until_it_is(
    channel: ExchangeChannel, region: Region
) -> None:
    report = str(finished().report)
    channel.mode, channel.check_url = "rest", region.address
    channel.save()
    night = NEXT.astimezone(clock.BEIJING).replace(hour=2)
    morning = night.replace(hour=8)
    alerts = Alert.objects.filter(key=f"exchange:check:{channel.code}")

    def run(at: datetime, status: int, body: bytes = b"") -> None:
        region.status, region.body, region.key = status, body, KEY
        acts.check_waiting(channel=channel, now=at)

    run(night, 500)
    assert not alerts.exists(), "the other side has the night for it"
    run(morning, 500)
    run(morning, 500)
    [alert] = alerts
    assert (alert.kind, alert.recurrences) == ("process.exchange", 2)
    assert alert.explanation["数据日期"] == str(DAY)
    assert "500" in alert.explanation["原因"]
    run(morning, 204)
    earlier = held(DAY - timedelta(days=1), {report: "pass"})
    run(morning, 200, exchange.pack(earlier))
    alert.refresh_from_db()
    assert alert.returned_at is None
    run(morning, 200, exchange.pack(held(DAY, {report: "pass"})))
    alert.refresh_from_db()
    assert alert.returned_at is not None
    run(morning, 500)
    alert.refresh_from_db()
    assert alert.returned_at is not None, "the day is compared already"


def other(kind: str, day: date | None, name: str) -> exchange.Parcel:
    return exchange.make_parcel(
        number="XJ-HELD-9", kind=kind, sender="x", receiver="b", day=day,
        files={name: b"report,outcome\n"}, now=NEXT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parcel", "words"),
    [
        (("vehicle-tests", DAY, "held.csv"), "只接收类别为 held、注明日期"),
        (("held", None, "held.csv"), "只接收类别为 held、注明日期"),
        (("held", DAY, "other.csv"), "缺少 held.csv"),
    ],
    ids=["kind", "day", "file"],
)
def test_a_list_of_another_kind_day_or_file_is_refused_with_the_reason(
    channel: ExchangeChannel,
    tmp_path: Path,
    parcel: tuple[str, date | None, str],
    words: str,
) -> None:
    folder.put(tmp_path / "in", other(*parcel))
    assert acts.check_waiting(channel=channel, now=NEXT) == 0
    answer = folder.receipt(tmp_path / "in", "XJ-HELD-9")
    assert answer is not None
    assert not answer.accepted
    assert words in answer.problems[0]
    assert not ExchangeCheck.objects.exists()
    assert acts.check_waiting(channel=channel, now=NEXT) == 0, "answered once"


def test_where_both_sides_agree_nothing_is_sent_again(
    channel: ExchangeChannel, officer: User
) -> None:
    report = str(finished().report)
    parcel = held(DAY, {report: "pass"})
    check = acts.check_held(channel=channel, parcel=parcel, now=NEXT)
    with pytest.raises(acts.ExchangeRefusedError, match="没有需要补报的记录"):
        acts.resend(check=check, actor=officer, now=NEXT)
    assert not ExchangeParcel.objects.exists()


@pytest.mark.parametrize(
    ("state", "revisions", "retried"),
    [("failed", [1], 1), ("waiting", [1], 1), ("refused", [1, 2], 2)],
)
def test_sending_by_hand_again_makes_a_revision_only_of_what_was_refused(
    channel: ExchangeChannel,
    officer: User,
    state: str,
    revisions: list[int],
    retried: int,
) -> None:
    tests = [finished(), finished(outcome="fail")]
    parcel = acts.prepare(channel=channel, day=DAY, now=NEXT)
    ExchangeParcel.objects.update(state=state)
    sent = acts.retry(parcel=parcel, actor=officer, now=NEXT)
    assert (sent.revision, sent.state, sent.attempts) == (retried, "sent", 1)
    rows = ExchangeParcel.objects.order_by("revision")
    assert [row.revision for row in rows] == revisions
    if retried == 2:
        assert set(sent.reports) == {test.report for test in tests}
        assert rows[0].state == "refused", "what was refused stays on record"
    entry = AuditEntry.objects.get(act="exchange.retry")
    assert (entry.subject, entry.actor) == (f"parcel:{sent.number}", officer)
    ExchangeParcel.objects.filter(pk=sent.pk).update(state="accepted")
    with pytest.raises(acts.ExchangeRefusedError, match="已签收，无须重发"):
        acts.retry(parcel=sent, actor=officer, now=NEXT)
    assert ExchangeParcel.objects.count() == len(revisions)
    assert AuditEntry.objects.filter(act="exchange.retry").count() == 1


def test_a_receipt_that_cannot_be_read_is_said_and_the_next_one_taken(
    channel: ExchangeChannel, tmp_path: Path
) -> None:
    finished()
    out = tmp_path / "out"
    parcel = acts.send(
        parcel=acts.prepare(channel=channel, day=DAY, now=NEXT), now=NEXT
    )
    broken = out / f"{parcel.number}{folder.RECEIPT}"
    broken.write_text('{"number": 1}')
    assert acts.collect_receipts(channel=channel, now=NEXT) == 0
    parcel.refresh_from_db()
    assert parcel.state == "sent"
    assert parcel.error
    broken.unlink()
    assert acts.collect_receipts(channel=channel, now=NEXT) == 0
    taken = folder.take(out, parcel.number)
    folder.answer(out, exchange.refusal(parcel.number, now=NEXT, problems=["第 2 行"]))
    assert acts.collect_receipts(channel=channel, now=NEXT) == 1
    parcel.refresh_from_db()
    assert (parcel.state, parcel.problems, parcel.error) == ("refused", ["第 2 行"], "")
    assert taken.number == parcel.number


def test_other_content_under_the_same_number_is_told_and_not_tried_again(
    channel: ExchangeChannel,
) -> None:
    finished()
    parcel = acts.send(
        parcel=acts.prepare(channel=channel, day=DAY, now=NEXT), now=NEXT
    )
    finished()
    again = acts.send(parcel=parcel, now=NEXT)
    assert (again.state, again.next_at, again.attempts) == ("failed", None, 2)
    assert "内容不同" in again.error
    alert = Alert.objects.get(kind="process.exchange")
    assert alert.explanation["原因"] == again.error
