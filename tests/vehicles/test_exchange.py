"""Exchange with the region's platform: over a folder and over HTTP, 对账, statistics."""

import io
import json
import threading
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count

import openpyxl
import pytest
from django.test import Client

from alerts.models import Alert
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock, exchange
from bozhou_eco.common.exchange import folder, rest
from tests import factories
from tests.vehicles.station_makers import station
from vehicles.domain import plates
from vehicles.models import (
    ExchangeChannel,
    ExchangeCheck,
    ExchangeParcel,
    FleetMonth,
    Inspection,
    Station,
    Vehicle,
)
from vehicles.selectors import fleet as fleet_reads
from vehicles.services import exchange as acts
from vehicles.services import fleet

pytestmark = pytest.mark.django_db
DAY = date(2026, 9, 1)
AT = datetime(2026, 9, 1, 11, tzinfo=clock.BEIJING)
NEXT = AT + timedelta(days=1)
numbers = count(1)


def finished(at: datetime = AT, outcome: str = "pass", **more: object) -> Inspection:
    number = next(numbers)
    plate = f"新E{number:05d}"
    car = Vehicle.objects.create(
        plate=plate,
        plate_color="yellow",
        near_key=plates.near_key(plate),
        fuel=more.pop("fuel", "B"),
        stage=more.pop("stage", 5),
        registered_on=more.pop("registered_on", date(2020, 1, 1)),
    )
    where = Station.objects.first() or station()
    results = more.pop("results", {"k_mean_m1": 0.8})
    return Inspection.objects.create(
        station=where,
        line=where.lines.get(),
        vehicle=car,
        session=f"X-{number}",
        report=f"{number:024d}",
        state="done",
        category="periodic",
        method="free_acceleration",
        opened_at=at,
        started_at=at,
        finished_at=at,
        updated_at=at,
        document={"results": results},
        received=[],
        outcome=outcome,
        **more,
    )


@pytest.fixture
def channel(tmp_path) -> ExchangeChannel:
    made = ExchangeChannel.objects.get(code="region")
    made.outbox, made.inbox = str(tmp_path / "out"), str(tmp_path / "in")
    made.enabled = True
    made.save()
    return made


def held(day: date, rows: dict[str, str], number: str = "XJ-HELD-1") -> exchange.Parcel:
    body = "report,outcome\n" + "".join(f"{r},{o}\n" for r, o in rows.items())
    return exchange.make_parcel(
        number=number, kind="held", sender="xinjiang", receiver="bozhou", day=day,
        files={"held.csv": body.encode()}, rows={"held.csv": len(rows)}, now=NEXT,
    )  # fmt: skip


def test_a_days_parcel_is_sent_receipted_and_reconciled(channel, tmp_path):
    good, bad = finished(), finished(outcome="fail")
    lost = finished()
    assert acts.run(now=NEXT, days=1)["sent"] == 1
    parcel = ExchangeParcel.objects.get()
    assert parcel.state == "sent"
    out = tmp_path / "out"
    [number] = folder.waiting(out)
    taken = folder.take(out, number)
    lines = taken.files["test.csv"].decode().splitlines()
    assert len(lines) == 4
    assert good.report in lines[1]
    assert len(taken.files["vehicle.csv"].decode().splitlines()) == 4
    folder.answer(out, exchange.receipt_of(taken, now=NEXT, taken=7))
    folder.put(
        tmp_path / "in",
        held(
            DAY, {str(good.report): "pass", str(bad.report): "pass", "9" * 24: "pass"}
        ),
    )
    acts.run(now=NEXT + timedelta(minutes=15), days=1)
    parcel.refresh_from_db()
    assert (parcel.state, parcel.taken) == ("accepted", 7)
    check = ExchangeCheck.objects.get()
    assert (check.same, check.even) == (1, False)
    assert check.only_ours == [lost.report]
    assert check.only_theirs == ["9" * 24]
    assert check.differing[0] == {
        "report": bad.report,
        "ours": "fail",
        "theirs": "pass",
    }
    assert folder.receipt(tmp_path / "in", "XJ-HELD-1").accepted
    again = acts.resend(check=check, actor=factories.user(Role.OFFICER), now=NEXT)
    assert again.revision == 2
    second = folder.take(out, again.number)
    assert {lost.report, bad.report} == {
        line.split(",")[0]
        for line in second.files["test.csv"].decode().splitlines()[1:]
    }


def test_running_again_sends_nothing_twice(channel):
    finished()
    acts.run(now=NEXT, days=1)
    acts.run(now=NEXT + timedelta(minutes=15), days=1)
    assert ExchangeParcel.objects.count() == 1
    assert ExchangeParcel.objects.get().attempts == 1


def test_a_refused_list_is_answered_with_the_reason(channel, tmp_path):
    wrong = exchange.make_parcel(
        number="XJ-HELD-2", kind="held", sender="x", receiver="b", day=DAY,
        files={"held.csv": b"a,b\n1,2\n"}, now=NEXT,
    )  # fmt: skip
    folder.put(tmp_path / "in", wrong)
    acts.run(now=NEXT, days=1)
    answer = folder.receipt(tmp_path / "in", "XJ-HELD-2")
    assert not answer.accepted
    assert "report、outcome" in answer.problems[0]
    assert not ExchangeCheck.objects.exists()


class _Region(BaseHTTPRequestHandler):
    """The other side over HTTP: fails as often as it is told, then takes parcels."""

    fail = 0
    taken: list[str] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if type(self).fail:
            type(self).fail -= 1
            self.send_response(503)
            self.end_headers()
            return
        rest.verify(body, self.headers[rest.SIGNATURE], secret="s3")  # noqa: S106
        parcel = exchange.unpack(body)
        type(self).taken.append(parcel.number)
        receipt = exchange.receipt_of(parcel, now=NEXT, taken=3)
        answer = json.dumps(receipt.as_json()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


def test_by_rest_a_failure_is_retried_and_the_receipt_taken(channel, monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), _Region)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    _Region.fail, _Region.taken = 1, []
    monkeypatch.setenv("REGION_EXCHANGE_SECRET", "s3")
    channel.mode = "rest"
    channel.url = f"http://127.0.0.1:{server.server_port}/parcels"
    channel.save()
    try:
        finished()
        acts.run(now=NEXT, days=1)
        parcel = ExchangeParcel.objects.get()
        assert parcel.state == "failed"
        assert "503" in parcel.error
        assert parcel.next_at == NEXT + timedelta(minutes=1)
        acts.run(now=NEXT + timedelta(seconds=30), days=1)
        assert _Region.taken == []
        acts.run(now=NEXT + timedelta(minutes=2), days=1)
        parcel.refresh_from_db()
        assert (parcel.state, parcel.attempts, parcel.taken) == ("accepted", 2, 3)
        assert _Region.taken == [parcel.number]
    finally:
        server.shutdown()
        server.server_close()


def test_a_platform_that_stays_away_is_told(channel):
    channel.mode, channel.url = "rest", "http://127.0.0.1:9/parcels"
    channel.save()
    finished()
    now = NEXT
    for _ in range(5):
        acts.run(now=now, days=1)
        now = ExchangeParcel.objects.get().next_at
    assert ExchangeParcel.objects.get().attempts == 5
    assert Alert.objects.filter(kind="process.exchange").count() == 1


def test_the_exchange_page_shows_sources_and_differences(channel, client: Client):
    client.force_login(factories.user(Role.OFFICER))
    acts.check_held(channel=channel, parcel=held(DAY, {"1": "pass"}), now=NEXT)
    page = client.get("/vehicles/exchange/").content.decode()
    assert "公安交管综合应用平台" in page
    assert "有差异" in page
    assert "1 本平台缺" in page


# --- monthly sums -----------------------------------------------------------------------
def test_sums_follow_the_tests(client: Client):
    user = factories.user(Role.OFFICER)
    client.force_login(user)
    finished(results={"k_mean_m1": 0.6})
    second = finished(outcome="fail", results={"k_mean_m1": 1.4})
    finished(fuel="A", stage=6, registered_on=None, results={})
    finished(at=AT - timedelta(days=31))
    fleet.refresh(now=AT)
    rows = fleet_reads.months_for(user, date(2026, 9, 1), date(2026, 9, 30))
    by_fuel = {row.label: row for row in fleet_reads.grouped(rows, "fuel")}
    assert (by_fuel["柴油"].tests, by_fuel["柴油"].failed) == (2, 1)
    assert by_fuel["柴油"].mean("k_mean_m1") == pytest.approx(1.0)
    assert by_fuel["汽油"].mean("k_mean_m1") is None
    ages = {row.label: row.tests for row in fleet_reads.grouped(rows, "age")}
    assert ages == {"4-6 年": 2, "未登记": 1}
    Inspection.objects.filter(pk=second.pk).update(
        outcome="pass", updated_at=AT + timedelta(minutes=9)
    )
    fleet.refresh(now=AT + timedelta(minutes=10))
    rows = fleet_reads.months_for(user, date(2026, 9, 1), date(2026, 9, 30))
    [total] = fleet_reads.grouped(rows, "month")
    assert (total.tests, total.failed, total.pass_share) == (3, 0, 1.0)
    page = client.get("/vehicles/fleet/?by=stage&from=2026-08-01&to=2026-09-30")
    assert "国五" in page.content.decode()
    book = client.get(
        "/vehicles/fleet/?by=stage&from=2026-08-01&to=2026-09-30&format=xlsx"
    )
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert [sheet["A2"].value, sheet["B2"].value] == ["国五", 3]
    assert FleetMonth.objects.filter(month=date(2026, 8, 1)).exists()
