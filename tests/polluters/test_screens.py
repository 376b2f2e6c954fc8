"""History of any points, the wall, statistics and video, through their pages."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from bozhou_eco.accounts.models import Role
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import clock
from bozhou_eco.common.video import encode
from bozhou_eco.evidence.models import SealedFile
from polluters.models import (
    Exceedance,
    Latest,
    Mean,
    Point,
    RawFrame,
    Reading,
    VideoChannel,
    VideoSnapshot,
)
from polluters.services import partitions, video
from tests import factories
from tests.polluters.frames import data_frame
from tests.polluters.test_take_batch import take

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def point() -> Point:
    return factories.point(high=100.0)


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(factories.user(Role.OFFICER))
    return client


def noon() -> datetime:
    """Return yesterday noon in Beijing."""
    local = clock.beijing(clock.now()) - DAY
    return local.replace(hour=12, minute=0, second=0, microsecond=0)


def minutes(
    point: Point, start: datetime, values: list[float | None], flag="N"
) -> None:
    partitions.ensure_months({partitions.month_of(start)})
    Reading.objects.bulk_create(
        Reading(
            point=point, period=1, time=start + n * MINUTE, value=value,
            flag=flag, quality=0, received_at=start,
        )
        for n, value in enumerate(values)
        if value is not None
    )  # fmt: skip


def curve(client: Client, query: str) -> dict:
    answer = client.get(f"/polluters/history/data.json?{query}")
    assert answer.status_code == 200
    return json.loads(answer.content)


# --- history ------------------------------------------------------------------------


def test_thinning_never_hides_a_peak(point: Point, officer: Client) -> None:
    start = noon() - 6 * DAY
    values: list[float | None] = [10.0] * 1000
    values[777] = 990.0
    values[778] = 1.0
    minutes(point, start, values)
    body = curve(
        officer,
        f"p={point.pk}&since={start:%Y-%m-%dT%H:%M}&until={noon():%Y-%m-%dT%H:%M}",
    )
    (one,) = body["curves"]
    assert body["step"] > 60
    assert len(one["mean"]) <= 1200
    assert max(v for v in one["high"] if v is not None) == 990.0
    assert min(v for v in one["low"] if v is not None) == 1.0
    assert one["limit"]["high"] == 100.0


def test_gaps_stay_open_and_marks_are_shaded(point: Point, officer: Client) -> None:
    start = noon()
    minutes(point, start, [5.0] * 10 + [None] * 10 + [6.0] * 10)
    minutes(point, start + 40 * MINUTE, [80.0] * 5, flag="C")
    body = curve(
        officer,
        f"p={point.pk}&since={start:%Y-%m-%dT%H:%M}&until={start + HOUR:%Y-%m-%dT%H:%M}",
    )
    (one,) = body["curves"]
    assert body["step"] == 60
    assert one["mean"][:10] == [5.0] * 10
    assert one["mean"][10:20] == [None] * 10
    assert one["mean"][40:45] == [None] * 5
    (flag,) = one["flags"]
    assert (flag["flag"], flag["word"], flag["to"] - flag["from"]) == ("C", "校准", 300)


def test_hour_means_keep_the_extremes_of_their_minutes(
    point: Point, officer: Client
) -> None:
    start = noon() - 20 * DAY
    Mean.objects.bulk_create(
        Mean(
            point=point, period=2, time=start + n * HOUR, computed=40, low=3, high=95,
            valid=n != 5, flags={"D": 40, "N": 20} if n == 5 else {"N": 60},
            state="closed", computed_at=start,
        )
        for n in range(24)
    )  # fmt: skip
    body = curve(
        officer, f"p={point.pk}&since={start:%Y-%m-%d}&until={noon():%Y-%m-%d}"
    )
    (one,) = body["curves"]
    assert body["period"] == "hour"
    assert {v for v in one["high"] if v is not None} == {95.0}
    assert {v for v in one["low"] if v is not None} == {3.0}
    assert [flag["flag"] for flag in one["flags"]] == ["D"]


def test_last_year_lies_on_the_same_axis(point: Point, officer: Client) -> None:
    start = noon()
    minutes(point, start, [5.0] * 3)
    minutes(point, start - timedelta(days=365), [7.0] * 3)
    span = f"since={start:%Y-%m-%dT%H:%M}&until={start + HOUR:%Y-%m-%dT%H:%M}"
    (one,) = curve(officer, f"p={point.pk}&{span}&last=1")["curves"]
    assert one["mean"][:3] == [5.0] * 3
    assert one["last_year"][:3] == [7.0] * 3


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("since=x", "无法识别"),
        ("since=2026-03-02&until=2026-03-01", "起点不早于止点"),
        ("since=2020-01-01&until=2026-01-01", "已截取最近一年"),
        ("p=999999", "不存在或不在您的范围内"),
        ("&".join(f"p={n}" for n in range(1, 12)), "一次最多 8 个点位"),
        ("period=minute&since=2025-06-01&until=2025-12-01", "已改用小时均值"),
    ],
)
def test_what_was_changed_in_the_question_is_said(
    officer: Client, query: str, said: str
) -> None:
    answer = officer.get(f"/polluters/history/?{query}")
    assert answer.status_code == 200
    assert said in answer.content.decode()


def test_points_of_another_district_are_not_given_away(
    point: Point, client: Client
) -> None:
    where = factories.district("652723", "温泉县")
    client.force_login(
        factories.user(Role.OFFICER, organisation=factories.department(where))
    )
    assert curve(client, f"p={point.pk}")["curves"] == []
    assert client.get(f"/polluters/points/{point.pk}/raw/").status_code == 404


def test_exports_hold_every_value_and_say_how_far_they_are(
    point: Point, officer: Client
) -> None:
    start = noon()
    minutes(point, start, [float(n) for n in range(30)])
    query = (
        f"p={point.pk}&since={start:%Y-%m-%dT%H:%M}&until={start + HOUR:%Y-%m-%dT%H:%M}"
    )
    job = "ab" * 10
    answer = officer.get(f"/polluters/history/export/csv/?{query}&job={job}")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 31
    assert lines[0].startswith("\ufeff时间,")
    assert lines[1] == f"{start:%Y-%m-%d %H:%M:%S},0.0,N"
    share = officer.get(f"/polluters/history/progress.json?job={job}")
    assert json.loads(share.content) == {"share": 1.0}
    other = officer.get("/polluters/history/progress.json?job=../../x")
    assert json.loads(other.content) == {"share": 0.0}
    answer = officer.get(f"/polluters/history/export/xlsx/?{query}")
    sheet = openpyxl.load_workbook(
        io.BytesIO(b"".join(answer.streaming_content))
    ).active
    assert sheet.max_row == 31
    assert sheet.cell(31, 2).value == 29.0
    assert AuditEntry.objects.filter(act="curves.export").count() == 2
    assert officer.get("/polluters/history/export/csv/").status_code == 400
    assert officer.get("/polluters/history/export/pdf/").status_code == 404


def test_the_raw_frame_is_one_step_away_without_its_password(
    point: Point, officer: Client
) -> None:
    at = noon()
    take(data_frame(point.logger, at, "a21002-Avg=42,a21002-Flag=N", cn="2051"))
    assert RawFrame.objects.count() == 1
    page = officer.get(f"/polluters/points/{point.pk}/raw/?at={at.timestamp():.0f}")
    text = page.content.decode()
    assert "a21002-Avg=42" in text
    assert "PW=******" in text
    assert "PW=123456" not in text
    assert AuditEntry.objects.filter(act="frames.read").count() == 1
    assert officer.get(f"/polluters/points/{point.pk}/raw/?at=nan").status_code == 200


# --- wall ---------------------------------------------------------------------------


def test_the_wall_tells_the_state_of_data_in_words(officer: Client) -> None:
    now = clock.now()
    states = {"实时": (0, "N"), "标记停运": (0, "F"), "离线": (7200, "N")}
    for back, flag in states.values():
        point = factories.point(high=100.0)
        at = now - timedelta(seconds=back)
        Latest.objects.create(
            point=point, period=1, time=at, value=150 if flag == "N" else 0,
            flag=flag, received_at=at,
        )  # fmt: skip
    factories.point(high=100.0)
    text = officer.get("/polluters/live/").content.decode()
    for state in ("live", "stopped", "offline", "never"):
        assert text.count(f'data-state="{state}"') == 1, state
    for word in (*states, "未上线"):
        assert f"<span>{word}</span>" in text
    part = officer.get("/polluters/live/?state=over", headers={"HX-Request": "true"})
    assert part.content.decode().count("<li") == 1
    assert "<html" not in part.content.decode()


# --- statistics ---------------------------------------------------------------------


def exceed(point: Point, moment: datetime, multiple: float = 0.5, **more) -> Exceedance:
    return Exceedance.objects.create(
        point=point, limit=point.limits.get(), averaging="hour", time=moment,
        value=100 * (1 + multiple), bound=100, multiple=multiple,
        found_at=more.pop("found_at", moment), **({"state": "exceeded"} | more),
    )  # fmt: skip


def test_statistics_count_events_repeats_and_changes(officer: Client) -> None:
    point = factories.point(high=100.0)
    first = datetime(2026, 5, 4, 8, tzinfo=clock.BEIJING)  # a Monday
    for hour in range(3):
        exceed(point, first + hour * HOUR, 0.2 + hour / 10)
    exceed(point, first + 10 * DAY)
    exceed(point, first + 11 * DAY, state="withdrawn")
    exceed(point, first - 26 * DAY)
    page = officer.get("/polluters/statistics/?month=2026-05")
    found = page.context["found"]
    assert (found.now.hours, found.now.events, found.now.enterprises) == (4, 2, 1)
    assert found.now.repeat_share == 1.0
    assert found.now.mend_hours == 2.0
    assert found.month_change == 3.0
    assert found.year_change is None
    assert dict(found.heat)["周一"][8:11] == [1, 1, 1]
    assert [rank.name for rank in found.industries] == ["水泥制造"]
    answer = officer.get("/polluters/statistics.xlsx?month=2026-05")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert book.sheetnames == [
        "月度趋势", "行政区", "行业", "企业", "小时热力",
        "排放量 企业", "排放量 行政区", "排放量 合计", "排放量 算法",
    ]  # fmt: skip
    assert book["行业"].cell(2, 2).value == 4


# --- video --------------------------------------------------------------------------


@pytest.fixture
def channel(point: Point, settings, tmp_path: Path) -> VideoChannel:
    settings.MEDIA_ROOT = str(tmp_path)
    pictures = (np.full((64, 96, 3), 8 * n, np.uint8) for n in range(12))
    encode(tmp_path / "loop.mp4", pictures, rate=6)
    return VideoChannel.objects.create(
        outlet=point.outlet,
        name="全景",
        place="outlet",
        protocol="file",
        file="loop.mp4",
    )


def test_an_exceedance_gets_a_sealed_picture_once(
    point: Point, channel: VideoChannel, officer: Client
) -> None:
    now = clock.now()
    row = exceed(point, now - HOUR, state="warning", found_at=now)
    assert video.snap_exceedances(now=now) == 1
    assert video.snap_exceedances(now=now + MINUTE) == 0
    shot = VideoSnapshot.objects.get()
    assert shot.exceedance == row
    sealed = SealedFile.objects.get()
    assert sealed.chain == f"video:outlet:{point.outlet_id}"
    answer = officer.get(f"/polluters/video/snapshots/{shot.pk}.jpg")
    assert answer.content[:3] == b"\xff\xd8\xff"
    assert AuditEntry.objects.filter(act="video.snapshot").count() == 1
    assert "全景" in officer.get("/polluters/video/").content.decode()


def test_a_silent_camera_is_noted_and_tried_again(
    point: Point, channel: VideoChannel
) -> None:
    VideoChannel.objects.update(file="gone.mp4")
    now = clock.now()
    exceed(point, now - HOUR, state="warning", found_at=now)
    for turn in range(5):
        assert video.snap_exceedances(now=now + turn * MINUTE) == 0
    shot = VideoSnapshot.objects.get()
    assert (shot.sealed, shot.error, shot.tries) == (None, "录像文件不存在", 3)


def test_the_loop_can_be_sought(channel: VideoChannel, officer: Client) -> None:
    url = f"/polluters/video/{channel.pk}/stream.mp4"
    whole = officer.get(url).content
    part = officer.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert officer.get(url, headers={"Range": "bytes=99999999-"}).status_code == 416
    page = officer.get(f"/polluters/video/{channel.pk}/").content.decode()
    assert 'data-seconds="2.0' in page
    assert (
        officer.get(f"/polluters/video/{channel.pk}/still.jpg").content[:2]
        == b"\xff\xd8"
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"protocol": "rtsp", "url": "rtsp://192.168.1.20/x"}, "url"),
        ({"protocol": "hls", "url": "http://169.254.169.254/x.m3u8"}, "url"),
        ({"protocol": "hls", "url": "file:///etc/passwd"}, "url"),
        ({"protocol": "rtsp", "url": ""}, "url"),
        ({"protocol": "gb28181"}, "gb_device"),
        ({"protocol": "file", "file": "../secret_key"}, "file"),
    ],
)
def test_addresses_that_lead_inside_are_refused(
    point: Point, fields: dict[str, str], field: str
) -> None:
    row = VideoChannel(outlet=point.outlet, name="x", place="house", **fields)
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    assert field in refused.value.message_dict


def test_a_file_outside_the_media_is_never_read(channel: VideoChannel) -> None:
    channel.file = "../../etc/passwd"
    with pytest.raises(ValueError, match="不存在"):
        video.file_of(channel)
