"""Lines of national parcels refused one by one, other kinds, no set-up, fetching by REST."""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock, exchange
from bozhou_eco.common.exchange import folder, rest
from polluters.models import (
    Mark,
    MarkKind,
    NationalMean,
    NationalParcel,
    NationalRate,
    Point,
)
from polluters.services import national
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=clock.BEIJING)
HEADS = {
    "hour": "source_code,outlet,factor,time,value",
    "rates": "source_code,outlet,factor,period,time,effective",
    "marks": "id,source_code,outlet,factor,kind,begin,end,filled_at",
}
ROWS = {
    "hour": NationalMean,
    "day": NationalMean,
    "rates": NationalRate,
    "marks": Mark,
}


@pytest.fixture
def point() -> Point:
    MarkKind.objects.get_or_create(
        code="starting", defaults={"name": "启炉", "group": "production"}
    )
    return factories.point(high=100.0)


def parcel(kind: str, *lines: str, number: str = "GJ-1") -> exchange.Parcel:
    head = HEADS["hour" if kind == "day" else kind]
    text = "\n".join((head, *lines)) + "\n"
    return exchange.make_parcel(
        number=number, kind=kind, sender="national", receiver="bozhou",
        day=date(2026, 3, 1), files={f"{kind}.csv": text.encode()}, now=NOW,
    )  # fmt: skip


def where(point: Point) -> str:
    return f"{point.outlet.enterprise.source_code},{point.outlet.code}"


@pytest.mark.parametrize(
    ("kind", "line", "said"),
    [
        pytest.param("hour", "{},a99999,2026-03-01 00:00,1", "没有此点位", id="factor"),
        pytest.param("hour", "{},a21002,,1", "时间为空", id="hour-time"),
        pytest.param(
            "day", "{},a21002,2026-03-01 01:00,1", "时间不是日", id="day-start"
        ),
        pytest.param("rates", "{},a21002,日,,1", "时间为空", id="rate-time"),
        pytest.param(
            "rates", "{},a21002,年,2026-03-01,1", "小时、日、月、季：年", id="period"
        ),
        pytest.param(
            "marks", "M1,{},,大修,2026-03-01 08:00,,2026-03-01 09:00",
            "没有此标记种类：大修，请在后台配置中登记", id="kind",
        ),
        pytest.param(
            "marks", "M1,{},,starting,,,2026-03-01 09:00", "开始时间或填报时间为空",
            id="begin",
        ),
        pytest.param(
            "marks", "M1,{},,starting,2026-03-01 08:00,,", "开始时间或填报时间为空",
            id="filled",
        ),
        pytest.param(
            "marks",
            "M1,{},,starting,2026-03-01 08:00,2026-03-01 08:00,2026-03-01 09:00",
            "结束时间不晚于开始时间", id="end",
        ),
        pytest.param(
            "marks", "M1,{},,starting,2026-03-01 08:00,,2026-03-02 10:01",
            "填报时间在未来：2026-03-02 10:01", id="future",
        ),
        pytest.param(
            "marks", "M1,X{},,starting,2026-03-01 08:00,,2026-03-01 09:00",
            "没有此排放口", id="outlet",
        ),
    ],
)  # fmt: skip
def test_a_bad_line_is_refused_by_number_and_nothing_is_made_of_it(
    point: Point, kind: str, line: str, said: str
) -> None:
    receipt = national.take_parcel(
        parcel(kind, line.format(where(point))), way="rest", now=NOW
    )
    assert (receipt.accepted, receipt.taken, receipt.refused) == (True, 0, 1)
    (problem,) = receipt.problems
    assert problem.startswith(f"{kind}.csv 第 2 行：")
    assert said in problem
    assert not ROWS[kind].objects.exists()
    kept = NationalParcel.objects.get()
    assert (kept.taken, kept.refused, kept.problems) == (0, 1, [problem])


def test_days_and_marks_that_are_right_are_taken_to_the_letter(point: Point) -> None:
    at = where(point)
    receipt = national.take_parcel(
        parcel("day", f"{at},a21002,2026-03-01,42.5"), way="rest", now=NOW
    )
    assert (receipt.taken, receipt.problems) == (1, ())
    row = NationalMean.objects.get()
    assert (row.point, row.get_period_display(), row.value) == (
        point,
        "日（2031）",
        42.5,
    )
    ends = "2026-03-01 08:00,2026-03-01 08:01"
    kind = MarkKind.objects.get(code="starting")
    lines = (
        f"M1,{at},a21002,starting,{ends},2026-03-02 10:00",  # an hour ahead is allowed
        f"M2,{at},,{kind.name},{ends},2026-03-01 09:00",
    )
    receipt = national.take_parcel(
        parcel("marks", *lines, number="GJ-2"), way="rest", now=NOW
    )
    assert (receipt.taken, receipt.problems) == (2, ())
    one, whole = Mark.objects.order_by("key")
    assert (one.point, whole.point) == (point, None)
    assert {one.kind.code, whole.kind.code} == {"starting"}
    assert one.end == one.begin + timedelta(minutes=1)


def test_an_unknown_kind_is_refused_with_the_known_ones_and_kept(
    tmp_path: Path, settings
) -> None:
    settings.NATIONAL_INBOX = str(tmp_path)
    odd = exchange.make_parcel(
        number="GJ-9", kind="year", sender="national", receiver="bozhou",
        day=date(2026, 3, 1), files={"year.csv": b"x\n"}, now=NOW,
    )  # fmt: skip
    folder.put(tmp_path, odd)
    assert national.take_folder(now=NOW) == 1
    receipt = folder.receipt(tmp_path, "GJ-9")
    assert receipt is not None
    assert not receipt.accepted
    assert receipt.problems == ("内容 kind 应为 hour day marks rates 之一",)
    assert list(NationalParcel.objects.values_list("number", "state", "way")) == [
        ("GJ-9", "refused", "folder")
    ]
    assert not AuditEntry.objects.filter(act="polluters.take_national").exists()


def test_without_folder_and_address_nothing_is_asked(settings) -> None:
    settings.NATIONAL_INBOX = settings.NATIONAL_URL = ""
    assert national.take_folder(now=NOW) == 0
    assert national.fetch_day(day="2026-03-01", now=NOW) == 0
    assert not NationalParcel.objects.exists()


class Platform(BaseHTTPRequestHandler):
    """The national platform: hands out a parcel by kind, or a status."""

    held: dict[str, bytes | int] = {}
    asked: list[tuple[str, str]] = []

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        kind, day = query["kind"][0], query["day"][0]
        Platform.asked.append((kind, day))
        held = Platform.held.get(kind, 404)
        body = b"" if isinstance(held, int) else held
        self.send_response(held if isinstance(held, int) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header(rest.SIGNATURE, rest.sign(body, "geheim"))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def platform(settings) -> Iterator[type[Platform]]:
    Platform.held, Platform.asked = {}, []
    server = HTTPServer(("127.0.0.1", 0), Platform)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    settings.NATIONAL_URL = f"http://127.0.0.1:{server.server_port}/out"
    settings.NATIONAL_SECRET = "geheim"
    yield Platform
    server.shutdown()
    server.server_close()
    thread.join(30)


def test_a_day_is_fetched_kind_by_kind_and_again_harmlessly(
    point: Point, platform: type[Platform]
) -> None:
    line = f"{where(point)},a21002,2026-03-01 00:00,42.5"
    platform.held["hour"] = exchange.pack(parcel("hour", line))
    platform.held["rates"] = b"no parcel"
    for _ in range(2):
        assert national.fetch_day(day="2026-03-01", now=NOW) == 1
    asked = [(kind, "2026-03-01") for kind in national.KINDS]
    assert platform.asked == asked * 2
    assert NationalMean.objects.get().value == 42.5
    taken = NationalParcel.objects.get(state="taken")
    assert (taken.number, taken.way, taken.received_by) == ("GJ-1", "rest", None)
    refused = NationalParcel.objects.filter(state="refused").first()
    assert refused is not None
    assert (refused.number, refused.way) == ("rates-2026-03-01", "rest")
    assert "ZIP" in refused.problems[0]


def test_a_kind_that_cannot_be_had_does_not_hold_up_the_others(
    point: Point, platform: type[Platform]
) -> None:
    platform.held["hour"] = 503
    line = f"{where(point)},a21002,日,2026-03-01,0.95"
    platform.held["rates"] = exchange.pack(parcel("rates", line))
    with pytest.raises(rest.NotSentError, match="503") as error:
        national.fetch_day(day="2026-03-01", now=NOW)
    assert error.value.again
    assert NationalRate.objects.get().effective == 0.95
    assert not NationalParcel.objects.filter(state="refused").exists()
