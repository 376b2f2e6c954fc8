"""Parcels of the national platform: by folder, by REST, by hand; receipt; 对账."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bozhou_eco.common import clock, exchange
from bozhou_eco.common.exchange import folder
from polluters.models import (
    Exceedance,
    Mark,
    MarkKind,
    NationalMean,
    NationalParcel,
    NationalRate,
    Point,
)
from polluters.services import closing, national
from tests import factories
from tests.polluters.test_close_periods import close, hour_start, send

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=clock.BEIJING)


@pytest.fixture
def point() -> Point:
    return factories.point(high=100.0)


def parcel(kind: str, text: str, number: str = "GJ-1") -> exchange.Parcel:
    return exchange.make_parcel(
        number=number, kind=kind, sender="national", receiver="bozhou",
        day=date(2026, 3, 1), files={f"{kind}.csv": text.encode()}, now=NOW,
    )  # fmt: skip


def hours(point: Point, *rows: str) -> str:
    firm = point.outlet.enterprise.source_code
    head = "污染源编码,排放口编号,因子编码,时间,均值,标记,有效\n"
    lines = (f"{firm},{point.outlet.code},a21002,{row}\n" for row in rows)
    return head + "".join(lines)


def test_it_works_by_folder_with_a_receipt(
    point: Point, tmp_path: Path, settings
) -> None:
    settings.NATIONAL_INBOX = str(tmp_path)
    text = hours(
        point,
        "2026-03-01 00:00,42.5,N,1",
        "2026-03-01 01:00,四十,N,1",
        "2026-03-01 24:00,40,N,1",
        "2026-03-01 02:30,40,N,1",
    )
    folder.put(tmp_path, parcel("hour", text))
    assert national.take_folder(now=NOW) == 1
    receipt = folder.receipt(tmp_path, "GJ-1")
    assert receipt is not None
    assert (receipt.accepted, receipt.taken, receipt.refused) == (True, 2, 2)
    assert receipt.problems == (
        "hour.csv 第 3 行：均值不是数字：四十",
        "hour.csv 第 5 行：时间不是小时（2061）的起点：2026-03-01 02:30",
    )
    times = set(NationalMean.objects.values_list("time", flat=True))
    assert times == {
        datetime(2026, 3, 1, tzinfo=clock.BEIJING),
        datetime(2026, 3, 2, tzinfo=clock.BEIJING),
    }
    assert national.take_folder(now=NOW) == 0


def test_the_same_parcel_again_is_harmless_and_another_content_refused(
    point: Point,
) -> None:
    one = parcel("hour", hours(point, "2026-03-01 00:00,42.5,N,1"))
    first = national.take_parcel(one, way="folder", now=NOW)
    again = national.take_parcel(one, way="rest", now=NOW + timedelta(hours=1))
    assert again == first
    assert NationalParcel.objects.count() == 1
    other = parcel("hour", hours(point, "2026-03-01 00:00,43,N,1"))
    with pytest.raises(exchange.RefusedError, match="已用于另一内容"):
        national.take_parcel(other, way="rest", now=NOW)


def test_a_missing_column_refuses_the_whole_and_keeps_the_reason() -> None:
    body = exchange.pack(parcel("hour", "污染源编码,时间\n"))
    receipt = national.take_upload(body, actor=factories.user("officer"), now=NOW)
    assert not receipt.accepted
    assert "表头缺少列：排放口编号、因子编码、均值" in receipt.problems[0]
    row = NationalParcel.objects.get()
    assert (row.state, row.number) == ("refused", "GJ-1")
    assert not NationalMean.objects.exists()


def test_what_is_no_parcel_is_refused_with_the_reason() -> None:
    receipt = national.take_upload(b"PK", actor=factories.user("officer"), now=NOW)
    assert not receipt.accepted
    assert "ZIP" in receipt.problems[0]


def test_marks_are_taken_once_and_judge_again(point: Point) -> None:
    MarkKind.objects.get_or_create(
        code="starting", defaults={"name": "启炉（启动）", "group": "production"}
    )
    hour = hour_start()
    send(point, hour, 150.0)
    close(hour)
    closing.settle(now=closing.settle_time(hour) + timedelta(minutes=1))
    assert Exceedance.objects.get().state == "exceeded"
    firm, code = point.outlet.enterprise.source_code, point.outlet.code
    begin = f"{clock.beijing(hour):%Y-%m-%d %H:%M}"
    head = "id,source_code,outlet,factor,kind,begin,end,reason,filler,filled_at,withdrawn\n"
    line = f"M1,{firm},{code},,starting,{begin},,冷态启动,张三,{begin},"
    now = closing.settle_time(hour) + timedelta(minutes=2)
    for number, rest in (("GJ-2", ""), ("GJ-3", "")):
        national.take_parcel(
            parcel("marks", head + line + rest + "\n", number), way="rest", now=now
        )
    mark = Mark.objects.get()
    assert (mark.legal, mark.filler, mark.end) == (True, "张三", None)
    assert Exceedance.objects.get().state == "exempt"
    national.take_parcel(
        parcel("marks", head + line + "1\n", "GJ-4"), way="rest", now=now
    )
    assert Mark.objects.get().withdrawn_at is not None
    assert Exceedance.objects.get().state == "exceeded"


def test_rates_are_shares_however_they_are_written(point: Point) -> None:
    firm, code = point.outlet.enterprise.source_code, point.outlet.code
    head = "source_code,outlet,factor,period,time,backfilled,transmission,effective\n"
    rows = (
        f"{firm},{code},a21002,日,2026-03-01,1,98.5%,0.975\n"
        f"{firm},{code},a21002,日,2026-03-01,0,98.5,0.975\n"
    )
    receipt = national.take_parcel(parcel("rates", head + rows), way="rest", now=NOW)
    row = NationalRate.objects.get()
    assert (row.transmission, row.effective) == (0.985, 0.975)
    assert "第 3 行：传输率应在 0 至 1 之间或带百分号" in receipt.problems[0]
